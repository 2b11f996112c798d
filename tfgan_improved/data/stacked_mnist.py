"""Stacked MNIST: three digits as the colors of one image, a thousand modes that can be counted."""

import numpy as np

from tfgan_improved.data.source import Memory

COUNTS = {"train": 60_000, "test": 26_000}
DIGITS = 10


def stacked_mnist(image_size=None, holdout=0, data_dir=None):
    """Images of three MNIST digits drawn at random, one a channel; the label is the number that they write.

    uint8 (28, 28, 3), 1,000 classes: red counts the hundreds. 60,000 of train's digits and 26,000, as many as modes are
    counted over, of test's; always the same ones. `data_dir` and errors as for the data set mnist of TFDS.
    Source: Metz et al. 2017, arXiv:1611.02163, section 3.3.1, with its 1,000 classes; 26,000 as in Srivastava et al.
    2017, arXiv:1705.07761, section 5.
    """
    from tfgan_improved.data import tfds_source  # 3 seconds

    digits = tfds_source.TFDS("mnist", data_dir, image_size)
    bases = {split: (count, lambda split=split, seed=seed, count=count: _stacked(*digits.arrays(split), seed, count))
             for seed, (split, count) in enumerate(COUNTS.items())}
    return Memory("stacked_mnist", (*digits.shape[:2], 3), "uint8", DIGITS**3, bases, holdout)


def _stacked(images, labels, seed, count):
    """`count` images and labels from digits (n, h, w, 1), each channel of one drawn with replacement."""
    rows = np.random.RandomState(seed).randint(len(images), size=(count, 3))
    stacked = np.concatenate([images[rows[:, channel]] for channel in range(3)], axis=-1)
    return stacked, (labels[rows] @ np.array([100, 10, 1])).astype(np.int32)
