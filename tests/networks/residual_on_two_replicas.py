"""Steps of a small residual pair on two replicas against one; run by test_residual_replicas.py, prints JSON."""

import contextlib
import json

import keras
import numpy as np
import tensorflow as tf

from tfgan_improved.layers import BatchNorm, SpectralNorm
from tfgan_improved.networks import blocks, residual
from tfgan_improved.networks.statistics import Statistics
from tfgan_improved.terms.information import Information, StatisticsLoss
from tfgan_improved.training.gan import GAN
from tfgan_improved.training.player import Player, two_players

STEPS, ROWS, CLASSES = 2, 8, 3
SHAPE = (16, 16, 1)
PLAN = residual.Plan(8, (8, 8), (8, 8), 1, blocks.STARTS["orthogonal"], g_attention=16, d_attention=8, shared=4,
                     hierarchical=True)  # as BigGAN's, with a block of each kind
RANDOM = np.random.default_rng(0)
IMAGES = RANDOM.uniform(-1, 1, (STEPS, ROWS, *SHAPE)).astype("float32")
IMAGES[:, ROWS // 2:] *= 0.3  # the replicas' own moments are far from the whole batch's
LABELS = RANDOM.integers(0, CLASSES, (STEPS, ROWS)).astype("int32")


def make():
    keras.utils.set_random_seed(0)
    generator = residual.generator(PLAN, SHAPE, 6, CLASSES, BatchNorm, SpectralNorm)
    discriminator = residual.discriminator(PLAN, SHAPE, CLASSES, None, SpectralNorm, None, None)
    for network in (generator, discriminator):
        for layer in network.layers:
            if layer.name.startswith("attention"):
                layer.gamma.assign(0.5)  # at 0 it would do nothing
    others = {"t": Player(Statistics(8, 2, 4).build(SHAPE, 6), (StatisticsLoss(),))}
    players = two_players(generator, discriminator, "hinge", g_terms=[Information()], others=others)
    # Batch norm's moments, spectral norm's vectors and MINE's means are of a pass: so both must have the same passes.
    gan = GAN(players, "normal:6", ema=0.5, accumulate=2)
    gan.compile(**{f"{name}_optimizer": keras.optimizers.SGD(0.05) for name in players})
    return gan


def train(gan, strategy=None):
    """{path: weights before, weights after} of the networks and the average."""
    def dealt(rows):
        if strategy is None:
            return tf.constant(rows)
        # As the pipeline deals them: in each pass the replicas' rows lie side by side.
        passes = rows.reshape(gan.accumulate, 2, -1, *rows.shape[1:])
        return strategy.experimental_distribute_values_from_function(
            lambda context: tf.constant(passes[:, context.replica_id_in_sync_group].reshape(-1, *rows.shape[1:])))

    def step(*data):
        return gan.train_step(data)

    if strategy is not None:
        step = tf.function(lambda *data: strategy.run(gan.train_step, (data,)))
    networks = {**gan.networks, "average": gan.averages["g"]}
    before = {f"{name}/{w.path}": np.asarray(w.value) for name, network in networks.items() for w in network.weights}
    for images, labels in zip(IMAGES, LABELS):
        step(dealt(images), dealt(labels))
    after = {f"{name}/{w.path}": np.asarray(w.value) for name, network in networks.items() for w in network.weights}
    return before, after


def main():
    tf.config.set_logical_device_configuration(
        tf.config.list_physical_devices("CPU")[0], [tf.config.LogicalDeviceConfiguration()] * 2)
    strategy = tf.distribute.MirroredStrategy(["CPU:0", "CPU:1"])
    found = []
    for scope, spread in ((contextlib.nullcontext, None), (strategy.scope, strategy)):
        with scope():
            gan = make()
        found.append(train(gan, spread))
    one, two = found
    moved = {key: float(np.abs(one[1][key] - one[0][key]).max()) for key in one[0]}
    gaps = {key: float(np.abs(one[1][key] - two[1][key]).max()) for key in one[0]}
    worst = max(gaps, key=lambda key: gaps[key] / (moved[key] + 1e-3))
    report = {"start": max(float(np.abs(one[0][key] - two[0][key]).max()) for key in one[0]),
              "worst": worst, "gap": gaps[worst], "way": moved[worst],
              "least": min(value for key, value in moved.items() if key.endswith(("kernel", "gamma")))}
    print(json.dumps(report))


if __name__ == "__main__":
    main()
