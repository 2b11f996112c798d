"""The supervised half of semi-supervised learning: D names the classes of labeled images."""

import dataclasses
import math

import tensorflow as tf
from keras import ops


@dataclasses.dataclass(frozen=True)
class Classification:
    """weight * E[-l_y + log sum_k exp l_k], l the class logits of D on the images of `part`, y their labels.

    `part` is "labeled", the few images with labels beside the unlabeled ones, or "real", where all have labels. D
    needs a verdict with "classes". A scalar >= 0. ValueError unless weight >= 0, for another part, and where D has no
    class logits. Source: Salimans et al. 2016, arXiv:1606.03498, section 5 (L_supervised).
    """

    weight: float = 1.0
    part: str = "labeled"
    name: str = "classification"

    def __post_init__(self):
        if not 0 <= self.weight < math.inf or self.part not in ("labeled", "real"):
            raise ValueError(f"classification needs a finite weight >= 0 and part=labeled or real; "
                             f"received weight={self.weight}, part={self.part}")

    @property
    def reads(self):
        """Names of D's outputs that it needs."""
        return ("classes",)

    @property
    def parts(self):
        """Parts of the batch that it needs."""
        return (self.part,)

    def __call__(self, view):
        outputs, labels = view.judged(self.part), view.labels_of(self.part)
        if "classes" not in outputs or labels is None:
            raise ValueError("classification needs a D with class logits, and labels; choose --d_verdict=class_logits, "
                             "and give data with labels")
        logits = ops.cast(outputs["classes"], "float32")
        return self.weight * ops.mean(tf.nn.sparse_softmax_cross_entropy_with_logits(labels, logits))
