"""MINE on two replicas against one; run by test_information.py in a process of its own, prints one JSON object."""

import json
import pathlib
import sys

import keras
import numpy as np
import tensorflow as tf

sys.path.insert(0, str(pathlib.Path(__file__).parent))
from test_information import DATA, RECIPE  # noqa: E402

from tfgan_improved import assemble  # noqa: E402
from tfgan_improved.config import RunConfig  # noqa: E402


def made():
    gan = assemble.gan(RunConfig(**RECIPE, g_terms="information:code=2,shifts=3,rate=0.3"), DATA)
    gan.compile(**{f"{name}_optimizer": keras.optimizers.SGD(0.05) for name in gan.players})
    return gan


def main():
    tf.config.threading.set_intra_op_parallelism_threads(1)
    tf.config.set_logical_device_configuration(
        tf.config.list_physical_devices("CPU")[0], [tf.config.LogicalDeviceConfiguration()] * 2)
    strategy = tf.distribute.MirroredStrategy(["CPU:0", "CPU:1"])
    one = made()
    with strategy.scope():
        two = made()
    start = np.concatenate([np.ravel(weight) for weight in one.networks["t"].get_weights()])
    first, step = tf.function(one.train_step), tf.function(two.train_step)

    @tf.function
    def both(x):
        parts = tf.split(x, 2)
        mine = strategy.experimental_distribute_values_from_function(lambda c: (parts[c.replica_id_in_sync_group],))
        return strategy.run(step, (mine,))

    for index in range(4):
        x = 3 * tf.random.stateless_normal((8, 2), (index, 1))
        first((x,))
        both(x)
    weights = [[np.concatenate([np.ravel(v.value.numpy()) for v in gan.networks[name].weights]) for gan in (one, two)]
               for name in "dtg"]
    memory = [[float(gan.memory[name][-1]["log_mean"].numpy()) for gan in (one, two)] for name in "tg"]
    print(json.dumps({"moved": float(np.abs(weights[1][0] - start).max()),
                      "weights": max(float(np.abs(a - b).max() / np.abs(a).max()) for a, b in weights),
                      "memory": max(abs(a - b) for a, b in memory)}))


if __name__ == "__main__":
    main()
