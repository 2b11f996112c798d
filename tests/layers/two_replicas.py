"""Layers on two replicas against the whole batch on one; run by test_two_replicas.py in a process of its own.

Prints one JSON object: case -> largest error relative to the largest value, and which values were equal on both.
"""

import contextlib
import json

import keras
import numpy as np
import tensorflow as tf

from tfgan_improved import layers
from tfgan_improved.ops import closeness

ROWS = 8  # on each replica
HEADS = {"minibatch": lambda: layers.MinibatchDiscrimination(kernels=3, dims=2, across_replicas=True),
         "halves": lambda: layers.MinibatchHalves(kernels=3, dims=2, across_replicas=True)}


def network(name, shape):
    x = inputs = keras.Input(shape)
    if len(shape) == 3:
        x = keras.layers.Conv2D(6, 3, name="first")(x)
        x = layers.BatchNorm(gamma_initializer=keras.initializers.RandomNormal(1.0, 0.2), name="norm")(x)
        x = layers.SpectralNorm(keras.layers.Conv2D(4, 3, activation="tanh", name="second"))(x)
        x = keras.layers.Flatten()(x)
    else:
        x = keras.layers.Dense(6, name="first")(x)
        x = keras.layers.Activation("tanh")(layers.BatchNorm(name="norm")(x))
    x = HEADS[name]()(x) if name in HEADS else x
    return keras.Model(inputs, keras.layers.Dense(1, activation="tanh", name="last")(x))


def step(model, x, replicas):
    """Loss with a gradient penalty, its gradients, as a training step takes them: divided by the replicas."""
    with tf.GradientTape() as outer:
        with tf.GradientTape(watch_accessed_variables=False) as inner:
            inner.watch(x)
            score = model(x, training=True)
            total = tf.reduce_sum(score)
        slope = inner.gradient(total, x)
        penalty = tf.reduce_mean(tf.reduce_sum(tf.square(slope), axis=list(range(1, x.shape.rank))))
        loss = (tf.reduce_mean(tf.square(score)) + 10.0 * penalty) / replicas
    gradients = outer.gradient(loss, [v.value for v in model.trainable_variables])
    return score, loss, slope, [tf.convert_to_tensor(g) for g in gradients]


def compare(strategy, name, shape):
    keras.utils.set_random_seed(0)
    one = network(name, shape)
    with strategy.scope():
        two = network(name, shape)
        two.set_weights(one.get_weights())
    x = tf.constant(np.random.default_rng(0).normal(3.0, 2.0, size=(2, 2 * ROWS, *shape)).astype("float32"))
    x = tf.concat([x[:, :ROWS], 4.0 + x[:, ROWS:]], 1)  # the replicas' own moments are far from the whole batch's

    @tf.function(autograph=False)
    def both(x):
        parts = tf.split(x, 2)
        mine = strategy.experimental_distribute_values_from_function(lambda c: parts[c.replica_id_in_sync_group])

        def part(x):
            score, loss, slope, gradients = step(two, x, 2)
            return score, loss, slope, tf.distribute.get_replica_context().all_reduce("sum", gradients)
        return strategy.run(part, (mine,))

    order = halves_first() if name == "halves" else np.arange(2 * ROWS)
    back = np.argsort(order)

    @tf.function(autograph=False)
    def alone(x):
        score, loss, slope, gradients = step(one, tf.gather(x, order), 1)
        return tf.gather(score, back), loss, tf.gather(slope, back), gradients

    report = {}
    for batch in x:
        score, loss, slope, gradients = both(batch)
        want = alone(batch)
        got = (tf.concat(strategy.experimental_local_results(score), 0),
               tf.add_n(strategy.experimental_local_results(loss)),
               tf.concat(strategy.experimental_local_results(slope), 0),
               [strategy.experimental_local_results(g)[0] for g in gradients])
        for key, a, b in zip(("score", "loss", "slope"), got, want):
            report[key] = max(report.get(key, 0.0), error(a, b))
        for variable, a, b in zip(one.trainable_variables, got[3], want[3]):
            # a bias before a norm has no gradient but rounding
            scale = 1.0 if variable.path == "first/bias" else None
            report[f"gradient {variable.path}"] = error(a, b, scale)
    for a, b in zip(two.non_trainable_variables, one.non_trainable_variables):
        report[b.path] = error(a.value, b.value)
        copies = strategy.experimental_local_results(a.value)
        report[f"copies of {b.path}"] = error(copies[0], copies[1])
    return report


