"""What a picture is drawn from, and what it is."""

import dataclasses
from collections.abc import Callable

import numpy as np

from tfgan_improved.evaluation.models import Generator
from tfgan_improved.pictures import PictureError


@dataclasses.dataclass(frozen=True)
class Sitting:
    """A generator, and what is asked of it: about `count` images of a seed, a truncation and chosen `classes`.

    `bounds` are truncations to compare. Called only by the pictures that need them: `training()` is the ImageSet of
    what the generator was trained on, `extractor()` sees images, `score(bound)` is the record of a truncation.
    """

    generator: Generator
    count: int = 64
    seed: int = 0
    truncation: float = 0.0
    classes: tuple = ()
    bounds: tuple = ()
    training: Callable | None = None
    extractor: Callable | None = None
    score: Callable | None = None

    def check_images(self, picture):
        """PictureError for a generator of points, of which this picture cannot be drawn."""
        if len(self.generator.shape) != 3:
            raise PictureError(f"{self.generator.name} makes points of shape {self.generator.shape}, of which there is "
                               f"no picture '{picture}'; take --picture=grid")

    def labels(self, count):
        """`count` labels int32 in turn, of the chosen classes or of all; None where the generator is unconditional.

        EvaluationError for classes that it has not.
        """
        self.generator.check_classes(self.classes)
        if not self.generator.classes:
            return None
        return np.resize(np.array(self.classes or range(self.generator.classes), np.int32), count)


@dataclasses.dataclass(frozen=True)
class Drawn:
    """Images uint8 (n, h, w, c), or points (n, 2), in reading order, `columns` in a row, None for a near-square.

    `labels` (n,) where the generator knows them. `record` is what else was found, for JSON. `rows` says of each row
    what it is and `heads` of columns, pairs (text, number of columns); empty where there is nothing to tell.
    """

    images: np.ndarray
    labels: np.ndarray | None = None
    columns: int | None = None
    record: dict = dataclasses.field(default_factory=dict)
    rows: tuple = ()
    heads: tuple = ()
