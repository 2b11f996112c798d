"""Where a batch is spread over replicas: means over all of it, and which part is ours."""

import tensorflow as tf


def count():
    """Replicas in sync, 1 outside a distribution strategy."""
    return tf.distribute.get_strategy().num_replicas_in_sync


def index():
    """This replica's number among those in sync; 0 outside a strategy."""
    context = tf.distribute.get_replica_context()
    return 0 if context is None or count() == 1 else context.replica_id_in_sync_group


def length(x):
    """Rows of x: a whole number, or a scalar tensor where it is known only when the step runs."""
    return tf.shape(x)[0] if x.shape[0] is None else x.shape[0]


def rows(draw, mine):
    """This replica's `mine` rows of `draw(all rows)`, so that a draw does not depend on the number of replicas."""
    if count() == 1:
        return draw(mine)
    return draw(mine * count())[index() * mine:][:mine]


def mean(x):
    """The mean of x over the replicas, differentiable; x itself where there is one replica."""
    return x if count() == 1 else tf.distribute.get_replica_context().all_reduce("mean", x)
