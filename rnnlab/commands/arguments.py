"""The arguments and options that several commands share."""

from pathlib import Path

import click

config_argument = click.argument("config", type=click.Path(path_type=Path))

model_argument = click.argument(
    "model", metavar="[RUN|MODEL]", type=click.Path(path_type=Path), required=False
)

set_option = click.option(
    "--set",
    "overrides",
    metavar="KEY.PATH=VALUE",
    multiple=True,
    help="Override a setting of the file, e.g. model.units=256; can be repeated.",
)

json_option = click.option("--json", "as_json", is_flag=True, help="Print one JSON object.")
