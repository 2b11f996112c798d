"""The classifier score: the Inception score's formula, on whatever classifier saw the images."""

import dataclasses

import numpy as np

from tfgan_improved.evaluation import EvaluationError, intervals
from tfgan_improved.evaluation.scores import Value, checks


def classifier_score(logits, splits=10):
    """exp(E[KL(p(y|x) || p(y))]) of logits (n, K): mean and population standard deviation over `splits` equal parts.

    In [1, K]; with the logits of Inception it is the Inception score. splits=None or 1 scores all of them at once,
    with deviation 0. The parts are consecutive, so mix samples that come sorted.
    EvaluationError (a ValueError) for another rank, values that are not finite, or fewer samples than splits.
    Source: Salimans et al. 2016, arXiv:1606.03498, section 4.
    """
    logits = checks.rows(logits, "logits", least=1)
    n, splits = len(logits), 1 if splits is None else splits
    if not 1 <= splits <= n:
        raise EvaluationError(f"splits must be from 1 to the number of samples, {n}; received {splits}")
    own, p = _own_information(logits)
    parts = [_scored(own[a:b], p[a:b]) for a, b in ((i * n // splits, (i + 1) * n // splits) for i in range(splits))]
    return float(np.mean(parts)), float(np.std(parts))


def _own_information(logits):
    """sum_y p log p of each row (n,), and p (n, K)."""
    logits = logits - logits.max(axis=1, keepdims=True)
    p = np.exp(logits)
    total = p.sum(axis=1, keepdims=True)
    p /= total
    return np.einsum("nk,nk->n", p, logits - np.log(total)), p


def _scored(own, p):
    mean = p.mean(axis=0)
    return np.exp(own.mean() - np.sum(mean * np.log(np.maximum(mean, np.finfo(np.float64).tiny))))


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

    def for_real(self, samples, real):
        """The score for `real` images beside that of `samples`: in parts that are not smaller, as these score lower."""
        return dataclasses.replace(self, splits=max(1, min(self.splits, real * self.splits // samples)))

    def __call__(self, samples, real=None):
        score, deviation = classifier_score(samples.logits, self.splits)
        own, p = _own_information(samples.logits.astype(np.float64))

        def resampled(weights):  # (b, n), rows summing to 1
            mean = weights @ p
            return np.exp(weights @ own - np.sum(mean * np.log(np.maximum(mean, np.finfo(np.float64).tiny)), axis=1))

        return {"classifier_score": Value(score, *intervals.around(score, intervals.of_weights(resampled, len(p)))),
                "classifier_score_std": Value(deviation)}
