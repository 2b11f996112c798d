"""The flagfiles of DiReAL and what it is compared with: what they minimize, their size, and that they take steps."""

import pathlib

import keras
import numpy as np
import pytest
import tensorflow as tf

import tfgan_improved
from tfgan_improved import assemble, flagset
from tfgan_improved.constraints import WeightClipping
from tfgan_improved.layers import BatchNorm, LayerNorm, SpectralNorm, WeightNorm
from tfgan_improved.losses import NonSaturating, Wasserstein
from tfgan_improved.main import VERBS
from tfgan_improved.ops import kernels
from tfgan_improved.terms import DiscriminatorLoss, DiversityTerm, GeneratorLoss, GradientPenalty, OrthonormalTerm

ROOT = pathlib.Path(tfgan_improved.__path__[0]).parent
SIZES = {"mnist": (28, 1), "cifar10": (32, 3), "stl10": (48, 3), "celeb_a": (64, 3)}
RECIPES = sorted(path.stem for path in (ROOT / "flags").glob("*.flags")
                 if "--flagfile=flags/base/direal.flags" in path.read_text())
# name -> the terms of D and G besides the loss, the norms and wraps of D
PENALTY = {"d": DiversityTerm(0.5, 0.01), "g": DiversityTerm(0.5, 1.0)}
ROWS = {"plain": (None, None), "batch": (BatchNorm, None), "layer": (LayerNorm, None), "weight": (None, WeightNorm),
        "spectral": (None, SpectralNorm)}
COUNTS = {"cifar10_sndcgan": (3_813_379, 2_935_873), "cifar10_sndcgan_wide": (3_813_379, 5_860_865),
          "celeba_five_plain": (3_576_707, None), "mnist_direal": (None, None)}


def parsed(name, *more):
    return flagset.parse([f"--flagfile=flags/{name}.flags", *more], tuple(VERBS)).run


def about(run):
    size, channels = SIZES[run.dataset]
    return {"name": run.dataset, "shape": [size, size, channels], "dtype": "uint8", "classes": 10,
            "counts": {"train": 50_000, "validation": 0, "test": 10_000}}


def narrow(name):
    """The recipe with networks of 2 channels."""
    run = parsed(name)
    return parsed(name, f"--network={run.network.replace('width=64', 'width=2')}", "--batch_size=2")


@pytest.fixture(autouse=True)
def _at_the_root(monkeypatch):
    monkeypatch.chdir(ROOT)


def test_all_of_them_are_there():
    rows = {f"cifar10_five_{row}" for row in ROWS} | {f"cifar10_five_{row}_direal" for row in ROWS if row != "plain"}
    rows |= {"cifar10_five_direal", *(f"cifar10_five_{other}" for other in ("orthonormal", "wgan_gp", "clip"))}
    rows |= {f"cifar10_sndcgan{wide}{direal}" for wide in ("", "_wide") for direal in ("", "_direal")}
    rows |= {f"{data}_{network}" for data in ("stl10", "celeba") for network in (
        "five_plain", "five_direal", "sndcgan", "sndcgan_direal")} | {"mnist_direal", "mnist_direal_off"}
    assert set(RECIPES) == rows


@pytest.mark.parametrize("name", RECIPES)
def test_its_players_minimize_what_its_name_says(name):
    run = narrow(name)
    assert (run.d_lr, run.g_lr, run.beta1, run.beta2, run.d_steps, run.flip) == (
        (1e-4, 1e-4, 0.5, 0.9, 5, False) if name.endswith(("wgan_gp", "clip")) else (2e-4, 2e-4, 0.5, 0.999, 1, False))
    gan = assemble.gan(run, about(run))
    loss = Wasserstein() if name.endswith(("wgan_gp", "clip")) else NonSaturating()
    more = {"d": [], "g": []}
    if name.endswith("direal"):
        some = {} if "five" in name or "mnist" in name else {"layers": "-dense"}
        more = {"d": [PENALTY["d"]], "g": [DiversityTerm(0.5, 1.0, **some)]}
    more["d"] += [GradientPenalty(10.0)] if name.endswith("wgan_gp") else []
    more["d"] += [OrthonormalTerm(1e-4)] if name.endswith("orthonormal") else []
    assert gan.players["d"].terms == (DiscriminatorLoss(loss), *more["d"])
    assert gan.players["g"].terms == (GeneratorLoss(loss), *more["g"])
    others = {"sndcgan": "spectral", "mnist": "batch"}  # recipes whose names do not say their row
    row = next((row for row in ROWS if f"five_{row}" in name),
               next((row for part, row in others.items() if part in name), "plain"))
    norms, d = ROWS[row], gan.networks["d"]
    for kind, wanted in zip(((BatchNorm, LayerNorm), (WeightNorm, SpectralNorm)), norms):
        assert {type(layer) for layer in d.layers if isinstance(layer, kind)} == ({wanted} if wanted else set())
    assert any(v.name in ("gamma", "g") for v in d.trainable_variables) == ("mnist" in name)  # DCGAN's own batch norm
    held = {type(kernel.variable.constraint) for kernel in kernels.of(d)}
    assert held == ({WeightClipping} if name.endswith("clip") else {type(None)})


@pytest.mark.parametrize("name", ["mnist_direal", "cifar10_five_layer_direal", "cifar10_five_orthonormal",
                                  "cifar10_five_clip", "cifar10_sndcgan_wide_direal", "stl10_sndcgan_direal",
                                  "celeba_five_direal"])
def test_it_takes_steps(name):
    run = narrow(name)
    gan, shape = assemble.gan(run, about(run)), (2 * run.d_steps, *about(run)["shape"])
    images = np.random.default_rng(0).integers(0, 256, shape).astype("uint8")
    before = {player: network.get_weights() for player, network in gan.networks.items()}
    logs = [gan.train_step((tf.constant(images),)) for _ in range(2)]
    assert all(np.isfinite(value) for log in logs for value in log.values())
    if name.endswith("direal"):
        assert {"d/diversity", "g/diversity"} < set(logs[0]) and float(logs[0]["g/diversity"]) >= 0
    for player, network in gan.networks.items():
        assert all(np.isfinite(weight).all() for weight in network.get_weights())
        assert any(np.abs(old - new).max() > 0 for old, new in zip(before[player], network.get_weights()))


@pytest.mark.parametrize("name", COUNTS)
def test_at_full_size_its_networks_have_the_specifications_parameters(name):
    run = parsed(name)
    with keras.StatelessScope(initialize_variables=False):  # described, not made
        networks = assemble.networks(run, about(run))
        counts = [sum(int(np.prod(v.shape)) for v in network.trainable_variables) for network in networks]
        assert [len(kernels.of(network)) for network in networks] == ([5, 5] if "sndcgan" not in name else [5, 8])
    keras.utils.clear_session()
    assert all(wanted in (None, count) for wanted, count in zip(COUNTS[name], counts))
