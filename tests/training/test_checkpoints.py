"""Checkpoints: everything comes back, to the bit; a damaged one is passed over."""

import json
import os
import shutil

import numpy as np
import pytest
import tensorflow as tf

from tfgan_improved.errors import RunError
from tfgan_improved.terms import LeCam
from tfgan_improved.training.checkpoints import Checkpoints, all_finite, parts_of
from tfgan_improved.training.optimizers import FusedAdam


@pytest.fixture(scope="module")
def make(tiny):
    """A function that makes a GAN with all that can be remembered: Adam, a term with a memory, an average."""
    return lambda **settings: tiny(norm="batch", optimizer=lambda: FusedAdam(0.01, 0.5),
                                   players={"d_terms": [LeCam()]}, step={"ema": 0.9}, **settings)


def state(gan):
    """Every number that a run needs to go on."""
    tensors = [gan.updates, *(v for memories in gan.memory.values() for memory in memories for v in memory.values())]
    for model in (*gan.networks.values(), gan.averages["g"], *gan.optimizers.values()):
        tensors += [variable.value for variable in (model.weights if hasattr(model, "layers") else model.variables)]
    return [tensor.numpy() for tensor in tensors]


def train(gan, batch, first, last):
    for step in range(first, last):
        gan.train_step(batch((2,), seed=step))
    return gan


@pytest.fixture(scope="module")
def saved(make, batch, tmp_path_factory):
    """(folder with checkpoints of steps 2, 3 and 4, {step: the state then})."""
    folder, gan, states = tmp_path_factory.mktemp("checkpoints"), make(), {}
    checkpoints = Checkpoints(folder, keep=3)
    for step in range(1, 5):
        train(gan, batch, step - 1, step)
        checkpoints.save(gan, step)
        states[step] = state(gan)
    return folder, states


@pytest.fixture
def folder(saved, tmp_path):
    """A copy of the saved folder that may be damaged."""
    return shutil.copytree(saved[0], tmp_path / "checkpoints")


def test_a_restored_run_goes_on_bit_for_bit(make, batch, saved):
    folder, states = saved
    gan = make()
    fresh = state(gan)
    Checkpoints(folder).restore(2, **parts_of(gan))
    assert len(fresh) == len(states[2])
    assert sum((before != after).any() for before, after in zip(fresh, state(gan))) > len(fresh) * 0.9
    for step in (2, 3, 4):
        for got, want in zip(state(gan), states[step], strict=True):
            np.testing.assert_array_equal(got, want)
        train(gan, batch, step, step + 1)


def test_the_newest_are_kept_and_nothing_else_is_there(saved):
    folder, _ = saved
    assert sorted(os.listdir(folder)) == ["step-00000002", "step-00000003", "step-00000004"]
    assert Checkpoints(folder).steps() == [2, 3, 4] and Checkpoints(folder).newest() == 4


def truncate(path):
    os.truncate(path, os.path.getsize(path) // 2)


def flip(path):
    content = bytearray(path.read_bytes())
    content[len(content) // 2] ^= 1
    path.write_bytes(bytes(content))


@pytest.mark.parametrize("name, damage, told", [
    ("checkpoint.data-00000-of-00001", truncate, "checkpoint.data-00000-of-00001 is not what was written"),
    ("checkpoint.data-00000-of-00001", flip, "checkpoint.data-00000-of-00001 is not what was written"),
    ("checkpoint.index", os.remove, "checkpoint.index is missing"),
    ("manifest.json", truncate, "its manifest cannot be read"),
    ("manifest.json", os.remove, "its manifest cannot be read"),
    ("manifest.json", lambda path: path.write_text("[]"), "its manifest cannot be read"),
    ("manifest.json", lambda path: path.write_text('{"files": {"a": 3}}'), "its manifest cannot be read"),
])
def test_a_damaged_newest_one_is_passed_over_with_a_warning(folder, capsys, name, damage, told):
    damage(folder / "step-00000004" / name)
    checkpoints = Checkpoints(folder)
    assert checkpoints.newest() == 3
    lines = capsys.readouterr().err.strip().splitlines()
    assert lines == [f"tfgan_improved: warning: {folder}/step-00000004 is damaged ({told}); using the one before"]
    checkpoints.discard_after(3)
    assert checkpoints.steps() == [2, 3]


def test_where_all_are_damaged_there_is_none(folder, capsys):
    for step in (2, 3, 4):
        (folder / f"step-{step:08d}/manifest.json").unlink()
    assert Checkpoints(folder).newest() is None
    assert len(capsys.readouterr().err.strip().splitlines()) == 3
    assert Checkpoints(folder / "nothing").newest() is None


def test_other_names_are_left_alone(folder):
    (folder / "step-backup").mkdir()
    (folder / ".step-00000009.1.tmp").mkdir()
    assert Checkpoints(folder).steps() == [2, 3, 4]


def test_the_manifest_says_what_was_written(folder):
    manifest = json.loads((folder / "step-00000003/manifest.json").read_text())
    assert manifest["step"] == 3
    assert set(manifest["files"]) == set(os.listdir(folder / "step-00000003")) - {"manifest.json"}


@pytest.mark.parametrize("key", ["network_g", "average_g"])
def test_one_network_may_be_read_alone(make, saved, key):
    folder, _ = saved
    whole, alone = make(), make().networks["g"]
    Checkpoints(folder).restore(4, **parts_of(whole))
    Checkpoints(folder).restore(4, **{key: alone})
    source = whole.averages["g"] if key == "average_g" else whole.networks["g"]
    for got, want in zip(alone.get_weights(), source.get_weights()):
        np.testing.assert_array_equal(got, want)


@pytest.mark.parametrize("settings", [{"family": "mlp:width=9,depth=2"}, {"family": "mlp:width=8,depth=3"}])
def test_a_checkpoint_of_other_networks_is_told(make, saved, settings):
    with pytest.raises(RunError, match="step-00000004 does not fit the networks of this recipe: "):
        Checkpoints(saved[0]).restore(4, **parts_of(make(**settings)))


def test_a_part_that_was_not_saved_is_told(make, saved):
    with pytest.raises(RunError, match="does not fit the networks of this recipe"):
        Checkpoints(saved[0]).restore(4, **parts_of(make()), extra=tf.Variable(0.0))


def test_a_save_that_fails_leaves_the_old_ones(make, folder, monkeypatch):
    monkeypatch.setattr(os, "replace", lambda *paths: (_ for _ in ()).throw(OSError(28, "No space left on device")))
    with pytest.raises(OSError):
        Checkpoints(folder).save(make(), 5)
    assert Checkpoints(folder).steps() == [2, 3, 4] and Checkpoints(folder).newest() == 4


def test_a_worker_that_is_not_the_chief_leaves_nothing(make, tmp_path):
    Checkpoints(tmp_path, chief=False).save(make(), 5)
    assert os.listdir(tmp_path) == []


def test_weights_that_are_no_numbers_are_found(make):
    gan = make()
    assert all_finite(gan)
    for value in (np.nan, np.inf):
        gan.networks["d"].weights[0].value[0, 0].assign(value)
        assert not all_finite(gan)
