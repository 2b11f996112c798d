"""A damaged newest checkpoint is told and skipped for the one before; the end is as if it had never been."""

import shutil

import numpy as np
import pytest

from tfgan_improved.training.checkpoints import Checkpoints

LAST = 40  # steps of the `uninterrupted` fixture; its checkpoints are of 32, 36 and 40
DATA, INDEX, MANIFEST = "checkpoint.data-00000-of-00001", "checkpoint.index", "manifest.json"


def truncate(path):
    path.write_bytes(path.read_bytes()[:-7])


def empty(path):
    path.write_bytes(b"")


def flip_a_bit(path):
    content = bytearray(path.read_bytes())
    content[len(content) // 2] ^= 16
    path.write_bytes(content)


def remove(path):
    path.unlink()


@pytest.fixture
def copied(uninterrupted, tmp_path):
    return shutil.copytree(uninterrupted, tmp_path / "run")


@pytest.mark.parametrize("harm", [truncate, empty, remove])
@pytest.mark.parametrize("name", [DATA, INDEX, MANIFEST])
def test_each_damage_is_seen_and_named(copied, capsys, harm, name):
    checkpoints = Checkpoints(copied / "checkpoints")
    assert checkpoints.newest() == LAST
    harm(copied / "checkpoints" / f"step-{LAST:08d}" / name)
    assert checkpoints.newest() == LAST - 4
    warning = capsys.readouterr().err
    assert warning.count("\n") == 1 and f"step-{LAST:08d} is damaged" in warning and "using the one before" in warning
    assert name.split(".")[0] in warning


@pytest.mark.parametrize("name", [DATA, INDEX])
def test_one_wrong_bit_is_seen(copied, name):
    flip_a_bit(copied / "checkpoints" / f"step-{LAST:08d}" / name)
    assert Checkpoints(copied / "checkpoints").newest() == LAST - 4


def test_a_run_goes_on_from_before_two_damaged_checkpoints(start, recipe, copied, uninterrupted, look):
    truncate(copied / "checkpoints" / f"step-{LAST:08d}" / DATA)
    remove(copied / "checkpoints" / f"step-{LAST - 4:08d}" / MANIFEST)
    process = start(*recipe, f"--steps={LAST}", f"--run_dir={copied}", "--score=false")
    assert process.wait() == 0, process.text
    assert process.text.count("is damaged") == 2 and f"going on from step {LAST - 8}\n" in process.text
    mended, whole = look(copied), look(uninterrupted)
    assert mended.steps == whole.steps == [LAST - 8, LAST - 4, LAST]
    assert Checkpoints(copied / "checkpoints").newest() == LAST
    got, want = mended.weights(LAST), whole.weights(LAST)
    assert set(got) == set(want)
    assert [key for key in want if not np.array_equal(got[key], want[key])] == []
    assert [record["step"] for record in mended.lines("log")] == list(range(1, LAST + 1))
