"""Where a batch is spread over replicas: means over all of it, and which part is ours."""

import contextlib
import contextvars

import tensorflow as tf

_ALONE = contextvars.ContextVar("tfgan_improved_alone", default=False)


@contextlib.contextmanager
def alone():
    """Inside, each replica works as if it was the only one: for what all of them compute alike."""
    token = _ALONE.set(True)
    try:
        yield
    finally:
        _ALONE.reset(token)


def count():
    """How many replicas run this call in step: 1 outside a replica, as while a model is built in a strategy's scope."""
    if _ALONE.get():
        return 1
    context = tf.distribute.get_replica_context()
    return 1 if context is None else context.num_replicas_in_sync


def index():
    """This replica's number among those in sync; 0 where there is one."""
    return 0 if count() == 1 else tf.distribute.get_replica_context().replica_id_in_sync_group


def length(x):
    """Rows of x: a whole number, or a scalar tensor where it is known only when the step runs."""
    return tf.shape(x)[0] if x.shape[0] is None else x.shape[0]


def shape(x):
    """The shape of x: whole numbers, or a tensor (rank,) where some are known only when the step runs."""
    return x.shape if x.shape.is_fully_defined() else tf.shape(x)


def rows(draw, mine, passes=1):
    """This replica's `mine` rows of `draw(all rows)`, so that a draw does not depend on the number of replicas.

    The replicas lie side by side in each of `passes` equal parts, as they do in the data (`data/pipeline.py`): so what
    all of them have in one pass is what one replica would have in it.
    """
    if count() == 1:
        return draw(mine)
    every = draw(mine * count())
    apart = tf.reshape(every, [passes, count(), mine // passes, *every.shape[1:]])
    return tf.reshape(apart[:, index()], [mine, *every.shape[1:]])


def mean(x):
    """The mean of x over the replicas, differentiable; x itself where there is one replica."""
    return x if count() == 1 else tf.distribute.get_replica_context().all_reduce("mean", x)


def gathered(x):
    """x of every replica, (...) -> (replicas, ...), the same on each; differentiable any number of times.

    It is one sum over the replicas, each adding its row to zeros: shapes stay static, as XLA wants them, and the
    gradient is again one sum. Every replica's x must have the same shape.
    """
    if count() == 1:
        return x[None]
    mine = tf.one_hot(index(), count(), dtype=x.dtype)
    return tf.distribute.get_replica_context().all_reduce("sum", tf.reshape(mine, [-1] + [1] * x.shape.rank) * x[None])
