"""A convolution behind an enlargement or before a mean, in one: the same numbers with 4 products for each 9."""

import keras
import tensorflow as tf

from tfgan_improved.ops import replicas

EVEN = "PooledConv2D wants maps of even sides"


class _Resampled(keras.layers.Conv2D):
    """What both share: stride 1, padding "same", an odd kernel."""

    def __init__(self, filters, kernel_size=3, **kwargs):
        super().__init__(filters, kernel_size, **{"padding": "same", **kwargs})
        size, other = self.kernel_size
        if (self.strides, self.padding, self.groups) != ((1, 1), "same", 1) or size != other or size % 2 == 0:
            raise ValueError(f"{type(self).__name__} wants an odd square kernel, stride 1, padding 'same' and one "
                             f"group; received kernel_size={self.kernel_size}, strides={self.strides}, "
                             f"padding='{self.padding}', groups={self.groups}")
        if self.dilation_rate != (1, 1) or self.data_format != "channels_last":
            raise ValueError(f"{type(self).__name__} knows no dilation and only channels_last; received "
                             f"dilation_rate={self.dilation_rate}, data_format='{self.data_format}'")

    def _finished(self, y):
        y = tf.nn.bias_add(y, tf.convert_to_tensor(self.bias)) if self.use_bias else y
        return self.activation(y)


@keras.saving.register_keras_serializable("tfgan_improved")
class UpConv2D(_Resampled):
    """UpSampling2D(2) and then Conv2D: (n, h, w, c) -> (n, 2h, 2w, filters), the same numbers to rounding.

    Each pixel of the result sees (k + 1)^2 / 4 different ones, not k^2: equal neighbours' weights are added first, in
    one kernel of k + 1 with stride 2. ValueError for an even or oblong kernel, strides, dilation or groups.
    Source: Karras et al. 2018, arXiv:1710.10196, whose code fuses the two.
    """

    def call(self, x):
        kernel = tf.transpose(_boxed(tf.convert_to_tensor(self.kernel)[::-1, ::-1]), (0, 1, 3, 2))
        height, width = tf.unstack(tf.shape(x)[1:3]) if None in x.shape[1:3] else x.shape[1:3]
        shape = (replicas.length(x), 2 * height, 2 * width, self.filters)
        return self._finished(tf.nn.conv2d_transpose(x, kernel, shape, 2, "SAME"))

    def compute_output_shape(self, shape):
        return (shape[0], *(side and 2 * side for side in shape[1:3]), self.filters)


@keras.saving.register_keras_serializable("tfgan_improved")
class PooledConv2D(_Resampled):
    """Conv2D and then AveragePooling2D(2): (n, 2h, 2w, c) -> (n, h, w, filters), the same numbers to rounding.

    A mean of four convolutions is one with a kernel of k + 1 and stride 2. `activation` comes behind the mean.
    ValueError for an even or oblong kernel, strides, dilation, groups, and maps of odd sides; where a graph knows sides
    only when it runs, tf.errors.InvalidArgumentError, not under XLA.
    Source: Karras et al. 2018, arXiv:1710.10196, whose code fuses the two.
    """

    def build(self, shape):
        _check_even(shape)
        super().build(shape)

    def call(self, x):
        _check_even(x.shape)
        if None in x.shape[1:3]:
            sides = tf.shape(x)[1:3]
            check = tf.debugging.Assert(tf.reduce_all(sides % 2 == 0), [f"{EVEN}; received", sides])
            with tf.control_dependencies([check]):
                x = tf.identity(x)
        kernel = _boxed(tf.convert_to_tensor(self.kernel)) * 0.25
        return self._finished(tf.nn.conv2d(x, kernel, 2, "SAME"))

    def compute_output_shape(self, shape):
        return (shape[0], *(side and side // 2 for side in shape[1:3]), self.filters)


def _check_even(shape):
    if any(side is not None and side % 2 for side in shape[1:3]):
        raise ValueError(f"{EVEN}; received shape {tuple(shape)}; pad or cut them first")


def _boxed(kernel):
    """The sums of 2 x 2 neighbours of a kernel (k, k, ...) with zeros around it: (k + 1, k + 1, ...)."""
    for axis in range(2):
        before, after = ([[0, 0]] * 4 for _ in range(2))
        before[axis], after[axis] = [1, 0], [0, 1]
        kernel = tf.pad(kernel, before) + tf.pad(kernel, after)
    return kernel
