"""The lectures' five diagrams of sequence tasks, drawn with the tokens of one example, as text or as SVG.

    one to one   one to many   many to one   many to many   many to many
                                             in step        after reading

        ↑        ↑ ↑ ↑             ↑         ↑ ↑ ↑              ↑ ↑
        □        □→□→□         □→□→□         □→□→□          □→□→□→□
        ↑        ↑             ↑ ↑ ↑         ↑ ↑ ↑          ↑ ↑

Inputs stand below, outputs above (Karpathy, "The Unreasonable Effectiveness of Recurrent Neural Networks",
2015).
"""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace

from rnnlab.config.schema import Experiment
from rnnlab.config.task_data import DIAGRAMS
from rnnlab.config.tasks import TaskExperiment
from rnnlab.datasets.corpus import Corpus
from rnnlab.datasets.examples import END, Examples, TaskData
from rnnlab.datasets.parts import Part
from rnnlab.reports.axes import FONTS, text, text_width
from rnnlab.reports.markup import Markup, tag

MOST_STEPS = 24
"""Most time steps that are drawn of an input or of an output."""

ELLIPSIS = "…"
_WIDEST = 700
"""Largest width of a picture, in units of the SVG."""

_BOX, _GAP, _ARROW = 26, 22, 22
"""Side of a box, and lengths of the arrows between and at the boxes, in units of the SVG."""

_LONGEST = 24
"""Most characters of a token in a picture."""

_SIGNS = {" ": "␣", "\n": "↵", "\t": "⇥"}


@dataclass(frozen=True)
class DrawnStep:
    """One time step: the token that the network reads and the token that it writes; None for none.

    Attributes:
        read: the input.
        written: the output.
        is_left_out: whether the step stands for several steps that are not drawn.
    """

    read: str | None
    written: str | None
    is_left_out: bool = False


@dataclass(frozen=True)
class Diagram:
    """A diagram of one example.

    Attributes:
        name: what the network does, in words.
        pieces: the time steps; the source and the target of a pair are two pieces, all else is one.
        reads_both_ways: whether a second layer reads the input backwards.
    """

    name: str
    pieces: tuple[tuple[DrawnStep, ...], ...]
    reads_both_ways: bool = False


def diagram_of_task(data: TaskData) -> Diagram:
    """Return the diagram of a task with examples, with the tokens of the first example of the train part."""
    return diagram_of_example(data.experiment, data.examples, int(data.examples.parts["train"][0]))


def diagram_of_example(experiment: TaskExperiment, examples: Examples, number: int) -> Diagram:
    """Return the diagram of a task with the tokens of one of its examples, counted from 0."""
    source, target = examples.texts[number]
    read, written = examples.inputs.tokens.split(source), examples.targets.tokens.split(target)
    if experiment.task == "tags":  # a tag for each token
        read = list(source) if examples.inputs.tokens.kind == "character" else source.split(" ")
        written = target.split(" ")
    return Diagram(
        task_words(experiment), _pieces(experiment.task, read, written), experiment.model.bidirectional
    )


def task_words(experiment: Experiment | TaskExperiment) -> str:
    """Return which of the five diagrams an experiment is, in words."""
    if isinstance(experiment, TaskExperiment):
        return DIAGRAMS[experiment.task]
    if experiment.regime == "windows" and experiment.dataset.window == 1:
        return "one to one: a token, then the next one"
    if experiment.dataset.target == "next":
        return "many to one: a window of tokens, then the next one"
    return DIAGRAMS["next_token"]


def diagram_of_next_token(experiment: Experiment, corpus: Corpus, part: Part) -> Diagram:
    """Return the diagram of the task next_token, with the first tokens of the train part."""
    begin, end = part.begin, min(part.begin + experiment.dataset.window + 1, part.end)
    tokens = corpus.vocabulary.decode(corpus.ids[begin:end])
    read: list[str] = list(tokens[:-1])
    written: list[str | None] = list(tokens[1:])
    if experiment.dataset.target == "next":
        written[:-1] = [None] * (len(written) - 1)
    return Diagram(task_words(experiment), (tuple(map(DrawnStep, read, written)),))


def diagram_text(diagram: Diagram, columns: int) -> str:
    """Return a diagram as lines of at most `columns` columns: outputs, arrows, layers, arrows, inputs.

    Steps in the middle are left out where there are too many for the width.
    """
    most = MOST_STEPS
    while _width(steps := _shortened(diagram, most)) > columns and most > 3:
        most -= 1
    widths = [_columns_of(step) for step in steps]
    arrow = "⇄" if diagram.reads_both_ways else "→"
    boxes = [ELLIPSIS if step.is_left_out else "□" for step in steps]
    rows = [
        [step.written or "" for step in steps],
        ["↑" if step.written and not step.is_left_out else "" for step in steps],
        boxes,
        ["↑" if step.read and not step.is_left_out else "" for step in steps],
        [step.read or "" for step in steps],
    ]
    lines = []
    for row in rows:
        between = f" {arrow} " if row is boxes else "   "
        cells = [_centred(cell, width) for cell, width in zip(row, widths, strict=True)]
        lines.append(between.join(cells).rstrip())
    return "\n".join(lines)


