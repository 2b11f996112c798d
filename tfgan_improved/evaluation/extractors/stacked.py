"""A classifier of single digits, or of other grey images, as the eyes of images that stack them as colors."""

import numpy as np

from tfgan_improved.evaluation import EvaluationError
from tfgan_improved.evaluation import classifier as of_data
from tfgan_improved.evaluation.image_set import check_images

AT_ONCE = 2000  # images whose joint logits are made at once


def stacked_digits(source, load, data="mnist"):
    """The `StackedClassifier` of the classifier of `data`, which `load` reads: of MNIST, whose digits are stacked.

    Source: Metz et al. 2017, arXiv:1611.02163, section 3.3.1: each color is classified by itself.
    """
    return StackedClassifier(of_data.classifier(None, load, data))


class StackedClassifier:
    """Sees each channel of an image by itself, and what they are together: one of K^c classes, 1,000 of three digits.

    `classifier` is an extractor of images (n, h, w, 1). Called with uint8 (n, h, w, c): logits (n, K^c) are the sums of
    the channels' log probabilities, so that the share of a class is the product of theirs, the first channel counting
    most, as in the labels of stacked_mnist; features (n, c f) are the channels' side by side. With --scores="modes" of
    26,000 samples its counts are those that papers give. EvaluationError for images that the classifier refuses.
    Source: Metz et al. 2017, arXiv:1611.02163, section 3.3.1; 26,000: Srivastava et al. 2017, arXiv:1705.07761,
    section 5.
    """

    names = {name: name for name in ("modes", "mode_kl", "mode_kl_to_real", "classifier_score", "label_accuracy")}

    def __init__(self, classifier):
        self.classifier, self.name = classifier, f"stacked_{classifier.name}"
        self.hash, self.resize, self.about = classifier.hash, classifier.resize, dict(classifier.about)

    def __call__(self, images):
        check_images(images)
        parts = [self._seen(images[k:k + AT_ONCE]) for k in range(0, len(images), AT_ONCE)]
        return {name: np.concatenate([part[name] for part in parts]) for name in parts[0]}

    def _seen(self, images):
        joint, features = np.zeros((len(images), 1), np.float32), []
        for channel in range(images.shape[-1]):
            seen = self.classifier(np.ascontiguousarray(images[..., channel:channel + 1]))
            if np.ndim(seen["logits"]) != 2 or len(seen["logits"]) != len(images):
                raise EvaluationError(f"a classifier of single channels gives logits (n, K); received "
                                      f"{np.shape(seen['logits'])} from {self.classifier.name}")
            joint = (joint[:, :, None] + _log_shares(seen["logits"])[:, None]).reshape(len(images), -1)
            features.append(seen["features"])
        return {"logits": joint, "features": np.concatenate(features, axis=1)}


def _log_shares(logits):
    apart = logits - logits.max(axis=1, keepdims=True)
    return apart - np.log(np.exp(apart).sum(axis=1, keepdims=True))
