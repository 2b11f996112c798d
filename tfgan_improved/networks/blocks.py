"""The residual blocks of generators and discriminators, attention, and how their kernels start."""

from typing import NamedTuple

import keras

from tfgan_improved.layers.conditional_norm import ConditionalNorm
from tfgan_improved.layers.orthogonal import Orthogonal
from tfgan_improved.layers.resampled_convolution import PooledConv2D, UpConv2D
from tfgan_improved.layers.self_attention import SelfAttention
from tfgan_improved.layers.thin_convolution import ImageConv2D
from tfgan_improved.networks import parts

layers = keras.layers


class Start(NamedTuple):
    """Makers of initializers: of the 3x3 kernels inside blocks, and of all others."""

    inner: object
    outer: object


def _same(make):
    return Start(make, make)


# Fresh ones for each layer: the same one would repeat itself.
STARTS = {
    "orthogonal": _same(Orthogonal),
    "normal": _same(lambda: keras.initializers.RandomNormal(stddev=0.02)),
    "glorot": _same(keras.initializers.GlorotUniform),
    # Glorot's, the kernels inside blocks larger by the root of 2, as SN-GAN's code has them
    "glorot_sqrt2": Start(lambda: keras.initializers.VarianceScaling(2.0, "fan_avg", "uniform"),
                          keras.initializers.GlorotUniform),
}
ATTENTIONS = {"released": SelfAttention.released, "reported": SelfAttention.reported}


def conditional(norm, condition, wrap, start, classes=0):
    """`normalized(x, name)` by `norm` with gains and biases of `condition`: tables where it is labels of `classes`.

    The norm gives up its own gains and biases; where there is no norm, x itself is scaled and shifted. Without a
    condition it is the norm as it comes.
    """
    def plain(name):
        if norm is None:
            return None
        layer = norm()
        layer.name = f"{name}_plain"
        for own in {"center", "scale"} & set(vars(layer)):
            setattr(layer, own, False)
        return layer

    def by_class(x, name):
        layer = ConditionalNorm.of_classes(plain(name), classes, x.shape[-1], name=name)
        return layer([x, condition])

    def by_vector(x, name):
        layer = ConditionalNorm.of_vector(plain(name), x.shape[-1], wrap, start.outer, name=name)
        return layer([x, condition])

    if condition is None:
        return lambda x, name: parts.normalized(x, norm, name)
    return by_class if classes else by_vector


def convolution(x, kind, width, size, wrap, initializer, name):
    """x through a wrapped convolution of class `kind` with a bias."""
    return wrap(kind(width, size, padding="same", kernel_initializer=initializer(), name=name))(x)


def up_block(x, width, normalized, wrap, start, name):
    """x (n, h, w, c) -> (n, 2h, 2w, width): norm, ReLU, enlarged, 3x3, norm, ReLU, 3x3, beside 1x1, enlarged.

    The 1x1 convolution comes before the enlargement, with the same result. Source: Gulrajani et al. 2017,
    arXiv:1704.00028, appendix; Miyato & Koyama 2018, arXiv:1802.05637, figure 14.
    """
    y = layers.ReLU(name=f"{name}_relu_1")(normalized(x, f"{name}_norm_1"))
    y = convolution(y, UpConv2D, width, 3, wrap, start.inner, f"{name}_conv_1")
    y = layers.ReLU(name=f"{name}_relu_2")(normalized(y, f"{name}_norm_2"))
    y = convolution(y, layers.Conv2D, width, 3, wrap, start.inner, f"{name}_conv_2")
    side = convolution(x, layers.Conv2D, width, 1, wrap, start.outer, f"{name}_side")
    return layers.Add(name=f"{name}_sum")([y, layers.UpSampling2D(name=f"{name}_side_up")(side)])


def down_block(x, width, hidden, normalized, wrap, start, name, down=True):
    """x (n, h, w, c) -> (n, h / 2, w / 2, width): ReLU, 3x3 to `hidden`, ReLU, 3x3, mean, beside 1x1 and mean.

    The mean comes before the 1x1 convolution, with the same result. Without `down` there are no means, and the side
    is x itself where it has `width` channels. Source: Miyato & Koyama 2018, arXiv:1802.05637, figure 14.
    """
    y = layers.ReLU(name=f"{name}_relu_1")(normalized(x, f"{name}_norm_1"))
    y = convolution(y, layers.Conv2D, hidden, 3, wrap, start.inner, f"{name}_conv_1")
    y = layers.ReLU(name=f"{name}_relu_2")(normalized(y, f"{name}_norm_2"))
    y = convolution(y, PooledConv2D if down else layers.Conv2D, width, 3, wrap, start.inner, f"{name}_conv_2")
    if down:
        x = layers.AveragePooling2D(2, name=f"{name}_side_mean")(x)
    if down or x.shape[-1] != width:
        x = convolution(x, layers.Conv2D, width, 1, wrap, start.outer, f"{name}_side")
    return layers.Add(name=f"{name}_sum")([y, x])


def first_down_block(x, width, normalized, wrap, start, name):
    """As `down_block` for an image: no ReLU before it, and 3x3 to `width` at once."""
    y = convolution(x, ImageConv2D, width, 3, wrap, start.inner, f"{name}_conv_1")
    y = layers.ReLU(name=f"{name}_relu")(normalized(y, f"{name}_norm"))
    y = convolution(y, PooledConv2D, width, 3, wrap, start.inner, f"{name}_conv_2")
    x = layers.AveragePooling2D(2, name=f"{name}_side_mean")(x)
    side = convolution(x, ImageConv2D, width, 1, wrap, start.outer, f"{name}_side")
    return layers.Add(name=f"{name}_sum")([y, side])


def attention(x, form, wrap, start, name):
    """x through self-attention of a `form` of `ATTENTIONS`."""
    return ATTENTIONS[form](x.shape[-1], wrap, start.outer, name=name)(x)
