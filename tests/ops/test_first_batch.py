"""The pass in which layers start from data: when it is on, who wants it, and on which batch."""

import keras
import numpy as np
import pytest
import tensorflow as tf

from tfgan_improved.ops import first_batch


def test_it_is_on_inside_its_scope_only_also_after_an_error():
    assert not first_batch.active()
    with first_batch.scope():
        assert first_batch.active()
    with pytest.raises(ZeroDivisionError), first_batch.scope():
        raise ZeroDivisionError
    assert not first_batch.active()


class Starter(keras.layers.Layer):
    """Starts from data if told."""

    def __init__(self, starts_from_data):
        super().__init__()
        self.starts_from_data = starts_from_data

    def call(self, x):
        return x


@pytest.mark.parametrize("starts", [False, True])
def test_a_layer_is_found_however_deep_it_lies(starts):
    x = keras.Input((2,))
    inner = keras.Sequential([keras.layers.Dense(2), keras.Sequential([Starter(starts)])])
    assert first_batch.wanted(keras.Model(x, inner(x))) == starts


@pytest.mark.parametrize("give", [tuple, list, lambda batches: tf.data.Dataset.from_tensor_slices(batches)])
def test_the_first_batch_of_batches_is_looked_at_and_not_used_up(give):
    batches = give([np.full((3, 2), number) for number in range(4)])
    for _ in range(2):
        np.testing.assert_array_equal(first_batch.first_of(batches), np.zeros((3, 2)))


def test_rows_of_arrays_are_taken_evenly():
    x, y = np.arange(1003), np.arange(1003) + 1
    got, labels = first_batch.first_of(x, y, rows=100)
    np.testing.assert_array_equal(got, np.arange(0, 1000, 10))
    np.testing.assert_array_equal(labels, got + 1)
    np.testing.assert_array_equal(first_batch.first_of(x[:7], rows=100), np.arange(7))
    np.testing.assert_array_equal(first_batch.first_of(tf.constant(x), rows=100), got)


def test_an_iterator_would_lose_its_batch():
    with pytest.raises(ValueError, match="a generator gives its first batch only once; call GAN.initialize with a "):
        first_batch.first_of(number for number in range(3))
