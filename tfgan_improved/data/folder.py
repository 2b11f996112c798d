"""A folder of one's own images."""

import collections
import concurrent.futures
import contextlib
import copy
import os

import numpy as np
import PIL.Image
import PIL.ImageOps
import tensorflow as tf

from tfgan_improved.data import images, order
from tfgan_improved.data.names import DataError
from tfgan_improved.data.source import Stream, held_out, permutation

SUFFIXES = (".png", ".jpg", ".jpeg", ".bmp", ".gif", ".webp")
LOSSY = {".jpg": "jpeg", ".jpeg": "jpeg", ".webp": "webp", ".gif": "gif"}  # whose traces scores see
GREY_MODES = ("1", "L", "LA", "I", "I;16", "I;16B")

Files = collections.namedtuple("Files", "paths labels")  # both NumPy, (n,)


class Folder(Stream):
    """The images in a folder, or in one folder for each class; labels follow the sorted names of the class folders.

    With folders train/ and test/ these are the splits, else a fixed tenth is test. Files whose name begins with a dot
    or does not end as an image's are left out. Images are grey (c = 1) if all are, else c = 3; transparent pixels are
    set on white, and a photograph is turned the way its camera was held. Every file is opened once here, which reads
    its head; `decode` finds damage behind that. DataError names the file. `treated` has "files",
    the formats that lose detail, and "resized_from", the size in the files, where they are so.
    """

    def __init__(self, name, root, image_size=None):
        train, test, classes = _find(root)
        paths = [*train.paths, *test.paths]
        heads = _heads(paths)
        channels = 1 if all(grey for _, grey in heads) else 3
        size = image_size or _common_size(root, paths, heads)
        counts = held_out({"train": len(train.paths), "test": len(test.paths)}, 0, name)
        super().__init__(name, (size, size, channels), "uint8", len(classes), counts)
        self.class_names = tuple(classes)
        self._files = {"train": train, "test": test}
        self.treated = _treated(paths, heads, size)

    def hold_out(self, holdout):
        held = copy.copy(self)
        held.counts = held_out(self.counts, holdout, self.name)
        rest, validation = _cut(self._files["train"], holdout)
        held._files = self._files | {"train": rest, "validation": validation}
        return held

    def ordered(self, split):
        return tf.data.Dataset.from_tensor_slices(tuple(self._files[split]))

    def shuffled(self, split, seed, position):
        with tf.device("CPU:0"):
            paths, labels = map(tf.constant, self._files[split])

        def items(first):
            index = order.shuffled(first + tf.range(1024, dtype=tf.int64), len(paths), seed)
            return tf.gather(paths, index), tf.gather(labels, index)

        return tf.data.Dataset.counter(position, 1024).map(items).unbatch()

    def decode(self, path, label):
        size, _, channels = self.shape
        image, trouble = tf.numpy_function(_pixels, [path, channels], (tf.uint8, tf.string))
        with tf.control_dependencies([tf.debugging.Assert(tf.equal(trouble, ""), [trouble])]):
            image = tf.ensure_shape(image, (None, None, channels))
        return images.square(image, size), label


