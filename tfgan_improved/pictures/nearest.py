"""Samples beside the training images nearest to them: does the generator repeat what it saw?"""

import dataclasses

import numpy as np

from tfgan_improved.evaluation import statistics
from tfgan_improved.evaluation.evidence import look
from tfgan_improved.evaluation.scores.memorization import nearest_images
from tfgan_improved.pictures import PictureError
from tfgan_improved.pictures.sitting import Drawn

SPACES = {"pixels": ("pixels",), "features": ("features",), "both": ("pixels", "features")}
SEARCHED = 100_000  # training images that are searched at most


@dataclasses.dataclass(frozen=True)
class Nearest:
    """Each row a sample, then its k nearest training images in pixels and the k nearest in what an extractor sees.

    `count` images in all; of the training images those that fit in half a gigabyte are searched. `record` has how many,
    and the distances of each row: in pixels the root of the mean squared difference, from 0 to 255, in features the
    Euclidean one. space="pixels" or "features" leaves the other out. ValueError for other arguments; PictureError for
    points and images of another shape; EvaluationError for classes that the generator has not.
    Source: Goodfellow et al. 2014, arXiv:1406.2661, figure 2; Borji 2018, arXiv:1802.03446, section 2.3.
    """

    k: int = 5
    space: str = "both"

    def __post_init__(self):
        if self.space not in SPACES or self.k < 1:
            raise ValueError(f"nearest wants a space of {', '.join(SPACES)} and k of at least 1; received "
                             f"{self.space} and {self.k}")

    def __call__(self, sitting):
        generator, spaces = sitting.generator, SPACES[self.space]
        sitting.check_images("nearest")
        training = sitting.training()
        if tuple(training.shape) != tuple(generator.shape):
            raise PictureError(f"{generator.name} makes images of shape {generator.shape}, and those of "
                               f"'{training.name}' have {tuple(training.shape)}; name what it was trained on with "
                               "--against, or give --image_size")
        columns = 1 + self.k * len(spaces)
        rows, extractor = max(1, sitting.count // columns), sitting.extractor() if "features" in spaces else None
        generator.prepare(sitting.truncation)
        samples, labels = generator.of_classes(sitting.classes, rows, sitting.seed, sitting.truncation)
        seen = look(training, SEARCHED, None, {"images"}).images
        blocks, record = [samples[:, None]], {}
        for space in spaces:
            asked, points, scale = samples, seen, np.sqrt(samples[0].size)
            if space == "features":
                asked, points, scale = extractor(samples)["features"], _features(training, len(seen), extractor), 1.0
            distances, indices = nearest_images(asked, points, min(self.k, len(seen)))
            blocks.append(seen[indices])
            record[space] = (distances / scale).tolist()
        images = np.concatenate(blocks, axis=1)
        record = {"searched": len(seen), "labels": None if labels is None else labels.tolist(), "distances": record}
        return Drawn(images.reshape(-1, *samples.shape[1:]), None, images.shape[1], record)


def _features(training, count, extractor):
    """What the extractor sees of the first `count` images, kept where the set can be told again."""
    wanted = {"features", "moments"}  # nothing is kept without moments
    seen = statistics.kept(training, count, extractor, wanted, lambda: look(training, count, extractor, wanted))
    return seen.features
