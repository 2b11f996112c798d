"""Generators as sets of images: our own samplers, and SavedModels of any origin that map z to images."""

import pathlib

import numpy as np
import tensorflow as tf

from tfgan_improved.evaluation import EvaluationError
from tfgan_improved.evaluation.image_set import ImageSet
from tfgan_improved.ops import LATENTS, noise
from tfgan_improved.ops.pixels import to_uint8

AT_ONCE = 1000  # images drawn at once; draw i has the seed + i
RANGES = {"minus_one_to_one": (-1.0, 1.0), "zero_to_one": (0.0, 1.0), "bytes": (0.0, 255.0)}
CHUNK = 64  # z given to a foreign model at once


def of_sampler(name, sampler, truncation=0.0, about=None):
    """An ImageSet of what a `Sampler`, or the exported model of one, draws. EvaluationError for points."""
    def draw(count, seed):
        made = sampler.sample(tf.constant(count), tf.constant(seed, tf.int64), tf.constant(truncation))
        return made["images"].numpy(), made["labels"].numpy() if "labels" in made else None

    images, labels = draw(1, 0)
    if images.ndim != 4:
        raise EvaluationError(f"{name} makes points of shape {images.shape[1:]}, not images")
    return ImageSet(name, images.shape[1:], None, _reader(draw), {"truncation": truncation, **(about or {})},
                    labeled=labels is not None)


def of_saved_model(path, truncation=0.0, image_range="auto", latent="normal"):
    """An ImageSet of an exported generator: ours, with its `sample`, or any that maps z (n, d) to images.

    Of a foreign model `image_range` says what its numbers mean (a name of `RANGES`; uint8 needs none; "auto" takes
    [-1, 1] where some are below 0) and `latent` the distribution of z. Images may be (n, h, w, c) or (n, c, h, w).
    EvaluationError where the model or its numbers are of another kind.
    """
    name = pathlib.Path(path).name
    try:
        model = tf.saved_model.load(str(path))
    except Exception as error:  # damaged files raise errors of many kinds
        raise EvaluationError(f"the SavedModel '{path}' cannot be loaded ({' '.join(str(error).split())}); get it again"
                              ) from error
    if hasattr(model, "sample") and hasattr(model, "generate"):
        return of_sampler(name, model, truncation, {"model": name})
    generate, size = _foreign(model, path)
    maker = LATENTS.make(f"{latent}:{size}")

    def draw(count, seed):
        z = maker.draw_truncated(noise.fold(noise.root(seed), 0), count, truncation)
        return np.concatenate([pixels(generate(z[k:k + CHUNK])) for k in range(0, count, CHUNK)]), None

    first = _as_images(generate(maker.draw(noise.root(0), CHUNK)), path)
    pixels = _to_pixels(first, image_range, path)
    shape = pixels(first).shape[1:]
    about = {"model": name, "truncation": truncation, "latent": f"{latent}:{size}", "image_range": image_range}
    return ImageSet(name, shape, None, _reader(draw), about)


def _reader(draw):
    def read(count, seed):
        for index, start in enumerate(range(0, count, AT_ONCE)):
            yield draw(min(AT_ONCE, count - start), seed + index)

    return read


def _foreign(model, path):
    """(z -> the model's array, size of z) of a SavedModel's serving signature."""
    signature = getattr(model, "signatures", {}).get("serving_default")
    inputs = signature.structured_input_signature[1] if signature is not None else {}
    if len(inputs) != 1 or next(iter(inputs.values())).shape.rank != 2 or not next(iter(inputs.values())).shape[1]:
        given = ", ".join(f"{name} {tuple(spec.shape)}" for name, spec in inputs.items()) or "no signature"
        raise EvaluationError(f"the SavedModel '{path}' takes {given}; a generator's serving_default takes one "
                              "z (n, d)")
    (name, spec), = inputs.items()

    def generate(z):
        made = [value for value in signature(**{name: tf.cast(z, spec.dtype)}).values() if value.shape.rank == 4]
        if len(made) != 1:
            raise EvaluationError(f"the SavedModel '{path}' gives {len(made)} arrays of images; one is wanted")
        return made[0].numpy()

    return generate, spec.shape[1]


def _as_images(made, path):
    channels_last = made.shape[3] in (1, 3)
    if not channels_last and made.shape[1] not in (1, 3):
        raise EvaluationError(f"the SavedModel '{path}' gives images of shape {made.shape[1:]}; 1 or 3 channels are "
                              "wanted, first or last")
    return made if channels_last else np.moveaxis(made, 1, 3)


def _to_pixels(first, image_range, path):
    """The function from a model's arrays to uint8 images."""
    if first.dtype == np.uint8:
        return lambda made: _as_images(made, path)
    if image_range == "auto":
        if first.min() >= 0:
            raise EvaluationError(f"the SavedModel '{path}' gives numbers from {first.min():.3g} to {first.max():.3g}; "
                                  f"say what they mean with --image_range, one of {', '.join(RANGES)}")
        image_range = "minus_one_to_one"
    low, high = RANGES[image_range]
    dark = first.max() <= 2.0 < high  # numbers around 1 that are read as bytes are a black image
    if dark or first.min() < low - 0.05 * (high - low) or first.max() > high + 0.05 * (high - low):
        raise EvaluationError(f"the SavedModel '{path}' gives numbers from {first.min():.3g} to {first.max():.3g}, "
                              f"which are not {low:g} to {high:g}; give another --image_range of {', '.join(RANGES)}")
    return lambda made: to_uint8(2.0 * (_as_images(made, path) - low) / (high - low) - 1.0).numpy()
