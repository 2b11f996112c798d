"""What a data set is to the rest of the library: a `Source`, kept in memory or streamed."""

import abc

import numpy as np
import tensorflow as tf

from tfgan_improved.data.names import DataError, cause


class Source(abc.ABC):
    """A data set: its `name`, the `shape` and `dtype` of an example, its number of `classes` and of examples.

    Images are uint8 (h, w, c) and points float32 (2,); labels are int32 in [0, classes), or 0 where classes is 0.
    `counts` has "train" (less what is held out), "validation" (the held out part of train) and "test". `treated` says
    what was done to images that scores would see, as far as it is known, and `class_names` what the classes are called,
    in the order of their labels, or nothing.
    """

    in_memory, treated, class_names = False, {}, ()

    def __init__(self, name, shape, dtype, classes, counts):
        self.name, self.shape, self.dtype, self.classes = name, tuple(shape), dtype, classes
        self.counts = dict(counts)

    @abc.abstractmethod
    def arrays(self, split, limit=None):
        """Images (n, ...) and labels (n,) of a split, or of its first `limit` examples, as NumPy; the order is fixed.

        DataError for an unknown split and for data that cannot be read.
        """

    def check(self, split):
        """DataError unless the split has examples."""
        if not self.counts.get(split):
            hint = "; hold some training examples out" if split == "validation" else ""
            known = ", ".join(name for name, count in self.counts.items() if count)
            raise DataError(f"'{self.name}' has no '{split}' examples, only {known}{hint}")


class Memory(Source):
    """A source whose examples are read once, when first asked for, and kept.

    `bases` maps "train" and "test" to (count, read), where read() -> (images, labels). The last `holdout` rows of a
    fixed permutation of train are "validation". DataError where no training example would be left.
    """

    in_memory = True

    def __init__(self, name, shape, dtype, classes, bases, holdout=0):
        counts = held_out({base: count for base, (count, _) in bases.items()}, holdout, name)
        super().__init__(name, shape, dtype, classes, counts)
        self._bases, self._kept, self._rows = bases, {}, {}
        if holdout:
            order = permutation(bases["train"][0])
            self._rows = {"train": order[:-holdout], "validation": order[-holdout:]}

    def arrays(self, split, limit=None):
        *kept, rows = self.tensors(split)
        images, labels = (np.asarray(memoryview(tensor)) for tensor in kept)  # views: nothing is copied
        if rows is None:
            return images[:limit], labels[:limit]
        return images[rows[:limit]], labels[rows[:limit]]

    def tensors(self, split):
        """Images and labels as tensors, and the rows of them that are the split's (NumPy; None for all)."""
        self.check(split)
        base = "train" if split == "validation" else split
        if base not in self._kept:
            with tf.device("CPU:0"):
                self._kept[base] = tuple(map(tf.constant, self._bases[base][1]()))
        return *self._kept[base], self._rows.get(split)


class Stream(Source):
    """A source too big for memory: raw items in order, made into images only when they are used."""

    @abc.abstractmethod
    def ordered(self, split):
        """The split's raw items, always in the same order: a finite `tf.data.Dataset` of tuples."""

    @abc.abstractmethod
    def shuffled(self, split, seed, position):
        """The endless training order of raw items from a position on: each epoch each item once, in its own order."""

    @abc.abstractmethod
    def decode(self, *item):
        """A raw item's image, uint8 (h, w, c), and label, int32 (); runs inside `tf.data`."""

    @abc.abstractmethod
    def hold_out(self, holdout):
        """This source with `holdout` training examples set aside as "validation". DataError where none are left."""

    def arrays(self, split, limit=None):
        self.check(split)
        count = min(self.counts[split], self.counts[split] if limit is None else limit)
        images, labels, done = np.empty((count, *self.shape), self.dtype), np.empty(count, np.int32), 0
        items = steady(self.ordered(split).take(count).map(self.decode, tf.data.AUTOTUNE).batch(256))
        try:
            for some_images, some_labels in items:
                end = done + len(some_labels)
                images[done:end], labels[done:end], done = some_images, some_labels, end
        except tf.errors.OpError as error:
            raise unreadable(self.name, error) from error
        if done < count:
            raise DataError(f"'{self.name}' should have {count} '{split}' examples but {done} could be read; "
                            "get its files again")
        return images, labels

    def loaded(self, holdout=0):
        """The same data set as a `Memory`, nothing held out but `holdout`."""
        bases = {split: (self.counts[split], lambda split=split: self.arrays(split)) for split in ("train", "test")}
        kept = Memory(self.name, self.shape, self.dtype, self.classes, bases, holdout)
        kept.treated, kept.class_names = self.treated, self.class_names
        return kept


def steady(elements):
    """`elements` in a fixed order, read by a fixed number of threads.

    tf.data's autotuning, which would choose that number, at times misses that its iterator is deleted: whoever deletes
    it then waits, up to a minute. Reading was no slower without.
    """
    options = tf.data.Options()
    options.deterministic = True
    options.autotune.enabled = False
    return elements.with_options(options)


def unreadable(name, error):
    """The DataError for what TensorFlow raised while it read a data set."""
    return cause(error) or DataError(f"'{name}' cannot be read: {error.message.splitlines()[0]}")


def permutation(count):
    """A fixed permutation of the rows of a data set. RandomState's draws, unlike Generator's, never change."""
    return np.random.RandomState(2016).permutation(count)


def held_out(counts, holdout, name):
    """The counts of the splits when `holdout` of the training examples are set aside. DataError if none are left."""
    if not 0 <= holdout < counts["train"]:
        raise DataError(f"holdout must be from 0 to {counts['train'] - 1} for '{name}'; received {holdout}")
    return {"train": counts["train"] - holdout, "validation": holdout, "test": counts["test"]}
