"""The convolutions at the image's end of a network, where there are one to four channels."""

import keras
import tensorflow as tf

from tfgan_improved.ops import thin_convolution

MOST_CHANNELS = 4


def _thin(layer, channels):
    """Whether the matrix products pay: few channels, a form they can take, and no accelerator."""
    accelerated = any(device.device_type != "CPU" for device in tf.config.list_logical_devices())
    return (channels <= MOST_CHANNELS and not accelerated and layer.dilation_rate == (1, 1)
            and thin_convolution.fits(layer.kernel_size, layer.strides, layer.padding))


@keras.saving.register_keras_serializable("tfgan_improved")
class ImageConv2D(keras.layers.Conv2D):
    """keras.layers.Conv2D, the same numbers; on a CPU its gradient to an image of few channels is much faster."""

    def call(self, x, training=False):
        if not training or not _thin(self, x.shape[-1]) or self.groups != 1:
            return super().call(x)
        y = thin_convolution.forward(x, tf.convert_to_tensor(self.kernel), self.strides[0])
        y = tf.nn.bias_add(y, self.bias) if self.use_bias else y
        return self.activation(y)


@keras.saving.register_keras_serializable("tfgan_improved")
class ImageConv2DTranspose(keras.layers.Conv2DTranspose):
    """keras.layers.Conv2DTranspose, the same numbers; on a CPU much faster where it gives an image of few channels."""

    def call(self, x, training=False):
        if not _thin(self, self.filters) or self.output_padding is not None:
            return super().call(x)
        kernel, stride = tf.convert_to_tensor(self.kernel), self.strides[0]
        # A custom gradient is only worth having in training; in an exported model TensorFlow would warn of it.
        compute = thin_convolution.transposed if training else thin_convolution.overlap_add
        y = compute(x, kernel, stride)
        y = tf.nn.bias_add(y, self.bias) if self.use_bias else y
        return self.activation(y)
