"""Configurations of tasks with examples: what they are told from, and what is said of their faults."""

import pickle
from pathlib import Path

import pytest

from rnnlab.config.places import LAYOUT, TASK_LAYOUTS
from rnnlab.config.problems import STAND_INS, TASK_STAND_INS, check
from rnnlab.config.reading import parse_any, parse_experiment
from rnnlab.config.schema import Experiment, json_schema
from rnnlab.config.tasks import TaskExperiment, task_of
from rnnlab.config.writing import write_experiment
from rnnlab.errors import ConfigError
from tests.task_experiments import EXPERIMENTS, GENERATED, LABEL, PAIRS, TAGS, task_experiment

TASKS = "next_token, label, tags, pairs, from_label"


def page(dataset: str, model: str = "kind: lstm, units: 4", *more: str) -> str:
    """A YAML text."""
    return "\n".join([f"dataset: {{{dataset}}}", f"model: {{{model}}}", *more, ""])


def refusal(*parts: str) -> list[str]:
    """The lines of the error that a text gives, without the file's name."""
    with pytest.raises(ConfigError) as caught:
        parse_any(page(*parts), name="c.yaml", folder=Path("/corpora"))
    return [line.removeprefix("c.yaml:") for line in str(caught.value).splitlines()]


@pytest.mark.parametrize("task", EXPERIMENTS)
def test_what_is_written_is_read_again(task: str) -> None:
    """The resolved configuration of a run has every setting, and is the same experiment."""
    experiment = task_experiment(EXPERIMENTS[task])

    written = write_experiment(experiment, folder=experiment.dataset.folder)

    assert parse_any(written, name="", folder=experiment.dataset.folder) == experiment


@pytest.mark.parametrize("task", EXPERIMENTS)
def test_another_process_can_get_an_experiment(task: str) -> None:
    """As the folds of a cross-validation do: it is pickled."""
    experiment = task_experiment(EXPERIMENTS[task])

    assert pickle.loads(pickle.dumps(experiment)) == experiment


def test_a_configuration_without_a_task_predicts_the_next_token() -> None:
    """As before there were tasks; the task can also be written out."""
    for task in ("", ", task: next_token"):
        experiment = parse_any(page(f"kind: text, inline: abc{task}"), name="", folder=Path("/"))
        assert isinstance(experiment, Experiment)
        assert (task_of(experiment.dataset), experiment.dataset.task) == ("next_token", "next_token")


UNKNOWN_KEYS = {
    "window": ("task: label, window: 3", "only task: next_token has this key"),
    "source_token": ("task: label, source_token: word", "only task: pairs has this key"),
    "token": ("task: tags, token: word", "only task: label, from_label have this key"),
    "target_token": ("task: next_token, target_token: word", "only task: pairs has this key"),
}


@pytest.mark.parametrize("key", UNKNOWN_KEYS)
def test_a_key_of_another_task_names_the_tasks_that_have_it(key: str) -> None:
    """And the remedy."""
    dataset, said = UNKNOWN_KEYS[key]

    (line,) = refusal(f"kind: text, inline: x, {dataset}")

    assert line.endswith(f": dataset.{key}: {said}; leave it out, or change the task")


def test_a_key_of_generated_data_names_its_kind() -> None:
    """Generated data is no task of its own."""
    (line,) = refusal("kind: text, task: tags, inline: x, longest: 3")

    assert line.endswith(
        "dataset.longest: only kind: generated has this key; leave it out, or change the kind"
    )


@pytest.mark.parametrize(
    ("more", "said"),
    [
        (("kind: lstm, units: 4, attention: dot",), "model.attention: only task: pairs has this key"),
        (
            ("kind: lstm, units: 4, bidirectional: true",),
            "model.bidirectional: only task: label, tags have this key",
        ),
        (
            ("kind: lstm, units: 4", "training: {class_weights: balanced}"),
            "training.class_weights: only task: label has this key",
        ),
        (("kind: lstm, units: 4", "evaluation: {beam: 3}"), "evaluation.beam: only task: pairs has this key"),
        (("kind: lstm, units: 4", "decoder: {dropout: 0.1}"), "decoder: only task: pairs has this key"),
    ],
)
def test_a_setting_of_a_task_in_a_next_token_configuration_names_its_tasks(
    more: tuple[str, ...], said: str
) -> None:
    """In every section."""
    (line,) = refusal("kind: text, inline: abc", *more)

    assert line.endswith(f"{said}; leave it out, or change the task")


