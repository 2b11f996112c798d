"""Samples beside the training images nearest to them: does the generator repeat what it saw?"""

import dataclasses

import numpy as np

from tfgan_improved.evaluation import nearest_training
from tfgan_improved.pictures import PictureError
from tfgan_improved.pictures.sitting import Drawn


@dataclasses.dataclass(frozen=True)
class Nearest:
    """Each row a sample, then its k nearest training images in pixels and the k nearest in what an extractor sees.

    `count` images in all. `record` has how many training images were searched and the distances of each row, as
    `nearest_training.nearest` gives them. features=false leaves the extractor's eyes out. ValueError unless k >= 1;
    PictureError for points and images of another shape; EvaluationError for classes that the generator has not.
    Source: Goodfellow et al. 2014, arXiv:1406.2661, figure 2; Borji 2018, arXiv:1802.03446, section 2.3.
    """

    k: int = 5
    features: bool = True

    def __post_init__(self):
        if self.k < 1:
            raise ValueError(f"nearest wants k of at least 1; received {self.k}")

    def __call__(self, sitting):
        generator = sitting.generator
        sitting.check_images("nearest")
        training = sitting.training()
        if tuple(training.shape) != tuple(generator.shape):
            raise PictureError(f"{generator.name} makes images of shape {generator.shape}, and those of "
                               f"'{training.name}' have {tuple(training.shape)}; name what it was trained on with "
                               "--against, or give --image_size")
        rows = max(1, sitting.count // (1 + self.k * (1 + self.features)))
        generator.prepare(sitting.truncation)
        samples, labels = generator.of_classes(sitting.classes, rows, sitting.seed, sitting.truncation)
        found, searched = nearest_training.nearest(samples, training, k=self.k,
                                                 extractor=sitting.extractor() if self.features else None)
        images = np.concatenate([samples[:, None], *(space.images for space in found.values())], axis=1)
        record = {"searched": searched, "labels": None if labels is None else labels.tolist(),
                  "distances": {name: space.distances.tolist() for name, space in found.items()}}
        heads = (("sample", 1), *((f"nearest in {name}", space.images.shape[1]) for name, space in found.items()))
        return Drawn(images.reshape(-1, *samples.shape[1:]), None, images.shape[1], record, heads=heads)
