"""What every replica holds, side by side, where a layer's statistics are those of the whole batch."""

import tensorflow as tf


def count():
    """How many replicas run this call in step: 1 outside a replica, as while a functional model is being built."""
    context = tf.distribute.get_replica_context()
    return 1 if context is None else context.num_replicas_in_sync


def over_replicas(x):
    """x of every replica, (...) -> (replicas, ...), the same on each; differentiable any number of times.

    It is one sum over the replicas, each adding its row to zeros: shapes stay static, as XLA wants them, and the
    gradient is again one sum. Every replica's x must have the same shape.
    """
    if count() == 1:
        return x[None]
    context = tf.distribute.get_replica_context()
    mine = tf.one_hot(context.replica_id_in_sync_group, count(), dtype=x.dtype)
    return context.all_reduce("sum", tf.reshape(mine, [-1] + [1] * x.shape.rank) * x[None])
