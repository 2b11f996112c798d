"""Penalties on a player's kernels against sums over its layers, their gradients, and the choice of layers."""

import keras
import numpy as np
import pytest
import tensorflow as tf

from tfgan_improved import layers, networks
from tfgan_improved.errors import UserError
from tfgan_improved.spec import SpecError
from tfgan_improved.terms import TERMS
from tfgan_improved.training.gan import GAN
from tfgan_improved.training.player import two_players
from tfgan_improved.training.view import View


@pytest.fixture(scope="module")
def pair():
    keras.utils.set_random_seed(0)
    family = networks.DCGAN(width=4)
    return {"g": family.generator((16, 16, 1), 5, norm=layers.BatchNorm, wrap=layers.WeightNorm),
            "d": family.discriminator((16, 16, 1), classes=3, wrap=layers.SpectralNorm)}


def view_of(pair, player):
    view = View(pair, None, None)
    view.player = player
    return view


def matrices(network):
    """{layer: raw kernel as (inputs, units), float64}, by the names of layers and not by the code under test."""
    found = {}
    for layer in network.layers:
        if hasattr(layer, "units_axis"):
            kernel = np.asarray(layer.kernel, "float64")
            found[layer.name] = np.moveaxis(kernel, layer.units_axis, -1).reshape(-1, kernel.shape[layer.units_axis])
    return found


def diversity(w, tau):
    phi = w / np.linalg.norm(w, axis=0)
    omega = phi.T @ phi
    return 0.5 * np.sum(omega**2 * (np.abs(omega) >= tau) * (1 - np.eye(len(omega))))


def orthonormal(w):
    return np.sum((w.T @ w - np.eye(w.shape[1])) ** 2)


def off_diagonal(w):
    return np.sum((w.T @ w * (1 - np.eye(w.shape[1]))) ** 2)


CASES = {"diversity:factor=2,tau=0.25": lambda w: 2 * diversity(w, 0.25),
         "orthonormal:factor=2": lambda w: 2 * orthonormal(w),
         "off_diagonal:beta=2": lambda w: 2 * off_diagonal(w), "off_diagonal:beta=2,form=code": off_diagonal}


@pytest.mark.parametrize("text", CASES)
@pytest.mark.parametrize("player", ["g", "d"])
def test_the_sum_over_all_kernels_of_the_player(pair, player, text):
    values = {name: CASES[text](w) for name, w in matrices(pair[player]).items()}
    assert set(values) == ({"dense", "up_8", "up_16"} if player == "g" else {
        "down_8", "down_4", "logits", "label_projection"})
    np.testing.assert_allclose(TERMS.make(text)(view_of(pair, player)), sum(values.values()), rtol=1e-4)
    mean = TERMS.make(f"{text},reduction=mean")(view_of(pair, player))
    np.testing.assert_allclose(mean, np.mean(list(values.values())), rtol=1e-4)
    chosen = "up_*|dense" if player == "g" else "down_4|label_*"
    some = TERMS.make(f"{text},layers={chosen}")(view_of(pair, player))
    np.testing.assert_allclose(some, sum(value for name, value in values.items() if name.startswith(
        ("up_", "dense", "down_4", "label_"))), rtol=1e-4)


@pytest.mark.parametrize("jit", [False, True])
def test_its_gradient_reaches_the_raw_kernels_and_nothing_else(pair, jit):
    term, view = TERMS.make("diversity:tau=0.0"), view_of(pair, "d")
    variables = pair["d"].trainable_variables

    @tf.function(jit_compile=jit)
    def gradients():
        with tf.GradientTape() as tape:
            value = term(view)
        return tape.gradient(value, [v.value for v in variables], unconnected_gradients="zero")

    for variable, gradient in zip(variables, gradients()):
        reached = np.abs(gradient).max() > 1e-5
        assert reached == (variable.name in ("kernel", "embeddings") and variable.path != "logits/logits/kernel")


def test_a_step_minimizes_it_and_logs_it(pair):
    """With a loss weight of 0 only the penalty moves G, and it falls."""
    players = two_players(pair["g"], networks.DCGAN(width=4).discriminator((16, 16, 1)), g_loss_weight=0.0,
                          g_terms=[TERMS.make("diversity:factor=3,tau=0.1")])
    gan = GAN(players, "normal:5")
    gan.compile(d_optimizer=keras.optimizers.SGD(0.0), g_optimizer=keras.optimizers.SGD(1e-6))
    step = tf.function(gan.train_step)
    values = [float(step((tf.zeros((2, 16, 16, 1)),))["g/diversity"]) for _ in range(6)]
    assert values[0] > values[1] > values[5]
    now = sum(diversity(w, 0.1) for w in matrices(pair["g"]).values())
    assert 3 * now < values[5]


def test_patterns_that_fit_nothing_are_told_when_the_gan_is_made(pair):
    with pytest.raises(UserError, match="of network 'generator' is called 'down_4'; it has dense, up_8, up_16"):
        GAN(two_players(pair["g"], pair["d"], g_terms=[TERMS.make("orthonormal:layers=down_4")]), "normal:5")


@pytest.mark.parametrize("text, told", [
    ("diversity:reduction=median", "reduction of diversity must be sum or mean; received 'median'"),
    ("diversity:tau=2", "Diversity needs tau from 0 to 1"), ("orthonormal:size=l1", "size of Orthonormal must be"),
    ("off_diagonal:beta=-1", "beta of OffDiagonal must be at least 0; received -1.0"),
    ("off_diagonal:output_axis=0", "has no argument 'output_axis'")])
def test_what_cannot_be_is_one_sentence(text, told):
    with pytest.raises(SpecError, match=told):
        TERMS.make(text)
