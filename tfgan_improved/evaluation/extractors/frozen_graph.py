"""Frozen graphs of TensorFlow 1: cut to what is wanted, and rid of what TensorFlow 2 no longer runs."""

import numpy as np
import tensorflow as tf

from tfgan_improved.evaluation import EvaluationError

OLD_NORM = "BatchNormWithGlobalNormalization"  # inputs: x, mean, variance, beta, gamma


def read(path):
    """The GraphDef in a file. EvaluationError where there is none."""
    graph = tf.compat.v1.GraphDef()
    try:
        with open(path, "rb") as file:
            graph.ParseFromString(file.read())
    except OSError as error:
        raise EvaluationError(f"'{path}' cannot be read ({error.strerror}); give the path of a frozen graph") from error
    except Exception as error:  # protobuf's own, of several kinds
        raise EvaluationError(f"'{path}' is no frozen graph ({' '.join(str(error).split())}); get it again") from error
    return graph


def cut(graph, source, target):
    """The nodes between two, `source` as a placeholder float32, for batches of any size.

    Recorded shapes, which hold the batch size 1 that the graph was frozen with, and control inputs, which only order
    its checks for NaN, are left out.
    """
    nodes, wanted, seen = by_name(graph), [target], {source}
    while wanted:
        name = wanted.pop()
        if name not in seen:
            seen.add(name)
            wanted += [producer(value) for value in nodes[name].input if not value.startswith("^")]
    kept = tf.compat.v1.GraphDef()
    kept.versions.producer = tf.version.GRAPH_DEF_VERSION
    placeholder = kept.node.add(name=source, op="Placeholder")
    placeholder.attr["dtype"].type = tf.float32.as_datatype_enum
    for node in graph.node:
        if node.name in seen - {source}:
            added = kept.node.add()
            added.CopyFrom(node)
            added.attr.pop("_output_shapes", None)
            del added.input[:]
            added.input.extend(value for value in node.input if not value.startswith("^"))
    return kept


def fold_norms(graph):
    """Replaces each old batch norm in place: its scale goes into the kernel of the convolution before it.

    (x * K - m) s + beta = x * (K s) + (beta - m s), s = gamma / sqrt(variance + epsilon), in float64. TensorFlow 2 has
    the old operation in no function; besides, a convolution, its bias and a ReLU are one operation to it. Where the
    kernel is shared, or what is before is no convolution, a product takes its place.
    """
    nodes = by_name(graph)
    uses = [producer(value) for node in graph.node for value in node.input]
    for node in [node for node in graph.node if node.op == OLD_NORM]:
        x, mean, variance, beta, gamma = (producer(value) for value in node.input)
        mean, variance, beta = (constant(nodes, name).astype(np.float64) for name in (mean, variance, beta))
        scale = 1.0 / np.sqrt(variance + node.attr["variance_epsilon"].f)
        if node.attr["scale_after_normalization"].b:
            scale *= constant(nodes, gamma)
        before = nodes[x]
        kernel = before.input[1] if before.op == "Conv2D" else None
        if kernel and uses.count(x) == 1 and nodes[kernel].op == "Const" and uses.count(kernel) == 1:
            _set(nodes[kernel], constant(nodes, kernel) * scale)
        else:
            _set(graph.node.add(name=f"{node.name}/scale", op="Const"), scale)
            product = graph.node.add(name=f"{node.name}/product", op="Mul", input=[x, f"{node.name}/scale"])
            product.attr["T"].type = tf.float32.as_datatype_enum
            x = product.name
        _set(graph.node.add(name=f"{node.name}/bias", op="Const"), beta - mean * scale)
        node.op = "BiasAdd"
        del node.input[:]
        node.input.extend([x, f"{node.name}/bias"])
        node.attr.clear()
        node.attr["T"].type = tf.float32.as_datatype_enum


def by_name(graph):
    """{name: node}."""
    return {node.name: node for node in graph.node}


def producer(value):
    """The name of the node that an input comes from."""
    return value.removeprefix("^").partition(":")[0]


def constant(nodes, name):
    """The array in a node, through nodes that hand it on. EvaluationError where it is no constant."""
    node = nodes[name]
    while node.op == "Identity":
        node = nodes[producer(node.input[0])]
    if node.op != "Const":
        raise EvaluationError(f"'{name}' is {node.op}, not a constant; give a graph that is frozen")
    return tf.make_ndarray(node.attr["value"].tensor)


def _set(node, value):
    node.attr["dtype"].type = tf.float32.as_datatype_enum
    node.attr["value"].tensor.CopyFrom(tf.make_tensor_proto(value.astype(np.float32)))
