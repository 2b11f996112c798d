"""The convolutions at the image's end of a network, where there are one to four channels."""

import keras
import tensorflow as tf

from tfgan_improved.ops import thin_convolution

MOST_CHANNELS = 4


def _thin(layer, channels):
    """Whether the matrix products pay: few channels, a form they can take, and no accelerator."""
    accelerated = any(device.device_type != "CPU" for device in tf.config.list_logical_devices())
    plain = layer.dilation_rate == (1, 1) and layer.data_format == "channels_last"
    return (channels <= MOST_CHANNELS and not accelerated and plain
            and thin_convolution.fits(layer.kernel_size, layer.strides, layer.padding))


def _transposed(x, kernel, stride, training):
    # A custom gradient is only worth having in training; in an exported model TensorFlow would warn of it.
    return (thin_convolution.transposed if training else thin_convolution.overlap_add)(x, kernel, stride)


@keras.saving.register_keras_serializable("tfgan_improved")
class ImageConv2D(keras.layers.Conv2D):
    """keras.layers.Conv2D, the same numbers; on a CPU much faster from and, with stride 1, to few channels.

    Shapes: x (n, h, w, c), y (n, h', w', filters), as Keras's.
    """

    def call(self, x, training=False):
        kernel, narrow = tf.convert_to_tensor(self.kernel), self.filters < x.shape[-1]  # towards the image
        if self.groups != 1 or not _thin(self, min(self.filters, x.shape[-1])) or (
                self.strides != (1, 1) if narrow else not training):
            return super().call(x)
        if narrow:  # a transposed convolution with the kernel turned round
            y = _transposed(x, tf.transpose(kernel[::-1, ::-1], (0, 1, 3, 2)), 1, training)
        else:
            y = thin_convolution.forward(x, kernel, self.strides[0])
        y = tf.nn.bias_add(y, self.bias) if self.use_bias else y
        return self.activation(y)


@keras.saving.register_keras_serializable("tfgan_improved")
class ImageConv2DTranspose(keras.layers.Conv2DTranspose):
    """keras.layers.Conv2DTranspose, the same numbers; on a CPU much faster where it gives an image of few channels.

    Shapes: x (n, h, w, c), y (n, h', w', filters), as Keras's.
    """

    def call(self, x, training=False):
        if not _thin(self, self.filters) or self.output_padding is not None:
            return super().call(x)
        y = _transposed(x, tf.convert_to_tensor(self.kernel), self.strides[0], training)
        y = tf.nn.bias_add(y, self.bias) if self.use_bias else y
        return self.activation(y)
