"""Instruments against their formulas written out in NumPy, and on networks whose answers are known."""

import itertools
import types

import keras
import numpy as np
import pytest
import threadpoolctl

from tfgan_improved import instruments
from tfgan_improved.instruments import INSTRUMENTS, diversity
from tfgan_improved.layers import SpectralNorm, WeightNorm
from tfgan_improved.regularizers import Diversity
from tfgan_improved.spec import SpecError

RNG = np.random.default_rng(0)


def slow_pairs(w, tau):
    """The loss, mean |Omega| and share above, pair by pair."""
    cosines = [abs(float(np.dot(w[:, i], w[:, j]) / np.linalg.norm(w[:, i]) / np.linalg.norm(w[:, j])))
               for i in range(w.shape[1]) for j in range(w.shape[1]) if i != j]
    above = [cosine for cosine in cosines if cosine >= tau]
    return sum(cosine**2 for cosine in above) / 2, np.mean(cosines), len(above) / len(cosines)


@pytest.mark.parametrize("shape, tau, block", [((4, 7), 0.5, 1024), ((3, 9), 0.3, 4), ((6, 5), 0.0, 2),
                                               ((2, 2), 1.0, 1)])
def test_pairs_of_units_are_counted(monkeypatch, shape, tau, block):
    monkeypatch.setattr(diversity, "BLOCK", block)
    w = RNG.normal(size=shape)
    np.testing.assert_allclose(instruments.pairs_of_units(w, tau), slow_pairs(w, tau), rtol=1e-9)


def test_special_kernels():
    assert instruments.pairs_of_units(np.ones((3, 1)), 0.5) == (0.0, 0.0, 0.0)
    np.testing.assert_allclose(instruments.pairs_of_units(np.ones((3, 4)), 0.5), (6.0, 1.0, 1.0))  # twelve pairs, half
    np.testing.assert_allclose(instruments.pairs_of_units(np.eye(4), 0.5), (0.0, 0.0, 0.0))
    np.testing.assert_allclose(instruments.pairs_of_units(np.array([[1.0, -1.0, 0.0]]), 0.5), (1.0, 1 / 3, 1 / 3))


@pytest.fixture(scope="module")
def probe():
    """Two small networks: dense, under weight norm, and convolutions, one transposed, one under spectral norm."""
    layers = keras.layers
    keras.utils.set_random_seed(1)
    image, row = keras.Input((4, 4, 3)), keras.Input((4,))
    down = SpectralNorm(layers.Conv2D(6, 3, name="down"))(layers.Conv2DTranspose(5, 3, name="up")(image))
    logits = layers.Dense(1, name="logits")(WeightNorm(layers.Dense(7, name="first"), start=3.0)(row))
    return types.SimpleNamespace(networks={"d": keras.Model(row, logits), "g": keras.Model(image, down)})


def kernel_of(network, name):
    layer = network.get_layer(name)
    return getattr(layer, "layer", layer).kernel


def matrix(kernel, axis):
    return np.moveaxis(np.asarray(kernel), axis, -1).reshape(-1, np.shape(kernel)[axis])


def test_the_diversity_is_that_of_the_regularizer_for_each_network(probe):
    found = INSTRUMENTS.make("diversity:tau=0.2")(probe)
    d, g = probe.networks["d"], probe.networks["g"]
    up, down = kernel_of(g, "up"), kernel_of(g, "down")
    want = sum(float(Diversity(0.2, output_axis=axis)(kernel)) for kernel, axis in ((up, -2), (down, -1)))
    np.testing.assert_allclose(found["g/diversity"], want, rtol=1e-5)
    _, mean, share = slow_pairs(matrix(up, -2), 0.2)
    np.testing.assert_allclose([found["g/up/mean_correlation"], found["g/up/share_above"]], [mean, share], rtol=1e-5)
    first = slow_pairs(matrix(kernel_of(d, "first"), -1), 0.2)
    np.testing.assert_allclose([found["d/diversity"], found["d/first/mean_correlation"]], first[:2], rtol=1e-5)
    assert set(found) == {"d/diversity", "g/diversity", *(f"{layer}/{name}" for layer in ("d/first", "g/up", "g/down")
                                                          for name in ("mean_correlation", "share_above"))}


