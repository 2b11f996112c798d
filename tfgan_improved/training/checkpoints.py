"""Checkpoints that survive a kill at any moment, and a restore that skips damaged ones."""

import json
import os
import pathlib
import re
import shutil
import sys

import tensorflow as tf

from tfgan_improved import files
from tfgan_improved.errors import RunError


def parts_of(gan):
    """Everything a run needs to go on, under explicit keys: a dict for tf.train.Checkpoint."""
    parts = {"updates": gan.updates}
    parts |= {f"network_{name}": network for name, network in gan.networks.items()}
    parts |= {f"optimizer_{name}": optimizer for name, optimizer in gan.optimizers.items()}
    parts |= {f"memory_{name}_{index}_{key}": variable for name, memories in gan.memory.items()
              for index, memory in enumerate(memories) for key, variable in memory.items()}
    return parts | {f"average_{name}": network for name, network in gan.averages.items()}


def all_finite(gan):
    """Whether all that a checkpoint holds is finite: an optimizer's mean square overflows before any weight does."""
    variables = [variable for part in parts_of(gan).values() for variable in getattr(part, "variables", [part])]
    return all(bool(tf.reduce_all(tf.math.is_finite(value))) for value in map(tf.convert_to_tensor, variables)
               if value.dtype.is_floating)


class Checkpoints:
    """`checkpoints/step-<n>/` folders, each with a manifest of sizes and hashes; the newest `keep` stay.

    `spared(steps)` gives those of the steps that stay besides, such as the best one.
    """

    def __init__(self, folder, keep=3, chief=True, spared=lambda steps: ()):
        self.folder, self.keep, self.chief, self.spared = pathlib.Path(folder), keep, chief, spared

    def save(self, gan, step):
        """Writes all parts under a temporary name, then renames. Every worker takes part; only the chief's stays."""
        owner = "" if self.chief else f"worker{os.getpid()}-"
        temporary = self.folder / f".{owner}step-{step:08d}.{os.getpid()}.tmp"
        shutil.rmtree(temporary, ignore_errors=True)
        temporary.mkdir(parents=True)
        tf.train.Checkpoint(**parts_of(gan)).write(str(temporary / "checkpoint"))
        if not self.chief:
            shutil.rmtree(temporary)
            return
        manifest = {path.name: [path.stat().st_size, files.digest(path)] for path in sorted(temporary.iterdir())}
        files.write_json(temporary / "manifest.json", {"step": step, "files": manifest})
        files.replace_folder(temporary, self.folder / f"step-{step:08d}")
        steps = self.steps()
        for old in sorted({*steps[:-self.keep]} - {*self.spared(steps)}):
            self._remove(old)

    def steps(self):
        """Steps that have a checkpoint, damaged or not, in order."""
        return sorted(int(path.name[5:]) for path in self.folder.glob("step-*") if path.name[5:].isdigit())

    def newest(self):
        """The newest undamaged checkpoint's step, None where there is none. Warns of each damaged one it skips."""
        for step in reversed(self.steps()):
            damage = self._damage(step)
            if not damage:
                return step
            print(f"tfgan_improved: warning: {self._path(step)} is damaged ({damage}); using the one before",
                  file=sys.stderr, flush=True)
        return None

    def first_whole(self, steps):
        """The first undamaged one of `steps`, None where there is none. Warns of each damaged one it skips."""
        for step in steps:
            damage = self._damage(step)
            if not damage:
                return step
            print(f"tfgan_improved: warning: {self._path(step)} is damaged ({damage}); using the next best",
                  file=sys.stderr, flush=True)
        return None

    def discard_after(self, step):
        """Removes damaged checkpoints that are newer than the one the run goes on from."""
        for newer in [other for other in self.steps() if other > step]:
            self._remove(newer)

    def restore(self, step, **parts):
        """Reads a checkpoint into `parts` (all of `parts_of` to go on, one network to sample). RunError if it fails."""
        try:
            status = tf.train.Checkpoint(**parts).read(str(self._path(step) / "checkpoint"))
            status.expect_partial()  # or TensorFlow warns, at some later time, of what was not asked for
            status.assert_existing_objects_matched()
        except (AssertionError, ValueError, tf.errors.OpError) as error:
            first = str(error).splitlines()[0]  # which goes on with the values of all variables that were not found
            lacking = re.match(r"Found (\d+) Python objects that were not bound", first)
            why = f"it lacks {lacking[1]} of their parts" if lacking else first
            raise RunError(f"{self._path(step)} does not fit the networks of this recipe: {why}; if another version "
                           "wrote it, use that one") from None

    def _remove(self, step):
        """Renames first, so that a kill leaves no half of a checkpoint under its name."""
        path = self._path(step)
        shutil.rmtree(path.rename(path.with_name(f".{path.name}.{os.getpid()}.tmp")))

    def _path(self, step):
        return self.folder / f"step-{step:08d}"

    def _damage(self, step):
        """What is wrong with a checkpoint, "" if nothing."""
        path = self._path(step)
        try:
            files_of = json.loads((path / "manifest.json").read_text())["files"]
            manifest = [(name, size, digest) for name, (size, digest) in files_of.items()]
        except (OSError, ValueError, KeyError, TypeError, AttributeError):
            return "its manifest cannot be read"
        for name, size, digest in manifest:
            if not (path / name).exists():
                return f"{name} is missing"
            if (path / name).stat().st_size != size or files.digest(path / name) != digest:
                return f"{name} is not what was written"
        return ""
