"""Networks that carry a reference batch: two passes with the same weights, of which the first leaves no trace."""

import keras
import numpy as np
import pytest
import tensorflow as tf

from tfgan_improved import networks
from tfgan_improved.errors import UserError
from tfgan_improved.layers import BatchNorm, SpectralNorm, VirtualBatchNorm, WeightNorm
from tfgan_improved.layers.gaussian_noise import GaussianNoise
from tfgan_improved.networks.reference import SEED, ReferenceNetwork, carry_reference
from tfgan_improved.ops import first_batch, noise

ROWS, LATENT, CLASSES, IMAGE = 4, 3, 5, (16, 16, 1)


def norm():
    return VirtualBatchNorm(reference=ROWS)


def generator(classes=0, seed=0):
    keras.utils.set_random_seed(seed)
    return carry_reference(networks.DCGAN(width=4).generator(IMAGE, LATENT, classes, norm=norm))


def discriminator(classes=0, wrap=None, seed=0):
    keras.utils.set_random_seed(seed)
    return carry_reference(networks.DCGAN(width=4).discriminator(IMAGE, classes, norm=norm, wrap=wrap))


def latents(rows=6, seed=0):
    return tf.constant(np.random.default_rng(seed).normal(size=(rows, LATENT)), "float32")


def pictures(rows=6, seed=0):
    return tf.constant(np.random.default_rng(seed).uniform(-1, 1, (rows, *IMAGE)), "float32")


def with_reference(network, batch):
    network.set_reference(batch)
    return network


def outputs(network, x, **kwargs):
    return np.concatenate([np.asarray(part).ravel() for part in keras.tree.flatten(network(x, **kwargs))])


def two_layers(rows=ROWS):
    """z -> dense -> VBN -> tanh -> dense -> VBN, in float64 and without a builder."""
    keras.utils.set_random_seed(1)
    z = keras.Input((LATENT,), name="z", dtype="float64")
    x = z
    for index in range(2):
        x = keras.layers.Dense(4, use_bias=False, dtype="float64", name=f"dense_{index}")(x)
        x = VirtualBatchNorm(reference=rows, dtype="float64", name=f"norm_{index}")(x)
        x = keras.layers.Activation("tanh" if index == 0 else "linear", dtype="float64")(x)
    return carry_reference(keras.Model(z, x, name="generator"))


def oracle(reference, x, kernels):
    """What `two_layers` gives, both passes written out in NumPy."""
    n = len(reference)
    for index, kernel in enumerate(kernels):
        reference, x = reference @ kernel, x @ kernel
        mean_r, square_r = reference.mean(0), (reference**2).mean(0)
        mean, square = (x + n * mean_r) / (n + 1), (x**2 + n * square_r) / (n + 1)
        reference = (reference - mean_r) / np.sqrt(1e-5 + square_r - mean_r**2)
        x = (x - mean) / np.sqrt(1e-5 + square - mean**2)
        reference, x = (np.tanh(reference), np.tanh(x)) if index == 0 else (reference, x)
    return x


def test_value_and_gradient_match_numpy_whose_reference_follows_the_weights():
    network, random = two_layers(), np.random.default_rng(0)
    reference, x = random.normal(size=(ROWS, LATENT)).astype("float32"), random.normal(size=(6, LATENT))
    network.set_reference(reference)
    reference, weights = reference.astype("float64"), random.normal(size=(6, 4))
    kernels = [layer.kernel for layer in network.layers if isinstance(layer, keras.layers.Dense)]
    for _ in range(2):  # the second time with other weights
        values = [kernel.numpy() for kernel in kernels]
        np.testing.assert_allclose(network(x), oracle(reference, x, values), atol=1e-7)
        with tf.GradientTape() as tape:
            score = tf.reduce_sum(tf.sin(network(x, training=True)) * weights)
        for index, gradient in enumerate(tape.gradient(score, [kernel.value for kernel in kernels])):
            want = np.zeros_like(values[index])
            for place in np.ndindex(want.shape):
                steps = []
                for step in (1e-5, -1e-5):
                    moved = [value.copy() for value in values]
                    moved[index][place] += step
                    steps.append((np.sin(oracle(reference, x, moved)) * weights).sum())
                want[place] = (steps[0] - steps[1]) / 2e-5
            np.testing.assert_allclose(gradient, want, rtol=1e-5, atol=1e-6)
            kernels[index].assign_add(0.5 * random.normal(size=want.shape))


