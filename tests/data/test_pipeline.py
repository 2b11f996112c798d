"""The input pipeline: who gets which rows of which step, against NumPy, in memory and streamed."""

import itertools

import numpy as np
import pytest
import tensorflow as tf

from tfgan_improved import data
from tfgan_improved.data import order, pipeline
from tfgan_improved.data.source import Memory, Stream, held_out

COUNT = 37  # a prime: epochs end inside batches


def picture(numbers):
    """uint8 (n, 1, 2, 1): the number in base 256; mirroring swaps its digits."""
    return np.stack([numbers // 256, numbers % 256], -1).astype(np.uint8)[..., None, :, None]


class Numbers(Stream):
    """Streams the numbers below COUNT as pictures and counts how many it decodes."""

    def __init__(self):
        super().__init__("numbers", (1, 2, 1), "uint8", 5, held_out({"train": COUNT, "test": 3}, 0, "numbers"))
        self.decoded = 0

    def ordered(self, split):
        return tf.data.Dataset.range(self.counts[split]).map(lambda number: (number, tf.cast(number % 5, tf.int32)))

    def shuffled(self, split, seed, position):
        def item(at):
            number = order.shuffled(at[None], self.counts[split], seed)[0]
            return number, tf.cast(number % 5, tf.int32)

        return tf.data.Dataset.counter(position).map(item)

    def decode(self, number, label):
        def draw(number):
            self.decoded += 1
            return picture(number)

        return tf.ensure_shape(tf.numpy_function(draw, [number], tf.uint8), self.shape), label

    def hold_out(self, holdout):
        raise NotImplementedError


def memory(holdout=0):
    def read():
        return picture(np.arange(COUNT)), (np.arange(COUNT) % 5).astype(np.int32)

    return Memory("numbers", (1, 2, 1), "uint8", 5, {"train": (COUNT, read), "test": (COUNT, read)}, holdout)


SOURCES = pytest.mark.parametrize("source", [memory(), Numbers()], ids=["memory", "stream"])


def numbers(dataset, elements):
    taken = [np.asarray(images, int) for images, _ in dataset.take(elements)]
    return np.stack([images[:, 0, 0, 0] * 256 + images[:, 0, 1, 0] for images in taken])


def endless(seed=0, length=2000):
    return order.shuffled(tf.range(length, dtype=tf.int64), COUNT, seed).numpy()


@SOURCES
@pytest.mark.parametrize("rows, parts, replicas, ids", [
    (4, 1, 1, (0,)), (4, 3, 1, (0,)), (2, 3, 2, (0, 1)), (2, 3, 2, (1,)), (1, 2, 4, (2, 3)), (50, 1, 1, (0,)),
])
def test_rows_are_the_positions_of_the_rule(source, rows, parts, replicas, ids):
    numbered = endless()
    want = [
        [numbered[((step * parts + part) * replicas + replica) * rows + row] for part in range(parts)
         for row in range(rows)]
        for step in range(2, 5) for replica in ids
    ]
    got = data.batches(source, rows, parts=parts, replicas=replicas, replica_ids=ids, first_step=2)
    np.testing.assert_array_equal(numbers(got, 3 * len(ids)), want)


@SOURCES
def test_the_replicas_of_a_step_together_see_what_one_replica_sees(source):
    for parts in (1, 3):
        one = numbers(data.batches(source, 6, parts=parts), 5).reshape(5, parts, 6)
        apart = [numbers(data.batches(source, 2, parts=parts, replicas=3, replica_ids=(r,)), 5) for r in range(3)]
        np.testing.assert_array_equal(np.concatenate([a.reshape(5, parts, 2) for a in apart], 2), one)
        both = numbers(data.batches(source, 2, parts=parts, replicas=3, replica_ids=(0, 2)), 10)
        np.testing.assert_array_equal(both[0::2], apart[0])
        np.testing.assert_array_equal(both[1::2], apart[2])


@SOURCES
@pytest.mark.parametrize("first", [1, 4, 123])
def test_resuming_at_a_step_is_skipping_those_before(source, first):
    settings = dict(seed=3, parts=2, replicas=2, replica_ids=(0, 1), flip=True)
    want = numbers(data.batches(source, 3, **settings).skip(2 * first), 8)
    np.testing.assert_array_equal(numbers(data.batches(source, 3, first_step=first, **settings), 8), want)


@SOURCES
def test_each_epoch_sees_each_example_once_in_an_order_of_its_own(source):
    epochs = numbers(data.batches(source, COUNT), 4)
    np.testing.assert_array_equal(np.sort(epochs, 1), np.tile(np.arange(COUNT), (4, 1)))
    assert all((one != two).any() for one, two in itertools.combinations(epochs, 2))
    assert (numbers(data.batches(source, COUNT, seed=1), 4) != epochs).any(1).all()


@SOURCES
def test_labels_belong_to_their_images(source):
    for images, labels in data.batches(source, 8).take(6):
        np.testing.assert_array_equal(images[:, 0, 1, 0].numpy() % 5, labels)


@SOURCES
def test_shapes_are_static(source):
    image, label = data.batches(source, 4, parts=2).element_spec
    assert (image.shape, image.dtype) == ((8, 1, 2, 1), tf.uint8) and (label.shape, label.dtype) == ((8,), tf.int32)


@SOURCES
def test_flips_are_fair_and_belong_to_the_position_not_to_the_replica(source):
    def flipped(rows, replicas):
        ids = tuple(range(replicas))
        return np.concatenate(list(numbers(data.batches(source, rows, replicas=replicas, replica_ids=ids, flip=True),
                                           240 // rows)))

    straight, got = endless()[:240], flipped(6, 1)
    mirror = straight % 256 * 256 + straight // 256
    coins = order.coins(tf.range(240, dtype=tf.int64), 0).numpy()
    np.testing.assert_array_equal(got, np.where(coins, mirror, straight))
    assert 80 < coins.sum() < 160
    np.testing.assert_array_equal(flipped(2, 3), got)


def test_mirroring_reverses_the_width_alone():
    images = np.random.RandomState(0).randint(0, 256, (5, 4, 6, 3)).astype(np.uint8)
    chosen = np.array([True, False, False, True, True])
    want = np.where(chosen[:, None, None, None], images[:, :, ::-1], images)
    np.testing.assert_array_equal(pipeline.mirrored(tf.constant(images), tf.constant(chosen)), want)


def test_a_stream_decodes_only_its_own_rows_and_none_that_it_skips():
    source = Numbers()
    numbers(data.batches(source, 1, replicas=10, replica_ids=(3,), first_step=100).take(5), 5)
    assert 5 <= source.decoded < 100  # of the 1050 that lie before the end; some are decoded ahead


def test_training_rows_and_held_out_rows_do_not_meet():
    source = memory(holdout=7)
    train = numbers(data.batches(source, 30), 10)
    validation = numbers(data.batches(source, 7, split="validation"), 10)
    np.testing.assert_array_equal(np.sort(train, 1), np.tile(np.unique(train), (10, 1)))
    assert not set(train.ravel()) & set(validation.ravel())
    assert set(train.ravel()) | set(validation.ravel()) == set(range(COUNT))


@pytest.mark.parametrize("settings, told", [
    (dict(rows=0), "at least 1"),
    (dict(rows=4, replicas=2, replica_ids=(2,)), "some below replicas"),
    (dict(rows=4, replica_ids=()), "some below replicas"),
    (dict(rows=4, first_step=-1), "first_step at least 0"),
    (dict(rows=4, split="validation"), "hold some training examples out"),
    (dict(rows=4, split="tset"), "only train, test"),
])
def test_what_cannot_be_served_is_refused(settings, told):
    with pytest.raises(data.DataError, match=told):
        data.batches(memory(), **settings)


def test_points_cannot_be_flipped():
    with pytest.raises(data.DataError, match="points"):
        data.batches(data.load("ring8"), 4, flip=True)


def test_every_batch_can_be_drawn_inside_a_traced_loop():
    @tf.function
    def total(iterator):
        result = tf.constant(0, tf.int64)
        for _ in tf.range(10):
            result += tf.reduce_sum(tf.cast(next(iterator)[0], tf.int64))
        return result

    want = sum(int(np.asarray(images, int).sum()) for images, _ in data.batches(memory(), 8).take(10))
    assert int(total(iter(data.batches(memory(), 8)))) == want
