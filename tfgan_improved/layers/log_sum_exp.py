"""The logit of "real" that class logits imply."""

import keras
from keras import ops


@keras.saving.register_keras_serializable("tfgan_improved")
class LogSumExp(keras.layers.Layer):
    """log sum_k exp l_k of l (n, K) -> (n, 1); with against_last the last logit is subtracted instead of summed.

    Its sigmoid is what a softmax over l and a further logit 0, or over l as it is, gives to all but the last. Finite
    for logits of any size. Source: Salimans et al. 2016, arXiv:1606.03498, section 5.
    """

    def __init__(self, against_last=False, **kwargs):
        super().__init__(**kwargs)
        self.against_last = against_last

    def call(self, x):
        if not self.against_last:
            return ops.logsumexp(x, axis=-1, keepdims=True)
        return ops.logsumexp(x[:, :-1], axis=-1, keepdims=True) - x[:, -1:]

    def compute_output_shape(self, shape):
        return (shape[0], 1)

    def get_config(self):
        return {**super().get_config(), "against_last": self.against_last}
