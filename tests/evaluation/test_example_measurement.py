"""All measures of a model for examples, against loops over single examples."""

import math
from pathlib import Path

import numpy as np
import pytest

from rnnlab.datasets.examples import Sequences
from rnnlab.datasets.generated import Generator
from rnnlab.datasets.task_loading import load_task_data
from rnnlab.engines.numpy import numpy_task_model
from rnnlab.engines.numpy.examples import NumpyTaskModel
from rnnlab.errors import UsageError
from rnnlab.evaluation import example_measurement
from rnnlab.evaluation.example_measurement import evaluate_task
from rnnlab.evaluation.label_baselines import naive_bayes
from rnnlab.evaluation.label_ngram import best_ngram
from rnnlab.evaluation.selection import NoData, NoSuchPart
from rnnlab.generation.prediction import predict
from tests.trained_tasks import FROM_LABEL, LABEL, PAIRS, PARITY, TAGS, trained_task, with_file

BRACKETS = """
dataset: {kind: generated, name: brackets, longest: 8, examples: 40, held_out: 10}
model: {kind: gru, units: 6}
training: {epochs: 2, batch_size: 4}
"""


def model_of(text, *overrides):
    """A model with random weights, and the texts of each part of its data."""
    trained = trained_task(text, Path.cwd(), *overrides)
    examples = load_task_data(trained.experiment).examples
    return trained, {
        name: [examples.texts[number] for number in numbers.tolist()]
        for name, numbers in examples.parts.items()
    }


@pytest.mark.parametrize("split", ["train", "validation", "test"])
def test_labels_are_those_that_are_predicted(split):
    """Accuracy, loss and confusion matrix by the probabilities of `predict`, one example at a time."""
    trained, texts = model_of(LABEL)

    evaluation = evaluate_task(trained, split=split)

    found = predict(trained, [text for text, _ in texts[split]], top=2)
    truth = [label for _, label in texts[split]]
    costs = [-math.log(dict(each.labels)[label]) for each, label in zip(found, truth, strict=True)]
    measures = evaluation.measures
    assert (evaluation.split, evaluation.sequences, evaluation.task) == (split, len(truth), "label")
    assert measures.correct == sum(each.text == label for each, label in zip(found, truth, strict=True))
    assert measures.loss == pytest.approx(np.mean(costs), rel=1e-5)
    for row, name in enumerate(evaluation.tokens):
        counted = [each.text for each, label in zip(found, truth, strict=True) if label == name]
        assert measures.confusion[row].tolist() == [counted.count(other) for other in evaluation.tokens]


def test_mistakes_are_the_wrong_examples_by_their_cost():
    """What the model is most sure of, and wrong in, comes first."""
    trained, texts = model_of(LABEL)

    mistakes = evaluate_task(trained, split="train").mistakes

    found = predict(trained, [text for text, _ in texts["train"]], top=2)
    wrong = {
        each.input: -math.log(dict(each.labels)[label])
        for each, (_, label) in zip(found, texts["train"], strict=True)
        if each.text != label
    }
    assert wrong
    assert {each.input: each.cost for each in mistakes} == pytest.approx(wrong, rel=1e-5)
    assert [each.cost for each in mistakes] == sorted(wrong.values(), reverse=True) or len(wrong) == 1
    assert all(each.predicted != each.target for each in mistakes)


@pytest.mark.parametrize("overrides", [[], ["model.characters=true"], ["model.bidirectional=true"]])
def test_tags_are_those_that_are_predicted(overrides):
    """Token by token and sequence by sequence; an unseen token is one that the training part lacks."""
    trained, texts = model_of(TAGS, *overrides)

    evaluation = evaluate_task(trained, split="test")

    sources, truth = zip(*texts["test"], strict=True)
    seen = {token for text, _ in texts["train"] for token in text.split()}
    found = [each.text.split() for each in predict(trained, sources)]
    right = [
        (token not in seen, own == tag)
        for text, tags, predicted in zip(sources, truth, found, strict=True)
        for token, tag, own in zip(text.split(), tags.split(), predicted, strict=True)
    ]
    measures = evaluation.measures
    assert measures.counted == len(right) == 3
    assert measures.accuracy == np.mean([own for _, own in right])
    assert measures.unseen == 1  # cow
    assert measures.unseen_accuracy == np.mean([own for unseen, own in right if unseen])
    assert measures.sequence_accuracy == np.mean(
        [" ".join(own) == tags for own, tags in zip(found, truth, strict=True)]
    )
    assert len(evaluation.mistakes) == round((1 - measures.sequence_accuracy) * len(truth))


