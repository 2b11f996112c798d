"""Convolutions from or to very few channels as matrix products, where a CPU's convolution kernels are slow.

An image (n, h s, w s, c) is seen through patches of k x k at every s-th pixel, k a multiple of s, padded as "same";
`forward` takes up to s - 1 rows and columns fewer. `transposed` and the input gradient of `forward` are one product and
k/s x k/s shifted sums; the rest stays with TensorFlow's kernels. On a CPU the gradient to one channel takes a quarter
of the time (experiments/benchmarks).
"""

import tensorflow as tf


def fits(kernel_size, strides, padding):
    """Whether a layer with these Keras settings can be computed here."""
    (k, other), (s, also) = kernel_size, strides
    return k == other and s == also and k % s == 0 and (k - s) % 2 == 0 and padding == "same"


def forward(x, kernel, stride):
    """conv2d(x (n, h s, w s, c), kernel (k, k, c, f)) -> (n, h, w, f), with the gradient to x as a product.

    Where the sides of x are no multiples of the stride, h and w are rounded up.
    """

    @tf.custom_gradient
    def convolve(x, kernel):
        def gradient(upstream):
            return overlap_add(upstream, kernel, stride, _sides(x)), _kernel_gradient(x, kernel, upstream, stride)

        return tf.nn.conv2d(x, kernel, stride, "SAME"), gradient

    return convolve(x, kernel)


def transposed(x, kernel, stride):
    """conv2d_transpose(x (n, h, w, f), kernel (k, k, c, f)) -> (n, h s, w s, c) as a product."""

    @tf.custom_gradient
    def convolve(x, kernel):
        def gradient(upstream):
            return forward(upstream, kernel, stride), _kernel_gradient(upstream, kernel, x, stride)

        return overlap_add(x, kernel, stride), gradient

    return convolve(x, kernel)


def overlap_add(x, kernel, stride, sides=None):
    """The adjoint of the convolution: every x (n, h, w, f) adds its patch, kernel . x, to the image at its place.

    `sides` are those of the image, of which the convolution makes h and w; by default h and w times the stride.
    """
    k, _, channels, filters = kernel.shape
    (height, width), blocks = _sides(x), k // stride
    # Each patch is blocks x blocks cells of stride x stride pixels: cell (a, b) of all patches is one shifted sum.
    cells = tf.reshape(kernel, (blocks, stride, blocks, stride, channels, filters))
    cells = tf.reshape(tf.transpose(cells, (0, 2, 1, 3, 4, 5)), (k * k * channels, filters))
    patches = tf.matmul(tf.reshape(x, (-1, filters)), cells, transpose_b=True)
    patches = tf.split(tf.reshape(patches, (-1, height, width, k * k * channels)), blocks * blocks, axis=-1)
    total = tf.add_n([tf.pad(patch, [[0, 0], [a, blocks - 1 - a], [b, blocks - 1 - b], [0, 0]])
                      for patch, (a, b) in zip(patches, ((a, b) for a in range(blocks) for b in range(blocks)))])
    rows, columns = height + blocks - 1, width + blocks - 1
    image = tf.transpose(tf.reshape(total, (-1, rows, columns, stride, stride, channels)), (0, 1, 3, 2, 4, 5))
    image = tf.reshape(image, (-1, rows * stride, columns * stride, channels))
    tall, wide = (height * stride, width * stride) if sides is None else sides
    # "Same" pads one more behind than before where the sum is odd.
    top, left = (rows * stride - tall) // 2, (columns * stride - wide) // 2
    return image[:, top:top + tall, left:left + wide]


def _sides(x):
    """Height and width: whole numbers, or scalar tensors where they are known only when the step runs."""
    return tuple(x.shape[1:3]) if None not in x.shape[1:3] else tuple(tf.unstack(tf.shape(x)[1:3]))


def _kernel_gradient(image, kernel, upstream, stride):
    return tf.raw_ops.Conv2DBackpropFilter(input=image, filter_sizes=kernel.shape, out_backprop=upstream,
                                           strides=[1, stride, stride, 1], padding="SAME")
