"""Text as YAML on one line."""

from rnnlab.config.writing import yaml_line
from rnnlab.errors import DataError


def quoted(text: str) -> str:
    """Return a text as a YAML scalar that is read back as it is: plain where that is safe, else quoted.

    Raises:
        DataError: it is a name that is not Unicode, which YAML cannot say.
    """
    try:
        text.encode()
    except UnicodeEncodeError:
        raise DataError(f"{text}: the name is not UTF-8, and a page cannot say it; rename it") from None
    return yaml_line(text)
