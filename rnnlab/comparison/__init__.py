"""Comparisons: several configurations, or runs, are trained or read, and measured on the same data.

`commands/compare.py` gets from here the trained models, the paired statistics, the verdict and the picture.
"""
