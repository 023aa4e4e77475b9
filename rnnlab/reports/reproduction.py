"""How to make a run again: the command, and the page of YAML with every default written out."""

from rnnlab.config.reading import write_experiment
from rnnlab.errors import count_of
from rnnlab.reports.contents import Contents
from rnnlab.reports.markup import Markup, tag, together
from rnnlab.runs import CONFIG
from rnnlab.shell import command_line

MOST_CHARACTERS = 100_000


def reproduction(contents: Contents) -> Markup:
    """The command, and the page that it reads."""
    path = contents.run.path
    command = tag("pre", tag("code", command_line("train", path / CONFIG)))
    page = write_experiment(contents.trained.experiment, folder=path.absolute())
    more = (
        f"\n… {count_of(len(page) - MOST_CHARACTERS, 'more character')}"
        if len(page) > MOST_CHARACTERS
        else ""
    )
    yaml = tag("pre", tag("code", page[:MOST_CHARACTERS] + more), tabindex="0")
    sentence = (
        "The same page, on the same versions and processor, gives the same bits. Its data is expected where"
        " it was."
    )
    details = tag("details", tag("summary", "The page of YAML, with every default written out"), yaml)
    return together(tag("p", sentence), command, details)
