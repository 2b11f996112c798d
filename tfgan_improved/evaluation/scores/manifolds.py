"""Fidelity and variety apart: balls around features that reach their k-th neighbour stand for where a set lies."""

import dataclasses

import numpy as np

from tfgan_improved.evaluation import EvaluationError, intervals, neighbours
from tfgan_improved.evaluation.scores import Value, checks


def precision_recall(samples, real, k=3):
    """(share of samples that lie in a ball of a real one, share of real ones in a ball of a sample).

    In [0, 1]. Features (n, f) and (m, f). A ball reaches from a feature to its k-th nearest neighbour within its set,
    Euclidean, border included; a duplicate is a neighbour at distance 0. Both change with the counts, so compare equal
    ones only; one outlier's big ball takes in many. EvaluationError (a ValueError) for other ranks, different widths,
    values that are not finite, k below 1 or not more than k rows.
    Source: Kynkaanniemi et al. 2019, arXiv:1904.06991, section 2.
    """
    return tuple(float(inside.mean()) for inside in _precise(samples, real, k))


def density_coverage(samples, real, k=5):
    """(how many real balls hold a sample, over k, on average; share of real balls that hold a sample), from 0.

    Features (n, f) and (m, f), balls as in `precision_recall`. The density of other real images is 1 on average, and
    may be above; coverage is at most 1 and for them 1 - (m - 1)...(m - k) / ((n + m - 1)...(n + m - k)) on average.
    Outliers among the samples change neither. EvaluationError (a ValueError) as `precision_recall`.
    Source: Naeem et al. 2020, arXiv:2002.09797, section 3.
    """
    counts, held = _dense(samples, real, k)
    return float(counts.mean() / k), float(held.mean())


def _precise(samples, real, k):
    """Whether each sample lies in a ball of a real one (n,), and each real one in a ball of a sample (m,)."""
    samples, real = _checked(samples, real, k)
    radii, real_radii = _radii(samples, k), _radii(real, k)
    precise, recalled = np.zeros(len(samples), bool), np.zeros(len(real), bool)
    for rows, columns, distances in neighbours.pairs_within(samples, real, radii, real_radii):
        precise[rows[distances <= real_radii[columns]]] = True
        recalled[columns[distances <= radii[rows]]] = True
    return precise, recalled


def _dense(samples, real, k):
    """In how many real balls each sample lies (n,), and whether each real ball holds a sample (m,)."""
    samples, real = _checked(samples, real, k)
    counts, held = np.zeros(len(samples), np.int64), np.zeros(len(real), bool)
    for rows, columns, _ in neighbours.pairs_within(samples, real, None, _radii(real, k)):
        counts += np.bincount(rows, minlength=len(counts))
        held[columns] = True
    return counts, held


def _checked(samples, real, k):
    samples, real = checks.pair(samples, real, least=1)
    _check(k, len(samples), len(real))
    return samples, real


def _check(k, n, m):
    least = min(n, m)
    if not 1 <= k < least:
        raise EvaluationError(f"k nearest neighbours need k from 1 to {least - 1}, one less than the fewer samples; "
                              f"received k={k}; {'give more samples' if k > 0 else 'give a k of at least 1'}")


def _radii(features, k):
    return neighbours.nearest(features, features, k, others=True)[0][:, -1]


@dataclasses.dataclass(frozen=True)
class PrecisionRecall:
    """Shares of samples where real features lie, and of real images where the samples' lie: quality and variety.

    In [0, 1], higher is better. Each interval is a bootstrap of the images that are counted, the balls as they are.
    Source: Kynkaanniemi et al. 2019, arXiv:1904.06991, section 2.
    """

    k: int = 3
    reads = ("features",)
    compares, seen = True, True
    better = {"precision": "higher", "recall": "higher"}

    def check(self, samples, real):
        """EvaluationError where so many images have no k-th neighbour."""
        _check(self.k, samples, real)

    def __call__(self, samples, real):
        precise, recalled = _precise(samples.features, real.features, self.k)
        return {"precision": _mean(precise), "recall": _mean(recalled)}


@dataclasses.dataclass(frozen=True)
class DensityCoverage:
    """How many real neighbourhoods samples lie in, over k, and the share of real neighbourhoods that hold a sample.

    Density is around 1 for real images, coverage at most 1, higher is better. Each interval is a bootstrap of the
    images that are counted, the balls as they are.
    Source: Naeem et al. 2020, arXiv:2002.09797, section 3.
    """

    k: int = 5
    reads = ("features",)
    compares, seen = True, True
    better = {"density": "higher", "coverage": "higher"}

    def check(self, samples, real):
        """EvaluationError where so many images have no k-th neighbour."""
        _check(self.k, samples, real)

    def __call__(self, samples, real):
        counts, held = _dense(samples.features, real.features, self.k)
        return {"density": _mean(counts / self.k, np.inf), "coverage": _mean(held)}


def _mean(values, most=1.0):
    return Value(float(np.mean(values)), *intervals.of_mean(values, most))
