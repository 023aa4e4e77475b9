"""`rnnlab schema`."""

import json

from rnnlab.config.reference import reference
from rnnlab.config.schema import json_schema


def test_the_schema_is_printed_as_json(rnnlab):
    """To a file for an editor; nothing else is on stdout."""
    answer = rnnlab("schema")

    assert (answer.exit_code, answer.stderr) == (0, "")
    assert json.loads(answer.stdout) == json.loads(json.dumps(json_schema()))


def test_the_schema_is_printed_to_be_read_too(rnnlab):
    """As Markdown, the configuration reference of this version."""
    answer = rnnlab("schema", "--markdown")

    assert (answer.exit_code, answer.stderr) == (0, "")
    assert answer.stdout == reference()
