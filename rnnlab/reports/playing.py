"""The page that plays as a part of a report: in a frame, which may run its script and reach nothing else."""

import re

from rnnlab.reports.markup import Markup, tag

_STYLES = re.compile(r"<style>(.*?)</style>", re.DOTALL)
_SCRIPTS = re.compile(r'<script type="module">(.*?)</script>', re.DOTALL)


def playing_frame(page: str) -> Markup:
    """Return a frame with a page that plays, from `exports.page_file.page_of`."""
    may = "allow-scripts allow-downloads"
    return tag("iframe", srcdoc=page, sandbox=may, title="A network that plays", class_="playing")


def styles_and_scripts(page: str) -> tuple[list[str], list[str]]:
    """Return the style sheets and the scripts of a page that plays.

    A frame has the policy of the page around it too, which must therefore allow them.
    """
    return _STYLES.findall(page), _SCRIPTS.findall(page)
