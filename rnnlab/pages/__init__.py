"""A page of YAML for someone's own data: what is seen in it, what suits it, and the page that says so."""
