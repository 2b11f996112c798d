"""Weight normalization of a layer's kernel, with a start from data."""

import keras
from keras import ops

from tfgan_improved.layers.kernel_wrapper import KernelWrapper
from tfgan_improved.ops import first_batch


@keras.saving.register_keras_serializable("tfgan_improved")
class WeightNorm(KernelWrapper):
    """The layer with g V / sqrt(|V|^2 + epsilon) for its kernel V, |V| the length of each unit's weights.

    It is a reparametrisation: V and g (units,) are trained and the gradient flows through the quotient; scale=False
    keeps g where it starts. g starts at |V|, so that the layer starts unchanged, or at `start` where that is above 0.
    scale=False with start=1 gives units of length 1 without a multiplier, what arXiv:1802.05957, section 4, compares.
    With `deviation` > 0 the first batch (`ops/first_batch.py`) sets g and the bias so that each unit has mean 0 and
    that standard deviation before its activation: m = mean(t), v = sqrt(mean((t - m)^2)) over rows and positions,
    g <- g deviation / v, b <- (b - m) deviation / v; a unit that does not vary keeps its g.
    A Dense layer's output is scaled instead of its kernel, which is the same and quicker for fewer rows than inputs.
    Layers: Dense, convolutions, transposed convolutions, Embedding (units are its classes, and it starts unmoved,
    because one batch need not show every class); TypeError for any other. ValueError for a negative argument.
    Source: Salimans & Kingma 2016, arXiv:1602.07868, equation 2 and section 3; epsilon, `start` and a fixed g as in
    the code of arXiv:1606.03498.
    """

    def __init__(self, layer, scale=True, start=0.0, deviation=0.0, epsilon=1e-6, **kwargs):
        super().__init__(layer, **kwargs)
        if min(start, deviation, epsilon) < 0:
            raise ValueError(f"start, deviation and epsilon of WeightNorm must be at least 0; received {start}, "
                             f"{deviation}, {epsilon}")
        self.scale, self.start, self.deviation, self.epsilon = scale, start, deviation, epsilon

    @property
    def starts_from_data(self):
        """Whether the first batch sets g and the bias."""
        return self.deviation > 0 and not isinstance(self.layer, keras.layers.Embedding)

    def build(self, shape):
        super().build(shape)
        start = keras.initializers.Constant(self.start) if self.start else (
            lambda shape, dtype: self._lengths(self.kernel.value))
        self.g = self.add_weight(
            name="g", shape=(self.units,), trainable=self.scale, autocast=False, initializer=start)

    def call(self, x, training=False):
        if self.starts_from_data and first_batch.active():
            self._start_from(x, training)
        if not isinstance(self.layer, keras.layers.Dense) or self.layer.activity_regularizer is not None:
            return super().call(x, training)  # which lets the layer itself run
        layer, kernel = self.layer, self.kernel.value
        kind = layer.compute_dtype
        y = ops.matmul(ops.cast(x, kind), ops.cast(kernel, kind)) * ops.cast(self.g / self._lengths(kernel), kind)
        y = y if layer.bias is None else y + ops.cast(layer.bias, kind)
        return y if layer.activation is None else layer.activation(y)

    def effective(self, kernel, training):
        return kernel * self.per_unit(self.g / self._lengths(kernel))

    def _lengths(self, kernel):
        return ops.sqrt(ops.sum(ops.square(self.matrix(kernel)), axis=0) + self.epsilon)

    def _start_from(self, x, training):
        """Sets g and the bias by what the layer makes of x before its activation."""
        kernel, bias = self.effective(self.kernel.value, training), self.layer.bias
        state = [(self.kernel, kernel)] + ([] if bias is None else [(bias, bias.value)])
        activation, self.layer.activation = self.layer.activation, keras.activations.linear
        try:
            with keras.StatelessScope(state, initialize_variables=False):
                t = ops.cast(self.layer(x), self.variable_dtype)
        finally:
            self.layer.activation = activation
        axes = list(range(len(t.shape) - 1))
        mean, deviation = ops.mean(t, axis=axes), ops.std(t, axis=axes)
        factor = ops.where(deviation > 1e-8, self.deviation / ops.maximum(deviation, 1e-8), 1.0)
        self.g.assign(self.g * factor)
        if bias is not None:
            bias.assign((bias - mean) * factor)

    def get_config(self):
        return {**super().get_config(), "scale": self.scale, "start": self.start, "deviation": self.deviation,
                "epsilon": self.epsilon}
