"""`rnnlab.replay`: a file of samples made again from the recipe in it, and what differs."""

import os
from dataclasses import dataclass
from functools import partial
from pathlib import Path

from rnnlab.config.schema import Generation
from rnnlab.datasets.training_tokens import TrainingTokens
from rnnlab.errors import DataError, MissingFile, ModelFileError, RnnlabError, RunError
from rnnlab.generation.output import content_of, sample_texts
from rnnlab.generation.recipe import Recipe, parse_recipe
from rnnlab.models.model_file import Trained
from rnnlab.music.files import WRITTEN
from rnnlab.music.recipes import MOST_CHARACTERS, beside, checked_recipe, recipe_in
from rnnlab.runs.kept_tokens import kept_tokens
from rnnlab.runs.layout import MODEL, small_text
from rnnlab.runs.model_search import model_with, shown_sha256

MOST_BYTES = 1 << 28
"""Largest size in bytes of a file that is read; the longest sound has 107 million."""

_BLOCK = 1 << 16


@dataclass(frozen=True)
class Replay:
    """A file that was made again.

    Attributes:
        path: the file.
        data: the content that the recipe gives now.
        recipe: the recipe.
        text: the recipe as it stands in the file, or beside it.
        model: path of the run or the model file.
        difference: where the file differs from `data`, and why; empty if they are the same, byte for byte.
    """

    path: Path
    data: bytes
    recipe: Recipe
    text: str
    model: Path
    difference: str

    @property
    def is_same(self) -> bool:
        """Whether the file has the same bytes."""
        return not self.difference

    @property
    def is_plain(self) -> bool:
        """Whether the file is plain text, so that its recipe is in a file beside it."""
        return recipe_in(self.data) is None


def replay(file: str | os.PathLike[str], *, model: str | os.PathLike[str] | None = None) -> Replay:
    """Make a file that `generate` wrote again, from the recipe in it, and compare the two; write nothing.

    Args:
        file: the file; the recipe of a file of plain text is in `<file>.recipe.json`.
        model: the run or the model file; left out, the run in `runs/` that has the model of the recipe.

    Raises:
        DataError: the file cannot be read, has no recipe or a damaged one, or the recipe cannot be followed.
        RunError: the model is another one, is damaged, or is not found.
    """
    return Replays(None if model is None else Path(model)).of(Path(file))


class Replays:
    """Replays of several files; the samples of a set of files are generated once.

    Args:
        model: the run or the model file; None for the runs in `runs/` that have the models of the recipes.
    """

    def __init__(self, model: Path | None = None) -> None:
        self._named = model
        self._made: tuple[str, Generation, str | None, int | None] | None = None
        self._texts: list[str] = []
        self._trained: Trained | None = None
        self._model = Path()

    def of(self, path: Path) -> Replay:
        """Make a file again.

        Raises:
            DataError: as for `replay`.
            RunError: as for `replay`.
        """
        data, suffix = _bytes_of(path), path.suffix.lower()
        try:
            text = _recipe_of(path, data)
            recipe = parse_recipe(text)
            trained = self._model_of(recipe)
            made = content_of(
                self._texts_of(trained, recipe), recipe, suffix, experiment=trained.experiment, text=text
            )
        except RnnlabError as error:
            kind = RunError if isinstance(error, RunError | ModelFileError) else DataError
            raise kind(f"{path}: ", *(error.parts or [str(error)])) from None
        return Replay(path, made, recipe, text, self._model, _difference(data, made, recipe, suffix))

    def _model_of(self, recipe: Recipe) -> Trained:
        """Return the model of a recipe; the model of the recipe before is not loaded again."""
        if self._trained is None or self._trained.sha256 != recipe.model_sha256:
            try:
                self._trained, self._model = model_with(
                    recipe.model_sha256, name=recipe.model, model=self._named
                )
            except RnnlabError as error:
                made_with = f"made with the model {recipe.model}, {shown_sha256(recipe.model_sha256)}; "
                raise RunError(made_with, *(error.parts or [str(error)])) from None
        return self._trained

    def _training(self, trained: Trained) -> TrainingTokens | str:
        """Return the training data of the model, or a sentence on why they cannot be told."""
        model = self._model
        return kept_tokens(trained, None, model / MODEL if model.is_dir() else model)

    def _texts_of(self, trained: Trained, recipe: Recipe) -> list[str]:
        """Return the samples of a recipe; those of a file of the same set are not generated again."""
        made = recipe.model_sha256, recipe.settings, recipe.label, recipe.threads
        if self._made != made:
            self._texts, self._made = sample_texts(trained, recipe, partial(self._training, trained)), made
        return self._texts


def _bytes_of(path: Path) -> bytes:
    """Return the content of a file that `generate` can have written.

    Raises:
        DataError: there is no such file, it is no regular file, is too large or cannot be read, or no format
            has its suffix.
    """
    if path.suffix.lower() not in WRITTEN:
        raise DataError(f"{path}: expected a file that ends with {', '.join(WRITTEN)}")
    try:
        if not path.is_file():  # opening a pipe would wait for a writer
            raise MissingFile(f"{path}: no such file; check the path", path)
        with path.open("rb") as file:
            data = file.read(MOST_BYTES + 1)
    except OSError as error:
        raise DataError(
            f"{path}: cannot be read ({error.strerror or error}); expected a readable file"
        ) from error
    if len(data) > MOST_BYTES:
        raise DataError(f"{path}: expected at most {MOST_BYTES:,} bytes, and it has more")
    return data


def _recipe_of(path: Path, data: bytes) -> str:
    """Return the recipe in a file, or else of a .txt file the recipe beside it.

    Raises:
        DataError: there is no recipe, or it is damaged.
        RunError: the file beside it is a link that leads out of its folder, too large, or cannot be read.
    """
    text = recipe_in(data)
    if text is None and path.suffix.lower() == ".txt":
        text = small_text(beside(path), most_bytes=MOST_CHARACTERS + 1)
        text = None if text is None else checked_recipe(text)
    if text is None:
        place = f" and no {beside(path).name} beside it" if path.suffix.lower() == ".txt" else ""
        raise DataError(
            f"no recipe in it{place}; expected a file that generate or replay wrote; other programs may"
            " drop the recipe"
        )
    return text


def _difference(data: bytes, made: bytes, recipe: Recipe, suffix: str) -> str:
    """Return where a file differs from what its recipe gives, and the likely cause; empty if it does not."""
    if data == made:
        return ""
    changes = recipe.changes(suffix)
    cause = (
        f"other versions or another processor wrote it: {changes}"
        if changes
        else "model, versions and processor are the same, so the file was changed after it was written"
    )
    return f"differs from what its recipe gives, from byte {_first_difference(data, made):,} on; {cause}"


def _first_difference(one: bytes, other: bytes) -> int:
    """Return the number of the first byte, from 1, in which two contents differ; one may begin the other."""
    begin = 0
    while one[begin : begin + _BLOCK] == other[begin : begin + _BLOCK]:
        begin += _BLOCK
    pairs = zip(one[begin : begin + _BLOCK], other[begin : begin + _BLOCK], strict=False)
    same = next((at for at, (here, there) in enumerate(pairs) if here != there), None)
    return 1 + (min(len(one), len(other)) if same is None else begin + same)
