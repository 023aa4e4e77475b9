"""`rnnlab evaluate` on models for examples, with random weights."""

import json
from dataclasses import replace
from pathlib import Path
from types import SimpleNamespace

import pytest

from rnnlab.commands.fold_results import task_folds_rows
from rnnlab.evaluation.example_baselines import TaskBaselines
from rnnlab.evaluation.example_measurement import evaluate_task
from rnnlab.evaluation.fold_measures import OverFolds, TaskCrossValidation
from rnnlab.evaluation.label_baselines import LabelBaseline
from tests.trained_tasks import (
    FROM_LABEL,
    LABEL,
    PAIRS,
    PARITY,
    TAGS,
    task_run_of,
    trained_task,
    with_file,
)

ALL = {"split", "sequences", "run", "notes"}

FIELDS = {
    "label": {"accuracy", "macro_f1", "loss", "confusion", "baselines"},
    "tags": {"accuracy", "sequence_accuracy", "unseen_accuracy", "baselines"},
    "pairs": {"exact_match", "token_error_rate", "accuracy", "baselines", "beam"},
    "from_label": {"loss", "labels", "below_ngram"},
}
PAGES = {"label": LABEL, "tags": TAGS, "pairs": PAIRS, "from_label": FROM_LABEL}


def as_json(rnnlab, *arguments):
    """The JSON object that evaluate prints."""
    answer = rnnlab("evaluate", *arguments, "--json")
    assert answer.exit_code == 0, answer.stderr
    return json.loads(answer.stdout)


@pytest.mark.parametrize("task", PAGES)
def test_each_task_has_its_fields(rnnlab, task):
    """Those that scripts rely on, and no others; the run keeps them."""
    run = task_run_of(PAGES[task])

    result = as_json(rnnlab)

    assert result.keys() == ALL | FIELDS[task]
    assert (result["split"], result["run"]) == ("validation", "runs/task-1")
    assert result == json.loads((run.path / "metrics.json").read_text())


def test_the_baselines_have_their_measures(rnnlab):
    """By name."""
    task_run_of(LABEL, name="label")
    task_run_of(TAGS, name="tags")
    task_run_of(PAIRS, name="pairs")

    found = {task: as_json(rnnlab, f"runs/{task}-1")["baselines"] for task in ("label", "tags", "pairs")}

    assert found["label"].keys() == {"majority", "naive_bayes"}
    assert found["label"]["majority"].keys() == {"accuracy"}
    assert found["label"]["naive_bayes"].keys() == {"accuracy", "macro_f1", "alpha"}
    assert found["tags"] == {"most_frequent_tag": {"accuracy": 1.0}}
    assert found["pairs"]["nearest_source"].keys() == {"exact_match", "token_error_rate"}


def test_the_confusion_matrix_counts_every_example(rnnlab):
    """Rows are true labels; the diagonal is what is right."""
    task_run_of(LABEL)

    result = as_json(rnnlab, "--split", "test")
    counts = result["confusion"]["counts"]

    assert result["confusion"]["labels"] == ["ko", "pl"]
    assert sum(map(sum, counts)) == result["sequences"] == 3
    assert sum(counts[i][i] for i in range(2)) / 3 == result["accuracy"]


def test_the_beam_has_its_width(rnnlab):
    """That of the configuration."""
    task_run_of(PAIRS, "evaluation.beam=3")

    beam = as_json(rnnlab)["beam"]

    assert beam.keys() == {"width", "exact_match", "token_error_rate"}
    assert beam["width"] == 3


def test_a_beam_of_one_is_the_greedy_target(rnnlab):
    """So there is no beam."""
    task_run_of(PAIRS, "evaluation.beam=1")

    assert as_json(rnnlab).keys() == ALL | FIELDS["pairs"] - {"beam"}


def test_each_label_has_a_loss_and_that_of_its_ngram(rnnlab):
    """The tokens of a label are its characters and the end of each sequence."""
    task_run_of(FROM_LABEL)

    result = as_json(rnnlab)

    assert result["labels"].keys() == {"Korean", "Polish"}
    assert all(each.keys() == {"loss", "ngram", "tokens"} for each in result["labels"].values())
    tokens = sum(each["tokens"] for each in result["labels"].values())
    assert tokens == sum(len(name) + 1 for name in ("kang", "kania", "paik"))
    total = sum(each["loss"] * each["tokens"] for each in result["labels"].values())
    assert result["loss"] == pytest.approx(total / tokens)
    assert result["below_ngram"] == sum(each["loss"] < each["ngram"] for each in result["labels"].values())


