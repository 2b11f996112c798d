"""Whether a generator repeats its training images: the nearest ones, and how much too near they are."""

import dataclasses

import numpy as np

from tfgan_improved.evaluation import EvaluationError, intervals, neighbours
from tfgan_improved.evaluation.scores import Value, checks

SPACES = {"features": "features", "pixels": "images"}


def nearest_images(queries, training, count=5):
    """(distances float64 (n, count), indices (n, count)) of the training images nearest to each query, nearest first.

    Of features (n, f), (m, f), or of pixels: images uint8 (n, h, w, c), (m, h, w, c). Euclidean; pixels count from 0 to
    255. EvaluationError (a ValueError) for arrays of other shapes, values that are not finite, or fewer than `count`.
    Source: Goodfellow et al. 2014, arXiv:1406.2661, figure 2 (nearest training examples beside samples).
    """
    queries, training = _pair(queries, training, least=1)
    if not 1 <= count <= len(training):
        raise EvaluationError(f"count must be from 1 to the number of training images, {len(training)}; received "
                              f"{count}")
    return neighbours.nearest(queries, training, count)


def copy_ratios(queries, training, k=20):
    """d_1 / mean(d_1, ..., d_k) of each query's distances to its k nearest training images: (n,), from 0, a copy, to 1.

    What is common is near to many images and what is rare to none, so the distance alone would take plain samples for
    copies; it is held against those around it. 0 where all k lie at distance 0. Arrays and errors as `nearest_images`.
    Source: Carlini et al. 2023, arXiv:2301.13188, section 5 (twice it, with 50 neighbours).
    """
    if k < 2:
        raise EvaluationError(f"a ratio of distances needs k of at least 2; received {k}")
    distances = nearest_images(queries, training, k)[0]
    around = distances.mean(axis=1)
    return np.where(around > 0, distances[:, 0] / np.maximum(around, np.finfo(np.float64).tiny), 0.0)


def memorized_share(samples, held_out, training, k=20, quantile=0.01):
    """Share of samples that are nearer to a training image, by `copy_ratios`, than a `quantile` of new real images are.

    `quantile` itself, 0.01, where nothing is memorized; 1 where everything is; a generator that copies one image in ten
    has about 0.11. Equal ratios count in part, so that equal distributions have the quantile always. `held_out` are
    real images (m, ...) that the generator was not trained on: their own near copies raise the bar.
    EvaluationError (a ValueError) as `nearest_images`, for a quantile outside (0, 1), and for fewer than 1 / quantile
    held-out images.
    Source: the ratio: Carlini et al. 2023, arXiv:2301.13188, section 5; held against new images as in Meehan et al.
    2020, arXiv:2004.05675, section 2, at a small share of false alarms as in Carlini et al. 2022, arXiv:2112.03570.
    """
    _check_quantile(quantile, len(held_out))
    return _share(copy_ratios(samples, training, k), copy_ratios(held_out, training, k), quantile)


def _pair(a, b, least):
    if np.ndim(a) == 4 or np.ndim(b) == 4:
        a, b = checks.images(a, least=least), checks.images(b, "training images", least)
        if a.shape[1:] != b.shape[1:]:
            raise EvaluationError(f"images must be of one shape; received {a.shape[1:]} and {b.shape[1:]}")
        return a.reshape(len(a), -1), b.reshape(len(b), -1)
    return checks.pair(a, b, least)


def _check_quantile(quantile, count):
    if not 0 < quantile < 1:
        raise EvaluationError(f"quantile must lie between 0 and 1; received {quantile}")
    if count * quantile < 1:
        raise EvaluationError(f"a quantile of {quantile} needs at least {int(np.ceil(1 / quantile))} held-out images; "
                              f"received {count}")


def _share(ratios, held_out, quantile):
    """Share of ratios below the quantile of the held-out ones, ties in proportion."""
    held_out = np.sort(held_out)
    bar = held_out[int(np.ceil(quantile * len(held_out))) - 1]
    below, until = (np.searchsorted(held_out, bar, side) / len(held_out) for side in ("left", "right"))
    own_below, own_equal = np.mean(ratios < bar), np.mean(ratios == bar)
    return float(own_below + own_equal * (quantile - below) / (until - below))


@dataclasses.dataclass(frozen=True)
class Memorization:
    """Share of samples that lie nearer to a training image, for their surroundings, than 1% of new real images do.

    0.01 where nothing is memorized, up to 1. In the extractor's features, or, with space="pixels", between pixels, of
    those first images that fit in memory. The interval is a bootstrap over samples and held-out images. The score
    beside it is that of one half of the held-out images against the other. EvaluationError without training images,
    ValueError for another space.
    Source: Carlini et al. 2023, arXiv:2301.13188, section 5; Meehan et al. 2020, arXiv:2004.05675, section 2.
    """

    space: str = "features"
    k: int = 20
    quantile: float = 0.01
    compares, trained = True, True

    def __post_init__(self):
        if self.space not in SPACES:
            raise ValueError(f"space must be one of {', '.join(SPACES)}; received '{self.space}'")

    @property
    def reads(self):
        """Features, or images."""
        return (SPACES[self.space],)

    @property
    def seen(self):
        """Whether an extractor takes part: not between pixels."""
        return self.space == "features"

    @property
    def better(self):
        """Which way its one score is better."""
        return {"memorized" if self.seen else "memorized_pixels": "lower"}

    def check(self, samples, real):
        """EvaluationError where so few held-out images have no such quantile."""
        _check_quantile(self.quantile, real)

    def __call__(self, samples, real, training):
        of, = self.reads
        _check_quantile(self.quantile, len(getattr(real, of)))
        own, held_out = (copy_ratios(getattr(side, of), getattr(training, of), self.k) for side in (samples, real))
        share, random = _share(own, held_out, self.quantile), np.random.RandomState(intervals.SEED)
        resampled = [_share(*(ratios[random.randint(0, len(ratios), len(ratios))] for ratios in (own, held_out)),
                            self.quantile) for _ in range(intervals.RESAMPLES)]
        name, = self.better
        return {name: Value(share, *intervals.around(share, np.array(resampled), 0.0, 1.0))}
