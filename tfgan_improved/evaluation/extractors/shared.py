"""What extractors share: running in batches, and names and hashes for passports."""

import hashlib
import json
import pathlib
import re

import numpy as np
import tensorflow as tf

from tfgan_improved.evaluation import EvaluationError
from tfgan_improved.evaluation.image_set import check_images

IMAGES = tf.TensorSpec((None, None, None, None), tf.uint8)


def check_color(images):
    """EvaluationError unless images are uint8 (n, h, w, c) of 1 or 3 channels."""
    check_images(images)
    if images.shape[3] not in (1, 3):
        raise EvaluationError(f"Inception sees images of 1 or 3 channels; received shape {images.shape}")


def in_color(images):
    """uint8 (n, h, w, 1 or 3) as float32 (n, h, w, 3) from 0 to 255; a grey image is given to all three channels."""
    x = tf.cast(images, tf.float32)
    return tf.ensure_shape(tf.broadcast_to(x, [*tf.unstack(tf.shape(x))[:3], 3]), (None, None, None, 3))


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
