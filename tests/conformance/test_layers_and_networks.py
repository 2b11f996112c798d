"""Walks the tables of layers, regularizers and networks: what every entry must be able to do.

A new technique joins its shelf's table and is tested here without a line more.
"""

import keras
import numpy as np
import pytest
import tensorflow as tf

from tfgan_improved.layers import HEADS, NORMS, WRAPS, GlobalSum, PooledConv2D, SelfAttention, UpConv2D
from tfgan_improved.networks import NETWORKS
from tfgan_improved.regularizers import REGULARIZERS

layers = keras.layers
INNER = {"dense": (lambda: layers.Dense(3), (5,)), "conv": (lambda: layers.Conv2D(3, 3), (6, 6, 2)),
         "transposed": (lambda: layers.Conv2DTranspose(3, 4, strides=2), (6, 6, 2))}
SMALL = {"minibatch_halves": "minibatch_halves:kernels=8,dims=3"}  # its 300 x 50 take a minute to compile
LAYERS = {**{f"{name}-{len(shape) + 1}": (lambda name=name: NORMS.make(name), shape)
             for name in NORMS for shape in ((5,), (6, 6, 2))},
          **{f"{name}-{kind}": (lambda name=name, kind=kind: WRAPS.make(name, INNER[kind][0]()), INNER[kind][1])
             for name in WRAPS for kind in INNER},
          **{name: (lambda name=name: HEADS.make(SMALL.get(name, name)), (5,)) for name in HEADS},
          "spectral-up": (lambda: WRAPS.make("spectral", UpConv2D(3)), (4, 4, 2)),
          "spectral-pooled": (lambda: WRAPS.make("spectral", PooledConv2D(3)), (4, 6, 2)),
          "attention": (lambda: SelfAttention.released(8, lambda layer: WRAPS.make("spectral", layer)), (4, 4, 8)),
          "global_sum": (GlobalSum, (4, 4, 2))}
IMAGE, POINT, LATENT, CLASSES, ROWS = (16, 16, 1), (2,), 8, 3, 4
RECIPES = {"plain": {}, "batch": {"norm": "batch"}, "spectral": {"norm": "layer", "wrap": "spectral"},
           "conditional": {"norm": "batch", "wrap": "weight", "head": "minibatch_discrimination", "classes": CLASSES},
           "spectral_conditional": {"wrap": "spectral", "classes": CLASSES}}
FAMILIES = {"dcgan": ("dcgan:width=4", IMAGE), "mlp": ("mlp:width=8,depth=2", POINT),
            "mlp-image": ("mlp:width=8,depth=2", IMAGE), "noisy_mlp": ("noisy_mlp", (8, 8, 1)),
            "noisy_conv": ("noisy_conv:width=2", (32, 32, 1)),
            "noise_map_dcgan": ("noise_map_dcgan:width=2,vector=6", IMAGE),
            "biggan": ("biggan:width=2,g_attention=16,d_attention=16", (32, 32, 1)),
            "sagan": ("sagan:width=1", (64, 64, 1)), "sngan_resnet": ("sngan_resnet:width=2", (32, 32, 1)),
            "sndcgan": ("sndcgan:width=2", IMAGE), "five_block_dcgan": ("five_block_dcgan:width=2", IMAGE)}
# Families of one builder, which are large: each recipe with one of them.
SOME = {"biggan": ("spectral_conditional",), "sagan": ("spectral",), "sngan_resnet": ("batch",),
        "sndcgan": ("spectral", "conditional"), "five_block_dcgan": ("batch", "spectral_conditional"),
        "noisy_mlp": ("spectral", "conditional"), "noisy_conv": ("conditional",), "noise_map_dcgan": ("conditional",)}


@pytest.fixture
def mixed():
    keras.config.set_dtype_policy("mixed_bfloat16")
    yield
    keras.config.set_dtype_policy("float32")


@pytest.fixture
def half():
    keras.config.set_dtype_policy("bfloat16")
    yield
    keras.config.set_dtype_policy("float32")


@pytest.fixture(autouse=True)
def _seeded():
    keras.utils.set_random_seed(0)


@pytest.fixture(params=LAYERS)
def layer_and_input(request):
    make, shape = LAYERS[request.param]
    return make, np.random.default_rng(0).normal(size=(ROWS, *shape)).astype("float32")


