"""Extractors: uint8 images -> logits and features. Each has a name, a hash and names for its scores."""

import hashlib
import json
import pathlib
import re
from typing import NamedTuple

import numpy as np
import tensorflow as tf

from tfgan_improved.evaluation import EvaluationError, MissingPackage

TFGAN_INCEPTION = "https://tfhub.dev/tensorflow/tfgan/eval/inception/1"
INCEPTION_SIZE = 299


class Metrics(NamedTuple):
    """The names under which the three scores of an extractor are written."""

    score: str
    frechet: str
    kernel: str


def make(name, source, inception=""):
    """The extractor "classifier", trained on `source` or read from the cache, or "inception", from `inception`.

    `inception` is a TF-Hub handle or the path of a local SavedModel, by default TF-GAN's own module.
    EvaluationError for another name, and as `domain_classifier` and `InceptionExtractor` raise it.
    """
    from tfgan_improved.evaluation import classifier  # here, because it needs the classes below

    makers = {"classifier": lambda: classifier.domain_classifier(source),
              "inception": lambda: InceptionExtractor(inception or TFGAN_INCEPTION)}
    if name not in makers:
        raise EvaluationError(f"unknown extractor '{name}'; known: {', '.join(makers)}")
    return makers[name]()


class DomainClassifier:
    """A classifier trained on the data set itself; `features` is its last hidden layer.

    Called with uint8 (n, h, w, c) of its data set's shape. `about` goes into the passport: accuracy on the test split,
    hash of the recipe, of the data. EvaluationError for other images. Its scores are no Inception scores and are never
    ranked with them.
    """

    resize = "none"

    def __init__(self, network, data, about, batch_size=500):
        slug = slug_of(data)
        self.name, self.about, self.network, self.batch_size = f"{slug}_cnn", dict(about), network, batch_size
        self.metrics = Metrics("classifier_score", f"fd_{slug}_cnn", f"kd_{slug}_cnn")
        self.hash = weights_hash(network.get_weights())
        self._run = tf.function(lambda images: network(images, training=False), reduce_retracing=True)

    def __call__(self, images):
        check_images(images)
        if images.shape[1:] != self.network.input_shape[1:]:
            raise EvaluationError(f"{self.name} was trained on images of shape {self.network.input_shape[1:]}; "
                                  f"received {images.shape[1:]}; give images of that shape")
        return in_batches(self._run, images, self.batch_size)


class InceptionExtractor:
    """An Inception network as TF-GAN scores with: `logits` for the Inception score, `pool_3` for FID and KID.

    `handle` is a TF-Hub handle or the path of a local SavedModel, loaded once, which maps images
    float32 (n, 299, 299, 3) to {"logits": (n, K), "pool_3": (n, f) or (n, 1, 1, f)}. Called with uint8 (n, h, w, c);
    a grey image is given to all three channels, and images are scaled by (x - 128) / 128 and resized bilinearly.
    EvaluationError where it cannot be had or has other outputs.
    Source: TF-GAN 2.1, eval/inception_metrics.py and examples/cifar (util.py, data_provider.py).
    """

    name, resize, metrics = "inception", "bilinear to 299, half-pixel centers", Metrics("inception_score", "fid", "kid")

    def __init__(self, handle=TFGAN_INCEPTION, batch_size=32):
        path = _local_path(handle)
        self.batch_size, self.about = batch_size, {"handle": handle, "scaling": "(x - 128) / 128"}
        self.hash = folder_hash(path)
        self._loaded, self._function = _load(path)  # the loaded object keeps the variables alive
        self._run = tf.function(self._extract, reduce_retracing=True)

    def __call__(self, images):
        check_images(images)
        if images.shape[3] not in (1, 3):
            raise EvaluationError(f"Inception sees images of 1 or 3 channels; received shape {images.shape}")
        return in_batches(self._run, images, self.batch_size)

    def _extract(self, images):
        x = (tf.cast(images, tf.float32) - 128.0) / 128.0
        x = tf.image.resize(tf.broadcast_to(x, [*tf.unstack(tf.shape(x))[:3], 3]), (INCEPTION_SIZE, INCEPTION_SIZE))
        outputs = self._function(x)
        return {name: tf.reshape(outputs[key], (tf.shape(x)[0], -1))
                for name, key in (("logits", "logits"), ("features", "pool_3"))}


