"""Scores from arrays of logits and features, computed by TF-GAN's functions in float64 on the CPU."""

import contextlib
import logging

import numpy as np
import tensorflow as tf

from tfgan_improved.evaluation import EvaluationError, bridge

BLOCK = 1024  # samples of a block of the kernel distance; the published block size of TF-GAN


def classifier_score(logits, splits=10):
    """exp(E[KL(p(y|x) || p(y))]) of logits (n, K): mean and population standard deviation over `splits` equal parts.

    In [1, K]; with the logits of Inception it is the Inception score. splits=None or 1 scores all of them at once,
    with deviation 0. The parts are consecutive, so mix samples that come sorted.
    EvaluationError (a ValueError) for another rank, values that are not finite, or fewer samples than splits.
    Source: Salimans et al. 2016, arXiv:1606.03498, section 4.
    """
    logits = _checked(logits, "logits", least=1)
    n, splits = len(logits), 1 if splits is None else splits
    if not 1 <= splits <= n:
        raise EvaluationError(f"splits must be from 1 to the number of samples, {n}; received {splits}")
    score = bridge.tfgan_eval().classifier_score_from_logits
    with _computing():
        parts = [score(tf.constant(logits[i * n // splits:(i + 1) * n // splits])) for i in range(splits)]
    return float(np.mean(parts)), float(np.std(parts))


def frechet_distance(a, b):
    """|m_a - m_b|^2 + tr(C_a + C_b - 2 (C_a C_b)^(1/2)) of features a (n, f) and b (m, f), at least 0 but for rounding.

    Means and unbiased covariances of the samples. It is biased upwards by few samples, so compare equal counts only.
    EvaluationError (a ValueError) for other ranks, different widths, values that are not finite or fewer than 2 rows.
    Source: Heusel et al. 2017, arXiv:1706.08500, equation 6.
    """
    a, b = _pair(a, b)
    distance = bridge.tfgan_eval().frechet_classifier_distance_from_activations
    with _computing():
        return float(distance(tf.constant(a), tf.constant(b)))


def kernel_distance(a, b):
    """Squared maximum mean discrepancy of features a (n, f), b (m, f) with k(x, y) = (x.y / f + 1)^3: (mean, error).

    Unbiased, so it may be below 0; the mean over blocks of up to 1,024 samples and its standard error, NaN for one
    block. Blocks are consecutive, so mix samples that come sorted.
    EvaluationError (a ValueError) as `frechet_distance`, and where a block would hold fewer than 2 samples.
    Source: Binkowski et al. 2018, arXiv:1801.01401, section 4; blocks: Zaremba et al. 2013, arXiv:1307.1954.
    """
    a, b = _pair(a, b)
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


def _pair(a, b):
    a, b = _checked(a, "features", least=2), _checked(b, "features", least=2)
    if a.shape[1] != b.shape[1]:
        raise EvaluationError(f"features must have the same width; received shapes {a.shape} and {b.shape}")
    return a, b


def _checked(values, what, least):
    """`values` as a float64 array (n, f), n >= least, of finite numbers."""
    values = np.asarray(values)
    if values.ndim != 2 or not values.shape[1]:
        raise EvaluationError(f"{what} must have rank 2, (samples, width); received shape {values.shape}")
    if len(values) < least:
        raise EvaluationError(f"{what} of at least {least} samples are needed; received {len(values)}")
    if not np.issubdtype(values.dtype, np.number) or np.iscomplexobj(values):
        raise EvaluationError(f"{what} must be real numbers; received {values.dtype}")
    values = values.astype(np.float64)
    if not np.isfinite(values).all():
        count = int((~np.isfinite(values)).any(axis=1).sum())
        raise EvaluationError(f"{what} must be finite; {count} of {len(values)} samples hold NaN or infinity")
    return values
