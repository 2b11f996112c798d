"""A kernel seen as the matrix W (inputs, units) that spectral norms and Gram matrices are taken of."""

import math

from keras import ops


def of(kernel, units_axis=-1):
    """W (inputs, units) of a kernel (...) whose `units_axis` counts its outputs; a kernel's positions are inputs."""
    order = _order(kernel.shape, units_axis)
    inputs = math.prod(kernel.shape[axis] for axis in order[:-1])
    return ops.reshape(ops.transpose(kernel, order), (inputs, kernel.shape[order[-1]]))


def back(matrix, shape, units_axis=-1):
    """The kernel of `shape` whose matrix (inputs, units) this is: the inverse of `of`."""
    order = _order(shape, units_axis)
    kernel = ops.reshape(matrix, [shape[axis] for axis in order])
    return ops.transpose(kernel, [order.index(axis) for axis in range(len(shape))])


def _order(shape, units_axis):
    """The axes, that of the units last."""
    units_axis %= len(shape)
    return [axis for axis in range(len(shape)) if axis != units_axis] + [units_axis]
