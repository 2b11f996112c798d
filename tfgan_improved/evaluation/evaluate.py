"""From generated images to a record of scores, with the scores of real images beside them and the passport."""

import math

import numpy as np

from tfgan_improved.evaluation import EvaluationError, extractors, passport, scores

MIXING_SEED = 0  # of the order in which samples are cut into parts; real splits may come sorted by class
REAL_LIMIT = 50_000


def evaluate(images, source, extractor, split="test", splits=10, seeds=None, step=None, real_limit=REAL_LIMIT):
    """A record for JSON of uint8 images (n, h, w, c) held against a split of `source`, seen by `extractor`.

    {"step", "scores", "real", "passport"}. "scores" are the classifier score, with its deviation over `splits` parts,
    and the Frechet and kernel distances to the first `real_limit` images of the split, under the extractor's names for
    them. "real" has the same for real images: the split's own classifier score, in parts that are not smaller (small
    ones score lower), and the distances from as many other real images (train's, or test's where the split is train)
    as there are samples: what a perfect generator would get.
    `seeds` are written into the passport. EvaluationError for other images, or fewer images than splits.
    """
    _check(images, source, splits)
    reference = source.arrays(split, real_limit)[0]
    other = source.arrays("test" if split == "train" else "train", len(images))[0]
    generated, real, floor = (_mixed(extractor(part)) for part in (images, reference, other))
    real_splits = max(1, min(splits, len(reference) * splits // len(images)))
    counts = {"samples": len(images), "real": len(reference), "other_real": len(other),
              "splits": splits, "real_splits": real_splits}
    seeds = {"mixing": MIXING_SEED} | (seeds or {})
    return {
        "step": step,
        "scores": _scores(extractor.metrics, generated["logits"], generated["features"], real["features"], splits),
        "real": _scores(extractor.metrics, real["logits"], floor["features"], real["features"], real_splits),
        "passport": passport.make(source, extractor, split, counts, seeds),
    }


def sentence(record):
    """The record in one line for a person: each score, and that of real images in brackets."""
    parts = []
    for name, value in record["scores"].items():
        if not name.endswith("_std"):
            deviation = record["scores"].get(f"{name}_std")
            spread = "" if deviation is None else f" +/- {deviation:.2g}"
            parts.append(f"{name} {value:.4g}{spread} (real {record['real'][name]:.4g})")
    of = record["passport"]
    step = "" if record["step"] is None else f"step {record['step']}: "
    accuracy = of["extractor"].get("accuracy")
    by = of["extractor"]["name"] + ("" if accuracy is None else f", {accuracy:.2%} accurate")
    return f"{step}{', '.join(parts)}; {of['samples']} samples against {of['real']} of {of['reference']}, seen by {by}"


def _check(images, source, splits):
    extractors.check_images(images)
    if images.shape[1:] != tuple(source.shape):
        raise EvaluationError(f"images of shape {images.shape[1:]} cannot be held against '{source.name}', whose shape "
                              f"is {tuple(source.shape)}; generate images of that shape")
    if splits < 1 or len(images) < max(splits, 2):
        raise EvaluationError(f"{len(images)} images cannot be scored in {splits} splits; give at least 2 images and "
                              "no more splits than images")


def _mixed(outputs):
    """Rows in an order that does not depend on the images, so that every part is a fair sample."""
    order = np.random.RandomState(MIXING_SEED).permutation(len(outputs["logits"]))
    return {name: values[order] for name, values in outputs.items()}


def _scores(names, logits, features, reference, splits):
    score, score_std = scores.classifier_score(logits, splits)
    kernel, kernel_error = scores.kernel_distance(features, reference)
    return {
        names.score: score, f"{names.score}_std": score_std,
        names.frechet: scores.frechet_distance(features, reference),
        names.kernel: kernel, f"{names.kernel}_std": None if math.isnan(kernel_error) else kernel_error,
    }
