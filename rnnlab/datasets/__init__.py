"""From files to token ids, and from token ids to the batches of an epoch."""
