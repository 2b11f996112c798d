"""Scikit-learn's handwritten digits: real images that come with an installation."""

import numpy as np
import tensorflow as tf

from tfgan_improved.data import images
from tfgan_improved.data.source import Memory

TEST = 297
BORDER = 4


def digits(image_size=None, holdout=0, data_dir=None):
    """1,797 digits of 16 grey levels: 8 x 8, doubled to 16 x 16 and set in a border to 24 x 24; the last 297 are test.

    The border makes them look like MNIST's and leaves a small GAN room around the strokes.
    Source: Alpaydin & Kaynak 1998, Optical Recognition of Handwritten Digits, UCI, doi:10.24432/C50P49.
    """
    from sklearn import datasets

    bunch = datasets.load_digits()
    small = bunch.images[..., None].astype(np.float32) * (255.0 / 16.0)
    doubled = tf.image.resize(small, (16, 16), method="bicubic", antialias=True)
    pixels = images.to_bytes(tf.pad(doubled, [[0, 0], [BORDER, BORDER], [BORDER, BORDER], [0, 0]]))
    pixels = images.square(pixels, image_size or pixels.shape[1])
    labels = bunch.target.astype(np.int32)
    bases = {
        "train": (len(labels) - TEST, lambda: (pixels[:-TEST], labels[:-TEST])),
        "test": (TEST, lambda: (pixels[-TEST:], labels[-TEST:])),
    }
    return Memory("digits", pixels.shape[1:], "uint8", 10, bases, holdout)