def diagram_picture(diagram: Diagram) -> Markup:
    """Return a diagram as an inline SVG, at most 700 units wide: outputs above, boxes, and inputs below.

    Steps in the middle are left out where there are too many for the width.
    """
    most = MOST_STEPS
    while sum(_lengths(steps := _cut(_shortened(diagram, most)))) + _GAP * len(steps) > _WIDEST and most > 3:
        most -= 1
    lengths, x, top, parts = _lengths(steps), 0.0, 20 + _ARROW, list[Markup]()
    for number, (step, length) in enumerate(zip(steps, lengths, strict=True)):
        middle = x + length / 2
        parts += _drawn_step(step, middle, top)
        if number + 1 < len(steps):
            end = x + length + _GAP + lengths[number + 1] / 2 - _BOX / 2
            parts += _between(middle + _BOX / 2, end, top + _BOX / 2, both=diagram.reads_both_ways)
        x += length + _GAP
    width, height = max(x - _GAP, 1), top + _BOX + _ARROW + 24
    return tag(
        "svg",
        *parts,
        viewBox=f"-1 0 {width + 2:g} {height:g}",
        width=width + 2,
        height=height,
        role="img",
        aria_label=f"{diagram.name}. {_spoken(steps)}",
        class_="diagram",
        font_family=FONTS,
        font_size=14,
    )


def _cut(steps: Sequence[DrawnStep]) -> list[DrawnStep]:
    """Return the steps with the first characters of long tokens."""
    return [
        replace(
            step, read=step.read and _beginning(step.read), written=step.written and _beginning(step.written)
        )
        for step in steps
    ]


def _beginning(token: str) -> str:
    return token if len(token) <= _LONGEST else f"{token[: _LONGEST - 1]}{ELLIPSIS}"


def _lengths(steps: Sequence[DrawnStep]) -> list[float]:
    """Return the width of each step: that of its box, or of its longer token."""
    return [max(_BOX, text_width(step.read or "", 14), text_width(step.written or "", 14)) for step in steps]


def _drawn_step(step: DrawnStep, x: float, top: float) -> Iterator[Markup]:
    """Yield the box of a step, centred on x, with its tokens and the arrows to them."""
    if step.is_left_out:
        yield text(ELLIPSIS, x, top + _BOX / 2 + 5, anchor="middle")
    else:
        yield tag("rect", x=x - _BOX / 2, y=top, width=_BOX, height=_BOX, rx=4, class_="box")
    if step.written:
        yield text(step.written, x, top - _ARROW - 4, anchor="middle")
    if step.read:
        yield text(step.read, x, top + _BOX + _ARROW + 16, anchor="middle")
    for token, begin in ((step.written, top - 2), (step.read, top + _BOX + _ARROW)):
        if token and not step.is_left_out:
            end = begin - _ARROW + 4
            yield tag("path", d=f"M{x:g},{begin:g} V{end:g} m-4,5 l4,-5 l4,5", class_="arrow")


def _between(begin: float, end: float, y: float, *, both: bool) -> Iterator[Markup]:
    """Yield the arrow from one box to the next, and a second one back if the input is read both ways."""
    shift = 5 if both else 0
    yield tag("path", d=f"M{begin + 3:g},{y - shift:g} H{end - 3:g} m-5,-4 l5,4 l-5,4", class_="arrow")
    if both:
        yield tag("path", d=f"M{end - 3:g},{y + shift:g} H{begin + 3:g} m5,-4 l-5,4 l5,4", class_="arrow")


def _spoken(steps: Sequence[DrawnStep]) -> str:
    """Return the tokens of a diagram in words."""
    read = " ".join(step.read for step in steps if step.read)
    written = " ".join(step.written for step in steps if step.written)
    return f"Reads {read}; writes {written}."


def _pieces(task: str, read: Sequence[str], written: Sequence[str]) -> tuple[tuple[DrawnStep, ...], ...]:
    """Return the time steps of a task."""
    if task == "label":
        before = (DrawnStep(token, None) for token in read[:-1])
        return ((*before, DrawnStep(read[-1], written[0])),)
    if task == "tags":
        return (tuple(map(DrawnStep, read, written)),)
    if task == "from_label":
        others = [*written, END]
        return ((DrawnStep(read[0], others[0]), *(DrawnStep(None, token) for token in others[1:])),)
    return (
        tuple(DrawnStep(token, None) for token in read),
        tuple(DrawnStep(None, token) for token in (*written, END)),
    )


def _shortened(diagram: Diagram, most: int) -> list[DrawnStep]:
    """Return the time steps, at most `most` of each piece; tokens are written with visible signs."""
    steps = []
    for piece in diagram.pieces:
        kept = list(piece)
        if len(piece) > most:
            reads, writes = any(step.read for step in piece[1:]), any(step.written for step in piece[:-1])
            middle = DrawnStep(ELLIPSIS if reads else None, ELLIPSIS if writes else None, is_left_out=True)
            kept = [*piece[: most - 2], middle, piece[-1]]
        steps += [replace(step, read=_visible(step.read), written=_visible(step.written)) for step in kept]
    return steps


def _visible(token: str | None) -> str | None:
    if token is None or (token.isprintable() and token != " "):
        return token
    return _SIGNS.get(token, repr(token)[1:-1])


def _width(steps: Sequence[DrawnStep]) -> int:
    """Return the number of columns of a drawing."""
    return sum(map(_columns_of, steps)) + 3 * (len(steps) - 1)


def _columns_of(step: DrawnStep) -> int:
    from wcwidth import width  # noqa: PLC0415 (most commands draw nothing)

    return max(1, width(step.read or ""), width(step.written or ""))


def _centred(text: str, columns: int) -> str:
    from wcwidth import width  # noqa: PLC0415 (most commands draw nothing)

    space = columns - width(text)
    return " " * (space // 2) + text + " " * (space - space // 2)
