"""Hostile input of every kind that a user can give: each case is valid, or is refused in one line."""
