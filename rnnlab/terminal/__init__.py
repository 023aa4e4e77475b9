"""The terminal: text, tables, progress, colours, help and completion.

`commands/` prints with these functions; no other package of rnnlab prints.
"""
