"""Some classes of a data set."""

import numpy as np
import pytest
import tensorflow as tf

from tfgan_improved import data
from tfgan_improved.data.names import chosen_classes
from tfgan_improved.data.source import Stream

TOTAL = {"train": 40, "test": 12}


class Numbers(Stream):
    """Raw items (number, its class); number n is of class n % 5."""

    class_names = ["zero", "one", "two", "three", "four"]
    passes = 0

    def __init__(self):
        super().__init__("numbers", (1, 1, 1), "uint8", 5, {**TOTAL, "validation": 0})

    def ordered(self, split):
        type(self).passes += 1
        return tf.data.Dataset.range(TOTAL[split]).map(lambda n: (n, tf.cast(n % 5, tf.int32)))

    def shuffled(self, split, seed, position):
        count = TOTAL[split]
        endless = tf.data.Dataset.counter(position // count).flat_map(
            lambda epoch: tf.data.Dataset.range(count).map(lambda n: (n * 3 + 7 * epoch) % count))
        return endless.skip(position % count).map(lambda n: (n, tf.cast(n % 5, tf.int32)))

    def decode(self, number, label):
        return tf.reshape(tf.cast(number, tf.uint8), (1, 1, 1)), label

    def hold_out(self, holdout):
        return self


@pytest.fixture
def few(monkeypatch, tmp_path):
    from tfgan_improved.data.chosen import chosen

    monkeypatch.setenv("TFGAN_IMPROVED_CACHE", str(tmp_path))
    return lambda *classes: chosen(Numbers(), classes, "few")


def numbers_of(dataset, count):
    return [int(item[0]) for item in dataset.take(count)]


def test_a_stream_keeps_the_classes_and_numbers_them_anew(few):
    source = few("3", "one")
    assert (source.classes, source.counts["train"], source.counts["test"]) == (2, 16, 5)  # 3, 8 and 1, 6, 11 below 12
    assert source.class_names == ("three", "one")
    images, labels = source.arrays("train")
    assert images.ravel().tolist() == [n for n in range(40) if n % 5 in (1, 3)]
    assert labels.tolist() == [{3: 0, 1: 1}[n % 5] for n in images.ravel()] and labels.dtype == np.int32


def test_each_epoch_has_each_once_and_a_resumed_run_goes_on(few):
    source = few("3", "1")
    order = numbers_of(source.shuffled("train", 0, 0), 48)
    for epoch in range(3):
        assert sorted(order[16 * epoch:16 * epoch + 16]) == [n for n in range(40) if n % 5 in (1, 3)]
    assert order[:16] != order[16:32]
    for position in (1, 16, 23):
        assert numbers_of(source.shuffled("train", 0, position), 20) == order[position:position + 20]


def test_examples_are_counted_once(few):
    few("3", "1")
    seen = Numbers.passes
    assert few("0", "4").counts["train"] == 16 and Numbers.passes == seen
    with pytest.raises(data.DataError, match="no training examples can be held out; received 3; leave holdout at 0"):
        few("0", "4").hold_out(3)


def test_a_set_in_memory_and_one_of_tfds_that_fits():
    whole, few = data.load("digits"), data.load("classes:7,0-2:digits", holdout=5)
    labels = whole.arrays("train")[1]
    assert few.classes == 4 and few.counts["validation"] == 5
    assert few.counts["train"] + 5 == np.isin(labels, [7, 0, 1, 2]).sum()
    got = np.concatenate([few.arrays(split)[1] for split in ("train", "validation")])
    assert np.bincount(got).tolist() == [(labels == kind).sum() for kind in (7, 0, 1, 2)]
    batch = next(iter(data.batches(few, 9)))
    assert batch[0].shape == (9, *whole.shape) and int(tf.reduce_max(batch[1])) < 4


def test_names_are_read_without_the_data():
    assert chosen_classes("classes:0-2,n021,7:folder:/a") == (["0", "1", "2", "n021", "7"], "folder:/a")
    data.check_name("classes:0-99:imagenet2012")


@pytest.mark.parametrize("name, told", [
    ("classes:0-99", "names no data set; write classes:<classes>:<data set>"),
    ("classes:9-3:mnist", "'9-3' in 'classes:9-3:mnist' names no classes; write numbers, ranges"),
    ("classes:0-99999999999:mnist", "ranges such as 0-99 of up to 100000 or names"),
    ("classes::mnist", "names no classes"), ("classes:1,2:classes:1,2:mnist", "names no data set"),
    ("classes:1,2:m n", "'m n' is not the name of a data set")])
def test_names_that_cannot_be(name, told):
    with pytest.raises(data.DataError, match=told):
        data.check_name(name)


@pytest.mark.parametrize("name, told", [
    ("classes:1,10:digits", "'digits' has no class '10'; give numbers from 0 to 9"),
    ("classes:1,1:digits", "at least two classes, each once; received 2, of which 1 differ"),
    ("classes:1:digits", "at least two classes, each once; received 1")])
def test_classes_that_are_not_there(name, told):
    with pytest.raises(data.DataError, match=told):
        data.load(name)
