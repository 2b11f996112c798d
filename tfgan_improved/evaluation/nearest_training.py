"""The training images nearest to samples, in pixels and in what an extractor sees: whether a generator copies."""

import dataclasses

import numpy as np

from tfgan_improved.evaluation import EvaluationError
from tfgan_improved.evaluation.image_set import check_images


@dataclasses.dataclass(frozen=True)
class Neighbours:
    """The nearest images (n, k, h, w, c) to n samples in one space, and their distances (n, k), nearest first.

    `of_real` (m,) are the distances of m other real images to their own nearest one: what a generator that copies
    nothing would get. In pixels a distance is the root of the mean squared difference, in grey levels of 255; in
    features it is Euclidean.
    """

    images: np.ndarray
    distances: np.ndarray
    of_real: np.ndarray


def nearest(samples, training, others=None, k=3, extractor=None, limit=100_000):
    """({"pixels": Neighbours, and with an extractor "features": Neighbours}, how many images were searched).

    `samples` and `others`, real images that are not among the searched ones, are uint8 (n, h, w, c); `training` is an
    ImageSet, of which the first `limit` are searched, read once in parts. EvaluationError for other shapes or types.
    Source: for the test of memorization by neighbours, Borji 2018, arXiv:1802.03446, section 2.3.
    """
    others = samples[:0] if others is None else others
    check_images(samples)
    if tuple(samples.shape[1:]) != tuple(training.shape) or others.shape[1:] != samples.shape[1:]:
        raise EvaluationError(f"samples of shape {samples.shape[1:]} have no neighbours among images of shape "
                              f"{tuple(training.shape)}; give images of one shape")
    asked, count = np.concatenate([samples, others]), training.limit(limit)
    k = min(k, count)
    views = {"pixels": lambda images: images.reshape(len(images), -1).astype(np.float32)}
    if extractor is not None:
        views["features"] = lambda images: extractor(images)["features"]
    searches = {name: _Search(view(asked), k) for name, view in views.items()}
    for part, _ in training.read(count, 0):
        for name, search in searches.items():
            search.look(part, views[name](part))
    scale = {"pixels": np.sqrt(np.prod(samples.shape[1:]))}
    return {name: Neighbours(search.images[:len(samples)], search.distances[:len(samples)] / scale.get(name, 1.0),
                             search.distances[len(samples):, 0] / scale.get(name, 1.0))
            for name, search in searches.items()}, count


class _Search:
    """The k rows nearest to each asked one (n, f), of rows that stream by with the images they belong to."""

    def __init__(self, asked, k):
        self.asked, self.k = asked, k
        self.squares, self.images = np.full((len(asked), k), np.inf), None

    def look(self, images, rows):
        """Takes more images (m, h, w, c) and their rows (m, f)."""
        if self.images is None:
            self.images = np.zeros((len(self.asked), self.k, *images.shape[1:]), np.uint8)
        # Float32 products choose; what is kept is computed from differences, exact also for copies.
        rough = np.einsum("nf,nf->n", rows, rows)[None] - 2 * self.asked @ rows.T
        for index, asked in enumerate(self.asked):
            best = np.argpartition(rough[index], min(self.k, len(rows)) - 1)[:self.k]
            squares = np.square(rows[best].astype(np.float64) - asked).sum(axis=1)
            together = np.concatenate([self.squares[index], squares])
            order = np.argsort(together, kind="stable")[:self.k]
            self.images[index] = np.concatenate([self.images[index], images[best]])[order]
            self.squares[index] = together[order]

    @property
    def distances(self):
        return np.sqrt(self.squares)
