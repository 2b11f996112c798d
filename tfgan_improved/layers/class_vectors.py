"""The vectors of a generator's classes, between which one can walk."""

import keras
from keras import ops

from tfgan_improved.ops import class_labels, class_mix


@keras.saving.register_keras_serializable("tfgan_improved")
class ClassVectors(keras.layers.Embedding):
    """y = v(label), a learned vector for each class; within `class_mix.mixed` (1 - s) v(label) + s v(other).

    Labels int (n,) -> (n, output_dim); s in [0, 1] is each row's share of the other class. A Keras Embedding, which
    it is outside of that. ValueError for labels of another rank, such as one-hot ones, and for a label that is no
    class. In a graph labels are not looked at: -1 is the last class there, and one too large fails on a CPU and gives
    zeros on a GPU; the steps of `GAN` and the calls of an export look at theirs before.
    Source: Brock et al. 2019, arXiv:1809.11096, appendix B (shared vectors), figure 8 (walks between classes).
    """

    class_rows = True  # for `ops.class_labels.class_count`

    def build(self, shape=None):
        if shape is not None:
            self._check_rank(shape)
        super().build(shape)

    def call(self, labels):
        vectors, mix = self._vectors(labels), class_mix.current()
        if mix is None:
            return vectors
        others, shares = mix
        return vectors + ops.cast(shares, vectors.dtype)[:, None] * (self._vectors(others) - vectors)

    def _vectors(self, labels):
        self._check_rank(labels.shape)
        class_labels.check_concrete(labels, self.input_dim, self.name)
        return super().call(labels)

    def _check_rank(self, shape):
        if len(shape) != 1:
            raise ValueError(f"labels of '{self.name}' must have shape (n,), one a row; received {tuple(shape)}; give "
                             "the number of the class, of one-hot labels their argmax")
