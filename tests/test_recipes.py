"""The flagfiles of what takes long or has no data at hand: what they minimize, their size, and that they take steps."""

import contextlib
import functools
import io
import pathlib

import keras
import numpy as np
import pytest
import tensorflow as tf

import tfgan_improved
from tfgan_improved import assemble, data, files, flagset
from tfgan_improved.main import VERBS, main

ROOT = pathlib.Path(tfgan_improved.__path__[0]).parent
SPLITS = {"mnist": ("train", "test"), "cifar10": ("train", "test"), "svhn_cropped": ("train", "test"),
          "imagenet2012": ("train", "validation")}
EXAMPLES = 80
# The same recipe with narrow networks and small batches, so that a step takes a moment.
CIFAR = ["--network=noisy_conv:width=4,input_dropout=0.2", "--batch_size=10", "--labels=10"]
NOISY = ["--network=noisy_conv:width=4,input_dropout=0.0,input_noise=0.2", "--batch_size=10", "--labels=10"]
MNIST = ["--batch_size=10", "--labels=10"]
IMAGENET = ["--network=noise_map_dcgan:width=4,vector=16,noise=0.1", "--latent=uniform:848,low=-1.0,high=1.0",
            "--image_size=16", "--batch_size=4", "--d_head=minibatch_halves:kernels=20,dims=5"]
# Its noise maps at 128 x 128 are as wide as the networks: of 4, 4, 2, 1, 1 and 1 channels from 4 x 4 to 128 x 128.
WHOLE = [IMAGENET[0], "--latent=uniform:22352,low=-1.0,high=1.0", "--batch_size=4", IMAGENET[-1]]
SMALL = {"cifar10_semi_supervised": CIFAR, "cifar10_semi_supervised_minibatch": NOISY, "svhn_semi_supervised": CIFAR,
         "imagenet128": IMAGENET, "mnist_semi_supervised": MNIST, "mnist_semi_supervised_absolute": MNIST,
         "mnist_semi_supervised_minibatch": MNIST,
         "cifar10_salimans": ["--network=dcgan:width=4", "--batch_size=8", "--g_norm=virtual:reference=8"]}


def parsed(name, *more):
    return flagset.parse([f"--flagfile=flags/{name}.flags", *more], tuple(VERBS))


def about(run):
    classes = 1000 if run.dataset == "imagenet2012" else 10
    return {"name": run.dataset, "shape": [run.image_size or 32] * 2 + [3], "dtype": "uint8", "classes": classes,
            "counts": {"train": 50_000, "validation": 0, "test": 10_000}}


@pytest.fixture(autouse=True)
def _at_the_root(monkeypatch):
    monkeypatch.chdir(ROOT)
    yield
    keras.config.set_dtype_policy("float32")


@pytest.fixture(scope="module")
def mocked(tmp_path_factory, mocking):
    """A folder where TFDS believes that the sets are prepared, and gives made-up examples of them."""
    with mocking(tmp_path_factory.mktemp("tfds"), SPLITS, EXAMPLES) as folder:
        yield folder


def test_it_takes_steps_by_its_own_command(mocked, tmp_path):
    name = "svhn_semi_supervised"
    told = io.StringIO()
    with contextlib.redirect_stderr(told):
        status = main([f"--flagfile=flags/{name}.flags", *SMALL[name], f"--data_dir={mocked}", "--steps=2",
                       f"--run_dir={tmp_path / 'run'}", "--steps_per_call=1", "--log_every=1", "--classify_every=2",
                       "--sample_every=2", "--count=4", "--noscore", "--noexport", "--noreport"])
    assert status == 0, told.getvalue()
    records = files.read_json_lines(tmp_path / "run" / "log.jsonl")
    assert [record["step"] for record in records] == [1, 2]
    assert all(np.isfinite(value) for record in records for value in record.values())
    counted = files.read_json_lines(tmp_path / "run" / "errors.jsonl")[-1]
    assert 0 <= counted["errors_of_last_weights"] <= EXAMPLES


