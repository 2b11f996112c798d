"""Counting the modes of stacked MNIST: which of a thousand triples of digits a generator draws."""

import numpy as np

from tfgan_improved.evaluation import EvaluationError
from tfgan_improved.evaluation.image_set import check_images

SAMPLES = 26_000  # that published counts are over


def stacked_modes(images, classifier):
    """{"modes", "mode_kl", "certainty"} of images uint8 (n, h, w, c), each a number; published counts are of 26,000.

    `classifier` maps uint8 (n, h, w, 1) to {"logits": (n, K)} and sees the channels one by one, so that an image is
    one of K^c modes: `domain_classifier` of mnist. modes: how many are seen at least once. mode_kl = sum_k p_k log(K^c
    p_k) in nats, p the modes' shares: from 0, all alike, to c log K, one mode; of n images from a generator that draws
    all alike it is about K^c / 2n, 0.019 for 26,000 of 1,000. certainty: the classifier's mean probability of what it
    says, from 1 / K to 1; a count of images that are no digits says nothing.
    EvaluationError for other images, and for a classifier that does not see one channel.
    Source: Metz et al. 2017, arXiv:1611.02163, section 3.3.1; Srivastava et al. 2017, arXiv:1705.07761, section 5.
    """
    check_images(images)
    logits = []
    for channel in range(images.shape[-1]):
        logits.append(np.asarray(classifier(images[..., channel:channel + 1])["logits"], np.float64))
    if logits[0].shape[0] != len(images) or logits[0].ndim != 2:
        raise EvaluationError(f"the classifier of stacked images gives logits (n, K) for each of {len(images)} "
                              f"channels; received {logits[0].shape}; give one of single digits")
    kinds, digits = logits[0].shape[1], [values.argmax(axis=1) for values in logits]
    modes = kinds ** len(logits)
    triples = np.ravel_multi_index(digits, (kinds,) * len(logits))
    shares = np.unique(triples, return_counts=True)[1] / len(images)
    certainty = [1.0 / np.exp(values - values.max(axis=1, keepdims=True)).sum(axis=1) for values in logits]
    return {"modes": len(shares), "mode_kl": float(np.sum(shares * np.log(modes * shares))),
            "certainty": float(np.mean(certainty))}
