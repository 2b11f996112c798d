"""The kernel distance between two clouds of features: the numbers of TF-GAN's function, without TensorFlow."""

import dataclasses
import math

import numpy as np

from tfgan_improved.evaluation import EvaluationError
from tfgan_improved.evaluation.scores import Value, checks

BLOCK = 1024  # samples of a block; the published block size of TF-GAN


def kernel_distance(a, b):
    """Squared maximum mean discrepancy of features a (n, f), b (m, f) with k(x, y) = (x.y / f + 1)^3: (mean, error).

    Unbiased, so it may be below 0; the mean over blocks of up to 1,024 samples and its standard error, NaN for one
    block. Blocks are consecutive, so mix samples that come sorted.
    EvaluationError (a ValueError) as `frechet_distance`, and where a block would hold fewer than 2 samples.
    Source: Binkowski et al. 2018, arXiv:1801.01401, section 4; blocks: Zaremba et al. 2013, arXiv:1307.1954.
    """
    a, b = checks.pair(a, b)
    blocks = -(-max(len(a), len(b)) // BLOCK)
    if min(len(a), len(b)) < 2 * blocks:
        raise EvaluationError(f"{max(len(a), len(b))} features make {blocks} blocks, for which the other side's "
                              f"{min(len(a), len(b))} are too few; give at least {2 * blocks}")
    values = [_of_block(x, y) for x, y in zip(_blocks(a, blocks), _blocks(b, blocks))]
    error = np.std(values, ddof=1) / math.sqrt(blocks) if blocks > 1 else math.nan
    return float(np.mean(values)), float(error)


def _blocks(features, blocks):
    """Consecutive rows in float64, as equally many as can be, the longer blocks last, as TF-GAN has them."""
    size, longer = divmod(len(features), blocks)
    ends = np.cumsum([size + (block >= blocks - longer) for block in range(blocks)])
    return (features[start:end].astype(np.float64) for start, end in zip([0, *ends], ends))


def _of_block(x, y):
    return _within(x) + _within(y) - 2.0 * _cubes(x, y).mean()


def _within(x):
    """The mean over pairs of different rows."""
    cubes = _cubes(x, x)
    return (cubes.sum() - np.trace(cubes)) / (len(x) * (len(x) - 1))


def _cubes(x, y):
    base = x @ y.T
    base /= x.shape[1]
    base += 1.0
    return base * base * base


@dataclasses.dataclass(frozen=True)
class Kernel:
    """The kernel distance of the samples' features to the real ones', lower is better, and its standard error.

    Unbiased: around 0 for samples of the real distribution, sometimes below. The interval is that of the blocks' mean.
    Source: Binkowski et al. 2018, arXiv:1801.01401, section 4.
    """

    reads = ("features",)
    compares, seen = True, True
    better = {"kd": "lower"}

    def __call__(self, samples, real):
        mean, error = kernel_distance(samples.features, real.features)
        if math.isnan(error):  # of one block
            return {"kd": Value(mean), "kd_std": Value(None)}
        return {"kd": Value(mean, mean - 1.96 * error, mean + 1.96 * error, bias=0.0), "kd_std": Value(error)}