def test_the_training_part_has_no_baselines(rnnlab):
    """They would be measured on what they have learnt; of from_label the n-gram models are null."""
    task_run_of(LABEL, name="label")
    task_run_of(FROM_LABEL, name="from_label")

    label = as_json(rnnlab, "runs/label-1", "--split", "train")
    written = as_json(rnnlab, "runs/from_label-1", "--split", "train")

    assert "baselines" not in label
    assert written["below_ngram"] is None
    assert {each["ngram"] for each in written["labels"].values()} == {None}
    assert "n-gram" not in rnnlab("evaluate", "runs/from_label-1", "--split", "train").stdout


def test_generated_examples_are_tested_at_each_length(rnnlab):
    """With the test part, at lengths of training and beyond."""
    task_run_of(PARITY)

    lengths = as_json(rnnlab, "--split", "test")["lengths"]

    assert lengths.keys() == {"8", "12"}
    assert lengths["12"].keys() == {"accuracy", "macro_f1", "loss", "confusion"}
    assert "lengths" not in as_json(rnnlab)


def test_the_text_has_a_row_for_each_measure_of_labels(rnnlab):
    """The interval, the baselines with a verdict, the figures of each label, and the confusion matrix."""
    task_run_of(LABEL)
    result = as_json(rnnlab)

    lines = rnnlab("evaluate").stdout.splitlines()
    rows = {line.split("  ")[0]: line for line in lines}

    right = round(result["accuracy"] * 3)
    assert rows["part"].split("  ")[-1].strip() == "validation, 3 examples"
    assert f"{result['accuracy']:.4f} ({right} of 3), 95 % interval 0." in rows["accuracy"]
    assert f"{result['macro_f1']:.4f}" in rows["macro-F1"]
    assert rows["loss"].endswith("nats per example")
    assert "majority class" in rows["baselines"]
    assert "naive Bayes" in rows["baselines"]
    gain = result["accuracy"] - max(each["accuracy"] for each in result["baselines"].values())
    verdict = f"{abs(gain):.3f} {'better' if gain > 0 else 'worse'}" if gain else "no better"
    assert f"the network is {verdict}" in " ".join(" ".join(lines).split())
    assert "label  precision  recall      F1  targets" in lines
    assert "Confusion matrix: true labels in rows, predicted ones in columns" in lines


@pytest.mark.parametrize(
    ("page", "expected"),
    [
        (TAGS, ["tokens)", "without a mistake", "that the training part lacks", "most frequent tag of each"]),
        (PAIRS, ["; with beam 5: ", "edits per target token", "nearest training source", "the end counted"]),
        (FROM_LABEL, ["nats per token", "n-gram model of each label", "below their n-gram model", "network"]),
    ],
)
def test_the_text_of_the_other_tasks(rnnlab, page, expected):
    """Each measure with what it counts."""
    task_run_of(page)

    text = " ".join(rnnlab("evaluate").stdout.split())

    assert [each for each in expected if each not in text] == []


def test_the_text_of_lengths_is_a_table(rnnlab):
    """A row for each length."""
    task_run_of(PARITY)

    lines = rnnlab("evaluate", "--split", "test").stdout.splitlines()

    begin = lines.index("Test sets of one length each")
    assert lines[begin + 1].split() == ["length", "accuracy", "loss", "examples"]
    assert [line.split()[0] for line in lines[begin + 2 :]] == ["8", "12"]


def test_many_labels_are_cut(rnnlab):
    """Twenty rows, those with most targets first, and no confusion matrix of more than twelve labels."""
    names = [f"l{number:02}" for number in range(25)]
    rows = "\n".join(f"    {name}\tab{name}" for name in [*names, *names, "l24", "l24"])
    page = LABEL[: LABEL.index("  inline: |\n")] + f"  inline: |\n{rows}\n" + LABEL[LABEL.index("\nmodel:") :]
    task_run_of(page.replace("validation: 0.25, test: 0.25", "validation: 0.5"))

    lines = rnnlab("evaluate").stdout.splitlines()

    begin = next(number for number, line in enumerate(lines) if line.startswith("label "))
    assert len(lines[begin + 1 :]) == 21
    assert lines[begin + 1].startswith("l24 ")
    assert lines[-1] == "…  5 more labels"


