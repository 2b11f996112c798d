"""One replica: everything is the whole. Several are tested in processes of their own."""

import numpy as np
import tensorflow as tf

from tfgan_improved.ops import replicas


def test_outside_a_strategy_there_is_one_replica():
    assert (replicas.count(), replicas.index()) == (1, 0)
    x = tf.constant([1.0, 2.0])
    assert replicas.mean(x) is x
    np.testing.assert_array_equal(replicas.rows(lambda count: tf.range(count), 5), range(5))


def test_length_is_static_where_it_is_known():
    lengths = []

    def run(x):
        lengths.append(replicas.length(x))
        return replicas.rows(lambda count: tf.zeros((count, 2)), replicas.length(x))

    assert run(tf.zeros((3, 4))).shape == (3, 2)
    assert tf.function(run, [tf.TensorSpec((None, 4))])(tf.zeros((6, 4))).shape == (6, 2)
    assert tf.function(run, [tf.TensorSpec((5, 4))])(tf.zeros((5, 4))).shape == (5, 2)
    assert lengths[0] == 3 and tf.is_tensor(lengths[1]) and lengths[2] == 5


def test_a_cross_replica_context_counts_as_the_first_replica():
    with tf.distribute.OneDeviceStrategy("/cpu:0").scope():
        assert replicas.index() == 0


def test_a_shape_is_whole_numbers_where_it_is_known():
    seen = []

    @tf.function(input_signature=[tf.TensorSpec((None, 3))])
    def rows(x):
        seen.append(replicas.shape(x))
        return replicas.shape(x)

    assert replicas.shape(tf.ones((2, 3))) == (2, 3)
    assert rows(tf.ones((5, 3))).numpy().tolist() == [5, 3] and tf.is_tensor(seen[0])
