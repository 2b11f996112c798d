"""The frozen classifier of the domain: one recipe and one network for image sets of every size."""

import dataclasses
import hashlib
import json

import keras
import numpy as np
from keras import layers


@dataclasses.dataclass(frozen=True)
class Recipe:
    """What decides the classifier's weights, given the data. Its hash is in every score's passport: do not change it.

    `network` names one of `NETWORKS`. A training takes `epochs` times the examples, but at least `least_updates`
    updates. The rate is `rate`; with `decay` it rises to that in the first fifth and falls to 0 in the rest. Images are
    shifted by up to `shift` pixels and, where `flip`, mirrored. Of sets too big for memory the first `memory` bytes are
    learned. Raise `version` when the code below or in `domain_training` comes to other weights.
    """

    network: str
    shift: int
    flip: bool
    epochs: int
    rate: float
    decay: bool
    seed: int = 2016
    batch_size: int = 128
    least_updates: int = 1000
    width: int = 32
    smallest: int = 8
    features: int = 128
    memory: int = 2**30  # bytes of training images
    version: int = 2

    # Not fields, so that the hash of a recipe without them stays: what `Photographs` has besides.
    weight_decay, padding = 0.0, "CONSTANT"

    def optimizer(self):
        """A fresh optimizer, whose rate the training sets at each update."""
        return keras.optimizers.Adam()

    @property
    def hash(self):
        """sha256 of the fields, hexadecimal."""
        return hashlib.sha256(json.dumps(dataclasses.asdict(self), sort_keys=True).encode()).hexdigest()

    def updates(self, examples):
        """The length of a training on so many examples."""
        return max(self.least_updates, -(-self.epochs * examples // self.batch_size))


@dataclasses.dataclass(frozen=True)
class Photographs(Recipe):
    """A recipe with momentum instead of Adam, and `weight_decay` / 2 |kernels|^2 added to the loss.

    No smoothed labels: a classifier taught to be modest by 0.1 gives CIFAR-10's own test images a score of 4.3 of 10,
    which leaves little room above a GAN's.
    """

    smallest: int = 4
    momentum: float = 0.9
    weight_decay: float = 5e-4
    padding: str = "REFLECT"
    patches: int = 20_000  # from which the whitening is computed
    whitening_epsilon: float = 1e-4
    version: int = 2

    def optimizer(self):
        return keras.optimizers.SGD(0.0, momentum=self.momentum, nesterov=True)


# Drawings and writing: the usual small network, so that scores compare with what others call a classifier score. How
# much a classifier doubts a bad digit depends on it: one with batch norm, shifts and a falling rate is right more often
# and scores the same samples lower by 0.8 of 10 (experiments/mnist_dcgan).
GREY = Recipe(network="plain", shift=0, flip=False, epochs=6, rate=1e-3, decay=False)
COLOUR = Photographs(network="whitened", shift=2, flip=True, epochs=8, rate=0.1, decay=True)


def recipe_for(shape):
    """The recipe for images of a shape (h, w, c)."""
    return GREY if shape[2] == 1 else COLOUR


def build(shape, classes, recipe):
    """uint8 (n, h, w, c) -> {"logits": (n, classes), "features": (n, recipe.features) >= 0}, float32."""
    inputs = keras.Input(shape, dtype="uint8", name="images")
    x = layers.Rescaling(1 / 127.5, offset=-1, dtype="float32", name="rescaling")(inputs)
    features, logits = NETWORKS[recipe.network](x, classes, recipe, _Blocks(recipe.seed))
    return keras.Model(inputs, {"logits": logits, "features": features}, name="domain_classifier")


def plain(x, classes, recipe, make):
    """3x3 convolutions with ReLU and 2x2 maxima until sides are at most `recipe.smallest`; dense, dropout, logits."""
    make.start, width = keras.initializers.GlorotUniform, recipe.width
    while not make.count or max(x.shape[1:3]) > recipe.smallest:
        x = layers.Conv2D(width, 3, activation="relu", padding="same", **make.named("convolution"))(x)
        x = layers.MaxPooling2D(dtype="float32", name=f"maximum_{make.count}")(x)
        width *= 2
    features = make.dense(recipe.features, activation="relu")(layers.Flatten(dtype="float32", name="flat")(x))
    x = layers.Dropout(0.5, seed=recipe.seed, dtype="float32", name="dropout")(features)
    return features, make.dense(classes)(x)


def whitened(x, classes, recipe, make):
    """A fixed whitening of 2x2 patches; convolutions with batch norm and ReLU, two for each halving; maximum; dense.

    The whitening is set from the training images (`whiten`), and lets so small a network learn photographs in minutes.
    """
    width, side = recipe.width, max(x.shape[1:3]) - 1
    x = layers.Conv2D(2 * 4 * x.shape[-1], 2, trainable=False, dtype="float32", name="whitening")(x)
    x = layers.ReLU(dtype="float32", name="relu_0")(x)
    while side > recipe.smallest or not make.count:
        x = layers.MaxPooling2D(dtype="float32", name=f"maximum_{make.count}")(make.bare(x, width))
        x = make.convolution(make.normalized(x), width)
        width, side = width * 2, side // 2
    x = layers.GlobalMaxPooling2D(dtype="float32", name="pooling")(x)
    features = make.normalized(make.dense(recipe.features, use_bias=False)(x))
    return features, make.dense(classes)(features)


def whiten(network, images, recipe):
    """Sets the whitening of a network that has one: patches p of images in [-1, 1] -> +/- (p - mean) / deviations.

    The directions are those of the patches' covariance, whose eigenvalues are raised by `whitening_epsilon`.
    """
    if "whitening" not in [layer.name for layer in network.layers]:
        return
    random, (height, width) = np.random.RandomState(recipe.seed), images.shape[1:3]
    places = zip(*(random.randint(limit, size=recipe.patches) for limit in (len(images), height - 1, width - 1)))
    patches = np.stack([images[n, top:top + 2, left:left + 2].ravel() for n, top, left in places]) / 127.5 - 1
    mean = patches.mean(axis=0)
    values, vectors = np.linalg.eigh(np.cov(patches.T))
    rows = vectors.T / np.sqrt(values + recipe.whitening_epsilon)[:, None]
    rows = np.concatenate([rows, -rows])
    kernel = rows.reshape(-1, 2, 2, images.shape[-1]).transpose(1, 2, 3, 0)
    network.get_layer("whitening").set_weights([kernel.astype(np.float32), (-rows @ mean).astype(np.float32)])


NETWORKS = {"plain": plain, "whitened": whitened}


class _Blocks:
    """Numbered layers, float32 whatever Keras's global policy, whose initial weights follow from the seed alone."""

    def __init__(self, seed):
        self.seed, self.count, self.start = seed, 0, keras.initializers.HeNormal

    def named(self, kind):
        self.count += 1
        initial = self.start(seed=self.seed * 1000 + self.count)
        return {"name": f"{kind}_{self.count}", "dtype": "float32", "kernel_initializer": initial}

    def dense(self, units, **settings):
        return layers.Dense(units, **settings, **self.named("dense"))

    def bare(self, x, width):
        return layers.Conv2D(width, 3, padding="same", use_bias=False, **self.named("convolution"))(x)

    def convolution(self, x, width):
        return self.normalized(self.bare(x, width))

    def normalized(self, x):
        name = f"{self.count}"
        x = layers.BatchNormalization(momentum=0.9, epsilon=1e-5, dtype="float32", name=f"norm_{name}")(x)
        return layers.ReLU(dtype="float32", name=f"relu_{name}")(x)
