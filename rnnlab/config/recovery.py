"""All that is wrong at once: what is wrong is set aside, so that it hides nothing else."""

import copy
from collections.abc import Iterable
from pathlib import Path as FolderPath
from typing import Any

from pydantic import ValidationError

from rnnlab.config.callback import FOLDER
from rnnlab.config.layout import LAYOUT
from rnnlab.config.problems import Finding, findings
from rnnlab.config.schema import Experiment
from rnnlab.config.yaml_tree import Path, value_at

STAND_INS: dict[Path, Any] = {
    ("dataset",): {"kind": "text", "inline": "-"},
    ("model",): {"kind": "lstm", "units": 1},
    ("model", "units"): 1,
    ("training", "schedule", "decay_rate"): 1.0,
    ("training", "schedule", "decay_steps"): 1,
    ("training", "early_stopping", "patience"): 1,
    ("training", "samples", "every_epochs"): 1,
}
"""What goes in place of each setting that has no default."""

_ROUNDS = 3
"""Bad values hide bad sections, and those hide contradictions."""


def check(
    sections: dict[str, Any], unreadable: Iterable[Path] = (), *, folder: FolderPath | None = None
) -> tuple[Experiment | None, list[Finding]]:
    """The experiment that sections describe, or else everything that is wrong with them.

    Args:
        sections: plain values, as the YAML has them.
        unreadable: where values stand that were refused already.
        folder: of the YAML.
    """
    aside: dict[Path, Any] = {}
    for path in unreadable:
        _set_aside(path, aside)
    found: list[Finding] = []
    for _ in range(_ROUNDS):
        mended = _without(sections, aside)
        try:
            experiment = Experiment.model_validate(mended, context={FOLDER: folder})
        except ValidationError as error:
            new = findings(error.errors(include_url=False), mended)
            found += [finding for finding in new if not _doubtful(finding, aside)]
            for finding in new:
                _set_aside(finding.path, aside, finding.meant)
        else:
            break
    return (None, _without_echoes(found)) if found or aside else (experiment, [])


def _set_aside(path: Path, aside: dict[Path, Any], meant: str = "") -> None:
    """Note what to put in place of a wrong value: what was meant, a stand-in, or None for the default."""
    path = next((path[:depth] for depth, key in enumerate(path) if isinstance(key, int)), path)
    place = LAYOUT.get(path[:-1])
    if place and place.tag and path[-1] == place.tag:
        if meant:
            aside[path] = meant
            return
        path = path[:-1]
    aside[path] = STAND_INS.get(path)


def _without(sections: dict[str, Any], aside: dict[Path, Any]) -> dict[str, Any]:
    """The sections with other values, or none, in place of the wrong ones."""
    mended = copy.deepcopy(sections)
    for path, value in sorted(aside.items(), key=lambda item: len(item[0])):
        section = value_at(mended, path[:-1])
        if isinstance(section, dict):
            section.pop(path[-1], None)
            if value is not None:
                section[path[-1]] = value
    return mended


def _doubtful(finding: Finding, aside: Iterable[Path]) -> bool:
    """Whether something that was set aside has a part in a finding."""
    return any(
        path[: len(key)] == key or key[: len(path)] == path
        for path in aside
        for key in finding.keys or (finding.path,)
    )


def _without_echoes(found: list[Finding]) -> list[Finding]:
    """Each thing once: a key that is spelled wrong is not also missing."""
    misspelled = {(*finding.path[:-1], finding.meant) for finding in found if finding.about_key}
    return [
        finding
        for finding in found
        if not (finding.path in misspelled and finding.message.startswith("missing;"))
    ]
