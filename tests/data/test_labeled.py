"""The few labeled examples: how many, which ones, and what they are beside."""

import numpy as np
import pytest
import tensorflow as tf

from tfgan_improved import data
from tfgan_improved.data.source import Memory, Stream

CLASSES, COUNTS = 3, (40, 25, 35)
LABELS = np.random.RandomState(0).permutation(np.repeat(np.arange(3), COUNTS)).astype("int32")
IMAGES = np.broadcast_to(np.arange(100, dtype="uint8")[:, None, None, None], (100, 4, 4, 1))  # say which row they are


def source(holdout=0, classes=CLASSES):
    bases = {"train": (100, lambda: (IMAGES, LABELS)), "test": (9, lambda: (IMAGES[:9], LABELS[:9]))}
    return Memory("numbers", (4, 4, 1), "uint8", classes, bases, holdout)


def rows(few):
    return few.arrays("train")[0][:, 0, 0, 0]


@pytest.mark.parametrize("count", [3, 6, 75])
def test_every_class_has_as_many_and_every_image_its_own_label(count):
    few = data.few_labels(source(), count)
    images, labels = few.arrays("train")
    assert few.counts["train"] == len(images) == len(labels) == count and few.classes == CLASSES
    assert np.bincount(labels).tolist() == [count // CLASSES] * CLASSES
    assert len(set(rows(few))) == count and labels.dtype == np.int32 and images.dtype == np.uint8
    np.testing.assert_array_equal(labels, LABELS[rows(few)])
    assert few.shape == (4, 4, 1) and few.in_memory


def test_the_seed_decides_which():
    first, again, other = (rows(data.few_labels(source(), 30, seed)) for seed in (1, 1, 2))
    np.testing.assert_array_equal(first, again)
    assert 0 < len(set(first) & set(other)) < 30


def test_fewer_labels_of_a_seed_are_among_its_many():
    few, many = (set(rows(data.few_labels(source(), count, 4))) for count in (6, 30))
    assert few < many  # so that arms with more labels only add some


def test_every_example_may_be_chosen():
    chosen = {row for seed in range(60) for row in rows(data.few_labels(source(), 30, seed))}
    assert chosen == set(range(100))


def test_they_stay_among_the_unlabeled_ones_and_the_test_split_is_the_same():
    whole = source()
    few = data.few_labels(whole, 30)
    assert whole.counts["train"] == 100 and set(rows(few)) < set(whole.arrays("train")[0][:, 0, 0, 0])
    for mine, theirs in zip(few.arrays("test"), whole.arrays("test")):
        np.testing.assert_array_equal(mine, theirs)


def test_none_is_held_out():
    whole = source(holdout=40)
    held_out = set(whole.arrays("validation")[0][:, 0, 0, 0])
    for seed in range(10):
        assert not held_out & set(rows(data.few_labels(whole, 30, seed)))


def test_the_pipeline_repeats_them_in_ever_new_orders():
    few = data.few_labels(source(), 6)
    batches = [batch for batch, _ in zip(data.batches(few, 4, parts=3, seed=1), range(5))]
    seen = np.concatenate([images[:, 0, 0, 0] for images, _ in batches])
    labels = np.concatenate([labels for _, labels in batches])
    np.testing.assert_array_equal(labels, LABELS[seen])
    epochs = seen.reshape(10, 6)
    assert all(set(epoch) == set(rows(few)) for epoch in epochs) and len({epoch.tobytes() for epoch in epochs}) > 7


@pytest.mark.parametrize("count", [1, 31, 78, 300, 0, -3])
def test_numbers_that_cannot_be_are_told(count):
    with pytest.raises(data.DataError, match="labels must be a multiple of the 3 classes of 'numbers', up to 75; "
                                             f"received {count}"):
        data.few_labels(source(), count)


def test_data_without_labels_or_out_of_memory_are_told():
    class Endless(Stream):
        def ordered(self, split):
            raise AssertionError

        shuffled = decode = hold_out = ordered

    stream = Endless("big", (4, 4, 1), "uint8", 3, {"train": 100, "test": 9})
    for whole in (source(classes=0), stream):
        with pytest.raises(data.DataError, match="has no labels in memory to choose from; leave labels at 0"):
            data.few_labels(whole, 30)


def test_real_digits():
    few = data.few_labels(data.load("digits", holdout=300), 100, seed=3)
    images, labels = few.arrays("train")
    assert images.shape == (100, 24, 24, 1) and np.bincount(labels).tolist() == [10] * 10
    assert tf.reduce_mean(tf.cast(images, tf.float32)) > 10 and few.counts["test"] == 297
