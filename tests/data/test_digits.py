"""The embedded digits."""

import numpy as np
import pytest
from sklearn import datasets

from tfgan_improved import data

DIGITS = datasets.load_digits()


def test_sizes_and_splits():
    source = data.load("digits")
    assert (source.name, source.shape, source.dtype, source.classes) == ("digits", (24, 24, 1), "uint8", 10)
    assert source.counts == {"train": 1500, "validation": 0, "test": 297} and source.in_memory
    images, labels = source.arrays("test")
    assert images.dtype == np.uint8 and labels.dtype == np.int32
    np.testing.assert_array_equal(labels, DIGITS.target[-297:])
    np.testing.assert_array_equal(source.arrays("train")[1], DIGITS.target[:1500])


def test_a_digit_is_doubled_inside_a_black_border():
    images = data.load("digits").arrays("train")[0][..., 0].astype(float)
    inside = images[:, 4:20, 4:20]
    assert images.sum() == inside.sum() and images.max() == 255
    again = inside.reshape(-1, 8, 2, 8, 2).mean((2, 4)) * 16 / 255  # halved, it is the original again
    originals = DIGITS.images[:1500]
    assert np.corrcoef(again.ravel(), originals.ravel())[0, 1] > 0.97


def test_another_size_and_a_holdout():
    source = data.load("digits", image_size=32, holdout=300)
    assert source.shape == (32, 32, 1) and source.counts["validation"] == 300
    assert source.arrays("validation")[0].shape == (300, 32, 32, 1)


def test_a_holdout_of_everything_is_refused():
    with pytest.raises(data.DataError, match="from 0 to 1499"):
        data.load("digits", holdout=1500)
