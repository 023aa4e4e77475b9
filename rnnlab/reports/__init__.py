"""Reports: one HTML file about a run or a study, charts of trainings, and the description of an experiment.

Other packages use the SVG charts and their files, and the markup, which escapes text.
"""
