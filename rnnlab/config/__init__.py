"""One page of YAML: what it may say, and how it is read and written."""
