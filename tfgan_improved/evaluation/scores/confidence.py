"""The classifier score: the Inception score's formula, on whatever classifier saw the images."""

import dataclasses

import numpy as np

from tfgan_improved.evaluation import EvaluationError, intervals
from tfgan_improved.evaluation.scores import Value, checks

ROWS = 2048  # of one part


def classifier_score(logits, splits=10):
    """exp(E[KL(p(y|x) || p(y))]) of logits (n, K): mean and population standard deviation over `splits` equal parts.

    In [1, K]; with the logits of Inception it is the Inception score. splits=None or 1 scores all of them at once,
    with deviation 0. The parts are consecutive, so mix samples that come sorted.
    EvaluationError (a ValueError) for another rank, values that are not finite, or fewer samples than splits.
    Source: Salimans et al. 2016, arXiv:1606.03498, section 4.
    """
    logits = checks.rows(logits, "logits", 1, None)
    n, splits = len(logits), 1 if splits is None else splits
    if not 1 <= splits <= n:
        raise EvaluationError(_wrong(splits, n))
    parts = [_scores(logits[i * n // splits:(i + 1) * n // splits])[0] for i in range(splits)]
    return float(np.mean(parts)), float(np.std(parts))


def _wrong(splits, n):
    return (f"splits must be from 1 to the number of samples, {n}; received {splits}; give more samples, or another "
            f"number, as --scores=classifier_score:splits={min(n, 10) if n < splits else 1}")


def _scores(logits, weights=None):
    """exp(E[sum_y p log p] - sum_y q log q), q = E[p], of rows taken with weights (b, n), 1 / n by default: (b,).

    Part by part in float64, so that 50,000 rows of a thousand classes never lie in memory more than once.
    """
    n = len(logits)
    own, mean = 0.0, 0.0
    for start in range(0, n, ROWS):
        part = logits[start:start + ROWS].astype(np.float64)
        part -= part.max(axis=1, keepdims=True)
        p = np.exp(part)
        total = p.sum(axis=1, keepdims=True)
        p /= total
        part -= np.log(total)
        taken = np.full((1, len(p)), 1.0 / n) if weights is None else weights[:, start:start + ROWS]
        own, mean = own + taken @ np.einsum("nk,nk->n", p, part), mean + taken @ p
    return np.exp(own - np.sum(mean * np.log(np.maximum(mean, np.finfo(np.float64).tiny)), axis=1))


@dataclasses.dataclass(frozen=True)
class ClassifierScore:
    """exp(E[KL(p(y|x) || p(y))]) of the samples' logits, the mean over `splits` parts, and its deviation over them.

    In [1, classes], higher is better; the interval is a bootstrap over samples.
    EvaluationError where there are fewer samples than splits.
    Source: Salimans et al. 2016, arXiv:1606.03498, section 4.
    """

    splits: int = 10
    reads = ("logits",)
    compares, seen = False, True
    better = {"classifier_score": "higher"}

    def check(self, samples, real):
        """EvaluationError where so many samples cannot be cut into `splits` parts."""
        if not 1 <= self.splits <= samples:
            raise EvaluationError(_wrong(self.splits, samples))

    def for_real(self, samples, real):
        """The score for `real` images beside that of `samples`: in parts that are not smaller, as these score lower."""
        return dataclasses.replace(self, splits=max(1, min(self.splits, real * self.splits // samples)))

    def __call__(self, samples, real=None):
        score, deviation = classifier_score(samples.logits, self.splits)
        spread = intervals.of_weights(lambda weights: _scores(samples.logits, weights), len(samples.logits))
        return {"classifier_score": Value(score, *intervals.around(score, spread, 1.0, samples.logits.shape[1])),
                "classifier_score_std": Value(deviation)}
