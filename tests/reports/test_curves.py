"""Curves: what is drawn is what was measured."""

import re
from xml.etree import ElementTree

import numpy as np
import pytest

from rnnlab.reports.axes import decade_ticks, epoch_axis, linear_ticks, tick_label
from rnnlab.reports.charts import Series, envelope, thinned
from rnnlab.reports.curve_marks import LevelLine
from rnnlab.reports.curves import HEIGHT, WIDTH, history_picture, line_chart
from tests.runs.listed import history_of


def chart(*lines, **options):
    """A chart as a tree of elements."""
    series = [
        Series(f"line {number}", np.arange(len(ys)) + 1.0, np.array(ys)) for number, ys in enumerate(lines)
    ]
    options = {"x_label": "epoch", **options}
    return ElementTree.fromstring(line_chart("Loss", series, **options).replace("&nbsp;", " "))


def points(figure, name="line-0"):
    """The corners of a line, in the picture's units."""
    (path,) = figure.findall(f".//svg/path[@class='{name}']/..[@class='plot']/path[@class='{name}']")
    return [tuple(map(float, pair.split(","))) for pair in re.findall(r"[\d.]+,[\d.]+", path.get("d"))]


def test_higher_is_higher_and_later_is_further_right():
    """A figure above another is drawn above it, in proportion."""
    (x1, y1), (x2, y2), (x3, y3) = points(chart([1.0, 2.0, 3.0]))

    assert x1 < x2 < x3
    assert y1 > y2 > y3
    assert y1 - y2 == pytest.approx(y2 - y3, abs=0.01)


def test_what_spans_decades_is_drawn_in_equal_ratios():
    """A tenth of a loss is as far below it as a hundredth is below that, and the chart says so."""
    figure = chart([1.0, 1e-3, 1e-6])
    heights = [y for _, y in points(figure)]

    assert heights[1] - heights[0] == pytest.approx(heights[2] - heights[1], abs=0.01)
    assert "logarithmic" in "".join(figure.itertext())


def test_a_zero_on_a_logarithmic_axis_is_at_its_edge_and_said():
    """ln 0 has no place; nothing is left out in silence."""
    figure = chart([1.0, 1e-6, 0.0])

    assert points(figure)[2][1] == 276
    assert "1 point is 0, and drawn at the lower edge." in "".join(figure.itertext())


def test_all_that_is_drawn_lies_inside_the_picture():
    """Also a lone point, equal figures, negative ones and levels."""
    for ys in ([2.0], [5.0, 5.0, 5.0], [-3.0, -1.0], [0.0, 0.0], [1e-30, 1e30]):
        figure = chart(ys, levels=[LevelLine("unigram", 3.3)])

        assert all(0 <= x <= WIDTH and 0 <= y <= HEIGHT for x, y in points(figure))


def test_what_is_not_finite_is_left_out():
    """An epoch without validation has no figure."""
    assert len(points(chart([1.0, np.nan, 3.0, np.inf]))) == 2


def test_a_chart_without_a_figure_is_refused():
    """There is nothing to draw."""
    with pytest.raises(ValueError, match="no finite value"):
        chart([np.nan])


def test_shares_have_an_axis_of_their_own():
    """From 0 to 1, whatever was measured."""
    figure = chart([0.2, 0.25], share=True)

    marks = [mark.text for mark in figure.iter("text")]
    assert marks[0] == "0"
    assert "1" in marks


def test_the_chart_says_in_words_what_it_shows():
    """For those who do not see it; its key names each line and level."""
    figure = chart([3.0, 0.5, 0.7], levels=[LevelLine("unigram", 2.5)])

    assert figure.find("svg").get("role") == "img"
    assert figure.find("svg").get("aria-label") == (
        "Loss by epoch. line 0: from 3 to 0.7, lowest 0.5 at 2, highest 3 at 1. unigram: 2.5."
    )
    assert {"line 0", "unigram 2.5"} <= {" ".join(text.split()) for text in figure.itertext()}


def test_names_are_escaped():
    """A line may be called anything."""
    series = [Series("</svg><script>", np.arange(2.0), np.arange(2.0))]

    assert "<script" not in line_chart("<b>\u202e", series, x_label='">')


def test_thinning_keeps_every_extreme():
    """The lowest and the highest of each bin, at their places, and both ends."""
    rng = np.random.default_rng(0)
    xs, ys = np.arange(10_000.0), rng.normal(size=10_000)
    ys[4321], ys[8765] = 50.0, -50.0

    kept_xs, kept_ys = thinned(xs, ys, bins=100)

    assert len(kept_xs) <= 202
    assert (ys[kept_xs.astype(int)] == kept_ys).all()
    assert {4321, 8765, 0, 9999} <= set(kept_xs)
    assert (np.diff(kept_xs) > 0).all()


def test_what_is_little_is_not_thinned():
    """Every figure is drawn where there is room."""
    xs = np.arange(20.0)

    assert thinned(xs, xs, bins=10)[1] is xs


def test_the_envelope_holds_all_figures():
    """No figure of a bin is outside of its range, and both ends of it are figures."""
    ys = np.random.default_rng(0).normal(size=1001)

    middles, lows, highs = envelope(np.arange(1001.0), ys, ys, bins=10)

    assert len(middles) == len(lows) == len(highs) == 10
    assert (lows.min(), highs.max()) == (ys.min(), ys.max())
    assert (lows <= highs).all()


