"""Reports: one HTML file about a run, with its charts, scores and measures.

It gives other rooms the charts as SVG and the markup that escapes text.
"""
