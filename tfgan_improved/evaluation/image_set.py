"""Sets of images of any origin, as scoring reads them."""

import dataclasses
import hashlib
import json
import pathlib
from collections.abc import Callable

import numpy as np

from tfgan_improved.evaluation import EvaluationError

CHUNK = 1000  # images read at once
MIXING_SEED = 2016  # of the order in which stored images are read: they may come sorted by class
HASHED = 4096  # images that tell a set that does not fit in memory from others


@dataclasses.dataclass(frozen=True)
class ImageSet:
    """Images uint8 (n, h, w, c) and perhaps labels int32 (n,), read in parts.

    `read(count, seed)` yields (images, labels or None) of `count` images in all, mixed, the same each time; `seed`
    matters to generators only. `count` is how many there are, None for a generator, which makes as many as asked.
    `about` goes into the passport; its "digest" is of the weights of a generator. `hash()` tells the set from
    others ("" where nothing is kept of it, as of a generator's). `source` is the data set whose split it is.
    `known` is what was seen of them, and by whom, where only a file of statistics is left of the images.
    """

    name: str
    shape: tuple
    count: int | None
    read: Callable
    about: dict = dataclasses.field(default_factory=dict)
    hash: Callable = str
    labeled: bool = False
    source: object = None
    known: tuple | None = None

    def limit(self, count):
        """How many of `count` images it can give."""
        return count if self.count is None else min(count, self.count)


def of_arrays(name, images, labels=None, about=None):
    """An ImageSet of arrays. EvaluationError unless images are uint8 (n, h, w, c), and labels, if any, (n,)."""
    check_images(images)
    if labels is not None and np.shape(labels) != (len(images),):
        raise EvaluationError(f"{name} has labels of shape {np.shape(labels)} for {len(images)} images; give one each")
    if labels is not None and not np.issubdtype(np.asarray(labels).dtype, np.integer):
        raise EvaluationError(f"{name} has labels of type {np.asarray(labels).dtype}; give whole numbers from 0")

    def read(count, seed):
        order = np.random.RandomState(MIXING_SEED).permutation(len(images))[:count]
        for start in range(0, count, CHUNK):
            rows = order[start:start + CHUNK]
            yield images[rows], None if labels is None else np.asarray(labels)[rows].astype(np.int32)

    return ImageSet(name, images.shape[1:], len(images), read, about or {}, lambda: digest(images, labels),
                    labels is not None)


def of_npz(path):
    """An ImageSet of an .npz file with `images`, or one array of another name, and perhaps `labels`.

    images uint8 (n, h, w, c), labels (n,) whole numbers from 0. EvaluationError for another file or array.
    """
    path = pathlib.Path(path)
    try:
        with np.load(path, allow_pickle=False) as stored:
            arrays = dict(stored)
    except Exception as error:  # damaged files raise errors of many kinds
        raise EvaluationError(f"'{path}' cannot be read as .npz ({' '.join(str(error).split())}); write it with "
                              "numpy.savez") from error
    found = [name for name, array in arrays.items() if array.ndim == 4]
    name = "images" if "images" in found else found[0] if len(found) == 1 else None
    if name is None:
        held = ", ".join(f"{name} {array.shape}" for name, array in arrays.items()) or "nothing"
        raise EvaluationError(f"'{path}' holds {held}; give one array (n, h, w, c) named images")
    if arrays[name].dtype != np.uint8:
        raise EvaluationError(f"'{name}' in '{path}' is {arrays[name].dtype}; scores depend on how numbers become "
                              "pixels, so store uint8 from 0 to 255, rounded to the nearest")
    return of_arrays(path.name, arrays[name], arrays.get("labels"), {"path": str(path)})


def of_source(source, split):
    """An ImageSet of a split of a data set. EvaluationError for points, DataError for a split without images."""
    if len(source.shape) != 3:
        raise EvaluationError(f"'{source.name}' has points of shape {source.shape}, not images; name a "
                              "data set of images")
    source.check(split)
    about = {"dataset": source.name, "split": split, **getattr(source, "treated", {})}
    labeled = source.classes > 0
    if source.in_memory:
        kept = of_arrays(source.name, *source.arrays(split), about=about)
        return dataclasses.replace(kept, source=source, labeled=labeled)

    def read(count, seed):
        items = source.shuffled(split, MIXING_SEED, 0).take(count).map(source.decode, 4, deterministic=True)
        yield from items.batch(CHUNK // 4).as_numpy_iterator()

    return ImageSet(source.name, source.shape, source.counts[split], read, about,
                    lambda: digest(*source.arrays(split, HASHED), source.counts[split]), labeled, source)


def of_all(source):
    """An ImageSet of all images of a data set, whatever its splits: of a plain folder, say."""
    parts = [of_source(source, split) for split in ("train", "test") if source.counts.get(split)]

    def read(count, seed):
        for part in parts:
            yield from part.read(min(count, part.count), seed)
            count -= min(count, part.count)

    return ImageSet(source.name, source.shape, sum(part.count for part in parts), read,
                    parts[0].about | {"split": "all"}, lambda: digest(*(part.hash() for part in parts)),
                    source.classes > 0, source)


def check_images(images):
    """EvaluationError unless `images` is a NumPy array uint8 (n, h, w, c), n >= 1."""
    kind, shape = getattr(images, "dtype", type(images).__name__), tuple(getattr(images, "shape", ()))
    if kind != np.uint8 or len(shape) != 4 or not shape[0]:
        raise EvaluationError(f"images must be uint8 of shape (n, h, w, c) with n at least 1; received {kind} {shape}")


def digest(*arrays):
    """sha256 of arrays with their shapes and types, hexadecimal."""
    total = hashlib.sha256()
    for array in map(np.asarray, arrays):
        total.update(json.dumps([array.shape, array.dtype.str]).encode())
        total.update(np.ascontiguousarray(array) if array.dtype != object else b"")
    return total.hexdigest()