def test_without_a_layer_that_wants_one_a_network_stays_itself():
    network = networks.DCGAN(width=4).generator(IMAGE, LATENT, norm=BatchNorm)
    assert carry_reference(network) is network


@pytest.mark.parametrize("classes", [0, CLASSES])
def test_inputs_outputs_layers_and_trained_weights_are_those_of_the_network(classes):
    for carrying, plain in ((generator(classes), networks.DCGAN(width=4).generator(IMAGE, LATENT, classes, norm=norm)),
                            (discriminator(classes), networks.DCGAN(width=4).discriminator(IMAGE, classes, norm=norm))):
        assert isinstance(carrying, ReferenceNetwork) and carrying.name == plain.name
        assert [(x.name, x.shape, x.dtype) for x in carrying.inputs] == [
            (x.name, x.shape, x.dtype) for x in plain.inputs]
        assert isinstance(carrying.input, list) == isinstance(plain.input, list)
        assert carrying.output_shape == plain.output_shape
        assert keras.tree.map_structure(lambda x: x.shape, carrying.output) == keras.tree.map_structure(
            lambda x: x.shape, plain.output)
        assert [layer.name for layer in carrying.layers] == [layer.name for layer in plain.layers]
        assert [v.path for v in carrying.trainable_variables] == [v.path for v in plain.trainable_variables]
        extra = carrying.non_trainable_variables
        assert [v.name for v in extra] == [f"reference_{x.name}" for x in plain.inputs]
        assert [v.shape for v in extra] == [(ROWS, *x.shape[1:]) for x in plain.inputs]


@pytest.mark.parametrize("training", [True, False])
def test_an_example_feels_no_other(training):
    labels = tf.constant([0, 1, 2, 3, 4, 0])
    for network, x, other in ((generator(CLASSES), latents(), latents(seed=1)),
                              (discriminator(CLASSES), pictures(), pictures(seed=1))):
        network.set_reference([x, labels])
        want = keras.tree.map_structure(lambda y: y[:2], network([x, labels], training=training))
        x = tf.concat([x[:2], 3.0 * other[:3]], axis=0)
        got = keras.tree.map_structure(lambda y: y[:2], network([x, labels[:5]], training=training))
        keras.tree.map_structure(lambda a, b: np.testing.assert_allclose(a, b, rtol=1e-5, atol=1e-6), got, want)
        network.set_reference([x, labels[:5]])
        assert np.abs(outputs(network, [x, labels[:5]])[:9] - np.ravel(keras.tree.flatten(want)[0])[:9]).max() > 1e-3


def test_the_reference_pass_leaves_no_trace():
    """Power iterations, running averages and losses are those of a network that never saw the reference."""
    def build():
        keras.utils.set_random_seed(0)
        z = keras.Input((LATENT,), name="z")
        x = SpectralNorm(keras.layers.Dense(4, activity_regularizer="l2", name="dense"))(z)
        x = keras.layers.ActivityRegularization(l2=0.1)(BatchNorm(name="norm")(x))
        return z, x

    z, x = build()
    plain = keras.Model(z, x)
    z, x = build()
    carrying = carry_reference(keras.Model(z, norm()(x)))
    carrying.set_reference(latents(seed=1))
    for _ in range(2):
        plain(latents(), training=True)
        carrying(latents(), training=True)
    for name in ("u", "moving_mean", "moving_variance"):
        mine, theirs = ([v for v in network.variables if v.name == name][0] for network in (carrying, plain))
        np.testing.assert_allclose(mine, theirs, rtol=1e-5)
    assert len(carrying.losses) == len(plain.losses) == 2
    np.testing.assert_allclose(carrying.losses, plain.losses, rtol=1e-5)


