"""How alike the units of a layer are: cosines of the angles between the columns of its kernel's matrix."""

import tensorflow as tf

WHOLE = 2048  # units up to which all pairs are held in memory at once
BLOCK = 512  # units of one block where they are more
SMALLEST = 128  # units of a block below which halving does not pay


def cosines(w, epsilon=1e-12):
    """Omega (units, units) of W (inputs, units): w_i . w_j / (l_i l_j) with l_i = sqrt(|w_i|^2 + epsilon)."""
    return _cosines_and_lengths(w, epsilon)[0]


def squares_above(w, tau, epsilon=1e-12):
    """The sum of Omega_ij^2 over i != j with |Omega_ij| >= tau, Omega the cosines of W (inputs, units); a scalar.

    Which pairs count, M, is constant for the gradient 4 W (A_ij / (l_i l_j) - delta_ij sum_k A_kj^2 / l_j^2), A = M
    Omega. It is written out, because it takes one product where automatic differentiation takes two, and none where no
    pair counts; there is no second derivative. The pairs of more than 2,048 units are taken in blocks, in memory linear
    in their number.
    """
    return _at_once(w, tau, epsilon) if w.shape[1] <= WHOLE else _in_blocks(w, tau, epsilon)


def _at_once(w, tau, epsilon):
    @tf.custom_gradient
    def total(w):
        omega, lengths = _cosines_and_lengths(w, epsilon)
        omega = _counted(omega, 0, tau)
        return tf.reduce_sum(tf.square(omega)), lambda upstream: upstream * _slope(w, omega, lengths, 0)

    return total(w)


def _in_blocks(w, tau, epsilon):
    @tf.custom_gradient
    def total(w):
        lengths = tf.sqrt(tf.reduce_sum(tf.square(w), axis=0) + epsilon)
        value, slopes = tf.zeros((), w.dtype), []
        for first in range(0, w.shape[1], BLOCK):
            with tf.control_dependencies([value, *slopes[-1:]]):  # one block after the other, or all fill the memory
                block = tf.identity(w[:, first:first + BLOCK])
            omega = tf.matmul(w, block, transpose_a=True) / _pairs(lengths, first, block.shape[1])
            omega = _counted(omega, first, tau)
            value += tf.reduce_sum(tf.square(omega))
            slopes.append(_slope(w, omega, lengths, first))
        slope = tf.concat(slopes, axis=1)
        return value, lambda upstream: upstream * slope

    return total(w)


def _cosines_and_lengths(w, epsilon):
    products = _products(w)
    lengths = tf.sqrt(tf.linalg.diag_part(products) + epsilon)
    return products / _pairs(lengths, 0, w.shape[1]), lengths


def _products(w):
    """W'W, of which only one of two equal halves is computed."""
    if w.shape[1] < 2 * SMALLEST or w.shape[1] % 2:
        return tf.matmul(w, w, transpose_a=True)
    left, right = tf.split(w, 2, axis=1)
    across = tf.matmul(left, right, transpose_a=True)
    rows = [tf.concat(pair, axis=1) for pair in ((_products(left), across), (tf.transpose(across), _products(right)))]
    return tf.concat(rows, axis=0)


def _pairs(lengths, first, count):
    """l_i l_j of all units i and `count` units j from the number `first` on."""
    return lengths[:, None] * lengths[first:first + count]


def _counted(omega, first, tau):
    """Omega of all units and some, from the number `first` on, zero where a pair does not count."""
    other = tf.range(omega.shape[0])[:, None] != first + tf.range(omega.shape[1])
    return tf.where(tf.logical_and(other, tf.abs(omega) >= tau), omega, tf.zeros((), omega.dtype))


def _slope(w, omega, lengths, first):
    """The gradient by the units that the columns of the counted Omega stand for, from the number `first` on."""
    count = omega.shape[1]

    def slope():
        own = tf.reduce_sum(tf.square(omega), axis=0) / tf.square(lengths[first:first + count])
        return 4.0 * (tf.matmul(w, omega / _pairs(lengths, first, count)) - w[:, first:first + count] * own)

    return tf.cond(tf.reduce_any(omega != 0), slope, lambda: tf.zeros((w.shape[0], count), w.dtype))
