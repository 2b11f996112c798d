"""A part of each row, such as the noise map that stands somewhere in a flat z."""

import math

import keras
from keras import ops

from tfgan_improved import checks


@keras.saving.register_keras_serializable("tfgan_improved")
class Part(keras.layers.Layer):
    """Numbers `first`, `first` + 1, ... of each row, as many as `shape` holds, in that shape.

    x (n, m) -> (n, *shape). ValueError unless first >= 0, x has rank 2 and its rows are long enough.
    Source: the code for ImageNet of Salimans et al. 2016, arXiv:1606.03498, which draws z in several parts.
    """

    def __init__(self, first, shape, **kwargs):
        super().__init__(**kwargs)
        if not checks.whole(first) or not isinstance(shape, (tuple, list)) or not all(
                checks.whole(side, 1) for side in shape):
            raise ValueError("Part wants a whole number first >= 0 and a shape, a tuple of whole sizes >= 1; received "
                             f"{first!r}, {shape!r}")
        self.first, self.shape = first, tuple(shape)

    def build(self, shape):
        if len(shape) != 2 or shape[-1] is None or shape[-1] < self.first + math.prod(self.shape):
            raise ValueError(f"Part wants rows of at least {self.first + math.prod(self.shape)} numbers, shape (n, m); "
                             f"received shape {tuple(shape)}")

    def call(self, x):
        return ops.reshape(x[:, self.first:self.first + math.prod(self.shape)], (-1, *self.shape))

    def compute_output_shape(self, shape):
        return (shape[0], *self.shape)

    def get_config(self):
        return {**super().get_config(), "first": self.first, "shape": self.shape}
