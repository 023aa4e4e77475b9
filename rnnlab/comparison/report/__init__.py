"""The report of a comparison: an HTML page on the folder that `compare` writes, with all its trainings.

`commands/report.py` gets from here the contents of the page and the page.
"""
