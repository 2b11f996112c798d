"""How alike the images of one class are: a generator with one image a class has no variety."""

import dataclasses

import numpy as np

from tfgan_improved.evaluation import EvaluationError, intervals
from tfgan_improved.evaluation.scores import Value, checks

WEIGHTS = (0.0448, 0.2856, 0.3001, 0.2363, 0.1333)  # of the five scales, the finest first
WINDOW = 11  # pixels of the window in which images are compared
AT_ONCE = 2**24  # numbers of images that are compared at once
METHODS = ("classifier", "labels")


def ms_ssim(a, b):
    """Multi-scale structural similarity of pairs of images uint8 (n, h, w, c): (n,), 1 for equal ones, at least 0.

    The product over scales of contrast and structure, at the coarsest with luminance, each to its weight. There are
    five scales, as TensorFlow's tf.image.ssim_multiscale has them, where the shorter side has 176 pixels; smaller
    images have fewer, those with at least 11 pixels (28 to 43 have two, 64 three, 128 four), and the first weights,
    made to sum to 1.
    EvaluationError (a ValueError) unless images are uint8, of one shape, at least 11 x 11.
    Source: Wang et al. 2003, doi:10.1109/ACSSC.2003.1292216.
    """
    import tensorflow as tf  # here, so that the scores of arrays need not wait for it

    a, b = checks.images(a, least=1), checks.images(b, least=1)
    if a.shape != b.shape or min(a.shape[1:3]) < WINDOW:
        raise EvaluationError(f"images must be of one shape, at least {WINDOW} pixels on a side; received {a.shape} "
                              f"and {b.shape}")
    weights = weights_for(min(a.shape[1:3]))
    step = max(1, AT_ONCE // a[0].size)
    return np.concatenate([tf.image.ssim_multiscale(a[k:k + step], b[k:k + step], 255, weights, WINDOW).numpy()
                           for k in range(0, len(a), step)])


def weights_for(side):
    """The weights of the scales of images with `side` pixels on the shorter side, at least 11."""
    scales = min(len(WEIGHTS), int(np.log2(side / WINDOW)) + 1)
    return WEIGHTS if scales == len(WEIGHTS) else tuple(w / sum(WEIGHTS[:scales]) for w in WEIGHTS[:scales])


def class_similarity(images, labels, pairs=100, seed=0):
    """(mean over classes of the mean MS-SSIM of random pairs of different images of the class, {class: its mean}).

    Images uint8 (n, h, w, c), labels whole numbers (n,). In [0, 1]; more than real images have is less variety than
    theirs. `pairs` are drawn of each class with two images or more; the others do not count. Seeded.
    EvaluationError (a ValueError) as `ms_ssim`, for labels of another shape, fewer pairs than 1, or where no class has
    two images.
    Source: Odena et al. 2017, arXiv:1610.09585, section 4.2.
    """
    values, owners = _pairs(images, labels, pairs, seed)
    of_class = {int(label): float(values[owners == label].mean()) for label in np.unique(owners)}
    return float(values.mean()), of_class  # every class has equally many pairs


def _pairs(images, labels, pairs, seed):
    """(MS-SSIM, class) of `pairs` random pairs of each class that has two images."""
    labels = checks.integers(labels, "labels", len(checks.images(images)))
    if pairs < 1:
        raise EvaluationError(f"pairs of a class must be at least 1; received {pairs}")
    random, first, second, owners = np.random.default_rng(seed), [], [], []
    for label in np.unique(labels):
        members = np.flatnonzero(labels == label)
        if len(members) > 1:
            one = random.integers(0, len(members), pairs)
            other = (one + random.integers(1, len(members), pairs)) % len(members)
            first.append(members[one])
            second.append(members[other])
            owners += [label] * pairs
    if not owners:
        raise EvaluationError(f"{len(images)} images of as many classes have no pairs; give two of some class")
    first, second = np.concatenate(first), np.concatenate(second)
    step = max(1, AT_ONCE // images[0].size)
    values = [ms_ssim(images[first[k:k + step]], images[second[k:k + step]]) for k in range(0, len(first), step)]
    return np.concatenate(values).astype(np.float64), np.array(owners)


@dataclasses.dataclass(frozen=True)
class ClassSimilarity:
    """Mean MS-SSIM of random pairs within a class; what exceeds that of real images is missing variety.

    A class is what the classifier takes an image for, or, with by="labels", its label: that of the images that a
    conditional generator was asked for. In [0, 1]; the interval is a bootstrap over pairs. Of those first images that
    fit in memory. EvaluationError where no class has two images, or they are below 11 x 11,
    ValueError for another `by`.
    Source: Odena et al. 2017, arXiv:1610.09585, section 4.2.
    """

    pairs: int = 100
    by: str = "classifier"
    seed: int = 0
    compares = False

    def __post_init__(self):
        if self.by not in METHODS:
            raise ValueError(f"by must be one of {', '.join(METHODS)}; received '{self.by}'")

    @property
    def reads(self):
        """Images, and whatever tells their classes."""
        return ("images", "labels" if self.by == "labels" else "logits")

    @property
    def seen(self):
        """Whether a classifier takes part: not where labels tell the classes."""
        return self.by == "classifier"

    def __call__(self, samples, real=None):
        labels = samples.labels if self.by == "labels" else samples.logits.argmax(axis=1)
        values, _ = _pairs(samples.images, labels[:len(samples.images)], self.pairs, self.seed)
        return {"ms_ssim": Value(float(values.mean()), *intervals.of_mean(values))}
