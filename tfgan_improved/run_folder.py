"""A run folder: where a run keeps its recipe, logs, scores, pictures, checkpoints and export."""

import contextlib
import dataclasses
import fcntl
import json
import os
import pathlib
import tempfile

from tfgan_improved import files
from tfgan_improved.config import ConfigError, RunConfig, differences


class RunFolder:
    """Paths of one run, and its `config.json`: {"recipe", "data", "made_with"}."""

    def __init__(self, path):
        self.path = pathlib.Path(path)
        self.config, self.log, self.scores, self.errors, self.selection, self.instruments = (
            self.path / n for n in ("config.json", "log.jsonl", "scores.jsonl", "errors.jsonl", "selection.jsonl",
                                    "instruments.jsonl"))
        self.samples, self.checkpoints, self.export, self.events = (
            self.path / n for n in ("samples", "checkpoints", "export", "tensorboard"))
        self.report = self.path / "report.html"
        self._lock = None

    def create(self):
        """Makes the folders and takes the lock. ConfigError where that cannot be, or another process has it."""
        try:
            for folder in (self.path, self.samples, self.checkpoints):
                folder.mkdir(parents=True, exist_ok=True)
            self._lock = open(self.path / ".lock", "w")  # held while the process lives, also released by a kill
        except OSError as error:
            raise ConfigError(f"--run_dir={self.path} cannot be written ({error.strerror}); choose another") from None
        try:
            fcntl.flock(self._lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except OSError:
            raise ConfigError(f"--run_dir={self.path} is in use by another process; wait for it or choose another"
                              ) from None
        for folder in (self.path, self.samples, self.checkpoints):
            files.remove_leftovers(folder)

    def forget(self):
        """Takes back what `create` made of a run that was refused: folders without a config.json and anything else."""
        if self.config.exists():
            return
        with contextlib.suppress(OSError):  # something else lies there
            for folder in (self.samples, self.checkpoints):
                folder.rmdir()
            (self.path / ".lock").unlink()
            self.path.rmdir()

    def read(self):
        """The stored config.json as a dict. ConfigError where there is none or it cannot be read."""
        try:
            stored = json.loads(self.config.read_text())
            if {"recipe", "data", "made_with"} <= set(stored) and "steps" in stored["recipe"]:
                return stored
            raise ValueError("it does not hold a recipe")
        except FileNotFoundError:
            raise ConfigError(f"{self.path} is not a run folder: it has no config.json; train first or give "
                              "--run_dir") from None
        except (ValueError, TypeError, OSError) as error:
            raise ConfigError(f"{self.config} cannot be read ({error}); restore it or choose another --run_dir"
                              ) from None

    def replicas(self):
        """On how many replicas the run was started; folders of older versions say it where a CPU was split."""
        stored = self.read()
        return stored["made_with"].get("replicas") or max(stored["recipe"].get("num_logical_devices", 0), 1)

    def recipe(self, request):
        """The stored RunConfig. ConfigError if the request gives other settings, naming them."""
        stored = self.read()["recipe"]
        asked = [name for name in differences(request.run, stored) if name in request.given]
        self._refuse(asked, request.run, stored)
        known = {field.name for field in dataclasses.fields(RunConfig)}
        return RunConfig(**{key: value for key, value in stored.items() if key in known})

    def check(self, request):
        """ConfigError where `request` cannot work with this folder as it stands; changes nothing."""
        if request.verb in ("evaluate", "sample", "vote") and request.job.images:
            return  # the folder is not asked for
        if request.verb == "vote" and request.job.votes:
            return  # nor is its generator
        if request.verb in ("evaluate", "sample", "export", "report", "vote"):
            self.recipe(request)
        elif request.verb == "train" and os.path.exists(self.config):  # pathlib's raises where it may not look
            stored = self.read()["recipe"]
            self._refuse(differences(request.run, stored), request.run, stored)
            if request.run.steps < stored["steps"]:
                raise ConfigError(f"--steps={request.run.steps} is fewer than the {stored['steps']} that {self.path} "
                                  "was made with; steps may only be raised")
        elif request.verb == "train" and not writable(self.path):
            raise ConfigError(f"--run_dir={self.path} cannot be written; choose another")

    def settle(self, run, data, made_with):
        """Stores the recipe of a checked run. ConfigError where an old run saw other data."""
        if self.config.exists():
            stored = self.read()
            if stored["data"] != {name: data.get(name) for name in stored["data"]}:  # an older version told less
                raise ConfigError(f"{self.path} was made with other data: {stored['data']}; now {data}; "
                                  "choose another --run_dir")
            made_with = stored["made_with"]
        files.write_json(self.config, {"recipe": dataclasses.asdict(run), "data": data, "made_with": made_with})

    def _refuse(self, names, run, stored):
        if names:
            changes = ", ".join(f"--{n}={getattr(run, n)} (was {stored.get(n)})" for n in names)
            raise ConfigError(f"{self.path} was made with different settings: {changes}; "
                              "give the same ones or choose another --run_dir")


def writable(path):
    """Whether `path` is, or could be made, in a folder that may be written to."""
    path = pathlib.Path(path).absolute()
    while not os.path.exists(path):
        path = path.parent
    return os.path.isdir(path) and os.access(path, os.W_OK) and _takes_files(path)


def appendable(path):
    """Whether lines can be appended to the file `path`, which is one or could be made in a folder that exists."""
    if path.exists():
        return path.is_file() and os.access(path, os.W_OK)
    return path.parent.is_dir() and writable(path.parent)


def _takes_files(folder):
    """Whether a file can be made there: file systems such as /proc allow it by their modes and refuse."""
    try:
        with tempfile.TemporaryFile(dir=folder):
            return True
    except OSError:
        return False
