"""Normalization whose gains and biases depend on a condition: a class, a vector, or both."""

import keras
from keras import layers, ops

from tfgan_improved.layers.class_vectors import ClassVectors


@keras.saving.register_keras_serializable("tfgan_improved")
class ConditionalNorm(layers.Layer):
    """y = norm(x) (1 + gain(c)) + bias(c) for each channel; called with [x, c].

    x (n, f) or (n, h, w, f), y the same; c is what `gain` and `bias` turn into (n, f): labels (n,) for tables of the
    classes, or a vector (n, d), such as a class's joined with a part of z, for dense layers. `norm` is any layer that
    keeps the shape, best without gains and biases of its own, such as BatchNorm(center=False, scale=False), whose
    moments are then those of the batch over all replicas; None is none.
    Gains and biases are added in the norm's own precision. ValueError where they do not fit x, which is known of rows
    when their numbers are, and for labels as in `ClassVectors`.
    Source: Dumoulin et al. 2017, arXiv:1610.07629, section 2.2; de Vries et al. 2017, arXiv:1707.00683, section 3;
    a vector and gains about 1 as in Brock et al. 2019, arXiv:1809.11096, appendix B.
    """

    def __init__(self, norm, gain, bias, **kwargs):
        super().__init__(**kwargs)
        if gain is None or bias is None:
            raise ValueError(f"ConditionalNorm wants layers for gain and bias; received {gain} and {bias}; "
                             "`of_classes` and `of_vector` make them")
        self.norm, self.gain, self.bias = norm, gain, bias

    @classmethod
    def of_classes(cls, norm, classes, channels, **kwargs):
        """With a table of gains and one of biases, all 0 at first, so that it starts as `norm` does."""
        return cls(norm, *(ClassVectors(classes, channels, embeddings_initializer="zeros", dtype="float32",
                                        name=role) for role in ("gain", "bias")), **kwargs)

    @classmethod
    def of_vector(cls, norm, channels, wrap=None, initializer="glorot_uniform", **kwargs):
        """With gains and biases linear in the vector c, without a constant; `wrap` decorates both layers."""
        return cls(norm, *_dense(channels, wrap, initializer), **kwargs)

    def build(self, shapes):
        if not isinstance(shapes[0], (tuple, list)) or len(shapes) != 2:
            raise ValueError(f"ConditionalNorm is called on [x, condition]; received one input of shape {shapes}")
        shape, condition = shapes
        _check_rows(shape, condition)
        for layer, seen in ((self.norm, shape), (self.gain, condition), (self.bias, condition)):
            if layer is not None and not layer.built:  # as a restored one is
                layer.build(seen)
        for layer in (self.gain, self.bias):
            if layer.compute_output_shape(condition)[-1] != shape[-1]:
                raise ValueError(f"ConditionalNorm wants a gain and a bias for each of {shape[-1]} channels; received "
                                 f"{layer.compute_output_shape(condition)[-1]} from '{layer.name}'")

    def call(self, inputs):
        x, condition = inputs
        _check_rows(x.shape, condition.shape)
        x = x if self.norm is None else self.norm(x)
        places = (-1, *[1] * (len(x.shape) - 2), x.shape[-1])
        gain, bias = (ops.cast(ops.reshape(layer(condition), places), x.dtype) for layer in (self.gain, self.bias))
        return x * (1 + gain) + bias

    def compute_output_shape(self, shapes):
        return shapes[0]

    def get_config(self):
        return {**super().get_config(), **{name: keras.saving.serialize_keras_object(getattr(self, name))
                                           for name in ("norm", "gain", "bias")}}

    @classmethod
    def from_config(cls, config):
        parts = {name: keras.saving.deserialize_keras_object(config[name]) for name in ("norm", "gain", "bias")}
        return cls(**{**config, **parts})


def _check_rows(shape, condition):
    """Otherwise gains of one row would pass for those of all, and one row for as many as there are gains."""
    rows = [each[0] if len(each) else None for each in (shape, condition)]
    if None not in rows and rows[0] != rows[1]:
        raise ValueError(f"ConditionalNorm wants a condition for each row of x; received {rows[0]} rows and "
                         f"{rows[1]} conditions, of shapes {tuple(shape)} and {tuple(condition)}; give as many")


def _dense(channels, wrap, initializer):
    for role in ("gain", "bias"):
        start = initializer() if callable(initializer) else initializer  # a fresh one for each
        layer = layers.Dense(channels, use_bias=False, kernel_initializer=start, dtype="float32", name=role)
        yield layer if wrap is None else wrap(layer)
