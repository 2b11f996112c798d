"""The exponential moving average of a network's weights, in a copy of the network."""

import keras
import tensorflow as tf


def average_of(network):
    """A copy of `network` that starts with its weights; every replica keeps and updates a copy of its own.

    What the replicas keep apart in the network, such as moments of batch norm that is not synchronized, they keep apart
    in the copy, and it is averaged over them when it is saved, as there.
    """
    def local(create, **settings):
        settings["synchronization"] = tf.VariableSynchronization.ON_READ
        if settings.get("aggregation") != tf.VariableAggregation.MEAN or settings.get("trainable", True):
            settings["aggregation"] = tf.VariableAggregation.ONLY_FIRST_REPLICA
        return create(**settings)

    with tf.variable_creator_scope(local):
        copy = keras.models.clone_model(network)
    copy.trainable = False
    for mine, theirs in zip(copy.weights, network.weights):
        mine.assign(theirs)
    return copy


def update_average(average, network, decay, updates, start=0):
    """a <- b a + (1 - b) w with b = min(decay, (1 + t) / (10 + t)), t past updates, for all weights.

    With a `start` above 0 the average is a copy before that update, b = 0, and b = decay from then on, as in the
    author's code. Running statistics of normalization layers are averaged too. The smaller decay at the start lets the
    average forget the initial weights. Source: Yazici et al. 2019, arXiv:1806.04498, section 2; Brock et al. 2019,
    arXiv:1809.11096, appendix C (0.9999).
    """
    t = tf.cast(updates, tf.float32)
    kept = tf.where(t < start, 0.0, decay) if start else tf.minimum(decay, (1.0 + t) / (10.0 + t))
    share = 1.0 - kept
    for mine, theirs in zip(average.weights, network.weights):
        value = mine.value
        value.assign_sub((value - tf.cast(theirs.value, value.dtype)) * tf.cast(share, value.dtype))