def test_a_file_is_measured_whole(rnnlab):
    """With the baselines of the training part; a label that the model does not know is always wrong."""
    task_run_of(LABEL)
    Path("more.tsv").write_text("ko\tkimm\npl\tnowa\ncz\tnovak\n")

    answer = rnnlab("evaluate", "--data", "more.tsv", "--json")
    result = json.loads(answer.stdout)

    assert (result["split"], result["sequences"]) == ("data", 3)
    assert sum(map(sum, result["confusion"]["counts"])) == 2
    assert result["accuracy"] <= 2 / 3
    assert "baselines" in result
    assert result["notes"][-1] == "labels that the model does not know, counted as wrong: 1 of 3: 'cz'"
    assert answer.stderr.splitlines()[-len(result["notes"]) :] == result["notes"]
    assert not Path("runs/task-1/metrics.json").exists()


def test_a_part_of_the_same_data_at_another_place(rnnlab):
    """With --data and --split the content must be that of the training."""
    page = with_file(LABEL, Path("rows.tsv"))
    task_run_of(page)
    before = as_json(rnnlab)
    Path("rows.tsv").rename("moved.tsv")
    Path("other.tsv").write_text("a\tpq\n")

    moved = as_json(rnnlab, "--data", "moved.tsv", "--split", "validation")
    lost = rnnlab("evaluate")
    other = rnnlab("evaluate", "--data", "other.tsv", "--split", "validation")

    assert {**moved, "run": ""} == {**before, "run": ""}
    assert lost.exit_code == 1
    assert lost.stderr.splitlines()[-1].endswith(
        "if the data lies elsewhere now, write: rnnlab evaluate runs/task-1 --data FILE --split validation"
    )
    assert other.exit_code == 2
    assert (
        "other.tsv: not the data that the model was trained on, so it has no validation part" in other.stderr
    )
    assert "rnnlab evaluate runs/task-1 --data other.tsv" in other.stderr


def test_another_file_without_the_training_data(rnnlab):
    """It is measured without baselines, and a note says why."""
    task_run_of(with_file(LABEL, Path("rows.tsv")))
    Path("rows.tsv").unlink()
    Path("other.tsv").write_text("a\tpq\n")

    result = as_json(rnnlab, "--data", "other.tsv")

    assert "baselines" not in result
    assert result["notes"][-1] == "no baselines: they are learnt from the training data, which cannot be read"


@pytest.mark.parametrize(
    ("options", "message"),
    [
        (["--seeds", "3"], "--seeds runs models that predict the next token freely; runs/task-1 is of task"),
        (["--per-token"], "--per-token prints the losses of models that predict the next token; runs/task-1"),
    ],
)
def test_what_is_not_for_tasks_is_refused(rnnlab, options, message):
    """In one line, with a command that measures the model."""
    task_run_of(LABEL)

    answer = rnnlab("evaluate", "runs/task-1", *options)

    assert (answer.exit_code, answer.stdout) == (2, "")
    assert answer.stderr.startswith(message)
    assert answer.stderr.endswith("measure it with: rnnlab evaluate runs/task-1 --split test\n")


def test_folds_have_the_measures_of_the_task(rnnlab):
    """Of each fold, and their means with those of the baselines; the run keeps them beside its evaluation."""
    run = task_run_of(LABEL, "training.epochs=1", "model.units=4")
    run.write_metrics({"split": "validation", "accuracy": 0.5})

    answer = rnnlab("evaluate", "runs/task-1", "--folds", "2", "--json")

    assert answer.exit_code == 0, answer.stderr
    assert "each label is about equally frequent in all" in answer.stderr
    result = json.loads(answer.stdout)
    names = {"accuracy", "macro_f1", "loss"}
    assert result.keys() == {"folds", "mean", "standard_deviation", "confidence_interval", "baselines"}
    assert result["folds"][0].keys() == {"sequences", "confusion", "baselines", *names}
    assert sum(fold["sequences"] for fold in result["folds"]) == 12
    assert result["baselines"].keys() == result["folds"][0]["baselines"].keys() == {"majority", "naive_bayes"}
    for over, of_fold in (
        (result, lambda fold: fold),
        (result["baselines"]["majority"], lambda fold: fold["baselines"]["majority"]),
        (result["baselines"]["naive_bayes"], lambda fold: fold["baselines"]["naive_bayes"]),
    ):
        assert over["mean"].keys() == over["standard_deviation"].keys() == names
        for name in names:
            first, second = (of_fold(fold)[name] for fold in result["folds"])
            assert over["mean"][name] == pytest.approx((first + second) / 2)
            low, high = over["confidence_interval"][name]
            assert (low + high) / 2 == pytest.approx(over["mean"][name])
    assert json.loads((run.path / "folds.json").read_text()) == result
    assert json.loads((run.path / "metrics.json").read_text())["accuracy"] == 0.5
    assert (
        f"2 folds: mean accuracy {result['mean']['accuracy']:.4f}"
        in rnnlab("runs", "show", "runs/task-1").stdout
    )


