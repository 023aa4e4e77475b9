"""`rnnlab schema`: all settings of the YAML file, as JSON Schema or as Markdown."""

import click

from rnnlab.terminal.text import echo


@click.command()
@click.option("--markdown", is_flag=True, help="Print the configuration reference instead, as Markdown.")
def command(markdown: bool) -> None:
    """Print the JSON Schema of the YAML, for editors.

    \b
    rnnlab schema > rnnlab.schema.json
    rnnlab schema --markdown
    """
    from rnnlab.config.reference import reference
    from rnnlab.config.schema import json_schema
    from rnnlab.terminal.tables import as_json_text

    echo(reference().rstrip("\n") if markdown else as_json_text(json_schema()))
