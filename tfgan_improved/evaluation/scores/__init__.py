"""Scores: functions of arrays, and dataclasses that call them on what was seen of samples and of real images.

A score is a frozen dataclass with `reads`, the parts of `Evidence` that it wants; `compares`, whether it needs real
images; and `seen`, whether its numbers depend on the extractor, which then gives them their names. `better` says of
each short name whether "higher" or "lower" is better; a score that it leaves out cannot be ranked by. Called with the
evidence of samples and of real images it returns {short name: Value}; one that is `trained` is given that of the images
that the generator was trained on as well; one with `check(samples, real)` raises EvaluationError for counts that cannot
be scored, before anything is computed; one that is `grouped` wants moments in groups of samples.
"""

from typing import NamedTuple

from tfgan_improved.spec import shelf

__getattr__, __dir__, __all__ = shelf(
    __name__, "confidence:classifier_score", "frechet:frechet_distance", "kernel:kernel_distance",
    "manifolds:precision_recall", "manifolds:density_coverage", "sliced:sliced_wasserstein_distance",
    "similarity:ms_ssim", "similarity:class_similarity", "labels:label_accuracy", "labels:mode_count",
    "memorization:memorized_share", "memorization:copy_ratios", "memorization:nearest_images")


class Value(NamedTuple):
    """A number; the limits between which it lies with a probability of 95%; what few samples add to it on average."""

    value: float
    low: float | None = None
    high: float | None = None
    bias: float | None = None
