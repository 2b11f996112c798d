"""Scoring: uint8 images -> an extractor's logits and features -> scores, each with its passport.

`evaluate.evaluate` does all of it; `scores` works on arrays alone. Nothing here imports training or networks.
"""

from tfgan_improved.errors import UserError
from tfgan_improved.spec import shelf


class EvaluationError(UserError):
    """What cannot be scored; the message is one sentence for a person."""


class MissingPackage(EvaluationError, ImportError):
    """A package that scoring needs cannot be imported; the message says which and how to install it."""


__getattr__, _names, __all__ = shelf(
    __name__, "scores:classifier_score", "scores:frechet_distance", "scores:kernel_distance",
    "classifier:domain_classifier", "extractors:DomainClassifier", "extractors:InceptionExtractor")
__all__ += ["EvaluationError", "MissingPackage"]


def __dir__():
    return sorted(__all__)
