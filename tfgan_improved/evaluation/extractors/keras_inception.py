"""Keras's InceptionV3 under names of its own: it is another network than that of the Inception score and of FID."""

import pathlib

import keras
import numpy as np
import tensorflow as tf

from tfgan_improved.evaluation import EvaluationError
from tfgan_improved.evaluation.extractors import shared

FILE = "inception_v3_weights_tf_dim_ordering_tf_kernels.h5"
URL = f"https://storage.googleapis.com/tensorflow/keras-applications/inception_v3/{FILE}"
HINT = f"fetch {URL} where there is a network and give it as --extractor=keras_inception:weights=/path/to/{FILE}"
SIZE = 299


def keras_inception(source=None, load=None, weights="imagenet", antialias=False):
    """The `KerasInceptionExtractor` in float32, of a file of `weights` or of those that Keras fetches.

    Source: Szegedy et al. 2016, arXiv:1512.00567.
    """
    return KerasInceptionExtractor(weights, antialias)


def keras_inception_bfloat16(source=None, load=None, weights="imagenet", antialias=False):
    """The `KerasInceptionExtractor` that computes in bfloat16: about twice as fast, other numbers, names of its own.

    Source: Szegedy et al. 2016, arXiv:1512.00567.
    """
    return KerasInceptionExtractor(weights, antialias, "bfloat16")


class KerasInceptionExtractor:
    """keras.applications.InceptionV3: `features` are its average pool (n, 2048), `logits` its classes' (n, 1000).

    `weights` is "imagenet", which Keras fetches and checks, or the path of a file that InceptionV3 loads, with its
    classes. Called with uint8 (n, h, w, c), c 1 or 3; images are resized bilinearly to 299 x 299 in float32, where
    `antialias` widens the filter if they shrink, and scaled by x / 127.5 - 1. Batch norms are folded into convolutions.
    Scores are called fd_keras_inception and so on, never FID: the weights are not those of 2015.
    EvaluationError where the weights cannot be had.
    Source: Szegedy et al. 2016, arXiv:1512.00567.
    """

    names = {}

    def __init__(self, weights="imagenet", antialias=False, precision="float32", batch_size=32):
        network = _network(weights)
        self.name = "keras_inception" + ("" if precision == "float32" else f"_{precision}")
        self.resize = "bilinear to 299, half-pixel centers" + (", antialiased" if antialias else "")
        self.about, self.batch_size = {"scaling": "x / 127.5 - 1", "precision": precision}, batch_size
        self.hash = shared.weights_hash(network.get_weights())
        run = with_pool(folded(network, precision))

        def extract(images):
            x = tf.image.resize(shared.in_color(images), (SIZE, SIZE), antialias=antialias)
            logits, features = run(x / 127.5 - 1.0, training=False)
            return {"logits": tf.cast(logits, tf.float32), "features": tf.cast(features, tf.float32)}

        self._run = tf.function(extract, input_signature=[shared.IMAGES], autograph=False)

    def __call__(self, images):
        shared.check_color(images)
        return shared.in_batches(self._run, images, self.batch_size)


def _network(weights):
    """InceptionV3 with weights, float32 whatever Keras's policy is, its last layer without softmax."""
    path = pathlib.Path(weights).expanduser()
    if weights != "imagenet" and not path.is_file():
        raise EvaluationError(f"there is no file '{weights}'; {HINT}")
    policy = keras.config.dtype_policy()
    keras.config.set_dtype_policy("float32")
    try:
        return keras.applications.InceptionV3(weights=weights if weights == "imagenet" else str(path),
                                              classifier_activation=None)
    except Exception as error:  # of many kinds: no network, a damaged file, one of another network
        reason = " ".join(str(error).split())[:200] or type(error).__name__
        raise EvaluationError(f"the weights '{weights}' cannot be had or do not fit InceptionV3 ({reason}); {HINT}"
                              ) from error
    finally:
        keras.config.set_dtype_policy(policy)


def with_pool(network):
    """The network that gives the features before its last layer beside the logits."""
    return keras.Model(network.inputs, [network.output, network.layers[-1].input])


def folded(network, precision="float32"):
    """A copy without batch norms: each one's scale and shift are in the kernel and bias of the convolution before it.

    (x * K - m) s + beta = x * (K s) + (beta - m s), s = gamma / sqrt(variance + epsilon), computed in float64; the
    copy's layers, all but the last, work in `precision`. ValueError where a batch norm follows anything but a Conv2D.
    """
    norms = {_before(layer).name: layer for layer in network.layers
             if isinstance(layer, keras.layers.BatchNormalization)}
    gone = {layer.name for layer in norms.values()}

    def clone(layer):
        config = layer.get_config()
        if layer.name in norms:
            config["use_bias"] = True
        config["dtype"] = "float32" if layer is network.layers[-1] else precision
        return type(layer).from_config(config)

    made = keras.models.clone_model(
        network, clone_function=clone,
        call_function=lambda layer, x, **ignored: x if layer.name in gone else layer(x))
    for layer in network.layers:
        if layer.weights and layer.name not in gone:
            made.get_layer(layer.name).set_weights(
                _merged(layer, norms[layer.name]) if layer.name in norms else layer.get_weights())
    return made


def _before(norm):
    """The convolution whose output a batch norm takes."""
    layer = norm.input._keras_history.operation
    if not isinstance(layer, keras.layers.Conv2D):
        raise ValueError(f"batch norm '{norm.name}' follows {type(layer).__name__}; only a Conv2D can take it in")
    return layer


def _merged(convolution, norm):
    """[kernel, bias] of a convolution and the batch norm behind it."""
    def array(variable, otherwise):
        return otherwise if variable is None else keras.ops.convert_to_numpy(variable).astype(np.float64)

    scale = array(norm.gamma, 1.0) / np.sqrt(array(norm.moving_variance, 1.0) + norm.epsilon)
    kernel, bias = array(convolution.kernel, 0.0) * scale, array(convolution.bias, 0.0)
    return [kernel, array(norm.beta, 0.0) + (bias - array(norm.moving_mean, 0.0)) * scale]
