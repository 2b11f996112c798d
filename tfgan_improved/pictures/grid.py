"""Samples side by side."""

import dataclasses

from tfgan_improved.pictures.sitting import Drawn


@dataclasses.dataclass(frozen=True)
class Grid:
    """`count` samples as they come, of chosen classes in turn; also points.

    EvaluationError for classes that the generator has not. Source: Goodfellow et al. 2014, arXiv:1406.2661, figure 2.
    """

    def __call__(self, sitting):
        generator = sitting.generator
        generator.prepare(sitting.truncation)
        return Drawn(*generator.of_classes(sitting.classes, sitting.count, sitting.seed, sitting.truncation))
