"""Trained generators as sets of images: our own samplers, and SavedModels of any origin that map z to images."""

import dataclasses
import json
import pathlib
from collections.abc import Callable

import numpy as np
import tensorflow as tf

from tfgan_improved.evaluation import EvaluationError, NotFinite
from tfgan_improved.evaluation.extractors import shared
from tfgan_improved.evaluation.image_set import ImageSet
from tfgan_improved.ops import LATENTS, noise
from tfgan_improved.ops.pixels import to_uint8

AT_ONCE = 1000  # images drawn at once; draw i has the seed + i
RANGES = {"minus_one_to_one": (-1.0, 1.0), "zero_to_one": (0.0, 1.0), "bytes": (0.0, 255.0)}
CHUNK = 64  # z given to a model at once
SHOWN = 20  # names of classes in a message


@dataclasses.dataclass(frozen=True)
class Generator:
    """A trained generator of any origin, in NumPy.

    `draw_z(count, seed, truncation)` -> z (n, d); `make(z, labels or None)` -> uint8 images (n, h, w, c), or points
    float32 (n, 2); `between(z, labels, others, shares)` the same between two classes, None where that is unknown.
    `draw(count, seed, truncation)` -> (images, labels or None), labels drawn uniformly. `classes` is 0 where it is
    unconditional. `prepare(truncation)` is called before images of another truncation are made: it takes standing
    statistics anew. `about` goes into the passport. `class_names` are what the classes are called, where that is known.
    """

    name: str
    shape: tuple
    draw_z: Callable
    make: Callable
    draw: Callable
    between: Callable | None = None
    classes: int = 0
    prepare: Callable = bool  # which does nothing
    about: dict = dataclasses.field(default_factory=dict)
    class_names: tuple = ()

    def of_classes(self, chosen, count, seed, truncation=0.0):
        """As `draw`, with `count` labels in turn of the `chosen` classes; all classes alike where none is chosen.

        EvaluationError for an unconditional generator and a class that is none of its own.
        """
        self.check_classes(chosen)
        if not chosen:
            return self.draw(count, seed, truncation)
        labels = np.resize(np.asarray(chosen, np.int32), count)
        return self.make(self.draw_z(count, seed, truncation), labels), labels

    def check_classes(self, chosen):
        """EvaluationError unless all of `chosen`, which may be none, are classes of the generator."""
        if chosen and not self.classes:
            raise EvaluationError(f"{self.name} is unconditional and has no classes to choose from; received "
                                  f"{', '.join(map(str, chosen))}; leave --classes out")
        wrong = [label for label in chosen if not 0 <= label < self.classes]
        if wrong:
            raise EvaluationError(f"{self.name} has the classes 0 to {self.classes - 1}; received "
                                  f"{', '.join(map(str, wrong))}; choose others with --classes")

    def numbers_of(self, chosen):
        """The labels of classes that are given by number or by name.

        EvaluationError for a name that none has, and for an unconditional generator.
        """
        if not self.classes:
            self.check_classes(chosen)
        names = self.class_names
        unknown = [one for one in chosen if isinstance(one, str) and one not in names]
        if unknown:
            some = ", ".join(names[:SHOWN]) + ", ..." * (len(names) > SHOWN)
            raise EvaluationError(f"{self.name} has no class '{unknown[0]}', only "
                                  f"{some or f'0 to {self.classes - 1}, without names'}; choose others with --classes")
        return tuple(names.index(one) if isinstance(one, str) else one for one in chosen)

    def called(self, label):
        """A class in words: its name, or "class 7" where it has none or only a number."""
        name = self.class_names[label] if label < len(self.class_names) else str(label)
        return f"class {name}" if name.isdigit() else name

    def images(self, truncation=0.0):
        """An ImageSet of what it draws. EvaluationError for points."""
        if len(self.shape) != 3:
            raise EvaluationError(f"{self.name} makes points of shape {self.shape}, not images; take a "
                                  "generator of images")

        def read(count, seed):
            self.prepare(truncation)
            for index, start in enumerate(range(0, count, AT_ONCE)):
                yield self.draw(min(AT_ONCE, count - start), seed + index, truncation)

        return ImageSet(self.name, self.shape, None, read, {"truncation": truncation, **self.about},
                        labeled=self.classes > 0)


