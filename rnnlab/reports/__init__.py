"""What there is to say about an experiment, as data; the commands print it."""
