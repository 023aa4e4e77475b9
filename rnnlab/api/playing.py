"""A page that plays, as a notebook shows it."""

from dataclasses import dataclass

from rnnlab.reports.markup import tag


@dataclass(frozen=True)
class Playing:
    """A page that plays.

    Attributes:
        page: the HTML page.
        height: height in pixels of the frame in which a notebook shows the page.
    """

    page: str
    height: int

    def _repr_html_(self) -> str:
        """Return a frame with the page: its script can reach neither the notebook nor the network."""
        style = f"width:100%;height:{self.height}px;border:0"
        return str(
            tag(
                "iframe",
                srcdoc=self.page,
                style=style,
                sandbox="allow-scripts allow-downloads",
                title="rnnlab",
            )
        )
