"""What a label does to a sample."""

import dataclasses

import numpy as np

from tfgan_improved.pictures import PictureError
from tfgan_improved.pictures.sitting import Drawn

ROWS = 10  # classes that are shown where none are chosen


@dataclasses.dataclass(frozen=True)
class Classes:
    """A row for each chosen class, or the first ten; all images of a column have the same z.

    PictureError for points and unconditional generators, EvaluationError for classes that the generator has not.
    Source: Mirza & Osindero 2014, arXiv:1411.1784, figure 2.
    """

    def __call__(self, sitting):
        generator = sitting.generator
        sitting.check_images("classes")
        if not generator.classes:
            raise PictureError(f"{generator.name} is unconditional, so that there are no classes to compare; take "
                               "another --picture")
        rows = len(sitting.classes) or min(ROWS, generator.classes)
        columns = max(1, sitting.count // rows)
        generator.prepare(sitting.truncation)
        z = generator.draw_z(columns, sitting.seed, sitting.truncation)
        shown = sitting.labels(rows)
        labels = shown.repeat(columns)
        return Drawn(generator.make(np.tile(z, (rows, 1)), labels), labels, columns,
                     rows=tuple(map(generator.called, shown)))
