"""The kernel distance between two clouds of features, by TF-GAN's function."""

import contextlib
import dataclasses
import logging
import math

import tensorflow as tf

from tfgan_improved.evaluation import EvaluationError, bridge
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
    distance = bridge.tfgan_eval().kernel_classifier_distance_and_std_from_activations
    with _computing():
        mean, error = distance(tf.constant(a), tf.constant(b), max_block_size=BLOCK)
    return float(mean), float(error)


@contextlib.contextmanager
def _computing():
    """On the CPU, so that every machine has float64; without the notices that TF-GAN's use of old arguments causes."""
    logger = tf.get_logger()
    level = logger.level
    logger.setLevel(logging.ERROR)
    try:
        with tf.device("CPU:0"):
            yield
    finally:
        logger.setLevel(level)


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
