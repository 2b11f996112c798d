"""Adam on TensorFlow's fused kernel."""

import keras
import tensorflow as tf


@keras.saving.register_keras_serializable("tfgan_improved")
class FusedAdam(keras.optimizers.Adam):
    """keras.optimizers.Adam with the same update in one kernel a variable instead of ten operations.

    m <- b1 m + (1 - b1) g, v <- b2 v + (1 - b2) g^2, w <- w - lr sqrt(1 - b2^t) / (1 - b1^t) m / (sqrt(v) + epsilon).
    Same arguments and variables; sparse gradients and amsgrad fall back to Keras's own update.
    Source: Kingma & Ba 2015, arXiv:1412.6980, section 2, the reordered form.
    """

    def update_step(self, gradient, variable, learning_rate):
        """Updates one variable in place."""
        if self.amsgrad or isinstance(gradient, tf.IndexedSlices):
            return super().update_step(gradient, variable, learning_rate)
        index, kind = self._get_variable_index(variable), variable.dtype
        step = tf.cast(self.iterations.value + 1, kind)
        handle = variable.value.handle if isinstance(variable, keras.Variable) else variable.handle
        tf.raw_ops.ResourceApplyAdam(
            var=handle, m=self._momentums[index].value.handle, v=self._velocities[index].value.handle,
            beta1_power=tf.pow(tf.cast(self.beta_1, kind), step), beta2_power=tf.pow(tf.cast(self.beta_2, kind), step),
            lr=tf.cast(learning_rate, kind), beta1=tf.cast(self.beta_1, kind), beta2=tf.cast(self.beta_2, kind),
            epsilon=tf.cast(self.epsilon, kind), grad=tf.cast(gradient, kind))