@pytest.mark.parametrize("name", SMALL)
def test_it_takes_steps(name, mocked):
    check_steps(parsed(name, *SMALL[name]).run, mocked)


@pytest.mark.slow
def test_the_recipe_of_imagenet_takes_steps_at_its_own_size(mocked):
    gan = check_steps(parsed("imagenet128", *WHOLE).run, mocked)
    assert gan.networks["g"].output_shape[1:] == (128, 128, 3)


def check_steps(run, mocked):
    """Two steps of the recipe on made-up images move every weight, by finite numbers; its GAN."""
    source = data.load(run.dataset, str(mocked), run.image_size or None)
    images, labels = source.arrays("train")
    gan, rows = assemble.gan(run, assemble.about_data(source)), run.batch_size * assemble.parts(run)
    gan.initialize((tf.constant(images), tf.constant(labels)))
    batch = [tf.constant(images[:rows]), tf.constant(labels[:rows])]
    if run.labels:
        batch += [tf.constant(part[:run.batch_size]) for part in data.few_labels(
            source, run.labels, run.label_seed).arrays("train")]
    before = {player: network.get_weights() for player, network in gan.networks.items()}
    logs = [gan.train_step(batch) for _ in range(2)]
    assert all(np.isfinite(value) for log in logs for value in log.values())
    matches = "feature_matching" in run.g_terms
    assert set(logs[0]) == {"d/loss", "d/classification", "g/feature_matching" if matches else "g/loss"}
    for player, network in gan.networks.items():
        moved = [np.abs(old - new.numpy()).max() for old, new in zip(before[player], network.weights) if new.trainable]
        assert all(np.isfinite(weight).all() for weight in network.get_weights()) and min(moved) > 0
    return gan


class Judged:
    """Stands for a view whose D says what it is told."""

    def __init__(self, outputs, labels):
        self.outputs, self.labels = outputs, labels

    def judged(self, part):
        return {name: tf.constant(value) for name, value in self.outputs[part].items()}

    def labels_of(self, part):
        return tf.constant(self.labels[part])


@functools.cache
def small_gan(name):
    run = parsed(name, *SMALL[name]).run
    return assemble.gan(run, about(run))


def log_sum_exp(logits):
    return np.log(np.exp(logits).sum(-1))


def softplus(x):
    return np.log1p(np.exp(x))


def losses(name, outputs, labels):
    """What the recipe's players minimize, given what D says; NumPy's outputs in, two numbers out."""
    view = Judged(outputs, labels)
    return [float(sum(term(view) for term in small_gan(name).players[player].terms)) for player in "dg"]


@pytest.mark.parametrize("name", ["cifar10_semi_supervised", "svhn_semi_supervised",
                                  "cifar10_semi_supervised_minibatch"])
def test_semi_supervised_losses_are_the_released_codes(name):
    random, outputs = np.random.default_rng(0), {}
    for part in ("labeled", "real", "fake"):
        classes = random.normal(size=(100, 10)).astype("float32")
        outputs[part] = {"classes": classes, "logits": log_sum_exp(classes)[:, None],
                         "features": random.normal(size=(100, 7)).astype("float32")}
    labels = {"labeled": random.integers(0, 10, 100).astype("int32")}
    (d, g), gan = losses(name, outputs, labels), small_gan(name)
    of = {part: log_sum_exp(outputs[part]["classes"]) for part in outputs}
    supervised = (of["labeled"] - outputs["labeled"]["classes"][np.arange(100), labels["labeled"]]).mean()
    unsupervised = 0.5 * (softplus(of["real"]) - of["real"]).mean() + 0.5 * softplus(of["fake"]).mean()
    np.testing.assert_allclose(d, supervised + unsupervised, rtol=1e-5)
    apart = np.abs(outputs["real"]["features"].mean(0) - outputs["fake"]["features"].mean(0)).mean()
    minibatch = name.endswith("minibatch")
    np.testing.assert_allclose(g, -softplus(of["fake"]).mean() if minibatch else apart, rtol=1e-5)
    turns = [player for player, _ in gan.deal(gan, [np.zeros((40, 32, 32, 3), "uint8")])]
    assert turns == (["d"] + ["g"] * 3 if minibatch else ["d", "g"])


