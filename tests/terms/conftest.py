"""Views on small networks whose slopes are known in closed form."""

import keras
import numpy as np
import pytest
import tensorflow as tf

from tfgan_improved.training.view import View

ROWS = 6
SHAPE = (3, 2, 1)
WEIGHTS = np.random.default_rng(1).normal(size=6).astype("float32")


class Quadratic(keras.layers.Layer):
    """sum_i a_i x_i^2 / 2 of flat x (n, f) -> (n, 1); its slope is a x."""

    def build(self, shape):
        self.a = self.add_weight(shape=shape[-1:], initializer=lambda shape, dtype: tf.constant(WEIGHTS))

    def call(self, x):
        return keras.ops.sum(self.a * keras.ops.square(x), axis=-1, keepdims=True) / 2


def judge(kind):
    """D of images of SHAPE: its logits are w . x or sum a x^2 / 2; its features are the flat x."""
    image = keras.Input(SHAPE)
    features = keras.layers.Flatten()(image)
    start = keras.initializers.Constant(WEIGHTS[:, None])
    last = Quadratic() if kind == "quadratic" else keras.layers.Dense(1, kernel_initializer=start)
    return keras.Model(image, {"logits": last(features), "features": features})


def painter():
    """G from z (n, 4) to images of SHAPE."""
    keras.utils.set_random_seed(0)
    z = keras.Input((4,))
    return keras.Model(z, keras.layers.Reshape(SHAPE)(keras.layers.Dense(6, use_bias=False)(z)))


@pytest.fixture
def make_view():
    """A function (kind of D, whose turn it is) -> a View on fixed real images and z."""
    def make(kind="linear", player="d"):
        random = np.random.default_rng(2)
        real, z = random.uniform(-1, 1, (ROWS, *SHAPE)).astype("float32"), random.normal(size=(ROWS, 4))
        view = View({"d": judge(kind), "g": painter()}, tf.constant(real), tf.constant(z.astype("float32")))
        view.player = player
        return view

    return make
