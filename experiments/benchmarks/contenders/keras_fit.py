"""Plain Keras: the networks from Keras's own layers, a `train_step` as in its guides, Keras's Adam and `fit`."""

import keras
import numpy as np
import pace
import tensorflow as tf
from keras import layers


def generator():
    return keras.Sequential([
        keras.Input((100,)),
        layers.Dense(7 * 7 * 128, use_bias=False), layers.Reshape((7, 7, 128)),
        layers.BatchNormalization(), layers.ReLU(),
        layers.Conv2DTranspose(64, 4, strides=2, padding="same", use_bias=False),
        layers.BatchNormalization(), layers.ReLU(),
        layers.Conv2DTranspose(1, 4, strides=2, padding="same", activation="tanh")])


def discriminator():
    return keras.Sequential([
        keras.Input((28, 28, 1)),
        layers.Conv2D(64, 4, strides=2, padding="same"), layers.LeakyReLU(0.2),
        layers.Conv2D(128, 4, strides=2, padding="same", use_bias=False),
        layers.BatchNormalization(), layers.LeakyReLU(0.2),
        layers.Flatten(), layers.Dense(1)])


class PlainGAN(keras.Model):
    """One D and one G update per step; each turn draws its own z."""

    def __init__(self, g, d):
        super().__init__()
        self.g, self.d, self.latent, self.built = g, d, g.input_shape[-1], True
        self.entropy = keras.losses.BinaryCrossentropy(from_logits=True)

    def compile(self, d_optimizer, g_optimizer, **settings):
        super().compile(**settings)
        self.d_optimizer, self.g_optimizer = d_optimizer, g_optimizer

    def train_step(self, images):
        ones, zeros = tf.ones((64, 1)), tf.zeros((64, 1))
        fake = self.g(tf.random.normal((64, self.latent)), training=True)
        with tf.GradientTape() as tape:
            d_loss = self.entropy(ones, self.d(images, training=True)) + self.entropy(
                zeros, self.d(fake, training=True))
        weights = self.d.trainable_variables
        self.d_optimizer.apply(tape.gradient(d_loss, weights), weights)
        with tf.GradientTape() as tape:
            fake = self.g(tf.random.normal((64, self.latent)), training=True)
            g_loss = self.entropy(ones, self.d(fake, training=True))
        weights = self.g.trainable_variables
        self.g_optimizer.apply(tape.gradient(g_loss, weights), weights)
        return {"d_loss": d_loss, "g_loss": g_loss}


class Rounds(keras.callbacks.Callback):
    """Ends a round after every `steps` batches."""

    def __init__(self, steps, ended):
        super().__init__()
        self.steps, self.ended, self.done = steps, ended, 0

    def on_train_batch_end(self, batch, logs=None):
        self.done += 1
        if self.done % self.steps == 0:
            self.ended()


def main(generator, discriminator):
    """Answers the driver with rounds of a GAN of two freshly built networks."""
    asked = pace.settings()
    tf.config.threading.set_intra_op_parallelism_threads(asked.threads)
    tf.config.threading.set_inter_op_parallelism_threads(asked.threads)
    images = np.load(asked.images)
    batches = tf.data.Dataset.from_tensor_slices(images).shuffle(len(images)).repeat().batch(64, drop_remainder=True)
    batches = batches.map(lambda x: tf.cast(x, tf.float32) / 127.5 - 1.0).prefetch(tf.data.AUTOTUNE)
    gan = PlainGAN(generator(), discriminator())
    gan.compile(*(keras.optimizers.Adam(2e-4, beta_1=0.5) for _ in range(2)))
    parameters = {name: sum(variable.shape.num_elements() for variable in network.trainable_variables)
                  for name, network in {"g": gan.g, "d": gan.d}.items()}
    ended = pace.Pace(parameters, {"tensorflow": tf.__version__, "keras": keras.__version__})
    gan.fit(batches, steps_per_epoch=10**9, verbose=0, callbacks=[Rounds(asked.steps, ended)])


if __name__ == "__main__":
    main(generator, discriminator)