def test_imagenet_losses_are_the_released_codes():
    random, outputs = np.random.default_rng(0), {}
    for part in ("real", "fake"):
        classes = random.normal(size=(16, 1001)).astype("float32")
        outputs[part] = {"classes": classes, "logits": (log_sum_exp(classes[:, :1000]) - classes[:, 1000])[:, None]}
    labels = {"real": random.integers(0, 1000, 16).astype("int32")}
    d, g = losses("imagenet128", outputs, labels)
    real, fake = (outputs[part]["logits"].astype("float64") for part in ("real", "fake"))

    def cross_entropy(logits, target):
        return (target * softplus(-logits) + (1 - target) * softplus(logits)).mean()

    named = outputs["real"]["classes"]
    by_class = (log_sum_exp(named) - named[np.arange(16), labels["real"]]).mean()
    np.testing.assert_allclose(d, cross_entropy(real, 0.75) + cross_entropy(fake, 0.0) + by_class, rtol=1e-5)
    np.testing.assert_allclose(g, cross_entropy(fake, 0.375), rtol=1e-5)


@pytest.mark.parametrize("name, an_epoch, whole, last", [
    ("cifar10_semi_supervised", 500, 800, 1200), ("cifar10_semi_supervised_minibatch", 500, 800, 1200),
    ("svhn_semi_supervised", 732, 600, 900)])
def test_rates_fall_after_two_thirds_of_the_epochs(name, an_epoch, whole, last):
    gan = small_gan(name)
    for player in "dg":
        turns, optimizer = gan.players[player].steps, gan.optimizers[player]
        rates = []
        for epoch in (0, whole, (whole + last) // 2, last):
            optimizer.iterations.assign(epoch * an_epoch * turns)
            rates.append(float(optimizer.learning_rate))
        np.testing.assert_allclose(rates, [3e-4, 3e-4, 1.5e-4, 0.0], rtol=1e-5, atol=1e-12)
        assert (optimizer.beta_1, optimizer.beta_2, optimizer.epsilon) == (0.5, 0.999, 1e-8)
    assert parsed(name).run.steps == last * an_epoch


def semi_supervised(width, minibatch=0):
    """Trained parameters of G and D by the specification's tables; D's inner scales are not trained."""
    generator = 100 * 8192 + 8192 + 25 * (512 * 256 + 256 * 128 + 128 * 3) + 256 + 128 + 3 + 3
    widths = [3] + 3 * [width] + 3 * [2 * width]
    discriminator = 9 * sum(a * b for a, b in zip(widths, widths[1:])) + (9 + 1 + 1) * 4 * width**2
    discriminator += 3 * width + 6 * 2 * width + (2 * width + minibatch) * 10 + 10 + 10
    return generator, discriminator + (2 * width * minibatch * 5 + minibatch * 5 + minibatch if minibatch else 0)


@pytest.mark.parametrize("name, wanted", [
    ("cifar10_semi_supervised", semi_supervised(96)), ("svhn_semi_supervised", semi_supervised(64)),
    ("cifar10_semi_supervised_minibatch", semi_supervised(96, minibatch=100)),
    ("imagenet128", (72_326_043, 67_633_729))])
def test_the_networks_have_the_size_of_the_released_code(name, wanted):
    run = parsed(name).run
    with keras.StatelessScope(initialize_variables=False):  # described, not made
        networks = assemble.networks(run, about(run))
        counts = tuple(sum(int(np.prod(v.shape)) for v in network.trainable_variables) for network in networks)
    keras.utils.clear_session()
    assert counts == wanted
