"""What sources in memory and streams promise."""

import numpy as np
import pytest
import tensorflow as tf

from tfgan_improved import data
from tfgan_improved.data.source import Memory, Stream, held_out


class Counted:
    """A reader of n points that counts how often it is asked."""

    def __init__(self, count):
        self.count, self.calls = count, 0

    def __call__(self):
        self.calls += 1
        return np.arange(self.count * 2, dtype=np.float32).reshape(-1, 2), np.arange(self.count, dtype=np.int32)


def made(holdout=0):
    train, test = Counted(100), Counted(9)
    return Memory("made", (2,), "float32", 100, {"train": (100, train), "test": (9, test)}, holdout), train, test


def test_a_split_is_read_once_and_only_when_it_is_used():
    source, train, test = made(holdout=10)
    assert source.in_memory and (train.calls, test.calls) == (0, 0)
    for split in ("train", "validation", "train"):
        source.arrays(split)
        data.batches(source, 4, split=split)
    assert (train.calls, test.calls) == (1, 0)


def test_what_is_held_out_is_disjoint_and_always_the_same():
    source, *_ = made(holdout=10)
    assert source.counts == {"train": 90, "validation": 10, "test": 9}
    train, validation = source.arrays("train")[1], source.arrays("validation")[1]
    assert set(train) | set(validation) == set(range(100)) and not set(train) & set(validation)
    np.testing.assert_array_equal(made(holdout=10)[0].arrays("validation")[1], validation)
    assert set(made(holdout=20)[0].arrays("validation")[1]) > set(validation)  # nested
    assert np.ptp(validation) > 50  # not a run of neighbours


def test_limits_take_the_first_and_images_keep_their_labels():
    for source in (made()[0], made(holdout=10)[0]):
        images, labels = source.arrays("train", limit=7)
        np.testing.assert_array_equal(images, source.arrays("train")[0][:7])
        np.testing.assert_array_equal(images[:, 0], 2 * labels)
        assert len(source.arrays("test", limit=1000)[0]) == 9


def test_whole_splits_are_given_out_without_copying_and_cannot_be_spoiled():
    source, *_ = made()
    one, two = source.arrays("train")[0], source.arrays("train")[0]
    assert np.shares_memory(one, two)
    with pytest.raises(ValueError, match="read-only"):
        one[0] = 1


@pytest.mark.parametrize("holdout", [-1, 100, 1000])
def test_an_impossible_holdout_is_refused(holdout):
    with pytest.raises(data.DataError, match=f"from 0 to 99 for 'made'; received {holdout}"):
        made(holdout)


def test_an_unknown_split_is_refused_with_the_known_ones():
    with pytest.raises(data.DataError, match="'made' has no 'valid' examples, only train, test"):
        made()[0].arrays("valid")


class Short(Stream):
    """Promises 5 examples and has 3."""

    def __init__(self):
        super().__init__("short", (1, 1, 1), "uint8", 0, held_out({"train": 5, "test": 5}, 0, "short"))

    def ordered(self, split):
        return tf.data.Dataset.range(3).map(lambda number: (number,))

    def shuffled(self, split, seed, position):
        raise NotImplementedError

    def decode(self, number):
        return tf.cast(tf.reshape(number, (1, 1, 1)), tf.uint8), tf.constant(0)

    def hold_out(self, holdout):
        raise NotImplementedError


def test_missing_examples_are_noticed():
    assert Short().arrays("train", limit=2)[0].ravel().tolist() == [0, 1]
    with pytest.raises(data.DataError, match="should have 5 'train' examples but 3 could be read"):
        Short().arrays("train")
