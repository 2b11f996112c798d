"""Where a network's reference batch comes from, what is refused, and that nothing loses it."""

import json
import os
import pathlib
import subprocess
import sys

import keras
import numpy as np
import pytest
import tensorflow as tf

import tfgan_improved
from tfgan_improved import assemble, networks
from tfgan_improved.config import RunConfig
from tfgan_improved.errors import UserError
from tfgan_improved.export import Sampler, export_saved_model
from tfgan_improved.layers import VirtualBatchNorm
from tfgan_improved.networks.reference import ReferenceNetwork, carry_reference
from tfgan_improved.ops import first_batch
from tfgan_improved.ops.latents import Normal
from tfgan_improved.spec import SpecError
from tfgan_improved.training.average import average_of, update_average

ROWS, LATENT, CLASSES, IMAGE = 4, 3, 5, (16, 16, 1)
DATA = {"name": "squares", "shape": list(IMAGE), "dtype": "uint8", "classes": CLASSES, "counts": {"train": 9}}


def norm():
    return VirtualBatchNorm(reference=ROWS)


def generator(classes=0, seed=0):
    keras.utils.set_random_seed(seed)
    return carry_reference(networks.DCGAN(width=4).generator(IMAGE, LATENT, classes, norm=norm))


def discriminator(classes=0, seed=0):
    keras.utils.set_random_seed(seed)
    return carry_reference(networks.DCGAN(width=4).discriminator(IMAGE, classes, norm=norm))


def latents(rows=6, seed=0):
    return tf.constant(np.random.default_rng(seed).normal(size=(rows, LATENT)), "float32")


def pictures(rows=6, seed=0):
    return tf.constant(np.random.default_rng(seed).uniform(-1, 1, (rows, *IMAGE)), "float32")


def with_reference(network, batch):
    network.set_reference(batch)
    return network


def outputs(network, x, **kwargs):
    return np.concatenate([np.asarray(part).ravel() for part in keras.tree.flatten(network(x, **kwargs))])


def test_the_first_batch_gives_the_reference():
    network, labels = generator(CLASSES), tf.constant([4, 1, 2, 3, 0, 0])
    with first_batch.scope():
        got = network([latents(), labels], training=True)
    np.testing.assert_array_equal(network.reference[0], latents()[:ROWS])
    np.testing.assert_array_equal(network.reference[1], [4, 1, 2, 3])
    np.testing.assert_allclose(got, network([latents(), labels], training=True), rtol=1e-5, atol=1e-6)
    np.testing.assert_array_equal(network.reference[1], [4, 1, 2, 3])


def test_without_a_reference_it_says_so():
    told = "network 'generator' has no reference batch yet, which its layers normalize by; call GAN.initialize"
    network = generator()
    for call in (network, tf.function(network), tf.function(lambda z: network(z, training=True), jit_compile=True)):
        with pytest.raises(ValueError, match=told):
            call(latents())
    sampler = Sampler(network, Normal(LATENT))
    with pytest.raises(ValueError, match=told):
        sampler.sample(tf.constant(1), tf.constant(0, tf.int64), tf.constant(0.0))


@pytest.mark.parametrize("build, batch, told", [
    (generator, latents(3), r"received \(3, 3\)"), (generator, latents()[:, :2], r"received \(6, 2\)"),
    (generator, [latents(), np.arange(6)], r"received \(6, 3\) and \(6,\)"), (generator, 1.0, r"received \(\)"),
    (discriminator, latents(), r"shape \(4, 16, 16, 1\) or longer; received \(6, 3\)"),
    (discriminator, np.nan * pictures(), "must be finite; received infinite or undefined values")])
def test_refuses_a_reference_of_the_wrong_shape(build, batch, told):
    network = build()
    with pytest.raises(UserError, match=told) as error:
        network.set_reference(batch)
    assert "\n" not in str(error.value) and np.isnan(network.reference[0]).all()


def test_a_first_batch_that_is_too_small_is_one_sentence():
    with first_batch.scope(), pytest.raises(UserError, match=(
            r"^the reference batch of network 'generator' is the first 4 rows of a batch of shape \(4, 3\) or longer; "
            r"received \(3, 3\); give as many, or ask for fewer in its normalization, such as virtual:reference=16$")):
        generator()(latents(3), training=True)


@pytest.mark.parametrize("classes", [0, CLASSES])
def test_copies_and_files_keep_the_reference(classes, tmp_path):
    labels = [tf.range(6) % CLASSES] if classes else []
    for build, x in ((generator, latents()), (discriminator, pictures())):
        x = [x, *labels] if classes else x
        network, path = with_reference(build(classes), x), tmp_path / f"{build.__name__}.keras"
        want = outputs(network, x)
        network.save(path)
        again = keras.models.load_model(path)
        assert isinstance(again, ReferenceNetwork)
        np.testing.assert_array_equal(outputs(again, x), want)
        np.testing.assert_array_equal(outputs(average_of(network), x), want)
        other = build(classes, seed=1)
        tf.train.Checkpoint(network=network).write(str(tmp_path / build.__name__))
        status = tf.train.Checkpoint(network=other).read(str(tmp_path / build.__name__))
        status.assert_consumed()
        np.testing.assert_array_equal(outputs(other, x), want)
        twin = ReferenceNetwork.from_config(network.get_config())
        twin.set_weights(network.get_weights())
        np.testing.assert_array_equal(outputs(twin, x), want)


