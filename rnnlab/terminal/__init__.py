"""The terminal: how text, tables, progress, colours, help and completion are shown on it.

It gives `commands/` functions that print; no other room prints.
"""
