"""The run folder: one recipe each, one process at a time."""

import dataclasses
import json
import os
import subprocess
import sys

import pytest

from tfgan_improved import flagset
from tfgan_improved.config import ConfigError, RunConfig
from tfgan_improved.run_folder import RunFolder, writable

VERBS = ("train", "evaluate", "sample", "export", "describe")
DATA, VERSIONS = {"name": "digits", "shape": [24, 24, 1]}, {"tensorflow": "2"}


def request(*arguments):
    return flagset.parse(list(arguments), VERBS)


@pytest.fixture
def folder(tmp_path):
    """A folder of a run with --loss=hinge --steps=100."""
    folder = RunFolder(tmp_path / "run")
    folder.create()
    folder.settle(RunConfig(loss="hinge", steps=100), DATA, VERSIONS)
    return folder


def told(function, *arguments):
    with pytest.raises(ConfigError) as error:
        function(*arguments)
    assert "\n" not in str(error.value)
    return str(error.value)


def test_create_makes_the_folders_and_cleans_up(tmp_path):
    run = RunFolder(tmp_path / "deep" / "run")
    run.create()
    assert run.samples.is_dir() and run.checkpoints.is_dir()
    (run.checkpoints / ".step-00000001.9.tmp").mkdir()
    RunFolder(tmp_path / "other").create()
    run._lock.close()
    RunFolder(tmp_path / "deep" / "run").create()
    assert os.listdir(run.checkpoints) == []


def test_two_processes_cannot_have_one_folder(folder):
    code = f"from tfgan_improved.run_folder import RunFolder; RunFolder({str(folder.path)!r}).create()"
    other = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, timeout=60)
    assert other.returncode and "is in use by another process" in other.stderr
    folder._lock.close()  # as when the process ends
    assert subprocess.run([sys.executable, "-c", code], timeout=60).returncode == 0


def test_a_run_goes_on_with_the_same_recipe_or_more_steps(folder):
    at = f"--run_dir={folder.path}"
    folder.check(request(at, "--loss=hinge", "--steps=100"))
    folder.check(request(at, "--loss=hinge", "--steps=200"))
    folder.settle(RunConfig(loss="hinge", steps=200), DATA, {"tensorflow": "3"})
    stored = json.loads(folder.config.read_text())
    assert stored["recipe"]["steps"] == 200
    assert stored["made_with"] == VERSIONS  # of the start


def test_other_settings_are_refused_and_named(folder):
    text = told(folder.check, request(f"--run_dir={folder.path}", "--d_lr=0.1", "--steps=100"))
    assert f"{folder.path} was made with different settings: --loss=non_saturating (was hinge), " in text
    assert "--d_lr=0.1 (was 0.0002); give the same ones or choose another --run_dir" in text


def test_what_a_refused_run_made_is_taken_back(tmp_path):
    fresh = RunFolder(tmp_path / "runs" / "fresh")
    fresh.create()
    fresh.forget()
    assert list(tmp_path.iterdir()) == [tmp_path / "runs"] and not list((tmp_path / "runs").iterdir())
    used = RunFolder(tmp_path / "used")
    used.create()
    (used.path / "notes.txt").write_text("mine")
    used.forget()
    assert (used.path / "notes.txt").exists()
    stored = RunFolder(tmp_path / "stored")
    stored.create()
    stored.settle(RunConfig(), DATA, VERSIONS)
    stored.forget()
    assert stored.samples.exists() and stored.config.exists()


def test_fewer_steps_are_refused(folder):
    text = told(folder.check, request(f"--run_dir={folder.path}", "--loss=hinge", "--steps=99"))
    assert "--steps=99 is fewer than the 100" in text and "steps may only be raised" in text


def test_other_data_are_refused(folder):
    text = told(folder.settle, RunConfig(loss="hinge", steps=100), DATA | {"shape": [32, 32, 3]}, VERSIONS)
    assert "was made with other data" in text and "[24, 24, 1]" in text and "[32, 32, 3]" in text


