"""Extractors: uint8 images (n, h, w, c) -> {"logits": (n, K), "features": (n, f)}, float32.

Each has a `name`, a `hash` of its weights, `resize` and `about` for the passport, and `names`, what the short names of
scores become: {"fd": "fid"}; without an entry a score is called <short name>_<extractor's name>.
"""

from tfgan_improved.spec import shelf

__getattr__, __dir__, __all__ = shelf(
    __name__, "domain:DomainClassifier", "inception:InceptionExtractor", "inception_graph:InceptionGraphExtractor",
    "keras_inception:KerasInceptionExtractor", "stacked:StackedClassifier")


def name_of(extractor, score):
    """The full name of a score that an extractor's eyes saw, by its short one; "_std" stays at the end."""
    short = score.removesuffix("_std")
    return extractor.names.get(short, f"{short}_{extractor.name}") + score[len(short):]
