"""CrossBatchNorm on two replicas against one that has all real rows before all generated ones; run by a test.

Prints one JSON object: shape of an example -> {what: largest error relative to the largest value}.
"""

import json

import keras
import numpy as np
import tensorflow as tf
from two_replicas import ROWS, error, halves_first, step

from tfgan_improved import layers


def network(shape):
    x = inputs = keras.Input(shape)
    x = keras.layers.Conv2D(5, 3, use_bias=False, name="first")(x) if len(shape) == 3 else keras.layers.Dense(
        5, use_bias=False, name="first")(x)
    x = layers.CrossBatchNorm(gamma_initializer=keras.initializers.RandomNormal(1.0, 0.2, seed=1), name="norm")(x)
    x = keras.layers.Flatten()(keras.layers.Activation("tanh")(x))
    return keras.Model(inputs, keras.layers.Dense(1, activation="tanh", name="last")(x))


def compare(strategy, shape):
    keras.utils.set_random_seed(0)
    one = network(shape)
    with strategy.scope():
        two = network(shape)
        two.set_weights(one.get_weights())
    x = np.random.default_rng(0).normal(3.0, 2.0, size=(2 * ROWS, *shape)).astype("float32")
    x[ROWS:] = 4.0 + 3.0 * x[ROWS:]  # a replica's own moments are far from the whole batch's

    @tf.function(autograph=False)
    def both(x):
        parts = tf.split(x, 2)

        def part(x):
            score, loss, slope, gradients = step(two, x, 2)
            return score, loss, slope, tf.distribute.get_replica_context().all_reduce("sum", gradients)
        return strategy.run(part, (strategy.experimental_distribute_values_from_function(
            lambda context: parts[context.replica_id_in_sync_group]),))

    order = halves_first()  # one replica has the real rows of both before the generated ones of both
    back = np.argsort(order)
    score, loss, slope, gradients = tf.function(lambda x: step(one, x, 1), autograph=False)(tf.gather(x, order))
    got = [strategy.experimental_local_results(part) for part in keras.tree.flatten(both(tf.constant(x)))]
    report = {"score": error(tf.concat(got[0], 0), tf.gather(score, back)), "loss": error(tf.add_n(got[1]), loss),
              "slope": error(tf.concat(got[2], 0), tf.gather(slope, back))}
    report |= {f"gradient {v.path}": error(a[0], b) for v, a, b in zip(one.trainable_variables, got[3:], gradients)}
    for mine, theirs in zip(two.non_trainable_variables, one.non_trainable_variables):
        copies = strategy.experimental_local_results(mine.value)
        report[theirs.path] = max(error(copy, theirs.value) for copy in copies)
    return report


def main():
    tf.config.threading.set_intra_op_parallelism_threads(1)
    tf.config.set_logical_device_configuration(
        tf.config.list_physical_devices("CPU")[0], [tf.config.LogicalDeviceConfiguration()] * 2)
    strategy = tf.distribute.MirroredStrategy(["CPU:0", "CPU:1"])
    print(json.dumps({str(shape): compare(strategy, shape) for shape in ((5, 5, 2), (3,))}))


if __name__ == "__main__":
    main()
