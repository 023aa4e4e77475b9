"""Attacks on rnnlab at full length (`make torture`). tests/torture/ has shorter forms of them."""