def test_singular_values_are_those_of_the_kernels_that_are_computed_with(probe):
    for _ in range(50):  # power iteration comes near sigma
        probe.networks["g"](RNG.normal(size=(1, 4, 4, 3)), training=True)
    found = INSTRUMENTS.make("singular_values")(probe)
    g, d = probe.networks["g"], probe.networks["d"]
    np.testing.assert_allclose(found["g/up/sigma"], np.linalg.svd(matrix(kernel_of(g, "up"), -2))[1][0], rtol=1e-5)
    assert abs(found["g/down/sigma"] - 1) < 1e-3  # under spectral norm
    assert abs(np.linalg.svd(matrix(kernel_of(g, "down"), -1))[1][0] - 1) > 0.05
    raw = np.asarray(kernel_of(d, "first"))
    np.testing.assert_allclose(found["d/first/sigma"], np.linalg.svd(3.0 * raw / np.linalg.norm(raw, axis=0))[1][0],
                               rtol=1e-4)
    assert set(found) == {"g/up/sigma", "g/down/sigma", "d/first/sigma", "d/logits/sigma"}


def test_the_distance_of_outputs_is_that_of_the_best_coupling():
    a, b = RNG.random(6), RNG.random(6)
    best = min(np.mean(np.abs(a - b[list(order)])) for order in itertools.permutations(range(6)))
    np.testing.assert_allclose(instruments.wasserstein(a, b), best)
    assert instruments.wasserstein(a, a[::-1]) == 0.0 and instruments.wasserstein(np.ones(3), np.zeros(3)) == 1.0
    with pytest.raises(ValueError, match=r"with the same n; received \(6,\) and \(5,\)"):
        instruments.wasserstein(a, b[:5])
    seen = types.SimpleNamespace(logits=lambda batches: (np.full(batches, np.log(3.0)), np.zeros(batches)))
    assert INSTRUMENTS.make("distance_of_outputs:batches=3")(seen) == {
        "distance_of_outputs": pytest.approx(0.25)}


def test_nearest_distances_are_those_of_all_pairs():
    x = RNG.integers(0, 256, (9, 4, 4, 3), dtype=np.uint8)
    rows = x.reshape(9, -1).astype(float)
    want = [min(np.linalg.norm(rows[i] - rows[j]) for j in range(9) if j != i) for i in range(9)]
    np.testing.assert_allclose(instruments.nearest_distances(x), want, rtol=1e-9)
    twice = np.concatenate([x, x[:1]])
    assert instruments.nearest_distances(twice)[[0, 9]].tolist() == [0.0, 0.0]
    with pytest.raises(ValueError, match="needs at least 2; received 1"):
        instruments.nearest_distances(x[:1])


@pytest.mark.parametrize("made, low, high", [("real", 0.03, 0.06), ("one", 1.0, 1.0), ("half", 0.45, 0.55),
                                             ("others", 0.0, 0.1)])
def test_duplicates_are_nearer_than_real_images_are(made, low, high):
    real, fresh = (np.random.default_rng(seed).integers(0, 256, (100, 6, 6, 1), dtype=np.uint8) for seed in (1, 2))
    near = np.clip(fresh[:1].astype(int) + np.random.default_rng(3).integers(-2, 3, (50, 6, 6, 1)), 0, 255)
    samples = {"real": real, "one": np.repeat(real[:1], 100, 0), "others": fresh,
               "half": np.concatenate([fresh[50:], near.astype(np.uint8)])}[made]
    probe = types.SimpleNamespace(real=lambda count: real[:count], samples=lambda count: samples[:count])
    share = INSTRUMENTS.make("duplicates:samples=500,quantile=0.05")(probe)["duplicates"]
    assert low <= share <= high


def test_two_instruments_of_one_kind_are_numbered(probe):
    chosen = [INSTRUMENTS.make(text) for text in ("diversity:tau=0.1", "singular_values", "diversity:tau=0.9")]
    found = instruments.measured(chosen, probe)
    for index in (0, 2):
        alone = chosen[index](probe)
        assert alone == {name: found[f"{name}_{index}"] for name in alone}
    assert found["d/diversity_0"] > found["d/diversity_2"] and "d/diversity" not in found
    assert chosen[1](probe).items() <= found.items()  # what one alone measures keeps its name


def test_instruments_take_one_thread_of_numpys():
    def threads(probe):
        return {"threads": max(pool["num_threads"] for pool in threadpoolctl.threadpool_info())}

    with threadpoolctl.threadpool_limits(2):
        assert threads(None) == {"threads": 2}
        assert instruments.measured([threads], None) == {"threads": 1}
        assert threads(None) == {"threads": 2}


@pytest.mark.parametrize("text, told", [
    ("diversity:tau=1.5", "tau must be from 0 to 1; received 1.5"),
    ("distance_of_outputs:batches=0", "batches must be at least 1; received 0"),
    ("duplicates:samples=1", "samples must be at least 2"), ("duplicates:quantile=1.0", "quantile between 0 and 1")])
def test_what_an_instrument_refuses(text, told):
    with pytest.raises(SpecError, match=told):
        INSTRUMENTS.make(text)
