"""What instruments look at while a run trains: its networks, images of both kinds and what D says of them."""

import numpy as np
import tensorflow as tf

from tfgan_improved.ops import noise
from tfgan_improved.ops.pixels import to_float, to_uint8

SEED = 1706  # of the z, the same ones at every look and none of those that are trained or scored with


class Probe:
    """A GAN and real examples (n, ...) uint8 or float32 with labels (n,); real rows are used again where few.

    Networks run as outside of training: with the running statistics of their norms, without noise, and nothing of them
    changes. `rows` are seen at once: as many as in training, for a network that compares the images of a batch.
    """

    def __init__(self, gan, images, labels, rows):
        self.networks, self.rows, self._images, self._labels = gan.networks, rows, images, labels
        self.terms = {name: player.terms for name, player in gan.players.items()}
        self._latent, self._pixels = gan.latent, len(images.shape) == 4
        self._judge, self._draw = (tf.function(made, reduce_retracing=True, autograph=False)
                                   for made in (self._both, self._generate))

    def logits(self, batches):
        """D's logits of real and of generated examples: two float32 (batches * rows,).

        Generated ones have the labels of the real ones. G is the one that trains, not its average.
        """
        pairs = [[part.numpy().ravel() for part in self._judge(*self._take(index, self.rows), tf.constant(index))]
                 for index in range(batches)]
        return tuple(np.concatenate(parts) for parts in zip(*pairs))

    def samples(self, count):
        """Examples that G draws: uint8 images, or points."""
        parts = [self._draw(self._take(index, self.rows)[1], tf.constant(index)).numpy()
                 for index in range(-(-count // self.rows))]
        return np.concatenate(parts)[:count]

    def real(self, count):
        """The first `count` real examples; fewer where there are no more."""
        return self._images[:count]

    def _take(self, index, count):
        rows = np.arange(index * count, (index + 1) * count) % len(self._images)
        return tf.constant(self._images[rows]), tf.constant(self._labels[rows])

    def _both(self, real, labels, index):
        fake = self._made(labels, index)
        return [self._run("d", x, labels)["logits"] for x in (to_float(real), fake)]

    def _generate(self, labels, index):
        made = self._made(labels, index)
        return to_uint8(made) if self._pixels else made

    def _made(self, labels, index):
        z = self._latent.draw(noise.fold(noise.root(SEED), index), self.rows)
        return self._run("g", z, labels)

    def _run(self, name, x, labels):
        network = self.networks[name]
        return network(x if len(network.inputs) == 1 else [x, labels], training=False)
