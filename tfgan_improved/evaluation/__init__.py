"""Scoring: sets of images -> what an extractor sees of them -> scores, each with its passport.

`evaluate_images` does all of it; the functions of `scores` work on arrays alone. `SCORES` holds what --scores names,
`EXTRACTORS` what --extractor names. Nothing here imports training or networks.
"""

from tfgan_improved.errors import UserError
from tfgan_improved.spec import Table, shelf

EXTRACTORS = Table(__name__, "extractor", {
    "classifier": "classifier:classifier", "inception": "extractors.inception:inception",
    "inception_graph": "extractors.inception_graph:inception_graph",
    "keras_inception": "extractors.keras_inception:keras_inception",
    "keras_inception_bfloat16": "extractors.keras_inception:keras_inception_bfloat16",
    "stacked_digits": "extractors.stacked:stacked_digits",
}, wired={"source", "load"})
SCORES = Table(__name__, "score", {
    "classifier_score": "scores.confidence:ClassifierScore", "frechet": "scores.frechet:Frechet",
    "frechet_infinity": "scores.frechet:FrechetAtInfinity", "kernel": "scores.kernel:Kernel",
    "precision_recall": "scores.manifolds:PrecisionRecall", "density_coverage": "scores.manifolds:DensityCoverage",
    "sliced_wasserstein": "scores.sliced:SlicedWasserstein", "ms_ssim": "scores.similarity:ClassSimilarity",
    "label_accuracy": "scores.labels:LabelAccuracy", "modes": "scores.labels:ModeCount",
    "memorization": "scores.memorization:Memorization", "tfgan": "scores.tfgan:TFGAN"})


class EvaluationError(UserError):
    """What cannot be scored; the message is one sentence for a person."""


class NotFinite(EvaluationError):
    """A generator made NaN or infinity, which would else be taken for dark or bright pixels."""


class MissingPackage(EvaluationError, ImportError):
    """A package that scoring needs cannot be imported; the message says which and how to install it."""


__getattr__, _names, __all__ = shelf(
    __name__, "scores.confidence:classifier_score", "scores.frechet:frechet_distance", "scores.kernel:kernel_distance",
    "scores.manifolds:precision_recall", "scores.manifolds:density_coverage",
    "scores.sliced:sliced_wasserstein_distance", "scores.similarity:ms_ssim", "scores.similarity:class_similarity",
    "scores.labels:label_accuracy", "scores.labels:mode_count", "scores.labels:ModeCount",
    "scores.memorization:memorized_share", "scores.memorization:copy_ratios", "scores.memorization:nearest_images",
    "classifier:domain_classifier", "extractors.domain:DomainClassifier", "extractors.inception:InceptionExtractor",
    "extractors.inception_graph:InceptionGraphExtractor", "extractors.keras_inception:KerasInceptionExtractor",
    "evaluate:evaluate_images", "mutual_information:estimate_mutual_information",
    "mutual_information:MutualInformation", "extractors.stacked:StackedClassifier")
__all__ += ["EXTRACTORS", "SCORES", "EvaluationError", "MissingPackage", "NotFinite"]


def __dir__():
    return sorted(__all__)