def apart(strategy):
    """Batch norm that is not synchronized on two replicas, against each half of the rows on one device."""
    x = np.random.default_rng(0).normal(3.0, 2.0, size=(2, ROWS, 3, 3, 2)).astype("float32")
    x = tf.constant(np.stack([x[0], 3 * x[1]]))
    with strategy.scope():
        layer = layers.BatchNorm(synchronized=False)
        layer.build((None, 3, 3, 2))

    @tf.function(autograph=False)
    def both():
        mine = strategy.experimental_distribute_values_from_function(lambda c: x[c.replica_id_in_sync_group])
        return strategy.run(lambda x: layer(x, training=True), (mine,))

    got, report, means = strategy.experimental_local_results(both()), {}, []
    for index in range(2):
        alone = layers.BatchNorm()
        report[f"rows of {index}"] = error(got[index], alone(x[index], training=True))
        means.append(alone.moving_mean.numpy())
    copies = strategy.experimental_local_results(layer.moving_mean.value)
    return report | {"copies": error(np.stack(copies), np.stack(means)),
                     "saved": error(layer.moving_mean.numpy(), np.mean(means, axis=0))}


def halves_first():
    """Where the rows of one batch stand that is dealt to two replicas, half of each replica's rows being generated."""
    return np.arange(2 * ROWS).reshape(2, 2, ROWS // 2).transpose(1, 0, 2).ravel()


def train(strategy, name, steps=3):
    """Weights after steps of SGD in a loop of TensorFlow, as the training loop runs them, against one replica's."""
    x = tf.constant(np.random.default_rng(0).normal(size=(steps, 2, ROWS, 3)).astype("float32"))
    models = []
    for replicas in (1, 2):
        keras.utils.set_random_seed(0)
        with strategy.scope() if replicas == 2 else contextlib.nullcontext():
            model, optimizer = network(name, (3,)), keras.optimizers.SGD(0.1)
            optimizer.build(model.trainable_variables)
        models.append(model)

        def one_step(x, model=model, optimizer=optimizer, replicas=replicas):
            optimizer.apply(step(model, x, replicas)[3], model.trainable_variables)

        @tf.function
        def loop(one_step=one_step, replicas=replicas):
            for index in tf.range(steps):
                if replicas == 1:
                    one_step(tf.reshape(x[index], (2 * ROWS, 3)))
                else:
                    strategy.run(one_step, (strategy.experimental_distribute_values_from_function(
                        lambda context, index=index: x[index][context.replica_id_in_sync_group]),))

        loop()
    return {b.path: error(a.value, b.value) for a, b in zip(models[1].trainable_variables,
                                                           models[0].trainable_variables) if b.path != "first/bias"}


def error(got, want, scale=None):
    got, want = np.asarray(got, "float64"), np.asarray(want, "float64")
    return float(np.abs(got - want).max() / (scale or np.abs(want).max()))


def main():
    tf.config.threading.set_intra_op_parallelism_threads(2)
    tf.config.set_logical_device_configuration(
        tf.config.list_physical_devices("CPU")[0], [tf.config.LogicalDeviceConfiguration()] * 2)
    strategy = tf.distribute.MirroredStrategy(["CPU:0", "CPU:1"])
    cases = {"image": ("image", (7, 7, 2)), "points": ("points", (3,)), "minibatch": ("minibatch", (7, 7, 2)),
             "halves": ("halves", (3,))}
    report = {key: compare(strategy, *case) for key, case in cases.items()} | {"apart": apart(strategy)}
    closeness.SMALL = 0  # so that these few rows are taken in compiled blocks
    report["minibatch trained"] = train(strategy, "minibatch")
    print(json.dumps(report))


if __name__ == "__main__":
    main()
