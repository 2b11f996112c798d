"""The small training loop of the domain classifier: deterministic for one machine and number of threads."""

import time

import numpy as np
import tensorflow as tf

from tfgan_improved.evaluation import domain_network

UPDATES_AT_ONCE = 10


def train(network, images, labels, recipe, progress):
    """Trains `network` in place on uint8 images (n, h, w, c) and labels (n,); `progress(text)` hears how it goes."""
    domain_network.whiten(network, images, recipe)
    updates, size = recipe.updates(len(images)), recipe.batch_size
    rows = _order(len(images), updates * size, recipe.seed).reshape(updates, size)
    rates = _rates(updates, recipe)
    several = _several_updates(network, images, labels, recipe)
    start = time.monotonic()
    for first in range(0, updates, UPDATES_AT_ONCE):
        numbers = np.arange(first, min(first + UPDATES_AT_ONCE, updates), dtype=np.int32)
        loss = float(several(tf.constant(numbers), tf.constant(rows[numbers]), tf.constant(rates[numbers])))
        done = int(numbers[-1]) + 1
        left = (time.monotonic() - start) * (updates - done) / done
        progress(f"update {done}/{updates}  loss {loss:.3f}  {left:.0f} s left")


def _order(examples, length, seed):
    """Rows for every position: each epoch in its own order. RandomState's draws never change with the version."""
    random = np.random.RandomState(seed)
    epochs = [random.permutation(examples) for _ in range(-(-length // examples))]
    return np.concatenate(epochs)[:length].astype(np.int32)


def _rates(updates, recipe):
    part = (np.arange(updates) + 1) / (updates + 1)
    share = np.minimum(part / 0.2, (1 - part) / 0.8) if recipe.decay else np.ones(updates)
    return (recipe.rate * share).astype(np.float32)


def _several_updates(network, images, labels, recipe):
    """A compiled function (numbers (k,), rows (k, n), rates (k,)) -> mean loss of k updates."""
    images, labels = tf.constant(images), tf.constant(labels)
    variables = network.trainable_variables
    kernels = [variable for variable in variables if variable.path.endswith("kernel")]
    optimizer = recipe.optimizer()
    optimizer.build(variables)

    @tf.autograph.experimental.do_not_convert  # only the loop around it is
    def update(number, rows, rate):
        batch = augment(tf.gather(images, rows), recipe, tf.stack([recipe.seed, number]))
        with tf.GradientTape() as tape:
            logits = network(batch, training=True)["logits"]
            cost = loss = tf.reduce_mean(tf.nn.sparse_softmax_cross_entropy_with_logits(
                tf.gather(labels, rows), logits))
            if recipe.weight_decay:
                cost += recipe.weight_decay * tf.add_n([tf.nn.l2_loss(kernel) for kernel in kernels])
        optimizer.learning_rate.assign(rate)
        optimizer.apply(tape.gradient(cost, variables), variables)
        return loss

    @tf.function
    def several(numbers, rows, rates):
        total = tf.constant(0.0)
        for k in tf.range(tf.shape(numbers)[0]):
            total += update(numbers[k], rows[k], rates[k])
        return total / tf.cast(tf.shape(numbers)[0], tf.float32)

    return several


def augment(images, recipe, seed):
    """Each image (n, h, w, c) moved by up to `recipe.shift` pixels, and mirrored by a coin where `flip`.

    What comes in from outside is black, or the image's mirrored edge with `recipe.padding` REFLECT.
    """
    n, (height, width), shift = tf.shape(images)[0], images.shape[1:3], recipe.shift
    padded = tf.pad(images, [[0, 0], [shift, shift], [shift, shift], [0, 0]], mode=recipe.padding)
    corner = tf.random.stateless_uniform((n, 2), seed, 0, 2 * shift + 1, tf.int32)
    rows, columns = corner[:, :1] + tf.range(height), corner[:, 1:] + tf.range(width)
    if recipe.flip:
        coin = tf.random.stateless_uniform((n, 1), seed + [1, 0]) < 0.5
        columns = tf.where(coin, columns[:, ::-1], columns)
    return tf.gather(tf.gather(padded, rows, batch_dims=1), columns, axis=2, batch_dims=1)
