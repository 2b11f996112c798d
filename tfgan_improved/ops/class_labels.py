"""How many classes a network knows, and whether labels are among them."""

import numpy as np
import tensorflow as tf


def class_count(network):
    """The number of classes of a network with `layers.ClassTable` or `ClassVectors`; 0 for one without."""
    return min((layer.input_dim for layer in network._flatten_layers() if getattr(layer, "class_rows", False)),
               default=0)


def checked_labels(labels, classes):
    """`labels`; tf.errors.InvalidArgumentError, in a graph too, for one outside of [0, classes). Not under XLA.

    Without it -1 would be a class's vector, and on a GPU a label too large a vector of zeros.
    """
    inside = tf.reduce_all((labels >= 0) & (labels < classes))
    check = tf.debugging.Assert(inside, [f"labels must be from 0 to {classes - 1}; received", labels])
    with tf.control_dependencies([] if check is None else [check]):  # before anything looks them up
        return tf.identity(labels)


def check_concrete(labels, classes, name):
    """ValueError for labels of layer `name` outside of [0, classes); nothing in a graph, where they are not known."""
    if not tf.executing_eagerly() or tf.is_symbolic_tensor(labels):
        return
    values = np.asarray(labels)
    if (fractions := values[np.isfinite(values) & (values != np.floor(values))]).size:
        raise ValueError(f"labels of '{name}' must be whole numbers; received {fractions[0]}; give the class's number")
    outside = values[~((values >= 0) & (values < classes))]
    if outside.size:
        raise ValueError(f"labels of '{name}' must be from 0 to {classes - 1}, for {classes} classes; received "
                         f"{outside[0]}; number the classes from 0")
