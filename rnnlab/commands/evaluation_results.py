"""Results of an evaluation and of a cross-validation, as JSON and as rows, of which `evaluate` prints one."""

from math import isfinite
from typing import TYPE_CHECKING, Any

from rnnlab.commands.collapse_results import collapse_json, collapse_line
from rnnlab.errors import count_of
from rnnlab.evaluation.metrics import OVER_ALL
from rnnlab.evaluation.ngram import NAMES

if TYPE_CHECKING:
    from rnnlab.evaluation.baselines import Baseline, Baselines
    from rnnlab.evaluation.free_running import SeedRuns
    from rnnlab.evaluation.measurement import Evaluation
    from rnnlab.evaluation.metrics import Metrics

Row = tuple[str, str]


def evaluation_json(evaluation: "Evaluation") -> dict[str, Any]:
    """Return an evaluation as an object of JSON; scripts may rely on its fields."""
    metrics, ceiling, running = evaluation.metrics, evaluation.ceiling, evaluation.free_running
    result: dict[str, Any] = {"split": evaluation.split, **metrics_json(metrics)}
    if evaluation.bits_per_character is not None:
        result["bits_per_character"] = evaluation.bits_per_character
    if evaluation.baselines:
        result["baselines"] = _baselines_json(evaluation.baselines)
    if ceiling:
        result["accuracy_ceiling"] = {
            "correct": ceiling.correct,
            "total": ceiling.total,
            "accuracy": ceiling.accuracy,
        }
    if running:
        result["free_running"] = {
            "seed": running.seed,
            "length": running.length,
            "correct": running.correct,
            "accuracy": running.accuracy,
            "first_divergence": running.first_divergence,
            "exact": running.exact,
            "sequence": list(running.sequence),
            "collapse": collapse_json(running.collapse),
        }
    if evaluation.seed_runs:
        result["free_running_seeds"] = _seeds_json(evaluation.seed_runs)
    if evaluation.reconstruction is not None:
        result["reconstruction"] = evaluation.reconstruction
    return {**result, "notes": list(evaluation.notes), "left_out": dict(evaluation.left_out)}


def metrics_json(metrics: "Metrics") -> dict[str, Any]:
    """Return the measures of one step at a time; a perplexity that is too large for a float is null."""
    top_5 = {} if metrics.top_5 is None else {"top_5_accuracy": metrics.top_5_accuracy}
    return {
        "loss": metrics.loss,
        "bits_per_token": metrics.bits_per_token,
        "perplexity": metrics.perplexity if isfinite(metrics.perplexity) else None,
        "accuracy": metrics.accuracy,
        **top_5,
        "correct": metrics.correct,
        "tokens": metrics.tokens,
    }


def evaluation_rows(evaluation: "Evaluation") -> list[Row]:
    """Return a line for each measure, with its unit."""
    metrics = evaluation.metrics
    unit = "" if evaluation.bits_per_character is None else " per character"
    top_5 = "" if metrics.top_5 is None else f"; {metrics.top_5_accuracy:.4f} among the five likeliest"
    rows = [
        ("part", f"{evaluation.split}, {count_of(metrics.tokens, 'target')}"),
        ("loss", f"{metrics.loss:.4g} nats per token, {metrics.bits_per_token:.4g} bits{unit}"),
        ("perplexity", f"{metrics.perplexity:.4g}" if isfinite(metrics.perplexity) else OVER_ALL),
        (
            "accuracy",
            f"{metrics.accuracy:.4f} ({metrics.correct:,} of {metrics.tokens:,}), one step at a time{top_5}",
        ),
    ]
    if evaluation.baselines:
        rows.insert(2, _baselines_row(evaluation.baselines, metrics))
    if ceiling := evaluation.ceiling:
        reach = f"{ceiling.accuracy:.4f} ({ceiling.correct} of {ceiling.total})"
        rows.append(("ceiling", f"{reach} for any model that sees only the window"))
    if running := evaluation.free_running:
        where = "exact" if running.exact else f"first wrong at generated token {running.first_divergence}"
        rows.append(
            ("free running", f"{running.correct} of {running.length} right from {running.seed!r}, {where}")
        )
        separator = "" if all(len(token) == 1 for token in running.sequence) else " "
        rows.append(("", separator.join(running.sequence)))
        if line := collapse_line([running.collapse], "token" if separator == "" else "note"):
            rows.append(("", line))
    if evaluation.seed_runs:
        rows.append(_seeds_row(evaluation.seed_runs))
    if evaluation.reconstruction is not None:
        rows.append(("reconstruction", evaluation.reconstruction))
    return rows


def _baselines_json(baselines: "Baselines") -> dict[str, Any]:
    """Return the unigram, the best n-gram, the losses of all n-grams by smoothing (n from 1), and the counts.

    The counts are those of the training tokens that the n-grams are counted on, of the training tokens left
    out, and of the transposed copies.
    """
    return {
        "unigram": _baseline_json(baselines.unigram),
        "ngram": _baseline_json(baselines.best),
        "losses": {
            smoothing: [each.loss for each in baselines.all if each.smoothing == smoothing]
            for smoothing in NAMES
        },
        "counted_tokens": baselines.counted,
        "left_out_tokens": baselines.left_out,
        **({} if baselines.copies is None else {"transposed_copies": baselines.copies}),
    }


def _baselines_row(baselines: "Baselines", metrics: "Metrics") -> Row:
    """Return the row with the losses of the unigram and of the best n-gram, and how the network compares."""
    best = baselines.best
    gain = best.loss - metrics.loss
    verdict = f"{abs(gain):.3f} {'better' if gain > 0 else 'worse'}" if round(gain, 3) else "no better"
    counted = ""
    if baselines.left_out:
        counted = f", counted on the last {count_of(baselines.counted, 'token')} of the training part"
    if baselines.copies is not None:
        copies = count_of(baselines.copies, "transposed copy")
        counted += " " if counted else ", counted on the training part "
        counted += f"with its {copies}" if baselines.copies else "without its transposed copies"
    return (
        "baselines",
        f"unigram {baselines.unigram.loss:.4g}, {best.order}-gram {best.loss:.4g} nats per token"
        f" ({NAMES[best.smoothing]}, the best order and smoothing on this part{counted}):"
        f" the network is {verdict}",
    )


def _seeds_json(runs: "SeedRuns") -> dict[str, Any]:
    """Return the free runs from several seeds in a few figures, and the first wrong token of each."""
    return {
        "seeds": runs.seeds,
        "seed_length": runs.seed_length,
        "length": runs.length,
        "accuracy": runs.accuracy,
        "median_first_divergence": runs.median_first_divergence,
        "exact": runs.exact,
        "first_divergences": list(runs.first_divergences),
    }


def _seeds_row(runs: "SeedRuns") -> Row:
    """Return the row on the free runs from several seeds: correct tokens, first wrong token, exact runs."""
    median = runs.median_first_divergence
    where = "most never wrong" if median is None else f"half of them wrong by generated token {median:g}"
    return (
        "from seeds",
        f"{runs.accuracy:.4f} of {count_of(runs.length, 'token')} right after each of"
        f" {count_of(runs.seeds, 'window')}, {where}, {runs.exact} exact",
    )


def _baseline_json(baseline: "Baseline") -> dict[str, Any]:
    return {"loss": baseline.loss, "order": baseline.order, "smoothing": baseline.smoothing}