def test_a_space_within_a_tag_does_not_end_it():
    """There are as many tags as tokens, and they are named as in the targets."""
    named = TAGS.replace("NOUN", "a noun").replace("DET", "a word").replace("VERB", "a verb")
    trained, texts = model_of(named)

    mistakes = evaluate_task(trained, split="train").mistakes

    assert any("a\N{NO-BREAK SPACE}noun" in each.target for each in mistakes)
    known = {tag for _, tags in texts["train"] for tag in tags.split(" ")}
    for each in mistakes:
        tags = each.predicted.split(" ")
        assert len(tags) == len(each.target.split(" ")) == len(each.input.split(" "))
        assert {*tags} <= known


@pytest.mark.parametrize("overrides", [[], ["model.attention=dot", "model.reverse_source=true"]])
def test_pairs_are_written_and_forced(overrides):
    """Exact matches by `predict`; loss and accuracy of every token and the end, one pair at a time."""
    trained, texts = model_of(PAIRS, *overrides)

    evaluation = evaluate_task(trained, split="train", beam=3)

    sources, truth = zip(*texts["train"], strict=True)
    greedy = [each.text for each in predict(trained, sources)]
    costs, right = [], []
    network = numpy_task_model(trained)
    for source, target in texts["train"]:
        inputs = Sequences.of([[_id(trained.tokens, each) for each in source]], None)
        ids = [trained.targets.index(each) for each in target]
        logits = network.target_logits(inputs, Sequences.of([ids], None)).astype(np.float64)
        for row, wanted in zip(logits, [*ids, 0], strict=True):
            costs.append(np.log(np.exp(row).sum()) - row[wanted])
            right.append(row.argmax() == wanted)
    measures = evaluation.measures
    assert measures.greedy.exact == sum(map(str.__eq__, greedy, truth))
    assert measures.loss == pytest.approx(np.mean(costs), rel=1e-4)
    assert measures.accuracy == pytest.approx(np.mean(right))
    assert (evaluation.beam, measures.beam.counted) == (3, len(truth))
    assert len(evaluation.mistakes) == len(truth) - measures.greedy.exact


def test_examples_are_forced_in_pieces(monkeypatch):
    """The same costs, however many examples are read at once."""
    trained, _ = model_of(FROM_LABEL)
    whole = evaluate_task(trained, split="train").measures

    monkeypatch.setattr(example_measurement, "FORCED_AT_ONCE", 2)

    assert evaluate_task(trained, split="train").measures.loss == pytest.approx(whole.loss, rel=1e-6)


@pytest.mark.parametrize(("tokens", "blocks"), [(5, [1] * 6), (8, [1, 1, 1, 1, 2]), (29, [6])])
def test_the_memory_of_the_logits_has_a_limit(monkeypatch, tokens, blocks):
    """Blocks of targets of 4, 5, 6, 6, 4 and 4 tokens with `END`; a block has at least one target."""
    trained, _ = model_of(FROM_LABEL)
    whole = evaluate_task(trained, split="train")
    target_logits, read = NumpyTaskModel.target_logits, []

    def noted(self, inputs, targets):
        read.append(len(targets))
        return target_logits(self, inputs, targets)

    monkeypatch.setattr(NumpyTaskModel, "target_logits", noted)
    monkeypatch.setattr(example_measurement, "LOGITS_AT_ONCE", tokens * len(trained.targets))
    found = evaluate_task(trained, split="train")

    assert read == blocks
    assert found.measures.loss == pytest.approx(whole.measures.loss, rel=1e-6)
    assert [(each.input, each.target, each.predicted) for each in found.mistakes] == [
        (each.input, each.target, each.predicted) for each in whole.mistakes
    ]
    assert [each.cost for each in found.mistakes] == pytest.approx([each.cost for each in whole.mistakes])