def _find(root):
    """The files of train and of test, each in a fixed mixed order, and the names of the classes. DataError if none."""
    if {"train", "test"} <= {path.name for path in root.iterdir() if path.is_dir()}:
        (train, classes), (test, test_classes) = _files(root / "train", 1), _files(root / "test", 1)
        if classes != test_classes:
            raise DataError(f"'{root / 'train'}' and '{root / 'test'}' must hold the same class folders; they hold "
                            f"{', '.join(classes) or 'none'} and {', '.join(test_classes) or 'none'}")
    else:
        files, classes = _files(root, 2)
        train, test = _cut(files, max(1, len(files.paths) // 10))
    return train, test, classes


def _files(folder, least):
    """The image files of a folder or of its class folders, and the names of the classes ([] where it is flat)."""
    flat = _images_in(folder.iterdir())
    groups = {path.name: _images_in(path.rglob("*")) for path in sorted(folder.iterdir())
              if path.is_dir() and not path.name.startswith(".")}
    groups = {name: paths for name, paths in groups.items() if paths}
    if flat and groups:
        raise DataError(f"the folder '{folder}' holds images both directly, such as '{flat[0].name}', and in folders, "
                        f"such as '{next(iter(groups))}'; put all of them in class folders or none")
    found = [(os.fsencode(path), label) for label, paths in enumerate(groups.values() or [flat]) for path in paths]
    if len(found) < least:
        raise DataError(f"the folder '{folder}' holds {len(found) or 'no'} image{'s' * (len(found) != 1)}; it needs "
                        f"at least {least}, with names that end in {', '.join(SUFFIXES)}")
    mixed = [found[row] for row in permutation(len(found))]  # so that the first n are a fair sample of all classes
    files = Files(np.array([path for path, _ in mixed], object), np.array([label for _, label in mixed], np.int32))
    return files, list(groups) if len(groups) > 1 else []


def _images_in(paths):
    return sorted(path for path in paths if path.suffix.lower() in SUFFIXES and not path.name.startswith("."))


def _cut(files, count):
    """All but the last `count` files, and those."""
    cut = len(files.paths) - count
    return Files(*(column[:cut] for column in files)), Files(*(column[cut:] for column in files))


def _heads(paths):
    """((w, h), whether it is grey) of each file, from its first bytes."""
    def head(path):
        with _opened(os.fsdecode(path)) as image:
            on_its_side = image.getexif().get(0x0112, 1) >= 5
            return image.size[::-1] if on_its_side else image.size, image.mode in GREY_MODES

    with concurrent.futures.ThreadPoolExecutor(8) as pool:
        return list(pool.map(head, paths))


def _treated(paths, heads, size):
    lossy = sorted({LOSSY[suffix] for suffix in {os.path.splitext(os.fsdecode(path))[1].lower() for path in paths}
                    if suffix in LOSSY})
    sizes = sorted({shape for shape, _ in heads})
    found = {"files": ", ".join(lossy), "resized_from": "" if sizes == [(size, size)] else
             "several sizes" if len(sizes) > 1 else "{} x {}".format(*sizes[0])}
    return {name: value for name, value in found.items() if value}


def _common_size(root, paths, heads):
    shapes = {shape: path for path, (shape, _) in zip(paths, heads)}
    if len(shapes) > 1:
        one, other = [f"{w}x{h} ('{os.fsdecode(path)}')" for (w, h), path in shapes.items()][:2]
        raise DataError(f"the images in '{root}' have different sizes, such as {one} and {other}; set --image_size")
    return min(next(iter(shapes)))


@contextlib.contextmanager
def _opened(path):
    try:
        with PIL.Image.open(path) as image:
            yield image
    except Exception as error:  # Pillow's decoders raise errors of all kinds on a broken file
        reason = str(error).split("\n")[0]
        raise DataError(f"'{path}' cannot be read as an image ({reason}); remove or replace it") from error


@tf.autograph.experimental.do_not_convert
def _pixels(path, channels):
    """uint8 (h, w, channels) of an image file and what is wrong with it ("" if nothing), for `tf.numpy_function`.

    Told and not raised: TensorFlow would print a raised error's traceback. `names.cause` finds the text again.
    """
    try:
        with _opened(os.fsdecode(path)) as image:
            image = PIL.ImageOps.exif_transpose(image)
            if image.mode.startswith("I"):  # 16 bits a pixel, which `convert` would clip and not scale
                image = PIL.Image.fromarray((np.asarray(image) // 257).clip(0, 255).astype(np.uint8))
            if image.has_transparency_data:
                image = image.convert("RGBA")
                image = PIL.Image.alpha_composite(PIL.Image.new("RGBA", image.size, "white"), image)
            pixels = np.asarray(image.convert("L" if channels == 1 else "RGB"))
    except DataError as error:
        return np.zeros((1, 1, channels), np.uint8), f"DataError: {error}"
    return pixels.reshape(*pixels.shape[:2], channels), ""