def test_what_an_older_version_did_not_tell_of_the_data_is_not_held_against_it(folder):
    folder.settle(RunConfig(loss="hinge", steps=100), DATA | {"class_names": ["ant", "bee"]}, VERSIONS)
    assert folder.read()["data"]["class_names"] == ["ant", "bee"]


@pytest.mark.parametrize("verb", ["evaluate", "sample", "export"])
def test_verbs_after_training_read_the_recipe_and_refuse_only_what_was_given(folder, verb):
    at = f"--run_dir={folder.path}"
    assert folder.recipe(request(verb, at)) == RunConfig(loss="hinge", steps=100)
    folder.check(request(verb, at, "--loss=hinge"))
    text = told(folder.check, request(verb, at, "--loss=saturating"))
    assert "different settings: --loss=saturating (was hinge)" in text
    assert "is not a run folder: it has no config.json" in told(RunFolder("/no/such").check, request(verb, at))


def test_describe_needs_no_folder(tmp_path):
    RunFolder("/no/such").check(request("describe", "--run_dir=/no/such"))


def test_checking_changes_nothing(tmp_path):
    RunFolder(tmp_path / "new").check(request(f"--run_dir={tmp_path}/new"))
    assert os.listdir(tmp_path) == []


@pytest.mark.parametrize("verb", ["train", "sample"])
@pytest.mark.parametrize("content", ["", "[", "[]", "3", "{}", '{"recipe": {}, "data": {}, "made_with": {}}', None])
def test_a_damaged_config_is_told(folder, verb, content):
    folder.config.unlink()
    folder.config.mkdir() if content is None else folder.config.write_text(content)
    text = told(folder.check, request(verb, f"--run_dir={folder.path}"))
    assert f"{folder.config} cannot be read" in text


def test_settings_that_this_version_does_not_know_are_left_out(folder):
    stored = json.loads(folder.config.read_text())
    stored["recipe"]["forgotten"] = 3
    folder.config.write_text(json.dumps(stored))
    assert folder.recipe(request("sample")) == RunConfig(loss="hinge", steps=100)


@pytest.mark.parametrize("where", ["/proc/run", "/proc/self/deep/run", "{}/file", "{}/file/run"])
def test_a_folder_that_cannot_be_written_is_refused(tmp_path, where):
    (tmp_path / "file").write_text("")
    where = where.format(tmp_path)
    assert not writable(where)
    assert f"--run_dir={where} cannot be written" in told(RunFolder(where).check, request(f"--run_dir={where}"))
    assert f"--run_dir={where} cannot be written" in told(RunFolder(where).create)


@pytest.mark.skipif(os.getuid() != 0, reason="only root may become another user")
def test_a_folder_that_may_not_be_looked_into_is_refused(tmp_path):
    secret = tmp_path / "secret"
    secret.mkdir(mode=0o700)
    code = ("import os, sys; from tfgan_improved import flagset, run_folder; os.setgid(65534); os.setuid(65534);"
            "path = sys.argv[1]; request = flagset.parse(['--run_dir=' + path], ('train',));"
            "run_folder.RunFolder(path).check(request)")
    done = subprocess.run([sys.executable, "-c", code, str(secret / "run")], capture_output=True, text=True, timeout=60)
    assert done.stderr.strip().splitlines()[-1].endswith(f"--run_dir={secret}/run cannot be written; choose another")


def test_the_stored_recipe_is_the_whole_one(folder):
    stored = json.loads(folder.config.read_text())
    assert stored == {"recipe": dataclasses.asdict(RunConfig(loss="hinge", steps=100)), "data": DATA,
                      "made_with": VERSIONS}


def test_replicas_are_those_of_the_start_or_of_a_cpu_that_was_split(folder, tmp_path):
    assert folder.replicas() == 1
    split = RunFolder(tmp_path / "split")
    split.create()
    split.settle(RunConfig(strategy="mirrored", num_logical_devices=2), DATA, VERSIONS)
    assert split.replicas() == 2
    many = RunFolder(tmp_path / "many")
    many.create()
    many.settle(RunConfig(strategy="mirrored"), DATA, VERSIONS | {"replicas": 4})
    assert many.replicas() == 4