def test_from_label_is_measured_for_each_label():
    """The loss of the sequences of a label, and that of an n-gram model of this label alone."""
    trained, texts = model_of(FROM_LABEL)

    evaluation = evaluate_task(trained, split="validation")

    network = numpy_task_model(trained)
    for number, label in enumerate(trained.tokens):
        costs = []
        own = [text for name, text in texts["validation"] if name == label]
        for text in own:
            ids = [_id(trained.targets, each, 1) for each in text]
            logits = network.target_logits(Sequences.of([[number]], None), Sequences.of([ids], None))
            for row, wanted in zip(logits.astype(np.float64), [*ids, 0], strict=True):
                costs.append(np.log(np.exp(row).sum()) - row[wanted])
        counted = [
            np.array([_id(trained.targets, each, 1) for each in text])
            for name, text in texts["train"]
            if name == label
        ]
        asked = [np.array([_id(trained.targets, each, 1) for each in text]) for text in own]
        found = evaluation.measures.labels[number]
        assert found.loss == pytest.approx(np.mean(costs), rel=1e-4)
        assert found.tokens == len(costs)
        assert found.ngram == best_ngram(counted, asked, vocab_size=len(trained.targets))
    assert evaluation.baselines is not None


def test_generated_examples_of_each_length_are_measured():
    """With the test part: each of the test sets that the generator holds out."""
    trained, _ = model_of(PARITY)

    evaluation = evaluate_task(trained, split="test")

    assert evaluation.by_length.keys() == {8, 12}
    for length, measures in evaluation.by_length.items():
        examples = Generator(trained.experiment.dataset).held_out("test", length)
        sources = [text for text, _ in examples.texts]
        assert {len(text) for text in sources} == {length}
        right = [
            each.text == label
            for each, (_, label) in zip(predict(trained, sources), examples.texts, strict=True)
        ]
        assert (measures.counted, measures.correct) == (len(right), sum(right))


def test_tokens_of_generated_brackets_are_characters():
    """Every bracket is in the training part."""
    trained, _ = model_of(BRACKETS)

    evaluation = evaluate_task(trained)

    assert evaluation.measures.unseen == 0
    assert 0 < evaluation.baselines.most_frequent_tag.accuracy < 1


def test_naive_bayes_counts_the_tokens_of_generated_examples():
    """A string of parity is a sequence of characters, not one word."""
    trained, _ = model_of(PARITY)
    examples = load_task_data(trained.experiment).examples
    train, validation, test = (
        ([examples.texts[number][0] for number in numbers.tolist()], examples.targets.ids[numbers])
        for numbers in (examples.parts[name] for name in ("train", "validation", "test"))
    )

    evaluation = evaluate_task(trained, split="test")

    expected = naive_bayes(train, *test, labels=2, token="character", validation=validation)
    assert evaluation.baselines.naive_bayes == expected


def test_a_token_with_a_space_is_one_token(tmp_path):
    """Such as a place of two words."""
    rows = "in\tIN\nNew York\tNNP\n\nin\tIN\nLa Paz\tNNP\n\nin\tIN\nNew York\tNNP\nnow\tRB\n"
    (tmp_path / "rows.tsv").write_text(rows)
    page = with_file(TAGS, tmp_path / "unused.tsv").replace("unused.tsv", "rows.tsv")
    trained = trained_task(page, tmp_path, "dataset.split.validation=0.3", "dataset.split.test=0.3")

    evaluation = evaluate_task(trained, split="test")

    assert (evaluation.measures.counted, evaluation.measures.unseen) == (3, 1)  # now
    assert evaluation.baselines.most_frequent_tag.correct == 2


def test_baselines_learn_from_the_training_part_alone():
    """The most frequent tag of a token, and for pairs the target of the nearest source."""
    tags, _ = model_of(TAGS)
    pairs, texts = model_of(PAIRS)

    assert evaluate_task(tags, split="test").baselines.most_frequent_tag.correct == 2  # cow is unseen: DET
    nearest = evaluate_task(pairs, split="test").baselines.nearest_source
    assert nearest.sources == len(texts["train"])
    assert nearest.written.counted == len(texts["test"])


