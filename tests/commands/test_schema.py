"""`rnnlab schema`."""

import json

from rnnlab.config.schema import json_schema


def test_the_schema_is_printed_as_json(rnnlab):
    """To a file for an editor; nothing else is on stdout."""
    answer = rnnlab("schema")

    assert (answer.exit_code, answer.stderr) == (0, "")
    assert json.loads(answer.stdout) == json.loads(json.dumps(json_schema()))
