"""The results of `rnnlab generate`: the remarks for people, and the object of JSON."""

from collections.abc import Iterator
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any

from rnnlab.errors import count_of

if TYPE_CHECKING:
    from rnnlab.evaluation.collapse import Collapse
    from rnnlab.evaluation.originality import OriginalityReport
    from rnnlab.generation.writing import Writing
    from rnnlab.models.model_file import Trained
    from rnnlab.runs.folder import RunFolder


@dataclass(frozen=True)
class GenerationResults:
    """The samples of one call, and what was found in them.

    Attributes:
        writing: the samples.
        label: the label that they were written for; None for no label.
        noun: what a token is called: `note` or `token`.
        are_lines: whether a sample is a line of text.
        collapses: where each sample is stuck; None for a sample that is not.
        originality: what the samples copy, or why it cannot be told; None if it was not asked for.
    """

    writing: "Writing"
    label: str | None
    noun: str
    are_lines: bool
    collapses: "list[Collapse | None]"
    originality: "OriginalityReport | str | None"

    @staticmethod
    def of(
        trained: "Trained",
        run: "RunFolder | None",
        path: Path,
        writing: "Writing",
        *,
        label: str | None,
        originality: bool,
    ) -> "GenerationResults":
        """Look for collapse in samples, and for copies if `originality` is true.

        Args:
            trained: the model.
            run: its run; None for a model file.
            path: the run or the file.
            writing: the samples.
            label: the label that they were written for.
            originality: whether to look for copies of the training data.
        """
        from rnnlab.commands.collapse_results import collapses_in
        from rnnlab.commands.originality_results import measured_originality

        dataset = trained.experiment.dataset
        return GenerationResults(
            writing,
            label,
            "note" if getattr(dataset, "kind", "") == "notes" else "token",
            label is not None or getattr(dataset, "unit", "") == "line",
            collapses_in(trained, run, path, writing),
            measured_originality(trained, run, path, writing) if originality else None,
        )

    def remarks(self, *, as_json: bool) -> Iterator[str]:
        """Yield the lines for stderr; with `as_json` without the table of copies, which the JSON has."""
        from rnnlab.commands.collapse_results import collapse_line
        from rnnlab.commands.originality_results import originality_lines

        yield from self.writing.notes
        yield from self._equal_samples()
        if line := collapse_line(self.collapses, self.noun):
            yield line
        if self.originality is not None and (isinstance(self.originality, str) or not as_json):
            yield originality_lines(self.originality)

    def text(self) -> str:
        """Return the samples as text, with an empty line between them, or none between lines."""
        return ("\n" if self.are_lines else "\n\n").join(each.text for each in self.writing.samples)

    def json_text(self) -> str:
        """Return the samples, the label and the settings as JSON text; scripts may rely on its fields."""
        from rnnlab.commands.collapse_results import collapse_json
        from rnnlab.terminal.tables import as_json_text

        settings = self.writing.settings.model_dump(mode="json")
        samples: list[dict[str, Any]] = [
            {
                "sequence": list(each.sequence),
                "text": each.text,
                "log_probability": each.log_probability,
                "constraint": None if each.constraint is None else asdict(each.constraint),
                "collapse": collapse_json(collapse),
            }
            for each, collapse in zip(self.writing.samples, self.collapses, strict=True)
        ]
        return as_json_text(
            {
                "samples": samples,
                **({} if self.label is None else {"label": self.label}),
                "random_seed": settings["random_seed"],
                "settings": settings,
                "model_sha256": self.writing.model_sha256,
                **self._originality_fields(samples),
            }
        )

    def _originality_fields(self, samples: list[dict[str, Any]]) -> dict[str, Any]:
        """Return the fields on originality beside the samples, and add those of each sample to it."""
        if self.originality is None:
            return {}
        from rnnlab.commands.originality_results import originality_fields, originality_of_each

        for sample, figures in zip(samples, originality_of_each(self.originality, len(samples)), strict=True):
            sample["originality"] = figures
        return {"originality": originality_fields(self.originality)}

    def _equal_samples(self) -> Iterator[str]:
        """Yield a line if all samples are equal because no token was drawn at random."""
        settings = self.writing.settings
        if self.writing.draws or settings.samples == 1 or settings.beam is not None:
            return
        why = "temperature 0 takes the most probable token at each step"
        if settings.top_k == 1:
            why = "only one token can be drawn at each step"
        remedy = "--temperature 1" + (" --top-k 10" if settings.top_k == 1 else "")
        yield f"{count_of(settings.samples, 'equal sample')}: {why}; to draw different ones, add: {remedy}"
