"""Compare rnnlab with other programs that do the same; each benchmark prints a table with ratios last."""
