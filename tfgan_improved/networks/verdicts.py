"""What D says of an image: one logit, or one for each class. `verdict(features, dense, classes)` -> outputs.

`features` (n, f) are what stands before the last layer, `dense(units, name)` makes that layer; the outputs always hold
"logits" (n, 1), the real number whose sigmoid is the probability that the image is real.
"""

from tfgan_improved.layers.log_sum_exp import LogSumExp


def binary(features, dense, classes):
    """{"logits": w . features + b}; `classes` has no meaning. Source: Goodfellow et al. 2014, arXiv:1406.2661."""
    return {"logits": dense(1, "logits")(features)}


def class_logits(features, dense, classes):
    """K logits l, the logit of "generated" held at 0: {"classes": l (n, K), "logits": log sum_k exp l_k}.

    Then D(x) = sigmoid(logits) = Z / (Z + 1) with Z = sum_k exp l_k, so that every adversarial loss applies.
    ValueError without classes. Source: Salimans et al. 2016, arXiv:1606.03498, section 5.
    """
    _check(classes, "class_logits")
    logits = dense(classes, "classes")(features)
    return {"classes": logits, "logits": LogSumExp(dtype="float32", name="logits")(logits)}


def explicit_classes(features, dense, classes):
    """K + 1 logits, the last for "generated": {"classes": l (n, K + 1), "logits": log sum_{k<=K} exp l_k - l_{K+1}}.

    ValueError without classes. Source: the ImageNet code of Salimans et al. 2016, arXiv:1606.03498.
    """
    _check(classes, "explicit_classes")
    logits = dense(classes + 1, "classes")(features)
    return {"classes": logits, "logits": LogSumExp(against_last=True, dtype="float32", name="logits")(logits)}


def _check(classes, name):
    if classes < 2:
        raise ValueError(f"the verdict '{name}' needs the labels of at least 2 classes; received {classes}; "
                         "use binary, or data with labels")
