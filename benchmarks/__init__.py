"""Side by side with what a user would otherwise run; each prints a table with the ratio last."""
