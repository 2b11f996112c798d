"""Historical averaging on two replicas against one device; run by test_historical_averaging.py in its own process.

Prints one JSON object: rule -> what was counted, and the largest differences.
"""

import json
import pathlib
import sys

import numpy as np
import tensorflow as tf

sys.path.insert(0, str(pathlib.Path(__file__).parent))
from test_historical_averaging import RULES, data, flat, made, means_of  # noqa: E402


def compare(strategy, spec):
    one = made(spec)
    with strategy.scope():
        two = made(spec)
    start = flat(variable.value for variable in one.networks["d"].weights)
    step = tf.function(two.train_step)

    @tf.function
    def both(x):
        parts = tf.split(x, 2)
        mine = strategy.experimental_distribute_values_from_function(lambda c: (parts[c.replica_id_in_sync_group],))
        return strategy.run(step, (mine,))

    for index in range(4):
        one.train_step((data(seed=index),))
        both(data(seed=index))
    copies = [[np.asarray(copy) for copy in strategy.experimental_local_results(variable)]
              for variable in two.memory["d"][1].values()]
    weights = {name: [flat(v.value for v in gan.networks[name].weights) for gan in (one, two)] for name in ("d", "g")}
    return {"turns": [int(copy) for copy in copies[0]],
            "copies": max(float(np.abs(first - second).max()) for first, second in copies),
            "moved": float(np.abs(weights["d"][0] - start).max()),
            "weights": max(float(np.abs(a - b).max() / np.abs(a).max()) for a, b in weights.values()),
            "means": max(float(np.abs(means_of(one, n) - means_of(two, n)).max()) for n in ("d", "g"))}


def main():
    tf.config.threading.set_intra_op_parallelism_threads(1)
    tf.config.set_logical_device_configuration(
        tf.config.list_physical_devices("CPU")[0], [tf.config.LogicalDeviceConfiguration()] * 2)
    strategy = tf.distribute.MirroredStrategy(["CPU:0", "CPU:1"])
    print(json.dumps({spec: compare(strategy, spec) for spec in RULES}))


if __name__ == "__main__":
    main()
