"""What the families share: a generator's inputs, normalization, and how a discriminator ends."""

import keras

from tfgan_improved.layers.class_table import ClassTable
from tfgan_improved.layers.class_vectors import ClassVectors
from tfgan_improved.layers.gaussian_noise import GaussianNoise
from tfgan_improved.networks import verdicts

layers = keras.layers


def bare(layer):
    """The wrap that is used where none is given: none."""
    return layer


def latent_inputs(latent, classes, embedding):
    """A generator's inputs and the vector it starts from: z (n, latent), or [z, labels] and z with a class's vector.

    The vector (n, embedding) is learned and starts with z's own deviation of 1, so that it counts from the first step.
    It is short: on digits 16 numbers kept three quarters of the variety within a class, 128 a twentieth.
    It is not wrapped: normalizing it is reported to damage G (Brock et al. 2019, arXiv:1809.11096, released code).
    """
    z = keras.Input((latent,), name="z")
    if not classes:
        return z, z
    labels = keras.Input((), dtype="int32", name="labels")
    start = keras.initializers.RandomNormal(stddev=1.0)
    vector = ClassVectors(classes, embedding, embeddings_initializer=start, name="label_vector")(labels)
    return [z, labels], layers.Concatenate(name="z_and_label")([z, vector])


def image_inputs(shape, classes):
    """A discriminator's inputs, the image and the labels (None without classes)."""
    image = keras.Input(shape, name="image")
    if not classes:
        return image, image, None
    labels = keras.Input((), dtype="int32", name="labels")
    return [image, labels], image, labels


def normalized(x, norm, name, gamma_deviation=0.0):
    """x through a fresh normalization layer, named and with its gamma drawn from N(1, deviation^2); x without one."""
    if norm is None:
        return x
    layer = norm()
    layer.name = name
    if gamma_deviation and hasattr(layer, "gamma_initializer"):
        layer.gamma_initializer = keras.initializers.RandomNormal(1.0, gamma_deviation)
    return layer(x)


def noisy(image, deviation):
    """The image with Gaussian noise in training; the image itself where the deviation is 0."""
    return GaussianNoise(deviation, name="image_noise")(image) if deviation else image


def finished(inputs, x, labels, classes, wrap, head, initializer, verdict=None):
    """The discriminator from its last activation x (n, ...): a model giving logits (n, 1) and features (n, f), float32.

    features = flat x, and `verdict(head(features), dense)` gives the rest (`verdicts.py`; by default the binary one).
    With classes logits + e_label . features, the projection of Miyato & Koyama 2018, arXiv:1802.05637, section 3.
    `initializer()` makes a fresh one for the last layer and for e.
    """
    def dense(units, name):
        return wrap(layers.Dense(units, kernel_initializer=initializer(), dtype="float32", name=name))

    features = layers.Flatten(dtype="float32", name="features")(x)
    seen = features if head is None else head(features)
    outputs = verdicts.binary(seen, dense, classes) if verdict is None else verdict(seen, dense)
    if classes:
        table = ClassTable(classes, features.shape[-1], embeddings_initializer=initializer(), dtype="float32",
                                 name="label_projection")
        projection = layers.Dot(1, dtype="float32", name="projection")([wrap(table)(labels), features])
        outputs["logits"] = layers.Add(dtype="float32", name="projected_logits")([outputs["logits"], projection])
    return keras.Model(inputs, {"features": features, **outputs}, name="discriminator")


def with_layers(discriminator, names):
    """The discriminator with what its layers `names` give among its outputs.

    ValueError where it has no such layer, or carries a reference batch already, which would be lost.
    """
    outputs, known = dict(discriminator.output), {layer.name: layer for layer in discriminator.layers}
    for name in names:
        if name not in outputs and name not in known:
            raise ValueError(f"D gives no '{name}': its outputs are {', '.join(outputs)} (with a verdict such as "
                             f"--d_verdict=class_logits also classes) and its layers {', '.join(known)}")
    more = {name: known[name].output for name in names if name not in outputs}
    if more and hasattr(discriminator, "set_reference"):
        raise ValueError(f"network '{discriminator.name}' carries a reference batch; add what its layers give before "
                         "carry_reference")
    return keras.Model(discriminator.input, outputs | more, name=discriminator.name) if more else discriminator
