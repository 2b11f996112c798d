"""Constraints and penalties of kernels on two replicas against one device; run by test_constraints.py on its own.

Prints one JSON object: how far kernels are from what is allowed, replicas from each other, two from one.
"""

import json
import pathlib
import sys

import keras
import numpy as np
import tensorflow as tf

sys.path.insert(0, str(pathlib.Path(__file__).parent))
from test_constraints import DATA, LABELS, ROWS, found, recipe, worst  # noqa: E402

from tfgan_improved import assemble  # noqa: E402
from tfgan_improved.ops import kernels  # noqa: E402

CASE = ("spectral:limit=0.3", "orthogonal")  # of D and of G


def made():
    """Constraints beside penalties; steps of SGD differ only by rounding."""
    gan = assemble.gan(recipe(*CASE, network="mlp:width=8,depth=2", conditional=False, d_wrap="none",
                              d_terms="diversity:tau=0.1,factor=0.01", g_terms="diversity:tau=0.1,factor=0.01"), DATA)
    gan.compile(d_optimizer=keras.optimizers.SGD(0.05), g_optimizer=keras.optimizers.SGD(0.05))
    return gan


def compare(strategy):
    one = made()
    with strategy.scope():
        two = made()
    start, step = found(one), tf.function(two.train_step)

    @tf.function
    def both():
        parts = list(zip(tf.split(ROWS, 2), tf.split(LABELS, 2)))
        mine = strategy.experimental_distribute_values_from_function(lambda c: parts[c.replica_id_in_sync_group])
        return strategy.run(step, (mine,))

    tf.function(one.train_step)((ROWS, LABELS))
    both()
    found_one, found_two = found(one), found(two)
    both()  # the replicas must stay alike; against one device rounding grows, so that only the first step is compared
    copies = [strategy.experimental_local_results(kernel.variable.value)
              for network in two.networks.values() for kernel in kernels.of(network)]
    return {"copies": max(float(np.abs(np.subtract(*map(np.asarray, pair))).max()) for pair in copies),
            "moved": max(float(np.abs(found_one[name][0] - start[name][0]).max()) for name in start),
            "difference": max(float(np.abs(found_one[name][0] - found_two[name][0]).max()) for name in start),
            "error": worst(two, CASE)}


def main():
    tf.config.threading.set_intra_op_parallelism_threads(1)
    tf.config.set_logical_device_configuration(
        tf.config.list_physical_devices("CPU")[0], [tf.config.LogicalDeviceConfiguration()] * 2)
    strategy = tf.distribute.MirroredStrategy(["CPU:0", "CPU:1"])
    print(json.dumps(compare(strategy)))


if __name__ == "__main__":
    main()
