"""The kernel distance between two clouds of features: the numbers of TF-GAN's function, without TensorFlow."""

import dataclasses
import math

import numpy as np
import scipy.stats

from tfgan_improved.evaluation import EvaluationError, intervals
from tfgan_improved.evaluation.scores import Value, checks

BLOCK = 1024  # samples of a block; the published block size of TF-GAN


def kernel_distance(a, b, block=BLOCK):
    """Squared maximum mean discrepancy of features a (n, f), b (m, f) with k(x, y) = (x.y / f + 1)^3: (mean, error).

    Unbiased, so it may be below 0; the mean over blocks of up to `block` samples and its standard error, NaN for one
    block. Blocks are consecutive, so mix samples that come sorted.
    EvaluationError (a ValueError) as `frechet_distance`, and where a block would hold fewer than 2 samples of a side.
    Source: Binkowski et al. 2018, arXiv:1801.01401, section 4; blocks: Zaremba et al. 2013, arXiv:1307.1954.
    """
    a, b = checks.pair(a, b)
    blocks = blocks_of(len(a), len(b), block)
    values = [_of_block(x, y) for x, y in zip(_blocks(a, blocks), _blocks(b, blocks))]
    error = np.std(values, ddof=1) / math.sqrt(blocks) if blocks > 1 else math.nan
    return float(np.mean(values)), float(error)


def blocks_of(n, m, block):
    """How many blocks n and m samples make. EvaluationError where one would hold fewer than 2 of a side."""
    if block < 2:
        raise EvaluationError(f"a block must hold at least 2 samples; received block={block}")
    blocks = -(-max(n, m) // block)
    if min(n, m) < 2 * blocks:
        raise EvaluationError(f"{max(n, m)} features make {blocks} blocks, for which the other side's {min(n, m)} are "
                              f"too few; give at least {2 * blocks}")
    return blocks


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

    Unbiased: around 0 for samples of the real distribution, sometimes below. The interval is no bootstrap: that of the
    blocks' mean by Student's t with one degree of freedom less than blocks.
    Source: Binkowski et al. 2018, arXiv:1801.01401, section 4.
    """

    reads = ("features",)
    compares, seen = True, True
    better = {"kd": "lower"}

    def check(self, samples, real):
        """EvaluationError where so many images make blocks that are too small."""
        blocks_of(samples, real, BLOCK)

    def __call__(self, samples, real):
        mean, error = kernel_distance(samples.features, real.features, BLOCK)
        if math.isnan(error):  # of one block
            return {"kd": Value(mean), "kd_std": Value(None)}
        blocks = blocks_of(len(samples.features), len(real.features), BLOCK)
        half = scipy.stats.t.ppf((1 + intervals.COVERED) / 2, blocks - 1) * error
        return {"kd": Value(mean, float(mean - half), float(mean + half), bias=0.0), "kd_std": Value(error)}
