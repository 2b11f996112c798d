"""The vectors of a generator's classes, between which one can walk."""

import keras
from keras import ops

from tfgan_improved.layers.class_table import ClassTable
from tfgan_improved.ops import class_mix


@keras.saving.register_keras_serializable("tfgan_improved")
class ClassVectors(ClassTable):
    """y = v(label), a learned vector for each class; within `class_mix.mixed` (1 - s) v(label) + s v(other).

    Labels int (n,) -> (n, output_dim); s in [0, 1] is each row's share of the other class. Outside of that it is a
    `ClassTable`, whose ValueErrors are its own too.
    Source: Brock et al. 2019, arXiv:1809.11096, appendix B (shared vectors), figure 8 (walks between classes).
    """

    def call(self, labels):
        vectors, mix = super().call(labels), class_mix.current()
        if mix is None:
            return vectors
        others, shares = mix
        return vectors + ops.cast(shares, vectors.dtype)[:, None] * (super().call(others) - vectors)
