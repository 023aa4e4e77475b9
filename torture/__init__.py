"""Attacks on rnnlab at full length, `make torture`; the quick forms are in tests/."""
