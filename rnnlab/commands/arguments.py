"""The arguments and options that several commands share."""

from pathlib import Path

import click

from rnnlab.commands.completion import complete_config, complete_run

config_argument = click.argument("config", type=click.Path(path_type=Path), shell_complete=complete_config)

model_argument = click.argument(
    "model",
    metavar="[RUN|MODEL]",
    type=click.Path(path_type=Path),
    required=False,
    shell_complete=complete_run,
)

set_option = click.option(
    "--set",
    "overrides",
    metavar="KEY.PATH=VALUE",
    multiple=True,
    help="Override a setting of the file, e.g. model.units=256; can be repeated. Text and paths are taken as"
    " they stand, to the last character.",
)

json_option = click.option("--json", "as_json", is_flag=True, help="Print one JSON object.")