def test_a_label_that_the_model_does_not_know_is_a_mistake(tmp_path):
    """It costs without limit, and is in no row of the confusion matrix."""
    trained, _ = model_of(LABEL)
    (tmp_path / "more.tsv").write_text("cz\tnovak\n")

    evaluation = evaluate_task(trained, data=tmp_path / "more.tsv")

    assert evaluation.split == "data"
    assert (evaluation.measures.correct, evaluation.measures.loss) == (0, None)
    assert not evaluation.measures.confusion.any()
    assert [(each.target, each.cost) for each in evaluation.mistakes] == [("cz", math.inf)]


def test_a_label_that_the_training_part_lacks_is_in_the_loss_of_the_network_alone():
    """The model knows the labels of all parts. The baselines count those that their loss leaves out."""
    trained, _ = model_of(LABEL.replace("pl\tnowakowski", "cz\tnovak"))

    evaluation = evaluate_task(trained, split="test")

    assert (evaluation.measures.known, evaluation.baselines.unlearnt) == (3, 1)
    assert evaluate_task(trained, split="validation").baselines.unlearnt == 0


def test_a_tag_that_the_model_does_not_know_is_a_mistake(tmp_path):
    """The sequence costs without limit."""
    trained, _ = model_of(TAGS)
    (tmp_path / "more.tsv").write_text("the\tDET\ndog\tXYZ\n")

    evaluation = evaluate_task(trained, data=tmp_path / "more.tsv")

    assert evaluation.measures.sequence_accuracy == 0
    assert [each.cost for each in evaluation.mistakes] == [math.inf]


def test_the_data_of_the_training_has_no_baselines_as_a_file(tmp_path):
    """Measured as a whole, it is what the model was trained on."""
    trained = trained_task(with_file(LABEL, tmp_path / "rows.tsv"), tmp_path)
    (tmp_path / "copy.tsv").write_bytes((tmp_path / "rows.tsv").read_bytes())

    evaluation = evaluate_task(trained, data=tmp_path / "copy.tsv")

    assert (evaluation.split, evaluation.sequences) == ("data", 12)
    assert evaluation.baselines is None


def test_training_data_that_may_not_be_opened_is_not_opened(tmp_path):
    """A file is measured without baselines; unseen tokens are those that the vocabulary lacks."""
    trained = trained_task(with_file(TAGS, tmp_path / "rows.tsv"), tmp_path)
    (tmp_path / "rows.tsv").unlink()
    (tmp_path / "more.tsv").write_text("the\tDET\ncow\tNOUN\n")

    evaluation = evaluate_task(trained, data=tmp_path / "more.tsv", may_open=False)

    assert evaluation.measures.unseen == 1
    assert evaluation.notes[-1].endswith("which is opened for your own runs only")


def test_missing_data_is_no_data(tmp_path):
    """The commands add the remedy."""
    trained = trained_task(with_file(LABEL, tmp_path / "rows.tsv"), tmp_path)
    (tmp_path / "rows.tsv").unlink()

    with pytest.raises(NoData, match=r"rows\.tsv"):
        evaluate_task(trained)


def test_a_part_of_another_file_is_refused(tmp_path):
    """The parts are those of the training data."""
    trained, _ = model_of(LABEL)
    (tmp_path / "other.tsv").write_text("ko\tkim\n")

    with pytest.raises(NoSuchPart, match="not the data that the model was trained on"):
        evaluate_task(trained, data=tmp_path / "other.tsv", split="test")


def test_a_part_that_the_data_lacks_is_refused():
    """The message names the parts that there are."""
    trained, _ = model_of(LABEL.replace(", test: 0.25", ""))

    with pytest.raises(UsageError, match="split: the data has no test part; expected train or validation"):
        evaluate_task(trained, split="test")


def _id(tokens, token, otherwise=0):
    """The id of a token, or of `UNKNOWN`."""
    return tokens.index(token) if token in tokens else otherwise