def test_ticks_are_round_figures():
    """1, 2 or 5 times a power of ten, and powers of ten."""
    assert linear_ticks(0.0, 2000.0, most=6) == [0, 500, 1000, 1500, 2000]
    assert linear_ticks(1.3, 1.9, most=6) == pytest.approx([1.3, 1.4, 1.5, 1.6, 1.7, 1.8, 1.9])
    assert decade_ticks(1e-9, 1e2, most=6) == pytest.approx([1e-8, 1e-6, 1e-4, 1e-2, 1, 1e2])
    assert [tick_label(tick) for tick in (0.0, 0.5, 2000.0, 1e-6, 1.0, -0.25)] == [
        *("0", "0.5", "2,000", "10⁻⁶", "1", "−0.25")
    ]


def test_whole_epochs_are_marked():
    """Also where there are few of them, or one."""
    assert epoch_axis(1, 3, 0, 100).ticks(6) == [1, 2, 3]
    assert epoch_axis(0.2, 1, 0, 100).ticks(6) == [1]
    assert epoch_axis(1, 1, 0, 100).ticks(6) == [1]
    assert epoch_axis(1, 1, 0, 100).place(np.array([1.0])) == 50


SVG = "{http://www.w3.org/2000/svg}"


def history(*losses, validation=()):
    """A history of these losses, by epoch; its accuracy is not known."""
    return history_of(losses, None, [*validation, *[np.nan] * (len(losses) - len(validation))])


def picture(**histories):
    """The picture of some configurations as a tree of elements."""
    return ElementTree.fromstring(history_picture(histories))


def texts(root):
    """All texts of a picture."""
    return [each.text for each in root.iter(f"{SVG}text")]


def corners(path):
    """The corners of a path, in units of the picture."""
    return [tuple(map(float, pair.split(","))) for pair in re.findall(r"[\d.]+,[\d.]+", path.get("d"))]


def lines(root, number):
    """The corners of each line of a colour that has more than one point."""
    paths = [corners(path) for path in root.iter(f"{SVG}path") if path.get("class") == f"line-{number}"]
    return [path for path in paths if len(path) > 1]


def test_runs_of_a_configuration_are_drawn_as_their_mean_in_a_band():
    """The mean of 1 and 3 is where a single run of 2 is; the band reaches from 1 to 3."""
    root = picture(both=[history(1.0, 2.0), history(3.0, 2.0)], single=[history(2.0, 1.0)])

    ((begin, _),), ((other, _),) = lines(root, 0), lines(root, 1)
    bands = [path for path in root.iter(f"{SVG}path") if path.get("fill-opacity")]
    (band,) = map(corners, bands)
    assert begin == other
    assert band[1] == band[2], "both are 2 in the second epoch"
    assert band[0][1] < begin[1] < band[3][1]
    assert begin[1] - band[0][1] == pytest.approx(band[3][1] - begin[1], abs=0.02)
    assert {"both, mean of 2 runs", "single", "epoch", "Loss in nats per token"} <= set(texts(root))
    assert "A band reaches from the lowest to the highest value of the runs." in texts(root)


def test_where_a_run_has_ended_the_mean_is_of_the_others():
    """And the picture says so; no epoch is left out."""
    root = picture(song=[history(1.0, 1.0, 4.0), history(3.0, 3.0)], other=[history(2.0, 2.0, 4.0)])

    assert lines(root, 0) == lines(root, 1)
    assert "After the last epoch of a run, the mean is that of the longer runs." in texts(root)


def test_each_configuration_has_a_colour_and_each_part_a_dash_pattern():
    """Validation is dashed, and the key says so; without a validation the key does not."""
    held_out = picture(a=[history(2.0, 1.0, validation=(3.0, 2.0))], b=[history(1.0, 1.0)])
    trained = picture(a=[history(2.0, 1.0)])

    first = [path for path in held_out.iter(f"{SVG}path") if path.get("class") == "line-0"]
    assert [path.get("stroke-dasharray") for path in first] == [None, "9 4", None]  # the last is of the key
    assert len({path.get("stroke") for path in first}) == 1
    assert {"training", "validation"} <= set(texts(held_out))
    assert not {"training", "validation"} & set(texts(trained))


def test_many_runs_of_one_epoch_and_of_nothing_can_be_drawn():
    """Fifty names, a single point, and a measure without a finite value."""
    runs = {f"run-{number}": [history(1.0)] for number in range(50)}
    runs["nothing"] = [history(np.nan)]

    found = texts(picture(**runs))

    assert {"run-0", "run-49", "nothing", "1"} <= set(found)
    assert found.count("No finite value was measured.") == 1  # of the accuracy


def test_the_picture_says_in_words_what_it_shows():
    """Each line with its part; and how many losses have no place on a logarithmic scale."""
    root = picture(song=[history(1.0, 1e-6, 0.0, validation=(2.0,))])

    assert "song, training: from 1 to 0, lowest 0 at 3, highest 1 at 1." in root.get("aria-label")
    assert "song, validation: from 2 to 2" in root.get("aria-label")
    assert "Loss in nats per token, logarithmic scale" in texts(root)
    assert "Loss in nats per token: 1 point is 0, and drawn at the lower edge." in texts(root)
