"""Starts and trains a GAN on one device and on two logical ones; run by test_initialize.py, prints JSON."""

import contextlib
import json

import keras
import numpy as np
import tensorflow as tf

from tfgan_improved.layers import BatchNorm, Dropout, GaussianNoise, WeightNorm
from tfgan_improved.ops import noise
from tfgan_improved.training.deals import Apart
from tfgan_improved.training.gan import GAN
from tfgan_improved.training.optimizers import LinearDecay, RootAdam
from tfgan_improved.training.player import two_players

layers = keras.layers
X = np.random.default_rng(0).normal(1.0, 2.0, (3, 16, 2)).astype("float32")


def make():
    keras.utils.set_random_seed(0)
    z, x = keras.Input((4,)), keras.Input((2,))
    made = WeightNorm(layers.Dense(2), start=1.0, deviation=0.5)(BatchNorm()(layers.Dense(5, use_bias=False)(z)))
    features = layers.Activation("tanh")(WeightNorm(layers.Dense(6), scale=False, start=1.0, deviation=1.0)(x))
    last = WeightNorm(layers.Dense(1), start=1.0, deviation=0.1)
    gan = GAN(two_players(keras.Model(z, made), keras.Model(x, {"logits": last(features), "features": features})),
              "normal:4", ema={"g": 0.9, "d": 0.9}, deal=Apart())
    gan.compile(**{f"{name}_optimizer": RootAdam(LinearDecay(0.05, 1, 9), 0.5) for name in "dg"})
    return gan


def values(gan):
    networks = [*gan.networks.values(), *gan.averages.values()]
    return [np.asarray(weight.value) for network in networks for weight in network.weights]


def gap(ones, others):
    return float(max(np.abs(one - other).max() for one, other in zip(ones, others, strict=True)))


def drawn(strategy, layer):
    """What each replica adds to or drops of ones, at two steps and at the first one again."""
    @tf.function
    def both(step):
        def one(x):
            with noise.scope(noise.fold(noise.root(0), step)):
                return layer(x, training=True)
        return strategy.experimental_local_results(strategy.run(one, (tf.ones((50, 4)),)))

    first, other, again = (both(tf.constant(step)) for step in (0, 1, 0))
    return [{"again": gap([first[r]], [again[r]]), "other step": gap([first[r]], [other[r]]),
             "other replica": gap([first[r]], [first[1 - r]])} for r in range(2)]


def moments_apart(strategy):
    """How far the moments of an average that is still a copy are from the network's, and the replicas' own apart."""
    with strategy.scope():
        keras.utils.set_random_seed(0)
        z, x = keras.Input((4,)), keras.Input((2,))
        made = BatchNorm(synchronized=False)(layers.Dense(2)(z))
        players = two_players(keras.Model(z, made), keras.Model(x, {"logits": layers.Dense(1)(x)}))
        gan = GAN(players, "normal:4", ema=0.9, ema_start=99)
        gan.compile(**{f"{name}_optimizer": keras.optimizers.SGD(0.05) for name in "dg"})
    step = tf.function(lambda: strategy.run(gan.train_step, (tf.constant(X[0][:4]),)))
    step(), step()
    copy, network = ([weight.value for weight in each.weights] for each in (gan.averages["g"], gan.networks["g"]))
    own = [strategy.experimental_local_results(weight.value) for weight in gan.networks["g"].non_trainable_variables]
    return {"gap": gap([np.asarray(value) for value in copy], [np.asarray(value) for value in network]),
            "apart": max(gap([one], [other]) for one, other in own)}


def main():
    tf.config.set_logical_device_configuration(
        tf.config.list_physical_devices("CPU")[0], [tf.config.LogicalDeviceConfiguration()] * 2)
    strategy, gans, report = tf.distribute.MirroredStrategy(["CPU:0", "CPU:1"]), [], {}
    for scope in (contextlib.nullcontext, strategy.scope):
        with scope():
            gans.append(make())
    before = values(gans[0])
    gans[0].initialize(X.reshape(-1, 2))
    with strategy.scope():
        gans[1].initialize(X.reshape(-1, 2))
    start = values(gans[0])
    report["moved"], report["start"] = gap(before, start), gap(start, values(gans[1]))
    copies = [[strategy.experimental_local_results(weight.value) for weight in network.weights]
              for network in (*gans[1].networks.values(), *gans[1].averages.values())]
    report["copies"] = max(gap([one], [other]) for weights in copies for one, other in weights)
    alone = tf.function(gans[0].train_step)
    dealt = tf.function(lambda rows: strategy.run(gans[1].train_step, (rows,)))
    for x in X:
        x = x.reshape(2, 2, 4, 2)  # part, replica, row
        alone(tf.constant(x.reshape(16, 2)))
        dealt(strategy.experimental_distribute_values_from_function(
            lambda context, x=x: tf.constant(x[:, context.replica_id_in_sync_group].reshape(8, 2))))
    report["way"], report["steps"] = gap(start, values(gans[0])), gap(values(gans[0]), values(gans[1]))
    report["noise"], report["dropout"] = drawn(strategy, GaussianNoise(1.0)), drawn(strategy, Dropout(0.5))
    report["moments"] = moments_apart(strategy)
    print(json.dumps(report))


if __name__ == "__main__":
    main()
