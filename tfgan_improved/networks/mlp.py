"""Fully connected networks, for points in the plane and for small images."""

import dataclasses
import math

import keras

from tfgan_improved.networks import parts

layers = keras.layers


@dataclasses.dataclass(frozen=True)
class MLP:
    """`depth` dense layers of `width` units on either side; points (d,), or images (h, w, c) in [-1, 1].

    G: each layer with norm and ReLU, then a dense layer to the example, with tanh for images.
    D: each layer but the first with norm, leaky ReLU 0.2; the last is the features; `noise` is the deviation of
    Gaussian noise on its examples in training.
    Kernels start as Glorot's uniform. Conditional as in `DCGAN`. ValueError unless all sizes are >= 1.
    Source: Goodfellow et al. 2014, arXiv:1406.2661, section 5 (fully connected), with leaky ReLU for its maxout.
    """

    width: int = 128
    depth: int = 3
    embedding: int = 16
    noise: float = 0.0

    def __post_init__(self):
        if min(self.width, self.depth, self.embedding) < 1 or self.noise < 0:
            raise ValueError(f"MLP wants width, depth and embedding of at least 1 and noise >= 0; received width="
                             f"{self.width}, depth={self.depth}, embedding={self.embedding}, noise={self.noise}")

    def generator(self, shape, latent, classes=0, norm=None, wrap=None):
        """z (n, latent), or [z, labels (n,)] with classes -> examples (n, *shape), float32."""
        wrap = wrap or parts.bare
        inputs, x = parts.latent_inputs(latent, classes, self.embedding)
        for level in range(1, self.depth + 1):
            x = wrap(layers.Dense(self.width, use_bias=norm is None, name=f"dense_{level}"))(x)
            x = layers.ReLU(name=f"relu_{level}")(parts.normalized(x, norm, f"norm_{level}"))
        x = wrap(layers.Dense(math.prod(shape), name="to_example"))(x)
        activation = "tanh" if len(shape) == 3 else "linear"
        x = layers.Reshape(shape, name="shaped")(x)
        return keras.Model(inputs, layers.Activation(activation, dtype="float32", name="example")(x), name="generator")

    def discriminator(self, shape, classes=0, norm=None, wrap=None, head=None, verdict=None):
        """Examples (n, *shape), or [examples, labels (n,)] with classes -> logits (n, 1) and features (n, width)."""
        wrap = wrap or parts.bare
        inputs, x, labels = parts.image_inputs(shape, classes)
        x = layers.Flatten(name="flat")(parts.noisy(x, self.noise))
        for level in range(1, self.depth + 1):
            first = level == 1
            x = wrap(layers.Dense(self.width, use_bias=norm is None or first, name=f"dense_{level}"))(x)
            x = x if first else parts.normalized(x, norm, f"norm_{level}")
            x = layers.LeakyReLU(0.2, name=f"leaky_{level}")(x)
        return parts.finished(inputs, x, labels, classes, wrap, head, keras.initializers.GlorotUniform, verdict)
