"""What a classifier says of samples: whether they are what was asked for, and which classes there are."""

import dataclasses

import numpy as np

from tfgan_improved.evaluation import EvaluationError, intervals
from tfgan_improved.evaluation.scores import Value, checks


def label_accuracy(logits, labels):
    """Share of samples whose greatest logit is that of the label they were made for, and that of each class (K,).

    Logits (n, K), labels whole numbers (n,); in [0, 1]; NaN for a class that no sample was made for. What the
    classifier itself gets wrong counts against the generator: real images, scored alike, say how much that is. Equal
    greatest logits are the first class's.
    EvaluationError (a ValueError) for other shapes, values that are not finite and labels outside 0 to K - 1.
    Source: Odena et al. 2017, arXiv:1610.09585, section 4.1 (a classifier's accuracy on samples).
    """
    right, labels, classes = _right(logits, labels)
    counts = np.bincount(labels, minlength=classes)
    with np.errstate(invalid="ignore"):
        return float(right.mean()), np.bincount(labels, weights=right, minlength=classes) / counts


def _right(logits, labels):
    logits = checks.rows(logits, "logits", 1, None)
    labels = checks.integers(labels, "labels", len(logits), below=logits.shape[1])
    return logits.argmax(axis=1) == labels, labels, logits.shape[1]


@dataclasses.dataclass(frozen=True)
class LabelAccuracy:
    """Share of the samples that the classifier takes for what they were made for; needs a conditional generator.

    In [0, 1], higher is better, up to the classifier's own accuracy, which real images beside it show. The interval is
    a bootstrap over samples. EvaluationError where labels are not the classifier's classes.
    Source: Odena et al. 2017, arXiv:1610.09585, section 4.1.
    """

    reads = ("logits", "labels")
    compares, seen = False, True
    better = {"label_accuracy": "higher"}

    def __call__(self, samples, real=None):
        right = _right(samples.logits, samples.labels)[0]
        return {"label_accuracy": Value(float(right.mean()), *intervals.of_mean(right))}


def mode_count(logits, real_logits=None):
    """(number of classes among the samples, KL of their shares p_k from 1 / K, KL from the real images' shares q_k).

    Logits (n, K), a sample's class the first with the greatest one; KL = sum_k p_k log(p_k / q_k) in nats, from 0. The
    last is None without real logits (m, K), which take part as q_k = (count + 1) / (m + K), so that a class that they
    lack does not make it infinite. Few samples add about (K - 1) / 2n, and cannot show more than n classes.
    EvaluationError (a ValueError) for another rank, different widths or values that are not finite.
    Source: Metz et al. 2017, arXiv:1611.02163, section 3.3.1 (1,000 classes of stacked digits).
    """
    counts = _counts(logits)
    uniform = np.full(len(counts), 1.0 / len(counts))
    real = None if real_logits is None else _smoothed(_counts(real_logits), len(counts))
    return int(np.count_nonzero(counts)), _divergence(counts, uniform), real if real is None else _divergence(
        counts, real)


def _counts(logits):
    logits = checks.rows(logits, "logits", 1, None)
    return np.bincount(logits.argmax(axis=1), minlength=logits.shape[1])


def _smoothed(counts, classes):
    if len(counts) != classes:
        raise EvaluationError(f"logits of samples and of real images must name the same classes; received {classes} "
                              f"and {len(counts)}")
    return (counts + 1.0) / (counts.sum() + classes)


def _divergence(counts, real):
    """KL in nats of the shares of counts (..., K) from `real` (K,)."""
    shares = counts / counts.sum(axis=-1, keepdims=True)
    return (shares * np.log(np.where(shares > 0, shares, 1.0) / real)).sum(axis=-1)


@dataclasses.dataclass(frozen=True)
class ModeCount:
    """How many of the classifier's classes the samples have, and how far their shares are from even and from real ones.

    More modes and lower KL, in nats, are better; the intervals are bootstraps over samples, the bias of few samples is
    (K - 1) / 2n. EvaluationError where real and generated images were seen by classifiers of different classes.
    Source: Metz et al. 2017, arXiv:1611.02163, section 3.3.1.
    """

    reads = ("logits",)
    compares, seen = False, True
    better = {"modes": "higher", "mode_kl": "lower", "mode_kl_to_real": "lower"}

    def __call__(self, samples, real=None):
        counts = _counts(samples.logits)
        n, classes = int(counts.sum()), len(counts)
        resampled = np.random.RandomState(intervals.SEED).multinomial(n, counts / n, intervals.RESAMPLES)

        def value(real):
            found = float(_divergence(counts, real))
            return Value(found, *intervals.around(found, _divergence(resampled, real), 0.0), (classes - 1) / (2.0 * n))

        values = {"modes": Value(int(np.count_nonzero(counts))), "mode_kl": value(np.full(classes, 1.0 / classes))}
        if real is not None and real is not samples:  # real images are at no distance from themselves
            values["mode_kl_to_real"] = value(_smoothed(_counts(real.logits), classes))
        return values