@pytest.mark.parametrize(
    ("task", "said"),
    [
        ("lable", "received 'lable'; did you mean 'label'?"),
        ("translation", "received 'translation'"),
        ("[label]", "received ['label']; did you mean 'label'?"),
        ("null", "received nothing; leave the key out for its default"),
        ("3", "received 3"),
    ],
)
def test_an_unknown_task_is_refused_with_those_there_are(task: str, said: str) -> None:
    """And the most similar one."""
    (line,) = refusal(f"kind: text, task: {task}, inline: x")

    assert line == f"1:29: dataset.task: expected one of {TASKS}, {said}"


@pytest.mark.parametrize(
    ("parts", "line"),
    [
        (
            ("kind: generatd, name: parity",),
            "1:17: dataset.kind: expected one of text, notes, generated, received 'generatd'; did you mean"
            " 'generated'?",
        ),
        (
            ("kind: notes, task: label, inline: x",),
            "1:17: dataset.kind: expected 'text', received 'notes'; that is for task: next_token",
        ),
        (
            ("kind: text, task: label, inline: x", "kind: mlp, units: 3"),
            "2:15: model.kind: expected one of simple_rnn, lstm, gru, received 'mlp'; that is for task:"
            " next_token",
        ),
        (
            ("kind: text, task: tags, inline: x", "kind: lstm, units: 3", "training: {batching: stream}"),
            "3:22: training.batching: expected 'buckets', received 'stream'; that is for task: next_token",
        ),
        (
            ("kind: text, task: tags, inline: x", "kind: lstm, units: 3", "training: {shuffle: false}"),
            "3:21: training.shuffle: expected true, received false",
        ),
        (
            ("kind: text, task: label, inline: x, columns: {sequence: a, label: b, lable: b}",),
            "1:80: dataset.columns.lable: unknown key; did you mean 'label'?",
        ),
        (
            ("kind: text, task: label, inline: x, columns: {sequence: a, label: a}",),
            "1:77: dataset.columns.label: expected another column than that of the sequences, received 'a'"
            " for both; write the name of the column of the labels",
        ),
        (
            ("kind: text, task: pairs, inline: x, columns: {source: a, target: a}",),
            "1:76: dataset.columns.target: expected another column than that of the sources, received 'a' for"
            " both; write the name of the column of the targets",
        ),
        (
            ("kind: text, task: label, inlin: x",),
            "1:36: dataset.inlin: unknown key; did you mean 'inline'?",
        ),
        (
            ("kind: text, task: label",),
            "1:10: dataset: expected one of path, inline and url, received none",
        ),
        (
            ("kind: generated, name: pariti",),
            "1:34: dataset.name: expected 'parity', 'copy', 'adding', 'brackets', 'addition' or 'dates',"
            " received 'pariti'; did you mean 'parity'?",
        ),
    ],
)
def test_a_fault_is_said_with_its_place_and_remedy(parts: tuple[str, ...], line: str) -> None:
    """In one line."""
    assert refusal(*parts) == [line]


PAGES = {**EXPERIMENTS, "brackets": GENERATED.replace("name: copy", "name: brackets")}