def _local_path(handle):
    """The folder of a SavedModel: `handle` itself, or where TF-Hub has put what it stands for."""
    hint = "give the path of a local SavedModel with outputs logits and pool_3 as --inception=/path/to/saved_model"
    if "://" not in handle:
        if tf.saved_model.contains_saved_model(handle):
            return handle
        raise EvaluationError(f"there is no SavedModel at '{handle}'; {hint}")
    try:
        import tensorflow_hub
    except ImportError as error:
        raise MissingPackage(f"TensorFlow Hub cannot be imported ({error}); pip install tensorflow-hub 'setuptools<82',"
                             f" or {hint}") from error
    try:
        return tensorflow_hub.resolve(handle)
    except Exception as error:  # of many kinds: no network, no such module, a proxy's answer
        reason = " ".join(str(error).split()) or type(error).__name__
        raise EvaluationError(f"the Inception module '{handle}' cannot be fetched ({reason}); {hint}") from error


def _load(path):
    """(what keeps it alive, the function images -> dict). EvaluationError unless it has the two outputs."""
    try:
        loaded = tf.saved_model.load(path)
    except Exception as error:  # damaged files raise errors of many kinds
        reason = " ".join(str(error).split())
        raise EvaluationError(f"the SavedModel '{path}' cannot be loaded ({reason}); get it again") from error
    function = loaded if callable(loaded) else getattr(loaded, "signatures", {}).get("serving_default")
    try:
        shapes = tf.function(function).get_concrete_function(
            tf.TensorSpec((None, INCEPTION_SIZE, INCEPTION_SIZE, 3), tf.float32)).structured_outputs
    except Exception as error:  # no function at all, or one with another signature
        raise EvaluationError(f"the SavedModel '{path}' does not map images float32 (n, {INCEPTION_SIZE}, "
                              f"{INCEPTION_SIZE}, 3) to logits and pool_3; give one that does") from error
    found = sorted(shapes) if isinstance(shapes, dict) else []
    if not {"logits", "pool_3"} <= set(found):
        raise EvaluationError(f"the SavedModel '{path}' has the outputs {', '.join(found) or 'without names'}; "
                              "give one that has logits and pool_3")
    return loaded, function


def check_images(images):
    """EvaluationError unless `images` is a NumPy array uint8 (n, h, w, c), n >= 1."""
    kind = getattr(images, "dtype", type(images).__name__)
    shape = tuple(getattr(images, "shape", ()))
    if kind != np.uint8 or len(shape) != 4 or not shape[0]:
        raise EvaluationError(f"images must be uint8 of shape (n, h, w, c) with n at least 1; received {kind} {shape}")


def in_batches(run, images, batch_size):
    """{"logits", "features"} as float32 NumPy of `run` over parts of `images`."""
    parts = [run(tf.constant(images[k:k + batch_size])) for k in range(0, len(images), batch_size)]
    return {name: np.concatenate([np.asarray(part[name], np.float32) for part in parts]) for name in parts[0]}


def slug_of(data):
    """A data set's name as part of a score's: "celeb_a_hq/128" -> "celeb_a_hq_128", "folder:/a/b" -> "folder_b"."""
    kind, _, path = data.partition(":")
    return re.sub(r"\W+", "_", f"{kind}_{pathlib.PurePath(path).name}" if path else kind).strip("_")


def weights_hash(weights):
    """sha256 of a list of arrays, with their shapes and types, hexadecimal."""
    total = hashlib.sha256()
    for array in weights:
        total.update(json.dumps([array.shape, array.dtype.str]).encode())
        total.update(np.ascontiguousarray(array).tobytes())
    return total.hexdigest()


def folder_hash(folder):
    """sha256 of the names and contents of all files in a folder, hexadecimal."""
    total = hashlib.sha256()
    for path in sorted(path for path in pathlib.Path(folder).rglob("*") if path.is_file()):
        with open(path, "rb") as file:
            content = hashlib.file_digest(file, "sha256").hexdigest()
        total.update(f"{path.relative_to(folder).as_posix()} {content}\n".encode())
    return total.hexdigest()
