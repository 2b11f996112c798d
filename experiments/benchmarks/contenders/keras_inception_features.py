"""Features of InceptionV3 in TensorFlow: Keras's network as it is, and the package's extractor in both precisions."""

import argparse

import keras
import numpy as np
import pace
import tensorflow as tf


def settings():
    parser = argparse.ArgumentParser()
    parser.add_argument("--form", required=True, choices=["plain", "folded", "bfloat16"])
    for name in ("rows", "steps", "threads"):
        parser.add_argument(f"--{name}", type=int, required=True)
    return parser.parse_args()


def plain(network):
    """Keras's network in a function, with the extractor's resize, scaling and outputs."""
    both = keras.Model(network.inputs, [network.output, network.layers[-1].input])

    @tf.function(input_signature=[tf.TensorSpec((None, None, None, 3), tf.uint8)])
    def run(images):
        x = tf.image.resize(tf.cast(images, tf.float32), (299, 299)) / 127.5 - 1.0
        return both(x, training=False)

    return lambda images: [value.numpy() for value in run(images)]


def main():
    asked = settings()
    tf.config.threading.set_intra_op_parallelism_threads(asked.threads)
    tf.config.threading.set_inter_op_parallelism_threads(asked.threads)
    keras.utils.set_random_seed(0)
    network = keras.applications.InceptionV3(weights=None, classifier_activation=None)
    if asked.form == "plain":
        step = plain(network)
    else:
        from tfgan_improved.evaluation.extractors import keras_inception

        keras_inception._network = lambda weights: network  # random weights take the same time
        step = keras_inception.KerasInceptionExtractor(
            precision="float32" if asked.form == "folded" else "bfloat16", batch_size=asked.rows)
    images = np.random.RandomState(0).randint(0, 256, (asked.rows, 32, 32, 3)).astype(np.uint8)
    step(images)
    ended = pace.Pace({"inception": network.count_params()}, {"tensorflow": tf.__version__,
                                                              "keras": keras.__version__})
    while True:
        for _ in range(asked.steps):
            step(images)
        ended()


if __name__ == "__main__":
    main()
