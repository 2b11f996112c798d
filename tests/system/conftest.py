"""The real command line in processes of its own. All of them are ended at the end of a test, whatever happens."""

import contextlib
import json
import os
import pathlib
import signal
import subprocess
import sys
import time

import pytest

import tfgan_improved

ROOT = pathlib.Path(tfgan_improved.__path__[0]).parent
PATIENCE = 240  # seconds for what takes ten on two free cores


class Process:
    """A started program: its output in files, its own process group."""

    def __init__(self, command, folder, environment):
        self.outputs = [folder / name for name in ("stdout", "stderr")]
        with open(self.outputs[0], "w") as out, open(self.outputs[1], "w") as errors:
            self.process = subprocess.Popen(command, cwd=folder, env=environment, stdin=subprocess.DEVNULL, stdout=out,
                                            stderr=errors, start_new_session=True)

    def send(self, number):
        with contextlib.suppress(ProcessLookupError):
            os.killpg(self.process.pid, number)

    def kill(self):
        self.send(signal.SIGKILL)
        return self.process.wait(PATIENCE)

    def wait(self, seconds=PATIENCE):
        """The exit status; a process that takes longer is killed and fails the test."""
        try:
            return self.process.wait(seconds)
        except subprocess.TimeoutExpired:
            self.kill()
            pytest.fail(f"still running after {seconds} s:\n{self.text[-3000:]}")

    def comes_to(self, condition, seconds=PATIENCE):
        """True as soon as `condition()`, False if the process ends before. The test fails if it takes longer."""
        end = time.monotonic() + seconds
        while not condition():
            if self.process.poll() is not None:
                return False
            if time.monotonic() > end:
                pytest.fail(f"what is waited for has not come after {seconds} s:\n{self.text[-3000:]}")
            time.sleep(0.001)
        return True

    @property
    def text(self):
        return "".join(path.read_text() for path in self.outputs)

    @property
    def sentence(self):
        """What the process says is wrong: its last line."""
        return self.outputs[1].read_text().splitlines()[-1]


@pytest.fixture(scope="session")
def cache(tmp_path_factory):
    """Where the scoring classifiers of these tests are kept."""
    return tmp_path_factory.mktemp("cache")


@contextlib.contextmanager
def processes(cache, folder):
    started = []

    def start(*arguments, script=None, **environment):
        program = [str(script)] if script else ["-m", "tfgan_improved.main"]
        place = folder / f"process-{len(started)}"
        place.mkdir()
        given = {**os.environ, "PYTHONPATH": str(ROOT), "CUDA_VISIBLE_DEVICES": "-1", "TF_CPP_MIN_LOG_LEVEL": "2",
                 "TFGAN_IMPROVED_CACHE": str(cache), **environment}
        started.append(Process([sys.executable, *program, *map(str, arguments)], place, given))
        return started[-1]

    try:
        yield start
    finally:
        for process in started:
            process.kill()


@pytest.fixture
def start(cache, tmp_path):
    """A function (*flags, script=None, **environment) that starts the command line, or a script, as a `Process`."""
    with processes(cache, tmp_path) as function:
        yield function


@pytest.fixture(scope="session")
def start_for_all(cache, tmp_path_factory):
    """As `start`, for processes that several tests look at."""
    with processes(cache, tmp_path_factory.mktemp("shared")) as function:
        yield function


# Everything that has a state: batch norm, a term with memory, an average, both optimizers, several D steps. The
# checkpoints are so frequent that much of the time goes into them.
RECIPE = ("--dataset=digits", "--image_size=16", "--network=dcgan:width=4", "--latent=normal:8", "--batch_size=8",
          "--d_steps=2", "--d_terms=lecam", "--d_wrap=spectral", "--ema=0.9", "--seed=3", "--threads=2",
          "--steps_per_call=3", "--log_every=1", "--checkpoint_every=4", "--sample_every=10", "--samples=200",
          "--score_every=8", "--score_samples=100", "--instruments=diversity", "--instrument_every=5",
          "--report=false", "--scores=classifier_score:splits=2 frechet kernel")


@pytest.fixture(scope="session")
def recipe():
    """Flags of a tiny recipe on the digits, with checkpoints all the time."""
    return RECIPE


@pytest.fixture(scope="session")
def uninterrupted(start_for_all, tmp_path_factory):
    """The run folder of 40 steps of the recipe, scored and exported, in one go."""
    folder = tmp_path_factory.mktemp("uninterrupted") / "run"
    process = start_for_all(*RECIPE, "--steps=40", f"--run_dir={folder}")
    assert process.wait() == 0, process.text
    return folder


class Run:
    """What is in a run folder, for comparing."""

    def __init__(self, folder):
        self.folder = pathlib.Path(folder)

    def lines(self, name):
        """The records of log.jsonl or scores.jsonl; every line must be one."""
        path = self.folder / f"{name}.jsonl"
        text = path.read_text() if path.exists() else ""
        assert text == "" or text.endswith("\n")
        return [json.loads(line) for line in text.splitlines()]

    @property
    def steps(self):
        return sorted(int(path.name[5:]) for path in (self.folder / "checkpoints").glob("step-*"))

    def weights(self, step):
        """Everything in a checkpoint, {key: array}."""
        import tensorflow as tf

        reader = tf.train.load_checkpoint(str(self.folder / "checkpoints" / f"step-{step:08d}" / "checkpoint"))
        return {key: reader.get_tensor(key) for key in reader.get_variable_to_shape_map()
                if "OBJECT_GRAPH" not in key}

    def exported(self):
        """What the exported generator makes of a z and of a seed."""
        import tensorflow as tf

        loaded = tf.saved_model.load(str(self.folder / "export"))
        z = tf.random.stateless_normal((5, 8), (0, 1))
        images = loaded.signatures["serving_default"](z)["images"].numpy()
        sampled = loaded.sample(tf.constant(5), tf.constant(1, tf.int64), tf.constant(0.0))["images"].numpy()
        return {"images": images, "sampled": sampled}

    @property
    def leftovers(self):
        """Temporary files and folders of whatever was interrupted."""
        return [path for path in self.folder.rglob("*") if path.name.endswith((".tmp", ".old")) or "temp" in path.name]


@pytest.fixture(scope="session")
def look():
    """The class `Run`."""
    return Run
