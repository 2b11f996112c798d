"""How alike the units of a layer are: cosines of the angles between the columns of its kernel's matrix."""

import tensorflow as tf

WHOLE = 2048  # units up to which all pairs are held in memory at once
BLOCK = 512  # units of one block where they are more


def unit_columns(matrix, epsilon=1e-12):
    """Phi: W (inputs, units) with each column w divided by sqrt(|w|^2 + epsilon); a column of zeros stays one."""
    return matrix / tf.sqrt(tf.reduce_sum(tf.square(matrix), axis=0) + epsilon)


def squares_above(phi, tau):
    """The sum of Omega_ij^2 over i != j with |Omega_ij| >= tau, Omega = Phi' Phi; a scalar.

    Which pairs count is constant for the gradient, so that it is 4 Phi (M Omega). The pairs of more than 2,048 units
    are taken in blocks, in memory linear in their number; then there is no second derivative.
    """
    if phi.shape[1] <= WHOLE:
        return tf.reduce_sum(tf.square(_counted(phi, phi, 0, tau)))
    return _in_blocks(phi, tau)


def _counted(phi, block, first, tau):
    """Omega between all columns and those of a block that starts at `first`, zero where a pair does not count."""
    omega = tf.matmul(phi, block, transpose_a=True)
    other = tf.range(omega.shape[0])[:, None] != first + tf.range(omega.shape[1])
    return tf.where(tf.logical_and(other, tf.abs(omega) >= tau), omega, tf.zeros((), omega.dtype))


def _in_blocks(phi, tau):
    @tf.custom_gradient
    def total(phi):
        value, slopes = tf.zeros((), phi.dtype), []
        for first in range(0, phi.shape[1], BLOCK):
            with tf.control_dependencies([value, *slopes[-1:]]):  # one block after the other, or all fill the memory
                block = tf.identity(phi[:, first:first + BLOCK])
            omega = _counted(phi, block, first, tau)
            value += tf.reduce_sum(tf.square(omega))
            slopes.append(4.0 * tf.matmul(phi, omega))
        slope = tf.concat(slopes, axis=1)
        return value, lambda upstream: upstream * slope

    return total(phi)
