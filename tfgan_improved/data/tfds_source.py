"""Any image data set of TensorFlow Datasets."""

import contextlib
import copy
import difflib
import os
import re

import tensorflow as tf
import tensorflow_datasets as tfds

from tfgan_improved.data import images, order
from tfgan_improved.data.names import SOURCES, DataError
from tfgan_improved.data.source import Source, Stream, held_out, unreadable

BUFFER = 4096  # examples shuffled together, still compressed: about 450 MB for ImageNet


class TFDS(Stream):
    """A prepared TFDS data set: its images and its class labels, or 0 where it has none.

    Test is the split "test" unless its labels are withheld, else "validation", else the last tenth of train; held out
    are the last of train, for TFDS mixes examples when it prepares a set. Each epoch reads the files in another order,
    16 at a time, through a buffer of 4,096 examples; a resumed run passes over what was used without decoding it.
    DataError for an unknown set, one that is not prepared, and one without images.
    """

    def __init__(self, name, data_dir=None, image_size=None):
        self._builder = _builder(name, data_dir or os.environ.get("TFDS_DATA_DIR"))
        self._image, self._label, shape, names = _examples(name, self._builder.info, image_size)
        self._ranges = _ranges(name, self._builder, self._label)  # (TFDS split, from, to)
        counts = {split: stop - start for split, (_, start, stop) in self._ranges.items()}
        super().__init__(name, shape, "uint8", len(names), held_out(counts, 0, name))
        self.class_names = names

    def hold_out(self, holdout):
        held = copy.copy(self)
        held.counts = held_out(self.counts, holdout, self.name)
        base, start, stop = self._ranges["train"]
        cut = stop - holdout
        held._ranges = self._ranges | {"train": (base, start, cut), "validation": (base, cut, stop)}
        return held

    def ordered(self, split):
        return self._read(split)

    def shuffled(self, split, seed, position):
        count = self.counts[split]

        @tf.autograph.experimental.do_not_convert
        def epoch(number):
            tf.random.set_seed(1)  # of this function's graph only: the caller's global seed must not change the order
            key = order.epoch_key(number, seed)
            return self._read(split, key).shuffle(BUFFER, seed=key, reshuffle_each_iteration=False)

        return tf.data.Dataset.counter(position // count).flat_map(epoch).skip(position % count)

    def decode(self, encoded, label):
        image = self._builder.info.features[self._image].decode_example(encoded)
        return images.square(image, self.shape[0]), label

    def _read(self, split, shuffle_seed=None):
        """Encoded images and labels, int32; the files in a fixed order or shuffled by a seed."""
        base, start, stop = self._ranges[split]
        examples = self._builder.as_dataset(
            split=tfds.core.ReadInstruction(base, from_=start, to=stop, unit="abs"),
            shuffle_files=shuffle_seed is not None,
            decoders={self._image: tfds.decode.SkipDecoding()},
            read_config=tfds.ReadConfig(
                shuffle_seed=shuffle_seed, shuffle_reshuffle_each_iteration=False,
                try_autocache=False, skip_prefetch=True, enable_ordering_guard=False,
            ),
        )
        return examples.map(lambda example: (
            example[self._image], tf.cast(example[self._label] if self._label else 0, tf.int32)
        ))


class Outline(Source):
    """A TFDS data set as TFDS describes it, prepared or not: no examples, and no counts. DataError as for `TFDS`."""

    def __init__(self, name, data_dir=None, image_size=None):
        info = _known(name, data_dir or os.environ.get("TFDS_DATA_DIR")).info
        _, _, shape, self.class_names = _examples(name, info, image_size)
        super().__init__(name, shape, "uint8", len(self.class_names), {})

    def arrays(self, split, limit=None):
        self.check(split)


def _builder(name, data_dir):
    """TFDS's builder of a prepared data set. DataError where it is not known or not prepared."""
    builder = _known(name, data_dir)
    if builder.info.splits:
        return builder
    if ":" not in name:  # no version is asked for, and another version of TFDS may have prepared it
        config = {"config": builder.builder_config.name} if builder.builder_config else {}
        with contextlib.suppress(tfds.core.DatasetNotFoundError):
            return tfds.core.read_only_builder.builder_from_files(builder.name, data_dir=data_dir, **config)
    where = data_dir or tfds.core.constants.DATA_DIR
    raise DataError(f"'{name}' is not prepared in '{where}'; give the data_dir where it is, "
                    f"or prepare it with: tfds build {name} --data_dir={where}")


def _known(name, data_dir):
    """TFDS's builder of a data set, prepared or not. DataError where it is not known."""
    if data_dir and not tf.io.gfile.isdir(data_dir):
        raise DataError(f"the data_dir '{data_dir}' does not exist; give the folder that holds prepared TFDS data sets")
    try:
        return tfds.builder(name, data_dir=data_dir)
    except tfds.core.DatasetNotFoundError as error:
        close = difflib.get_close_matches(name.split("/")[0], [*SOURCES, *tfds.list_builders()], n=3)
        hint = f"did you mean {' or '.join(close)}?" if close else "see tensorflow.org/datasets for the names"
        raise DataError(f"there is no data set '{name}'; {hint}") from error
    except Exception as error:  # a config, version or argument that the set does not have; each its own kind of error
        raise DataError(f"TFDS does not accept the name '{name}': {_reason(error, name)}") from error


def _reason(error, name):
    reason = re.sub(r"^Failed to construct .*?}\": ", "", " ".join(str(error).split())).split(". ")[0].rstrip(".")
    with contextlib.suppress(tfds.core.DatasetNotFoundError):
        configs = tfds.builder_cls(name.split("/")[0].split(":")[0]).builder_configs
        reason += f"; its configurations are {', '.join(configs)}" if configs else ""
    return reason


def _examples(name, info, image_size):
    """The names of the image and of the label in an example, the image's shape and the names of the classes."""
    image, label = _keys(name, info)
    *sides, channels = info.features[image].shape
    if None in sides and not image_size:
        raise DataError(f"the images of '{name}' have different sizes; set image_size")
    size = image_size or min(sides)
    return image, label, (size, size, channels), tuple(info.features[label].names) if label else ()


def _keys(name, info):
    """The names of the image and of the label (None without one) in an example. DataError without 8-bit images."""
    features = dict(info.features)
    pictures = [key for key, feature in features.items()
                if isinstance(feature, tfds.features.Image) and feature.tf_dtype == tf.uint8 and feature.shape[-1]]
    if not pictures:
        raise DataError(f"'{name}' is no data set of 8-bit images; its examples have: {', '.join(sorted(features))}")
    inputs, target = (info.supervised_keys or ("image", "label"))[:2]
    image = next((key for key in (inputs, "image") if key in pictures), pictures[0])
    return image, target if isinstance(features.get(target), tfds.features.ClassLabel) else None


def _ranges(name, builder, label):
    """(TFDS split, from, to) of "train" and "test"."""
    counts = {split: info.num_examples for split, info in builder.info.splits.items() if info.num_examples}
    if "train" not in counts:
        raise DataError(f"'{name}' has no split train to learn from, only {', '.join(counts) or 'empty ones'}")
    train = counts["train"]
    for split in ("test", "validation"):
        if split in counts and not (label and _withheld(name, builder, split, label)):
            return {"train": ("train", 0, train), "test": (split, 0, counts[split])}
    cut = train - max(1, train // 10)
    return {"train": ("train", 0, cut), "test": ("train", cut, train)}


def _withheld(name, builder, split, label):
    """Whether a split's labels are kept secret, which TFDS marks with -1 (the test split of imagenet2012)."""
    try:
        examples = builder.as_dataset(split=split, read_config=tfds.ReadConfig(try_autocache=False))
        return int(next(iter(examples))[label]) < 0
    except tf.errors.OpError as error:
        raise unreadable(name, error) from error