def of_sampler(name, sampler, classes=0, about=None, prepare=None, class_names=()):
    """The Generator of a `Sampler`, or of the exported model of one. What it draws raises NotFinite for NaN, infinity.
    """
    def numbers(count, seed, truncation):
        return tf.constant(count), tf.constant(seed, tf.int64), tf.constant(truncation, tf.float32)

    def draw(count, seed, truncation=0.0):
        made = sampler.sample(*numbers(count, seed, truncation))
        _check_finite(made.get("finite", True), name)  # exports of earlier versions do not say it
        return made["images"].numpy(), made["labels"].numpy() if "labels" in made else None

    def draw_z(count, seed, truncation=0.0):
        return sampler.draw_z(*numbers(count, seed, truncation)).numpy()

    def in_chunks(function, *arrays):
        parts = [function(*(tf.constant(array[k:k + CHUNK]) for array in arrays))
                 for k in range(0, max(map(len, arrays)), CHUNK)]
        _check_finite([np.isfinite(part).all() for part in parts], name)
        return np.concatenate([(to_uint8(part) if part.shape.rank == 4 else part).numpy() for part in parts])

    def make(z, labels=None):
        return in_chunks(sampler.generate, z, *([] if labels is None else [np.asarray(labels, np.int32)]))

    def between(z, labels, others, shares):
        return in_chunks(sampler.generate_between, z, *(np.asarray(array, kind) for array, kind in (
            (labels, np.int32), (others, np.int32), (shares, np.float32))))

    shape = tuple(sampler.sample(*numbers(1, 0, 0.0))["images"].shape[1:])
    classes = classes if hasattr(sampler, "sample_labels") else 0
    return Generator(name, shape, draw_z, make, draw, between if classes else None, classes,
                     prepare or bool, about or {}, tuple(class_names))


def of_saved_model(path, image_range="auto", latent="normal"):
    """The Generator of an exported model: ours, with its `sample`, or any that maps z (n, d) to images.

    Of a foreign model `image_range` says what its numbers mean (a name of `RANGES`; uint8 needs none; "auto" takes
    [-1, 1] where some are below 0) and `latent` the distribution of z. Images may be (n, h, w, c) or (n, c, h, w).
    EvaluationError where the model or its numbers are of another kind, NotFinite where they are NaN or infinite.
    """
    name = pathlib.Path(path).name
    try:
        model = tf.saved_model.load(str(path))
    except Exception as error:  # damaged files raise errors of many kinds
        raise EvaluationError(f"the SavedModel '{path}' cannot be loaded ({' '.join(str(error).split())}); get it again"
                              ) from error
    told = {"model": name, "path": str(path), "digest": shared.folder_hash(path)}
    if hasattr(model, "sample") and hasattr(model, "generate"):
        return _ours(name, model, said_beside(path), told)
    generate, size = _foreign(model, path)
    maker = LATENTS.make(f"{latent}:{size}")

    def draw_z(count, seed, truncation=0.0):
        return maker.draw_truncated(noise.fold(noise.root(seed), 0), count, tf.constant(truncation, tf.float32)).numpy()

    def make(z, labels=None):
        return np.concatenate([pixels(generate(z[k:k + CHUNK])) for k in range(0, len(z), CHUNK)])

    def draw(count, seed, truncation=0.0):
        return make(draw_z(count, seed, truncation)), None

    first = _as_images(generate(draw_z(CHUNK, 0)), path)
    pixels = _to_pixels(first, image_range, path)
    about = told | {"latent": f"{latent}:{size}", "image_range": image_range}
    return Generator(name, pixels(first).shape[1:], draw_z, make, draw, about=about)


def _check_finite(finite, name):
    if not np.all(finite):
        raise NotFinite(f"{name} made images with NaN or infinity; take a generator from before it diverged")


def said_beside(path):
    """What our export says of itself in its about.json; {} where there is none that can be read."""
    try:
        return json.loads((pathlib.Path(path) / "about.json").read_text())
    except (OSError, ValueError):
        return {}


def _ours(name, model, said, told):
    if not hasattr(model, "draw_z"):
        raise EvaluationError(f"the SavedModel '{name}' was exported before its z could be asked for; export it again")
    about = told | ({"standing": said["standing"]} if said.get("standing") else {})
    data = said.get("data", {})
    return of_sampler(name, model, data.get("classes", 0), about, class_names=data.get("class_names", ()))


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
    _check_finite(np.isfinite(first), f"the SavedModel '{path}'")
    low, high = RANGES[image_range]
    dark = first.max() <= 2.0 < high  # numbers around 1 that are read as bytes are a black image
    if dark or first.min() < low - 0.05 * (high - low) or first.max() > high + 0.05 * (high - low):
        raise EvaluationError(f"the SavedModel '{path}' gives numbers from {first.min():.3g} to {first.max():.3g}, "
                              f"which are not {low:g} to {high:g}; give another --image_range of {', '.join(RANGES)}")

    def to_pixels(made):
        _check_finite(np.isfinite(made), f"the SavedModel '{path}'")
        return to_uint8(2.0 * (_as_images(made, path) - low) / (high - low) - 1.0).numpy()

    return to_pixels
