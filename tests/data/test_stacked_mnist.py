"""Stacked MNIST from real MNIST."""

import numpy as np
import pytest

from tfgan_improved import data
from tfgan_improved.data import stacked_mnist


def test_channels_are_the_digits_that_the_label_writes():
    images = np.arange(4, dtype=np.uint8)[:, None, None, None] * np.ones((1, 2, 2, 1), np.uint8)
    stacked, labels = stacked_mnist._stacked(images, np.array([7, 0, 9, 3]), 0, 500)
    assert stacked.shape == (500, 2, 2, 3) and stacked.dtype == np.uint8 and labels.dtype == np.int32
    written = np.array([7, 0, 9, 3])[stacked[:, 0, 0]]  # a digit's pixels are its row
    np.testing.assert_array_equal(labels, written[:, 0] * 100 + written[:, 1] * 10 + written[:, 2])
    assert len(np.unique(labels)) == 4**3


def test_it_is_made_of_mnist(tfds_dir, monkeypatch):
    monkeypatch.setattr(stacked_mnist, "COUNTS", {"train": 3000, "test": 2000})
    source, mnist = data.load("stacked_mnist", tfds_dir, holdout=500), data.load("mnist", tfds_dir)
    assert (source.name, source.shape, source.dtype, source.classes) == ("stacked_mnist", (28, 28, 3), "uint8", 1000)
    assert source.counts == {"train": 2500, "validation": 500, "test": 2000}
    images, labels = source.arrays("test")
    digits, digit_labels = mnist.arrays("test")
    known = dict(zip((image.tobytes() for image in digits), digit_labels))
    for channel, worth in enumerate((100, 10, 1)):
        got = [known[np.ascontiguousarray(image[..., [channel]]).tobytes()] for image in images[:200]]
        np.testing.assert_array_equal(got, labels[:200] // worth % 10)
    assert len(np.unique(labels)) > 800
    np.testing.assert_array_equal(data.load("stacked_mnist", tfds_dir).arrays("test")[0], images)


def test_a_size_may_be_asked_for(tfds_dir, monkeypatch):
    monkeypatch.setattr(stacked_mnist, "COUNTS", {"train": 20, "test": 10})
    source = data.load("stacked_mnist", tfds_dir, image_size=14)
    assert source.shape == (14, 14, 3) and source.arrays("test")[0].shape == (10, 14, 14, 3)


def test_it_is_told_where_mnist_is_missing(tmp_path):
    with pytest.raises(data.DataError, match="'mnist' is not prepared in "):
        data.load("stacked_mnist", str(tmp_path))