def test_noise_is_the_steps_on_the_batch_and_always_the_same_on_the_reference():
    z = keras.Input((LATENT,), name="z")
    network = carry_reference(keras.Model(z, norm()(GaussianNoise(0.5)(z))))
    x, reference = latents(), latents(ROWS, seed=1)
    network.set_reference(reference)
    with noise.scope(noise.root(SEED)):
        reference = reference + 0.5 * noise.normal(reference.shape)
    for step in range(2):
        with noise.scope(noise.root(100 + step)):
            noisy = (x + 0.5 * noise.normal(x.shape)).numpy()
        with noise.scope(noise.root(100 + step)):
            got = network(x, training=True)
        np.testing.assert_allclose(got, oracle_layer(reference.numpy(), noisy), atol=1e-4)


def oracle_layer(reference, x):
    n = len(reference)
    mean, square = (x + reference.sum(0)) / (n + 1), (x**2 + (reference**2).sum(0)) / (n + 1)
    return (x - mean) / np.sqrt(1e-5 + square - mean**2)


def test_layers_agree_on_the_rows():
    z = keras.Input((LATENT,))
    x = keras.Model(z, VirtualBatchNorm(8)(VirtualBatchNorm(4)(z)), name="g")
    with pytest.raises(UserError, match="share one reference batch; received 4 and 8 rows for those of network 'g'"):
        carry_reference(x)
    inner = keras.Model(z, VirtualBatchNorm(8)(z))
    outer = keras.Input((LATENT,))
    assert carry_reference(keras.Model(outer, inner(outer))).reference_rows == 8  # however deep it lies


def test_compiles_with_its_gradients():
    network, x = with_reference(discriminator(wrap=SpectralNorm), pictures(seed=1)), pictures()

    def step(x):
        with tf.GradientTape() as outer:
            with tf.GradientTape() as inner:
                inner.watch(x)
                logits = network(x, training=True)["logits"]
                total = tf.reduce_sum(logits)
            penalty = tf.reduce_sum(tf.square(inner.gradient(total, x)))
            loss = tf.reduce_mean(tf.nn.softplus(logits)) + penalty
        variables = [v.value for v in network.trainable_variables]
        return [loss, *outer.gradient(loss, variables, unconnected_gradients="zero")]

    state = network.get_weights()
    want = step(x)
    network.set_weights(state)
    for one, other in zip(tf.function(step, jit_compile=True)(x), want, strict=True):
        np.testing.assert_allclose(one, other, rtol=1e-3, atol=1e-4 * float(tf.reduce_max(tf.abs(other))) + 1e-7)


def test_mixed_precision_gives_float32_and_keeps_the_reference_whole():
    keras.config.set_dtype_policy("mixed_bfloat16")
    try:
        for network, x in ((generator(), latents()), (discriminator(wrap=SpectralNorm), pictures())):
            network.set_reference(x)
            assert {y.dtype for y in keras.tree.flatten(network(x, training=True))} == {tf.float32}
            assert {v.dtype for v in network.variables} == {"float32"}
            np.testing.assert_array_equal(network.reference[0], x[:ROWS])
            full = outputs(network, x)
            assert np.isfinite(full).all()
    finally:
        keras.config.set_dtype_policy("float32")


@pytest.mark.parametrize("wrap", [SpectralNorm, lambda layer: WeightNorm(layer, start=1.0, deviation=1.0)])
def test_mixed_precision_normalizes_whole_kernels_in_both_passes(wrap, monkeypatch):
    keras.config.set_dtype_policy("mixed_bfloat16")
    try:
        network, seen = discriminator(wrap=wrap), []
        kind = next(type(layer) for layer in network.layers if isinstance(layer, (SpectralNorm, WeightNorm)))
        whole = kind.effective
        monkeypatch.setattr(kind, "effective", lambda layer, kernel, training: (
            seen.append(kernel.dtype), whole(layer, kernel, training))[1])
        with first_batch.scope():
            network(pictures(), training=True)
        network(pictures(), training=True)
        assert len(seen) >= 8 and set(seen) == {tf.float32}
    finally:
        keras.config.set_dtype_policy("float32")


def test_a_call_with_given_weights_uses_them_for_the_reference_too():
    network, other = with_reference(generator(), latents()), with_reference(generator(seed=1), latents(seed=1))
    got, _ = network.stateless_call([v.value for v in other.trainable_variables],
                                    [v.value for v in other.non_trainable_variables], latents())
    np.testing.assert_allclose(got, other(latents()), rtol=1e-5, atol=1e-6)
