"""The terminal: text, tables, progress, colours, help and completion.

The room gives `commands/` functions that print; no other room prints.
"""
