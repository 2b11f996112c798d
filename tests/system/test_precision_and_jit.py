"""--jit and --precision of the real command line."""

import numpy as np
import pytest

FLAGS = ("--dataset=digits", "--network=dcgan:width=4", "--latent=normal:8", "--batch_size=8", "--threads=2",
         "--d_wrap=spectral", "--d_terms=r1", "--ema=0.9", "--steps=12", "--log_every=1", "--checkpoint_every=6",
         "--score=false", "--report=false", "--instrument_every=12",
         "--instruments=diversity singular_values distance_of_outputs:batches=2 duplicates:samples=20")


@pytest.fixture(scope="module")
def runs(start_for_all, tmp_path_factory, look):
    """The same recipe plain, with XLA and in bfloat16: {name: Run}."""
    kinds = {"plain": (), "jit": ("--jit=true",), "bfloat16": ("--precision=mixed_bfloat16",)}
    folders = {name: tmp_path_factory.mktemp(name) / "run" for name in kinds}
    started = [start_for_all(*FLAGS, *flags, f"--run_dir={folders[name]}") for name, flags in kinds.items()]
    for process in started:
        assert process.wait() == 0, process.text
    return {name: look(folder) for name, folder in folders.items()}


def losses(run):
    return np.array([[record["d/loss"], record["g/loss"]] for record in run.lines("log")])


@pytest.mark.parametrize("name", ["jit", "bfloat16"])
def test_it_trains_to_the_end_and_exports(runs, name):
    assert runs[name].steps == [6, 12]
    assert losses(runs[name]).shape == (12, 2) and np.isfinite(losses(runs[name])).all()
    assert [np.isfinite(list(line.values())).all() for line in runs[name].lines("instruments")] == [True] * 2
    images = runs[name].exported()["images"]
    assert images.dtype == np.float32 and images.shape == (5, 24, 24, 1) and np.abs(images).max() <= 1


@pytest.mark.parametrize("name", ["jit", "bfloat16"])
def test_weights_are_kept_in_float32(runs, name):
    weights = runs[name].weights(12)
    assert {value.dtype.name for value in weights.values()} <= {"float32", "int64", "int32"}
    assert set(weights) == set(runs["plain"].weights(12))


def test_bfloat16_learns_about_the_same(runs):
    difference = np.abs(losses(runs["bfloat16"]) - losses(runs["plain"]))
    assert 0 < difference.max() < 0.1


def test_xla_learns_about_the_same(runs):
    """Only about: XLA makes its random floats of other bits of the same numbers."""
    difference = losses(runs["jit"]) - losses(runs["plain"])
    assert np.abs(difference).max() > 0
    assert np.abs(difference.mean(axis=0)).max() < 0.2
