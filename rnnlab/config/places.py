"""Every place for a section in the YAML, and the classes of sections that may stand there.

`LAYOUT` has the places of the task `next_token`, and `TASK_LAYOUTS` those of the tasks with examples.
"""

from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any, get_args

from pydantic import Discriminator
from pydantic.fields import FieldInfo

from rnnlab.config.schema import Experiment
from rnnlab.config.section import Section
from rnnlab.config.task_contradictions import OF_TASKS
from rnnlab.config.task_data import Task
from rnnlab.config.tasks import TaskExperiment, task_of
from rnnlab.config.yaml_tree import Path, value_at

TASKS = ("next_token", *get_args(Task))
"""All tasks."""

TASK = "task"
"""The tag of the datasets with examples: `task`, or `generated` for `kind: generated`."""


@dataclass(frozen=True)
class Place:
    """A place for a section in the YAML.

    Attributes:
        tag: the key that names the kind of the section; empty if there is only one kind.
        kinds: the class of each kind.
    """

    tag: str
    kinds: dict[str, type[Section]]

    def having(self, key: str) -> list[str]:
        """Return the kinds whose section has this key."""
        return [kind for kind, section in self.kinds.items() if key in section.model_fields]

    def choosing(self, key: Any, value: Any) -> list[str]:
        """Return the kinds in which a key may have this value, one of a few words."""
        fields = {kind: section.model_fields.get(str(key)) for kind, section in self.kinds.items()}
        return [kind for kind, field in fields.items() if field and value in get_args(field.annotation)]

    def kind_in(self, section: Any) -> str:
        """Return the kind that plain values of a section name; empty if they name none."""
        if not isinstance(section, dict):
            return ""
        kind = task_of(section) if self.tag == TASK else section.get(self.tag, "")
        return kind if isinstance(kind, str) else ""


def section_at(path: Path, sections: Any) -> type[Section] | None:
    """Return the class of the section at a path; None if no section belongs there, or its kind is unknown."""
    place = layout_of(sections).get(path)
    return place.kinds.get(place.kind_in(value_at(sections, path))) if place else None


def homes(key: str, sections: Any) -> list[Path]:
    """Return the paths of the sections of which at least one kind has this key."""
    return [path for path, place in layout_of(sections).items() if place.having(key)]


def has_examples(sections: Any) -> bool:
    """Whether plain values are the configuration of a task with examples, and not of `next_token`."""
    dataset = value_at(sections, ("dataset",))
    return isinstance(dataset, dict) and task_of(dataset) not in ("next_token", "None")


def layout_of(sections: Any) -> dict[Path, Place]:
    """Return every place for a section, by its path, in the configuration that plain values are."""
    if not has_examples(sections):
        return LAYOUT
    return TASK_LAYOUTS.get(task_of(value_at(sections, ("dataset",))), TASK_LAYOUTS["label"])


def tasks_having(parent: Path, key: str) -> list[str]:
    """Return the tasks in which the section at a path may have a key, and `GENERATED` for generated data."""
    place = LAYOUT.get(parent)
    found = ["next_token"] if place and place.having(key) else []
    tasks = OF_TASKS.get(".".join(map(str, (*parent, key))), TASK_LAYOUTS)
    for task, layout in TASK_LAYOUTS.items():
        place = layout.get(parent)
        if (
            place
            and task in tasks
            and (task in place.having(key) or (place.tag != TASK and place.having(key)))
        ):
            found.append(task)
    return found


def _places(path: Path, place: Place, task: str = "") -> Iterator[tuple[Path, Place]]:
    """Yield a place with its path, and all places within it.

    Args:
        path: the path.
        place: the place.
        task: the task, which decides what is within the section `dataset`.
    """
    yield path, place
    for kind, section in place.kinds.items():
        if place.tag == TASK and kind != task:
            continue
        for key, field in section.model_fields.items():
            if kinds := _kinds(field):
                yield from _places((*path, key), Place(_tag(field), kinds), task)


def _kinds(field: FieldInfo) -> dict[str, type[Section]]:
    """Return the sections that a field may hold, by kind; an empty dict if the field is no section."""
    if _has_tasks(field):
        tagged = map(get_args, get_args(field.annotation))  # (section, Tag) each
        return {str(tag.tag): section for section, tag in tagged}
    if tag := _tag(field):
        sections = get_args(field.annotation)
        return {kind: each for each in sections for kind in get_args(each.model_fields[tag].annotation)}
    for kind in (field.annotation, *get_args(field.annotation)):  # of `Section | None`, too
        if isinstance(kind, type) and issubclass(kind, Section):
            return {"": kind}
    return {}


def _tag(field: FieldInfo) -> str:
    """Return the key that names the kind of a section; empty if there is only one kind."""
    if _has_tasks(field):
        return TASK
    return field.discriminator if isinstance(field.discriminator, str) else ""


def _has_tasks(field: FieldInfo) -> bool:
    """Whether the task says which kind of section a field holds: then a function chooses the kind."""
    return any(isinstance(each, Discriminator) for each in field.metadata)


LAYOUT: dict[Path, Place] = dict(_places((), Place("", {"": Experiment})))
"""Every place for a section, by its path; the empty path is the whole file."""

TASK_LAYOUTS: dict[str, dict[Path, Place]] = {
    task: dict(_places((), Place("", {"": TaskExperiment}), task))
    for task in _kinds(TaskExperiment.model_fields["dataset"])
}
"""The same for the configuration of each task with examples, and of `GENERATED` data."""