def test_no_family_is_left_out():
    assert {spec.split(":")[0] for spec, _ in FAMILIES.values()} == set(NETWORKS)


def test_layer_is_the_same_from_its_config(layer_and_input):
    make, x = layer_and_input
    layer = make()
    layer(x, training=True) if "training" in layer._call_signature.parameters else layer(x)
    again = layer.__class__.from_config(layer.get_config())
    assert again.get_config() == layer.get_config()
    again(x)
    again.set_weights(layer.get_weights())
    np.testing.assert_allclose(again(x), layer(x), rtol=1e-6)


def test_layer_gives_the_same_twice_and_as_saved(layer_and_input, tmp_path):
    make, x = layer_and_input
    inputs = keras.Input(x.shape[1:])
    model = keras.Model(inputs, make()(inputs))
    for _ in range(3):  # moves what a layer remembers
        model(x, training=True)
    first = model(x)
    np.testing.assert_array_equal(model(x), first)
    assert first.shape[1:] == model.output_shape[1:]
    model.save(tmp_path / "model.keras")
    np.testing.assert_array_equal(keras.models.load_model(tmp_path / "model.keras")(x), first)


def test_layer_compiles_with_its_gradient(layer_and_input):
    make, x = layer_and_input
    inputs = keras.Input(x.shape[1:])
    model = keras.Model(inputs, make()(inputs))

    def step(x):
        with tf.GradientTape() as tape:
            tape.watch(x)
            total = tf.reduce_sum(tf.sin(model(x, training=True)))
        return tape.gradient(total, [x, *(v.value for v in model.trainable_variables)])

    state = model.get_weights()
    want = step(tf.constant(x))
    model.set_weights(state)
    got = tf.function(step, jit_compile=True)(tf.constant(x))
    for one, other in zip(got, want, strict=True):
        np.testing.assert_allclose(one, other, rtol=1e-3, atol=1e-4)


def test_layer_in_mixed_precision(layer_and_input, mixed):
    make, x = layer_and_input
    inputs = keras.Input(x.shape[1:])
    model = keras.Model(inputs, make()(inputs))
    with tf.GradientTape() as tape:
        y = model(x, training=True)
        total = tf.reduce_sum(y)
    assert y.dtype == tf.bfloat16
    assert {v.dtype for v in model.weights} <= {"float32"}
    for gradient in tape.gradient(total, [v.value for v in model.trainable_variables]):
        assert np.isfinite(gradient).all()


@pytest.mark.parametrize("name", list(REGULARIZERS))
def test_regularizer_is_the_same_from_its_config(name):
    layer = layers.Dense(3, kernel_regularizer=REGULARIZERS.make(name))
    layer.build((None, 4))
    again = layers.Dense.from_config(layer.get_config())
    again.build((None, 4))
    again.set_weights(layer.get_weights())
    assert float(layer.losses[0]) > 0
    np.testing.assert_array_equal(again.losses[0], layer.losses[0])
    assert tf.function(lambda: layer.losses[0], jit_compile=True)().shape == ()


def pair(family, recipe):
    """Both networks of a family under a recipe, and a batch for each."""
    spec, shape = FAMILIES[family]
    recipe = RECIPES[recipe]
    build, classes = NETWORKS.make(spec), recipe.get("classes", 0)
    norm = (lambda: NORMS.make(recipe["norm"])) if "norm" in recipe else None
    wrap = (lambda layer: WRAPS.make(recipe["wrap"], layer)) if "wrap" in recipe else None
    head = HEADS.make(recipe["head"]) if "head" in recipe else None
    latent = getattr(build, "latent_size", lambda shape: LATENT)(shape)
    generator = build.generator(shape, latent, classes=classes, norm=norm, wrap=wrap)
    discriminator = build.discriminator(shape, classes=classes, norm=norm, wrap=wrap, head=head)
    labels = tf.constant([0, 2, 1, 0])
    z, x = tf.random.stateless_normal((ROWS, latent), (1, 2)), tf.random.stateless_normal((ROWS, *shape), (3, 4))
    return generator, discriminator, [z, labels] if classes else z, [x, labels] if classes else x


