"""Closeness and its gradients in TensorFlow: the package's layer, or all pairs at once as a formula is written."""

import minibatch
import tensorflow as tf

from tfgan_improved.layers import MinibatchDiscrimination


def plain(x, t, kernels, dims):
    m = tf.reshape(tf.matmul(x, t), (-1, kernels, dims))
    return tf.reduce_sum(tf.exp(-tf.reduce_sum(tf.abs(m[:, None] - m[None]), axis=-1)), axis=1) - 1.0


def main():
    asked = minibatch.settings()
    tf.config.threading.set_intra_op_parallelism_threads(asked.threads)
    tf.config.threading.set_inter_op_parallelism_threads(asked.threads)
    x, t, upstream = (tf.constant(value) for value in minibatch.inputs(asked))
    layer = MinibatchDiscrimination(asked.kernels, asked.dims)
    layer.build(x.shape)
    layer.T.assign(t)

    @tf.function
    def step(x, upstream):
        with tf.GradientTape() as tape:
            tape.watch(x)
            if asked.form == "layer":
                closeness = layer(x)[:, asked.features:]
            else:
                closeness = plain(x, tf.convert_to_tensor(layer.T), asked.kernels, asked.dims)
            total = tf.reduce_sum(closeness * upstream)
        return closeness, *tape.gradient(total, [x, layer.T.value])

    minibatch.run(asked, lambda: [value.numpy() for value in step(x, upstream)], {"tensorflow": tf.__version__})


if __name__ == "__main__":
    main()
