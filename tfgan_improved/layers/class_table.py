"""A learned vector for each class, which refuses what is no label."""

import keras

from tfgan_improved.ops import class_labels


@keras.saving.register_keras_serializable("tfgan_improved")
class ClassTable(keras.layers.Embedding):
    """y = v(label), a learned vector for each class: labels int (n,) -> (n, output_dim). A Keras Embedding, checked.

    ValueError for labels of another rank, such as one-hot ones, for fractions, and for a label that is no class. In a
    graph labels are not looked at: -1 is the last class there, and one too large fails on a CPU and gives zeros on a
    GPU; the steps of `GAN` and the calls of an export look at theirs before.
    Source: Miyato & Koyama 2018, arXiv:1802.05637, section 3 (the projection's vectors).
    """

    class_rows = True  # for `ops.class_labels.class_count`

    def build(self, shape=None):
        if shape is not None:
            self._check_rank(shape)
        super().build(shape)

    def call(self, labels):
        self._check_rank(labels.shape)
        class_labels.check_concrete(labels, self.input_dim, self.name)
        return super().call(labels)

    def _check_rank(self, shape):
        if len(shape) != 1:
            raise ValueError(f"labels of '{self.name}' must have shape (n,), one a row; received {tuple(shape)}; give "
                             "the number of the class, of one-hot labels their argmax")