@pytest.fixture(params=[(family, recipe) for family in FAMILIES for recipe in SOME.get(family, RECIPES)], ids="-".join)
def networks(request):
    return request.param


def check(generator, discriminator, z, x):
    """The contract of shapes and dtypes."""
    images, judged = generator(z, training=True), discriminator(x, training=True)
    shape = x[0].shape if isinstance(x, list) else x.shape
    assert (images.shape, images.dtype) == (shape, tf.float32)
    assert set(judged) == {"logits", "features"}
    assert (judged["logits"].shape, judged["logits"].dtype) == ((ROWS, 1), tf.float32)
    assert judged["features"].shape[0] == ROWS
    assert (len(judged["features"].shape), judged["features"].dtype) == (2, tf.float32)


def test_networks_keep_the_contract_and_are_saved(networks, tmp_path):
    generator, discriminator, z, x = pair(*networks)
    check(generator, discriminator, z, x)
    images, judged = generator(z), discriminator(x)
    np.testing.assert_array_equal(generator(z), images)
    np.testing.assert_array_equal(discriminator(x)["logits"], judged["logits"])
    generator.save(tmp_path / "g.keras")
    discriminator.save(tmp_path / "d.keras")
    np.testing.assert_array_equal(keras.models.load_model(tmp_path / "g.keras")(z), images)
    again = keras.models.load_model(tmp_path / "d.keras")
    np.testing.assert_array_equal(again(x)["logits"], judged["logits"])
    again = keras.Model.from_config(discriminator.get_config())
    again.set_weights(discriminator.get_weights())
    np.testing.assert_array_equal(again(x)["logits"], judged["logits"])


@pytest.mark.parametrize(("family", "recipe"), [
    ("dcgan", "conditional"), ("sngan_resnet", "batch"), ("biggan", "spectral_conditional")])
def test_networks_are_built_and_differentiated_in_half_precision(family, recipe, half):
    generator, discriminator, z, x = pair(family, recipe)
    check(generator, discriminator, z, x)
    with tf.GradientTape() as tape:
        total = tf.reduce_sum(generator(z, training=True))
    variables = [variable.value for variable in generator.trainable_variables]
    assert tf.bfloat16 in {variable.dtype for variable in variables}
    for gradient in tape.gradient(total, variables):
        assert np.isfinite(tf.cast(tf.convert_to_tensor(gradient), tf.float32)).all()


def test_networks_in_mixed_precision_give_float32(networks, mixed):
    generator, discriminator, z, x = pair(*networks)
    check(generator, discriminator, z, x)
    assert {v.dtype for v in generator.weights + discriminator.weights} == {"float32"}


@pytest.mark.parametrize(("family", "recipe"), [
    ("dcgan", "batch"), ("dcgan", "conditional"), ("mlp", "spectral_conditional")])
def test_networks_compile_with_a_gradient_penalty(family, recipe):
    generator, discriminator, z, x = pair(family, recipe)

    def step(z, x):
        with tf.GradientTape() as tape:
            fake = generator(z, training=True)
            fake = [fake, x[1]] if isinstance(x, list) else fake
            image = x[0] if isinstance(x, list) else x
            with tf.GradientTape(watch_accessed_variables=False) as inner:
                inner.watch(image)
                real = discriminator([image, x[1]] if isinstance(x, list) else image, training=True)["logits"]
                total = tf.reduce_sum(real)
            penalty = tf.reduce_mean(tf.square(inner.gradient(total, image)))
            loss = tf.reduce_mean(tf.nn.softplus(discriminator(fake, training=True)["logits"])) + 100.0 * penalty
        variables = generator.trainable_variables + discriminator.trainable_variables
        gradients = tape.gradient(loss, [v.value for v in variables])
        return loss, [tf.convert_to_tensor(g) for g in gradients if g is not None]

    before = [network.get_weights() for network in (generator, discriminator)]
    want = step(z, x)
    for network, weights in zip((generator, discriminator), before):
        network.set_weights(weights)
    got = tf.function(step, jit_compile=True)(z, x)
    np.testing.assert_allclose(got[0], want[0], rtol=1e-4)
    for one, other in zip(got[1], want[1], strict=True):
        np.testing.assert_allclose(one, other, rtol=1e-2, atol=1e-4)
