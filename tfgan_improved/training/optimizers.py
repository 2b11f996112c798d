"""Adam on TensorFlow's fused kernel, its form with epsilon under the root, and a falling learning rate."""

import keras
import tensorflow as tf

from tfgan_improved import checks


@keras.saving.register_keras_serializable("tfgan_improved")
class FusedAdam(keras.optimizers.Adam):
    """keras.optimizers.Adam with the same update in one kernel a variable instead of ten operations.

    m <- b1 m + (1 - b1) g, v <- b2 v + (1 - b2) g^2, w <- w - lr sqrt(1 - b2^t) / (1 - b1^t) m / (sqrt(v) + epsilon).
    Same arguments and variables; sparse gradients and amsgrad fall back to Keras's own update. ValueError unless
    epsilon > 0 and both betas are from 0 to below 1.
    Source: Kingma & Ba 2015, arXiv:1412.6980, section 2, the reordered form.
    """

    def __init__(self, learning_rate=0.001, beta_1=0.9, beta_2=0.999, epsilon=1e-8, **kwargs):
        super().__init__(learning_rate, beta_1, beta_2, epsilon, **kwargs)
        if not checks.above(epsilon, 0):
            raise ValueError(f"epsilon of {type(self).__name__} must be above 0; received {epsilon!r}")
        if not all(checks.real(beta, 0) and beta < 1 for beta in (beta_1, beta_2)):
            raise ValueError(f"beta_1 and beta_2 of {type(self).__name__} must be from 0 to below 1; received "
                             f"{beta_1!r} and {beta_2!r}")

    def update_step(self, gradient, variable, learning_rate):
        """Updates one variable in place."""
        if self.amsgrad or isinstance(gradient, tf.IndexedSlices):
            return super().update_step(gradient, variable, learning_rate)
        w, m, v, step = self._parts(variable)
        kind = variable.dtype
        tf.raw_ops.ResourceApplyAdam(
            var=w.handle, m=m.handle, v=v.handle,
            beta1_power=tf.pow(tf.cast(self.beta_1, kind), step), beta2_power=tf.pow(tf.cast(self.beta_2, kind), step),
            lr=tf.cast(learning_rate, kind), beta1=tf.cast(self.beta_1, kind), beta2=tf.cast(self.beta_2, kind),
            epsilon=tf.cast(self.epsilon, kind), grad=tf.cast(gradient, kind))

    def _parts(self, variable):
        """TensorFlow's variables of w, m and v, and the number of this update, as a float."""
        index = self._get_variable_index(variable)
        w = variable.value if isinstance(variable, keras.Variable) else variable
        return (w, self._momentums[index].value, self._velocities[index].value,
                tf.cast(self.iterations.value + 1, variable.dtype))


@keras.saving.register_keras_serializable("tfgan_improved")
class RootAdam(FusedAdam):
    """Adam with epsilon under the root: w <- w - lr m' / sqrt(v' + epsilon).

    m' = m / (1 - b1^t), v' = v / (1 - b2^t). With 1e-8 no denominator is below 1e-4, so that weights with tiny
    gradients move less than in Adam. ValueError for amsgrad. Source: the code of Salimans et al. 2016,
    arXiv:1606.03498.
    """

    def __init__(self, learning_rate=0.001, beta_1=0.9, beta_2=0.999, epsilon=1e-8, **kwargs):
        super().__init__(learning_rate, beta_1, beta_2, epsilon, **kwargs)
        if self.amsgrad:
            raise ValueError("RootAdam has no form with amsgrad; received amsgrad=True; leave it out or use FusedAdam")

    def update_step(self, gradient, variable, learning_rate):
        """Updates one variable in place."""
        w, m, v, step = self._parts(variable)
        gradient = tf.cast(tf.convert_to_tensor(gradient), w.dtype)  # an embedding's is sparse
        m.assign_add((gradient - m) * (1.0 - self.beta_1))
        v.assign_add((tf.square(gradient) - v) * (1.0 - self.beta_2))
        rate = tf.cast(learning_rate, w.dtype) / (1.0 - tf.pow(tf.cast(self.beta_1, w.dtype), step))
        square = v.read_value() / (1.0 - tf.pow(tf.cast(self.beta_2, w.dtype), step))
        w.assign_sub(rate * m.read_value() * tf.math.rsqrt(square + self.epsilon))


@keras.saving.register_keras_serializable("tfgan_improved")
class LinearDecay(keras.optimizers.schedules.LearningRateSchedule):
    """rate until step `first`, then on a line to 0 at step `last`; `turns` updates of the player make a step.

    rate min(1, (last - step) / (last - first)), at least 0. ValueError unless rate >= 0, 0 <= first < last
    and turns is a whole number of at least 1.
    Source: Salimans et al. 2016, arXiv:1606.03498, its CIFAR-10 code: rate min(3 - epoch / 400, 1).
    """

    def __init__(self, rate, first, last, turns=1):
        if not (checks.real(rate, 0) and checks.real(first, 0) and checks.above(last, first)
                and checks.whole(turns, 1)):
            raise ValueError("LinearDecay needs rate >= 0, 0 <= first < last and a whole number turns >= 1; received "
                             f"rate={rate!r}, first={first!r}, last={last!r}, turns={turns!r}")
        self.rate, self.first, self.last, self.turns = rate, first, last, turns

    def __call__(self, update):
        step = tf.cast(update // self.turns, tf.float32)
        return self.rate * tf.clip_by_value((self.last - step) / (self.last - self.first), 0.0, 1.0)

    def get_config(self):
        return {"rate": self.rate, "first": self.first, "last": self.last, "turns": self.turns}
