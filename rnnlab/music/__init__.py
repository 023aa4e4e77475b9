"""Music as tokens: what a note is, and how it is written."""
