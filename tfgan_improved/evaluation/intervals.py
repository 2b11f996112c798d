"""Intervals, of bootstraps and jackknives: how far a score would move had other samples been drawn of the same G."""

import numpy as np
import scipy.stats

RESAMPLES = 200
SEED = 2016
COVERED = 0.95
BLOCKS = 5  # of which a jackknife leaves out one at a time
_AT_ONCE = 2**21  # weights held at once


def of_weights(statistic, n, resamples=RESAMPLES):
    """`statistic` of bootstrap resamples of n rows, (resamples,); it is called with weights (b, n), rows summing to 1.

    Source: Efron 1979, doi:10.1214/aos/1176344552.
    """
    random, parts = np.random.RandomState(SEED), []
    step = max(1, min(resamples, _AT_ONCE // n))
    for start in range(0, resamples, step):
        drawn = random.randint(0, n, (min(step, resamples - start), n))
        counts = np.stack([np.bincount(row, minlength=n) for row in drawn])
        parts.append(statistic(counts / n))
    return np.concatenate(parts)


def of_mean(values, most=1.0, resamples=RESAMPLES):
    """(low, high) of the mean of one number a sample, (n,), each from 0 to `most`."""
    values = np.asarray(values, np.float64)
    return around(values.mean(), of_weights(lambda weights: weights @ values, len(values), resamples), 0.0, most)


def left_out(n, blocks=BLOCKS):
    """The rows of 0 ... n - 1 that are left without each of `blocks` blocks of consecutive ones."""
    rows = np.arange(n)
    return [np.delete(rows, block) for block in np.array_split(rows, min(blocks, n))]


def of_left_out(value, without, least=-np.inf):
    """(low, high) of a score from its values without each of g blocks of samples, which costs no hundreds of resamples.

    value -+ t sqrt((g - 1) / g sum (v_i - mean v)^2) with Student's t of g - 1 degrees of freedom, down to `least`.
    Source: Tukey 1958, doi:10.1214/aoms/1177706647.
    """
    g = len(without)
    half = scipy.stats.t.ppf((1 + COVERED) / 2, g - 1) * np.sqrt((g - 1) * np.var(without))
    return float(max(value - half, min(least, value))), float(value + half)


def around(value, resampled, least=-np.inf, most=np.inf):
    """(low, high) around `value`, a score from `least` to `most`, from its values on resamples.

    Resampling shifts a biased score once more, so only the spread is taken: the resamples' percentiles, moved so that
    their mean is `value`. What then lies outside of the score's range is cut off.
    """
    low, high = value + np.percentile(resampled - np.mean(resampled), [50 * (1 - COVERED), 50 * (1 + COVERED)])
    return float(max(low, min(least, value))), float(min(high, max(most, value)))
