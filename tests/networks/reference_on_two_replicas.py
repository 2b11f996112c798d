"""Trains a GAN whose networks carry reference batches on one device and on two replicas; run by a test.

Prints one JSON object: {what: largest difference, relative to the largest value}.
"""

import json

import keras
import numpy as np
import tensorflow as tf

from tfgan_improved import assemble, data
from tfgan_improved.config import RunConfig
from tfgan_improved.training.loop import Loop

RECIPE = {"dataset": "digits", "network": "dcgan:width=4", "latent": "normal:8", "batch_size": 8, "ema": 0.9,
          "conditional": True, "g_norm": "virtual:reference=6", "d_norm": "virtual:reference=8", "d_wrap": "spectral"}
STEPS = 2


def weights(gan):
    several = {**gan.networks, "average": gan.sampler_network}
    return {f"{name}/{index}/{w.name}": w.numpy() for name, network in several.items()
            for index, w in enumerate(network.weights)}


def train(recipe, strategy, source):
    """The weights before the first step and after the last."""
    replicas = strategy.num_replicas_in_sync
    with strategy.scope():
        gan = assemble.gan(recipe, assemble.about_data(source))
        gan.compile(d_optimizer=keras.optimizers.SGD(0.02), g_optimizer=keras.optimizers.SGD(0.02))
        gan.initialize(next(iter(data.batches(source, 8, seed=1))))
    before = weights(gan)

    def pipeline(ids):
        return data.batches(source, recipe.batch_size // replicas, seed=0, replicas=replicas, replica_ids=ids)

    batches = pipeline((0,)) if replicas == 1 else strategy.distribute_datasets_from_function(
        lambda context: pipeline(range(replicas)))
    Loop(gan, strategy, steps_per_call=STEPS).run(batches, 0, STEPS)
    after = weights(gan)
    copies = [strategy.experimental_local_results(part.value) for part in gan.networks["g"].reference]
    return before, after, max(float(np.abs(np.asarray(a) - np.asarray(b)).max()) for parts in copies
                              for a, b in [(parts[0], parts[-1])])


def main():
    tf.config.threading.set_intra_op_parallelism_threads(2)
    tf.config.set_logical_device_configuration(
        tf.config.list_physical_devices("CPU")[0], [tf.config.LogicalDeviceConfiguration()] * 2)
    one, two = tf.distribute.get_strategy(), tf.distribute.MirroredStrategy(["CPU:0", "CPU:1"])
    source, recipe = data.load("digits"), RunConfig(**RECIPE)
    (start, want, _), (begin, got, apart) = (train(recipe, strategy, source) for strategy in (one, two))
    report = {"copies": apart, "moved": max(
        float(np.abs(want[key] - start[key]).max()) for key in want if key.endswith("kernel"))}
    for key in want:
        scale = max(float(np.abs(want[key]).max()), 1e-2)
        report[key] = max(float(np.abs(a[key] - b[key]).max()) for a, b in ((start, begin), (want, got))) / scale
    print(json.dumps(report))


if __name__ == "__main__":
    main()
