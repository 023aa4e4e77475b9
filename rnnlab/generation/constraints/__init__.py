"""Constraints on what is generated: which tokens may come next.

Each module has one kind of constraint; generation asks it before it draws a token.
"""
