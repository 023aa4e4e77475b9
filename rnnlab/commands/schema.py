"""`rnnlab schema`: the JSON Schema of the YAML."""

import click

from rnnlab.commands.terminal import echo


@click.command()
def command() -> None:
    """Print the JSON Schema of the YAML, for editors.

    \b
    rnnlab schema > rnnlab.schema.json
    """
    from rnnlab.commands.rendering import as_json_text
    from rnnlab.config.schema import json_schema

    echo(as_json_text(json_schema()))
