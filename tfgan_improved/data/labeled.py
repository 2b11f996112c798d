"""The few labeled examples of semi-supervised learning, drawn from a data set that has all labels."""

import numpy as np

from tfgan_improved.data.names import DataError
from tfgan_improved.data.source import Memory


def few_labels(source, count, seed=0):
    """A source whose training examples are `count` of `source`'s, equally many of each class; its test split is theirs.

    The source's examples are shuffled by `seed`, and the first count / classes of each class are taken; they stay
    among the unlabeled ones. DataError where the source has no labels or is a stream, and where `count` is no multiple
    of the classes or more than there are. Source: Salimans et al. 2016, arXiv:1606.03498, section 5.
    """
    if not source.classes or not source.in_memory:
        raise DataError(f"'{source.name}' has no labels in memory to choose from; leave labels at 0")
    images, labels = source.arrays("train")
    each, rest = divmod(count, source.classes)
    fewest = int(np.bincount(labels, minlength=source.classes).min())
    if rest or not 1 <= each <= fewest:
        raise DataError(f"labels must be a multiple of the {source.classes} classes of '{source.name}', up to "
                        f"{fewest * source.classes}; received {count}")
    order = np.random.RandomState(seed).permutation(len(labels))
    rows = np.concatenate([order[labels[order] == kind][:each] for kind in range(source.classes)])
    chosen = images[rows], labels[rows]
    bases = {"train": (count, lambda: chosen), "test": (source.counts["test"], lambda: source.arrays("test"))}
    return Memory(f"{source.name}/{count}-labels-{seed}", source.shape, source.dtype, source.classes, bases)