def test_an_average_holds_the_same_reference_bit_for_bit():
    network = with_reference(generator(CLASSES), [latents(), tf.range(6) % CLASSES])
    average = average_of(network)
    for t in range(30):
        for weight in network.trainable_variables:
            weight.assign_add(0.1 * tf.ones(weight.shape))
        update_average(average, network, 0.9, t)
    for mine, theirs in zip(average.reference, network.reference):
        np.testing.assert_array_equal(mine, theirs)
    assert not average.trainable_variables


def test_the_exported_model_has_it(tmp_path):
    network = with_reference(generator(CLASSES), [latents(), tf.range(6) % CLASSES])
    sampler = Sampler(network, Normal(LATENT), CLASSES)
    drawn = {"count": tf.constant(5), "seed": tf.constant(3, tf.int64), "truncation": tf.constant(0.0)}
    export_saved_model(sampler, tmp_path / "export", {})
    loaded = tf.saved_model.load(str(tmp_path / "export"))
    got, want = loaded.signatures["sample"](**drawn), sampler.sample(**drawn)
    np.testing.assert_array_equal(got["images"], want["images"])
    network.set_reference([latents(seed=1), tf.range(6) % CLASSES])
    assert (sampler.sample(**drawn)["images"].numpy() != want["images"].numpy()).any()  # the reference matters


def test_recipes_give_it_to_the_network_whose_norm_it_is():
    recipe = {"network": "dcgan:width=4", "latent": f"normal:{LATENT}"}
    g, d = assemble.networks(RunConfig(**recipe, g_norm="virtual:reference=4"), DATA)
    assert isinstance(g, ReferenceNetwork) and g.reference_rows == 4 and not isinstance(d, ReferenceNetwork)
    g, d = assemble.networks(RunConfig(**recipe, d_norm="virtual"), DATA)
    assert isinstance(d, ReferenceNetwork) and d.reference_rows == 64 and not isinstance(g, ReferenceNetwork)
    with pytest.raises(SpecError, match="reference of VirtualBatchNorm, its rows, must be a whole number, at least"):
        assemble.networks(RunConfig(**recipe, g_norm="virtual:reference=0"), DATA)


@pytest.mark.parametrize("conditional", [False, True])
def test_a_gan_takes_it_from_its_first_batch_and_keeps_it(conditional):
    recipe = RunConfig(network="dcgan:width=4", latent=f"normal:{LATENT}", g_norm="virtual:reference=4", ema=0.9,
                       d_norm="virtual:reference=6", conditional=conditional)
    gan = assemble.gan(recipe, DATA)
    batch = (pictures(8), tf.range(8) % CLASSES)
    with pytest.raises(ValueError, match="has no reference batch yet"):
        gan.train_step(batch)
    gan.initialize(batch)
    np.testing.assert_array_equal(gan.networks["d"].reference[0], batch[0][:6])
    before = [v.numpy() for name in "dg" for v in gan.networks[name].reference]
    assert np.isfinite(np.concatenate([value.ravel() for value in before])).all()
    step = tf.function(gan.train_step)
    for _ in range(2):
        logs = step(batch)
    assert all(np.isfinite(value) for value in logs.values())
    for value, variable in zip(before, [v for name in "dg" for v in gan.networks[name].reference]):
        np.testing.assert_array_equal(variable, value)
    for mine, theirs in zip(gan.sampler_network.reference, gan.networks["g"].reference):
        np.testing.assert_array_equal(mine, theirs)
    if conditional:
        np.testing.assert_array_equal(gan.networks["g"].reference[1], batch[1][:4])


def two_replicas():
    here = pathlib.Path(__file__).parent
    environment = {**os.environ, "PYTHONPATH": str(pathlib.Path(tfgan_improved.__path__[0]).parent),
                   "CUDA_VISIBLE_DEVICES": "-1"}
    done = subprocess.run([sys.executable, here / "reference_on_two_replicas.py"], env=environment, text=True,
                          capture_output=True, timeout=200, check=False)
    assert done.returncode == 0, done.stderr[-3000:]
    return json.loads(done.stdout.splitlines()[-1])


def test_two_replicas_train_as_one_with_the_same_reference():
    report = two_replicas()
    assert report.pop("moved") > 1e-4 and report.pop("copies") == 0.0
    assert any("reference_z" in key for key in report) and any(key.startswith("average") for key in report)
    wrong = {key: error for key, error in report.items() if not error < 2e-5}
    assert not wrong
