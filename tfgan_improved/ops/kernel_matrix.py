"""A kernel seen as the matrix W (inputs, units) that spectral norms and Gram matrices are taken of."""

import math

from keras import ops


def of(kernel, units_axis=-1):
    """W (inputs, units) of a kernel (...) whose `units_axis` counts its outputs; a kernel's positions are inputs.

    ValueError for an axis that the kernel lacks.
    """
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
    if units_axis not in range(-len(shape), len(shape)):
        raise ValueError(f"the axis of outputs of a kernel of shape {tuple(shape)} must be a whole number from "
                         f"{-len(shape)} to {len(shape) - 1}; received {units_axis!r}")
    units_axis %= len(shape)
    return [axis for axis in range(len(shape)) if axis != units_axis] + [units_axis]