CONTRADICTIONS = [
    (
        "tags",
        "model.pooling=mean",
        "is for task label, received task tags; leave model.pooling out",
    ),
    ("pairs", "model.bidirectional=true", "is for task label and tags, received task pairs"),
    ("label", "model.characters=true", "is for task tags, received task label"),
    ("label", "model.attention=dot", "is for task pairs, received task label"),
    ("tags", "model.reverse_source=true", "is for task pairs, received task tags"),
    ("pairs", "model.label_input=every", "is for task from_label, received task pairs"),
    ("generated", "model.pooling=max", "is for task label, received task pairs"),
    ("brackets", "model.characters=true", "generated examples (brackets) have no words; leave model.char"),
    ("generated", "model.characters=true", "is for task tags, received task pairs"),
    ("tags", "decoder.dropout=0.1", "decoder: is for task pairs, received task tags; leave decoder out"),
    (
        "pairs",
        "dataset.encoding=one_hot decoder.embedding_size=4",
        "decoder.embedding_size: needs encoding: embedding, received one_hot; leave embedding_size out",
    ),
    ("pairs", "decoder.units=3", "decoder.units: unknown key"),
    (
        "pairs",
        "model.variational_dropout=true decoder.recurrent_dropout=0.1",
        "model.variational_dropout: has no effect without dropout",
    ),
    ("tags", "training.class_weights=balanced", "is for task label, received task tags"),
    ("label", "evaluation.beam=3", "is for task pairs, received task label"),
    ("label", "evaluation.seeds=3", "is for task next_token, received task label"),
    ("label", "training.samples={every_epochs: 2}", "training.samples: is for task next_token"),
    ("label", "model.stateful=true", "carries the state in task next_token, received task label"),
    ("label", "model.head=none", "is the last layer in task next_token"),
    ("label", "model.tie_weights=true", "shares weights in task next_token"),
    ("label", "generation.seed=ab", "task label writes no sequences of its own; leave generation out"),
    ("tags", "dataset.split={kind: stratified}", "a stratified split needs labels, and task tags has none"),
    ("label", "dataset.split={kind: stratified, validation: 0.5, test: 0.5}", "expected less than 1"),
    ("label", "evaluation.every=4", "expected at most training.epochs, which is 3, received 4"),
    ("generated", "evaluation.every=4", "expected at most training.epochs, which is 3, received 4"),
    ("generated", "dataset.shortest=7", "expected at most longest, which is 6, received 7"),
    ("label", "dataset.encoding=one_hot dataset.embedding_size=5", "needs encoding: embedding"),
    ("label", "training.batch_size=65536 model.units=16384", "batch_size × units is 1,073,741,824"),
    ("label", "model={kind: lstm, units: [6, 7], residual: true}", "residual"),
    ("label", "dataset.sha256=" + "0" * 64, "belongs to dataset.url"),
    (
        "label",
        "evaluation.split=test",
        "leave evaluation.split out, or set dataset.split: {kind: sequences, test: 0.1}",
    ),
    (
        "pairs",
        "dataset.split={kind: sequences, unique: true}",
        "dataset.split.unique: has no effect: with task pairs equal inputs are always in one part",
    ),
    ("label", "dataset.window=3", "only task: next_token has this key"),
]


@pytest.mark.parametrize(("task", "overrides", "said"), CONTRADICTIONS)
def test_settings_that_contradict_each_other_are_refused(task: str, overrides: str, said: str) -> None:
    """In one line, with the setting and the remedy."""
    settings = overrides.split(" ") if "{" not in overrides else [overrides]

    with pytest.raises(ConfigError) as caught:
        task_experiment(PAGES[task], *settings)

    assert said in str(caught.value)
    assert str(caught.value).startswith("--set ")


def test_defaults_of_a_task_that_are_written_out_contradict_nothing() -> None:
    """As `config.yaml` of a run has them: only a value that differs from its default is refused."""
    every = ["model.pooling=last", "model.bidirectional=false", "model.attention=none", "evaluation.beam=5"]

    assert task_experiment(TAGS, *every) == task_experiment(TAGS)


def test_dropout_of_the_decoder_alone_may_be_variational() -> None:
    """It then drops the same units at every time step, as that of the encoder would."""
    settings = ["model.variational_dropout=true", "decoder.input_dropout=0.2"]

    experiment = task_experiment(PAIRS, *settings)

    assert experiment.decoder is not None
    assert (experiment.model.input_dropout, experiment.decoder.input_dropout) == (0, 0.2)


def test_a_decoder_that_is_left_out_is_not_written() -> None:
    """So the configuration in a run folder and in a model file stays as it is."""
    experiment, own = task_experiment(PAIRS), task_experiment(PAIRS, "decoder.dropout=0.25")

    assert "decoder" not in write_experiment(experiment, folder=Path("/"))
    written = write_experiment(own, folder=Path("/"))
    assert "decoder:\n  dropout: 0.25\n" in written
    assert parse_any(written, name="", folder=Path("/")) == own


