"""Comparisons: configurations are trained or runs are read, and all are measured on the same data.

`commands/compare.py` gets from here the trainings, the paired tests, the verdict and the picture.
"""
