"""A kernel seen as the matrix W (inputs, units) that spectral norms and Gram matrices are taken of."""

from keras import ops


def of(kernel, units_axis=-1):
    """W (inputs, units) of a kernel (...) whose `units_axis` counts its outputs; a kernel's positions are inputs."""
    rank = len(kernel.shape)
    units_axis %= rank
    order = [axis for axis in range(rank) if axis != units_axis] + [units_axis]
    return ops.reshape(ops.transpose(kernel, order), (-1, kernel.shape[units_axis]))
