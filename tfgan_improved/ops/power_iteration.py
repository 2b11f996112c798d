"""The largest singular value of a matrix by power iteration."""

import tensorflow as tf


def spectral_norm(matrix, u, iterations=1, epsilon=1e-12):
    """sigma = v' W u after `iterations` of v <- W u / |W u|, u <- W' v / |W' v|; returns (sigma, the new u).

    W (inputs, units), u (units,) -> a scalar and (units,). u and v are constants for the gradient, so that
    d sigma / dW = v u'. `epsilon` is added to the lengths divided by; where |W' v| is no larger, as of zeros, u stays.
    Source: Miyato et al. 2018, arXiv:1802.05957, section 2.1 and appendix A.
    """
    fixed, u = tf.stop_gradient(matrix), tf.stop_gradient(u)
    for _ in range(iterations):
        v = _unit(tf.linalg.matvec(fixed, u), epsilon)
        found = tf.linalg.matvec(fixed, v, transpose_a=True)
        u = tf.where(tf.norm(found) > epsilon, _unit(found, epsilon), u)  # a u of zeros would stay one for ever
    return tf.tensordot(v, tf.linalg.matvec(matrix, u), 1), u


def _unit(vector, epsilon):
    return tf.math.divide_no_nan(vector, tf.norm(vector) + epsilon)  # in half precision an epsilon may be 0
