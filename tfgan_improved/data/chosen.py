"""Some classes of a data set, such as 100 of ImageNet's thousand."""

import hashlib
import json
import os
import pathlib

import numpy as np
import tensorflow as tf

from tfgan_improved import files
from tfgan_improved.data.names import DataError
from tfgan_improved.data.source import Memory, Source, Stream, steady, unreadable


def chosen(source, classes, name, holdout=0):
    """The examples of `classes`, in whose order their labels are numbered from 0; a stream, or in memory, as `source`.

    `classes` are numbers or names of classes. Training examples are held out of what is left. DataError for a source
    without labels, unknown classes, a class named twice, and a stream where something is to be held out.
    """
    numbers = _numbers(source, classes, name)
    if isinstance(source, Stream):
        return Chosen(source, numbers, name)
    table = _table(source, numbers)

    def read(split):
        images, labels = source.arrays(split)
        kept = table[labels] >= 0
        return images[kept], table[labels[kept]]

    bases = {split: (int((table[source.arrays(split)[1]] >= 0).sum()), lambda split=split: read(split))
             for split in ("train", "test")}
    kept = Memory(name, source.shape, source.dtype, len(numbers), bases, holdout)
    kept.class_names = _names(source, numbers)
    return kept


class ChosenOutline(Source):
    """What an outline of a data set says of some of its classes; it has no examples."""

    def __init__(self, source, classes, name):
        numbers = _numbers(source, classes, name)
        super().__init__(name, source.shape, source.dtype, len(numbers), {})
        self.class_names = _names(source, numbers)

    def arrays(self, split, limit=None):
        self.check(split)


class Chosen(Stream):
    """A stream of which only some classes are used; each epoch has each of their examples once.

    How many there are is counted at first, which reads the whole set, and kept below TFGAN_IMPROVED_CACHE, else
    ~/.cache/tfgan_improved, by the set's name and size.
    """

    def __init__(self, source, numbers, name):
        self._source, self._table = source, _table(source, numbers)
        counts = {split: int(_of_each(source, split)[numbers].sum()) for split in ("train", "test")}
        super().__init__(name, source.shape, source.dtype, len(numbers), {**counts, "validation": 0})
        self.class_names = _names(source, numbers)
        for split in counts:
            self.check(split)

    def hold_out(self, holdout):
        if holdout:
            raise DataError(f"'{self.name}' is too large for memory, and of a few classes of such a set no training "
                            f"examples can be held out; received {holdout}; leave holdout at 0")
        return self

    def ordered(self, split):
        return self._kept(self._source.ordered(split))

    def shuffled(self, split, seed, position):
        count, every = self.counts[split], self._source.counts[split]

        @tf.autograph.experimental.do_not_convert
        def epoch(number):
            return self._kept(self._source.shuffled(split, seed, number * every).take(every))

        return tf.data.Dataset.counter(position // count).flat_map(epoch).skip(position % count)

    def decode(self, *item):
        image, label = self._source.decode(*item)
        return image, tf.gather(self._table, label)

    def _kept(self, items):
        return items.filter(lambda *item: tf.gather(self._table, item[-1]) >= 0)


def _table(source, numbers):
    """New labels by the old ones, -1 for what is left out."""
    table = np.full(source.classes, -1, np.int32)
    table[numbers] = np.arange(len(numbers), dtype=np.int32)
    return table


def _numbers(source, classes, name):
    numbers = [_number(source, one) for one in classes]
    if len(set(numbers)) < len(numbers) or len(numbers) < 2:
        raise DataError(f"'{name}' must name at least two classes, each once; received {len(numbers)}, of which "
                        f"{len(set(numbers))} differ")
    return numbers


def _names(source, numbers):
    return tuple(source.class_names[number] for number in numbers) if source.class_names else ()


def _number(source, one):
    names = source.class_names
    if one in names:
        return names.index(one)
    if one.isdigit() and int(one) < source.classes:
        return int(one)
    if not source.classes:
        raise DataError(f"'{source.name}' has no labels to choose classes by; leave classes out")
    known = f", or one of its names such as {names[0]}" if names else ""
    raise DataError(f"'{source.name}' has no class '{one}'; give numbers from 0 to {source.classes - 1}{known}")


def _of_each(source, split):
    """How many examples of each class a split has, NumPy (classes,)."""
    key = hashlib.sha256(json.dumps([source.name, source.counts, split]).encode()).hexdigest()[:16]
    folder = pathlib.Path(os.environ.get("TFGAN_IMPROVED_CACHE") or "~/.cache/tfgan_improved").expanduser() / "classes"
    path = folder / f"{key}.json"
    try:
        found = np.asarray(json.loads(path.read_text()))
        if found.shape == (source.classes,) and found.sum() == source.counts[split]:
            return found
    except (OSError, ValueError):
        pass  # not yet counted, or damaged
    found = np.zeros(source.classes, np.int64)
    try:
        for labels in steady(source.ordered(split).map(lambda *item: item[-1]).batch(4096)):
            found += np.bincount(labels.numpy(), minlength=source.classes)
    except tf.errors.OpError as error:
        raise unreadable(source.name, error) from error
    try:
        folder.mkdir(parents=True, exist_ok=True)
        files.write_json(path, found.tolist())
    except OSError:
        pass  # it will be counted again
    return found