def overs(mean, *names):
    """The same figures over two folds for each name."""
    return {name: OverFolds(mean, 0.1, (mean - 0.2, mean + 0.2)) for name in names}


def test_folds_are_shown_in_rows():
    """The network's means, and those of each baseline with how the network compares."""
    trained = trained_task(PAIRS, Path.cwd())
    fold = evaluate_task(trained, split="test", beam=1)
    crossed = SimpleNamespace(
        folds=(fold, fold),
        measures=overs(0.5, "exact_match", "token_error_rate") | {"loss": None},
        baselines={"nearest_source": overs(0.25, "exact_match", "token_error_rate")},
    )

    rows = task_folds_rows(crossed)

    assert [name for name, _ in rows] == [
        *("fold 1", "fold 2", "exact match", "error rate", "loss", "nearest source", "", "interval"),
    ]
    assert rows[0][1].startswith(f"exact match {fold.measures.greedy.exact_match:.4f}, error rate ")
    assert rows[0][1].endswith("2 pairs, 6 target tokens")
    spread = "0.5000 ± 0.1000 (mean ± standard deviation), 95 % interval 0.3000 to 0.7000"
    assert rows[2:5] == [
        ("exact match", spread),
        ("error rate", spread),
        ("loss", "none: not every fold has it"),
    ]
    assert rows[5][1].endswith("0.0500 to 0.4500: the network is 0.250 better")
    assert rows[6][1].startswith("error rate 0.2500")
    assert rows[6][1].endswith(": the network is 0.250 worse")


@pytest.mark.parametrize(
    ("unlearnt", "verdict"),
    [
        ((0, 0), ": the network is "),
        (
            (0, 1),
            ": not compared with the network, whose loss also counts 1 example whose label",
        ),
        (
            (2, 1),
            ": not compared with the network, whose loss also counts 3 examples whose label",
        ),
    ],
)
def test_losses_of_different_examples_are_not_compared(unlearnt, verdict):
    """The loss of a baseline leaves out labels that its training part lacks; its accuracy counts them."""
    trained = trained_task(LABEL, Path.cwd())
    folds = [
        replace(
            evaluate_task(trained, split=split),
            baselines=TaskBaselines(majority=LabelBaseline(0.5, 0.5, loss, unlearnt=count)),
        )
        for split, loss, count in zip(("validation", "test"), (0.5, 1.0), unlearnt, strict=True)
    ]

    rows = task_folds_rows(TaskCrossValidation(tuple(folds)))

    accuracy, _, loss = (text for _, text in rows[-4:-1])
    assert ": the network is " in accuracy
    assert loss.startswith("loss 0.7500")
    assert verdict in loss


def test_generated_examples_have_no_folds(rnnlab):
    """In one line."""
    task_run_of(PARITY)

    answer = rnnlab("evaluate", "runs/task-1", "--folds", "2")

    assert (answer.exit_code, answer.stdout) == (2, "")
    assert answer.stderr == (
        "--folds: expected examples from files, received generated ones (parity); measure the test part"
        " instead: dataset.held_out sets the number of its examples\n"
    )


def test_a_part_that_does_not_exist_is_refused(rnnlab):
    """The message names the parts."""
    task_run_of(LABEL.replace(", test: 0.25", ""))

    answer = rnnlab("evaluate", "--split", "test")

    assert answer.exit_code == 2
    assert answer.stderr.splitlines()[-1] == (
        "--split: the data has no test part; expected train or validation"
    )


def test_generated_examples_are_in_no_file(rnnlab):
    """--data is refused."""
    task_run_of(PARITY)
    Path("rows.tsv").write_text("odd\t1\n")

    answer = rnnlab("evaluate", "--data", "rows.tsv")

    assert answer.exit_code == 2
    assert answer.stderr.splitlines()[-1] == (
        "--data: the examples of this model are generated (parity), not read from a file; leave --data out"
    )
