"""The section on what the network of each configuration plays, writes or predicts."""

from collections.abc import Iterator, Sequence

from rnnlab.comparison.measures import Comparison
from rnnlab.comparison.report.contents import ComparisonContents
from rnnlab.comparison.report.letters import with_badge
from rnnlab.comparison.report.summary import writes_notes
from rnnlab.comparison.report.tables import stacked_table
from rnnlab.comparison.report.works import Answers, FreePiece, SampleOf, Works
from rnnlab.errors import count_of
from rnnlab.reports.markup import Markup, tag, together
from rnnlab.reports.page import remark
from rnnlab.reports.works import PlayedPiece, how_written, legend, played_together, surprise_text


def work_section(contents: ComparisonContents) -> tuple[str, list[Markup]]:
    """Return the key of the title of the section, and what stands in it."""
    works = contents.works
    if isinstance(works, str):
        return "play" if writes_notes(contents) else "write", [tag("p", f"Nothing to show: {works}.")]
    numbers = {each.name: number for number, each in enumerate(contents.configurations)}
    more = [remark(f"Not shown: {count_of(works.left_out, 'more configuration')}.")] if works.left_out else []
    if works.answers is not None:
        writes = not isinstance(works.answers, str) and not works.answers.part
        return "write" if writes else "predict", [*_answers(works.answers, numbers), *more]
    if writes_notes(contents):
        return "play", [*_music(works, numbers, contents), *more]
    return "write", [*_texts(works, numbers), *more]


def _music(works: Works, numbers: dict[str, int], contents: ComparisonContents) -> Iterator[Markup]:
    """Yield the song, and what each network plays, with score and player; wrong notes are ringed."""
    found = []
    songs = {each.song for each in works.each.values() if isinstance(each, FreePiece)}
    for song in sorted(songs, key=len)[-1:]:
        found.append(PlayedPiece("The song", song, remark="The data from the seed on."))
    unplayed = []
    for name, each in works.each.items():
        if isinstance(each, FreePiece):
            mark = together(with_badge(numbers[name], name), ": ")
            found.append(
                PlayedPiece(_right(each), each.tokens, each.wrong, _said(name, each, contents), mark)
            )
        elif isinstance(each, SampleOf) and each.tokens:
            mark = together(with_badge(numbers[name], name), ": ")
            found.append(PlayedPiece("a sample", each.tokens, (), how_written(each.writing), mark))
        else:
            why = each if isinstance(each, str) else "the sample is empty"
            unplayed.append(tag("p", with_badge(numbers[name], name), f": nothing to play: {why}."))
    yield from played_together(found, meter=works.meter, name=contents.folder.name)
    yield from unplayed


def _right(piece: FreePiece) -> str:
    running = piece.running
    return (
        "every note right"
        if running.exact
        else f"{running.correct:,} of {count_of(running.length, 'note')} right"
    )


def _said(name: str, piece: FreePiece, contents: ComparisonContents) -> str:
    """Return which network plays, where it goes wrong, and how the other random seeds do."""
    running = piece.running
    said = f"The network of random seed {piece.random_seed}, which reads only its own notes after the seed."
    if not running.exact:
        place = f"The first mistake is generated note {running.first_divergence:,}."
        said += f" {place} Wrong notes are red and ringed."
    others = _other_seeds(name, piece.random_seed, contents.comparison)
    return f"{said} {others}".strip()


def _other_seeds(name: str, random_seed: int, comparison: Comparison | str) -> str:
    if isinstance(comparison, str):
        return ""
    others = [
        (each.random_seed, each.free_running)
        for contender in comparison.contenders
        for each in contender.trials
        if contender.name == name and each.random_seed != random_seed and each.free_running
    ]
    if not others:
        return ""
    counts = [f"{running.correct:,} with seed {seed}" for seed, running in others[:4]]
    more = f" and {count_of(len(others) - 4, 'more seed')}" if len(others) > 4 else ""
    return f"Right with the other random seeds: {', '.join(counts)}{more}."


def _texts(works: Works, numbers: dict[str, int]) -> Iterator[Markup]:
    """Yield a sample of each network, shaded by its surprise."""
    if any(isinstance(each, SampleOf) for each in works.each.values()):
        yield legend()
    last = ""
    for name, each in works.each.items():
        title = tag("h3", with_badge(numbers[name], name))
        if isinstance(each, SampleOf):
            said = f"Random seed {each.random_seed} of the training. {how_written(each.writing)}"
            shown = [] if said == last else [tag("p", said)]
            last = said
            yield tag("article", title, *shown, surprise_text(each.tokens, each.costs))
        else:
            yield tag("article", title, tag("p", f"No sample: {each}."))


def _answers(answers: Answers | str, numbers: dict[str, int]) -> Iterator[Markup]:
    """Yield a table of examples with the answer of each network; wrong answers are marked."""
    if isinstance(answers, str):
        yield tag("p", f"Nothing to show: {answers}.")
        return
    if not answers.rows:
        yield tag("p", "No example is short enough to be shown.")
        return
    names = [with_badge(numbers[name], name) for name, _ in answers.networks]
    if not answers.part:
        yield remark(f"One sequence for each label. {_seeds(answers.networks)}")
        rows: list[Sequence[str]] = [
            [tag("code", label), *(tag("code", text or " ") for text in texts)]
            for label, _, texts in answers.rows
        ]
        yield stacked_table("what each network writes for each label", ["label", *names], rows)
        return
    yield remark(
        f"{count_of(len(answers.rows), 'example')} of the {answers.part} part, chosen from its first"
        f" {answers.considered:,}: first those on which the networks do not agree."
        f" {_seeds(answers.networks)} ✗ is a wrong answer."
    )
    rows = [
        [tag("code", source), tag("code", target), *(_answer(text, target) for text in texts)]
        for source, target, texts in answers.rows
    ]
    yield stacked_table("examples with the answer of each network", ["input", "target", *names], rows)


def _seeds(networks: Sequence[tuple[str, int]]) -> str:
    """Return a sentence on the random seeds of the trainings: one for all networks, or that of each."""
    seeds = {seed for _, seed in networks}
    if len(seeds) == 1:
        return f"All networks are of random seed {seeds.pop()}."
    return f"Random seeds of the networks: {', '.join(f'{name} {seed}' for name, seed in networks)}."


def _answer(text: str, target: str) -> Markup:
    return tag("code", text or " ") if text == target else tag("mark", "✗", tag("code", text or " "))