@pytest.mark.parametrize(
    "overrides",
    [
        ["dataset.task=from_label", "dataset.path=[a b].tsv"],
        ["dataset.path=[a b].tsv", "dataset.task=from_label"],
    ],
)
def test_the_task_can_be_set_on_the_command_line(overrides: list[str]) -> None:
    """Before or after other settings; a path in brackets is a path."""
    experiment = task_experiment(LABEL.replace("bidirectional: true", ""), *overrides)

    assert experiment.task == "from_label"
    assert [path.name for path in experiment.dataset.path] == ["[a b].tsv"]


def test_a_next_token_configuration_becomes_one_of_a_task_by_set() -> None:
    """Where nothing in it is only for `next_token`."""
    text = page("kind: text, inline: 'a\\tb'", "kind: lstm, units: 4")

    experiment = parse_any(text, name="c", folder=Path("/"), overrides=["dataset.task=label"])

    assert isinstance(experiment, TaskExperiment)


def test_a_reader_of_next_token_configurations_says_which_task_it_is() -> None:
    """Such as `rnnlab trace`."""
    with pytest.raises(ConfigError, match=r"c.yaml: dataset.task: expected next_token, received label"):
        parse_experiment(LABEL, name="c.yaml", folder=Path("/"))


def test_replaced_sections_are_checked_again() -> None:
    """A section of another experiment may contradict the others."""
    tags, label = task_experiment(TAGS), task_experiment(LABEL, "model.pooling=mean")

    with pytest.raises(ConfigError, match=r"model.pooling: is for task label"):
        tags.replaced(model=label.model)


@pytest.mark.parametrize("task", TASK_LAYOUTS)
def test_every_setting_without_a_default_has_a_stand_in(task: str) -> None:
    """Whatever is left out of whatever section, a contradiction elsewhere is still seen."""
    assert STAND_INS.keys() <= TASK_STAND_INS.keys()
    for path, place in TASK_LAYOUTS[task].items():
        for kind, section in place.kinds.items():
            if path == ("dataset",) and kind != task:
                continue
            needed = {key for key, field in section.model_fields.items() if field.is_required()}
            assert {(*path, key) for key in needed - {place.tag}} <= TASK_STAND_INS.keys()


@pytest.mark.parametrize("task", EXPERIMENTS)
def test_a_wrong_value_hides_no_contradiction(task: str) -> None:
    """Both are said at once."""
    experiment = task_experiment(EXPERIMENTS[task]).model_dump(mode="json")
    experiment["model"] |= {"units": -1, "stateful": True}
    if task == "generated":
        del experiment["dataset"]["name"]

    _, found = check(experiment)

    assert {".".join(map(str, each.path)) for each in found} == {
        "model.units",
        "model.stateful",
        *(["dataset.name"] if task == "generated" else []),
    }


def test_the_schema_describes_both_kinds_of_configuration() -> None:
    """The section `dataset` decides which: an editor then knows the keys."""
    schema = json_schema()
    tasks, generated = schema["if"]["properties"]["dataset"]["anyOf"]
    sections = ["dataset", "model", "training", "evaluation", "generation"]

    assert schema["then"] == {"$ref": "#/$defs/TaskExperiment"}
    assert schema["else"] == {"$ref": "#/$defs/Experiment"}
    assert tasks["properties"]["task"]["enum"] == ["label", "tags", "pairs", "from_label"]
    assert generated["properties"]["kind"] == {"const": "generated"}
    assert [*schema["$defs"]["Experiment"]["properties"]] == sections
    assert [*schema["$defs"]["TaskExperiment"]["properties"]] == [*sections[:2], "decoder", *sections[2:]]
    assert "window" not in schema["$defs"]["LabelDataset"]["properties"]
    assert "window" in schema["$defs"]["TextDataset"]["properties"]


def test_each_task_has_columns_of_its_own() -> None:
    """What messages say of columns is of the task of the configuration."""
    columns = {task: layout.get(("dataset", "columns")) for task, layout in TASK_LAYOUTS.items()}

    assert {task: [*place.kinds[""].model_fields] for task, place in columns.items() if place} == {
        "label": ["sequence", "label"],
        "pairs": ["source", "target"],
        "from_label": ["sequence", "label"],
    }
    assert ("dataset", "columns") not in LAYOUT
