"""The command line's mistakes: a status that is not 0, one sentence, no traceback, and no TensorFlow for flags."""

import os
import pathlib
import resource
import subprocess
import sys

import pytest

from tfgan_improved import main as command_line
from tfgan_improved.data import DataError
from tfgan_improved.errors import RunError, UserError

ROOT = pathlib.Path(__file__).parent.parent
LIMIT = 3.0  # seconds that a mistake in a flag may take
QUIET = """
import sys
from tfgan_improved.main import main
status = main(sys.argv[1:])
print([name for name in ("tensorflow", "keras", "tensorflow_datasets") if name in sys.modules])
sys.exit(status)
"""


def run(*arguments, code=QUIET, timeout=120):
    return subprocess.run([sys.executable, "-c", code, *arguments], capture_output=True, text=True, cwd=ROOT,
                          timeout=timeout)


@pytest.fixture(scope="module")
def used_folder(tmp_path_factory):
    """A folder made with --loss=hinge, without a checkpoint."""
    from tfgan_improved.config import RunConfig
    from tfgan_improved.run_folder import RunFolder

    folder = RunFolder(tmp_path_factory.mktemp("used"))
    folder.create()
    folder.settle(RunConfig(loss="hinge"), {}, {})
    folder._lock.close()
    return folder.path


@pytest.mark.parametrize("arguments, told", [
    (["--stps=3"], "unknown flag --stps; did you mean --steps?"),
    (["--steps=0"], "--steps=0 is out of range; it must be at least 1"),
    (["--label_smoothing=0.7"], "--label_smoothing=0.7 is out of range; it must be from 0.0 to 0.5"),
    (["--steps=many"], "--steps=many is not a whole number"),
    (["--loss=hing"], "unknown loss 'hing'; did you mean 'hinge'?"),
    (["--d_terms=r1:gamma=10 lecan"], "unknown term 'lecan'; did you mean 'lecam'?"),
    (["--d_wrap=spectral:iterations=2"], "wrap 'spectral' has no argument 'iterations'"),
    (["--network=dcgan:width=wide"], "width of network 'dcgan' must be a whole number; received 'wide'"),
    (["--dataset=folder:/no/such/folder"], "'/no/such/folder' does not exist"),
    (["--dataset=not a name"], "'not a name' is not the name of a data set"),
    (["--run_dir=/proc/run"], "--run_dir=/proc/run cannot be written; choose another"),
    (["--run_dir={used}"], "was made with different settings: --loss=non_saturating (was hinge)"),
    (["sample", "--run_dir=/no/such/run"], "/no/such/run is not a run folder"),
    (["export", "--run_dir={used}", "--seed=4"], "different settings: --seed=4 (was 0)"),
    (["--strategy=mirrored", "--num_logical_devices=2", "--batch_size=3"], "cannot be shared equally by 2 replicas"),
    (["--flagfile=/no/such.flags"], "--flagfile cannot be read"),
    (["sample", "--run_dir={used}", "--classes=5-3"], "--classes=5-3 names no classes"),
    (["sample", "--run_dir={used}", "--sweep=nan"], "are no truncations; give different numbers from 0"),
    (["paint"], "'paint' is not a verb; use one of train, evaluate, sample, export, ensemble, describe"),
])
def test_a_mistake_is_told_at_once_in_one_sentence_without_tensorflow(used_folder, arguments, told):
    before = resource.getrusage(resource.RUSAGE_CHILDREN)
    done = run(*(text.format(used=used_folder) for text in arguments))
    after = resource.getrusage(resource.RUSAGE_CHILDREN)
    assert done.returncode == 2
    assert done.stdout.strip() == "[]"  # nothing heavy was imported
    assert len(done.stderr.strip().splitlines()) == 1 and done.stderr.startswith("tfgan_improved: error: ")
    assert told in done.stderr
    assert after.ru_utime + after.ru_stime - before.ru_utime - before.ru_stime < LIMIT


def test_help_names_verbs_and_flags_without_tensorflow():
    done = run("--help")
    assert done.returncode == 0 and not done.stderr
    assert "evaluate" in done.stdout and "--label_smoothing" in done.stdout and done.stdout.strip().endswith("[]")


def test_a_value_that_only_its_technique_can_refuse_is_the_last_line_of_stderr(tmp_path):
    done = subprocess.run(
        [sys.executable, "-m", "tfgan_improved.main", "--d_terms=r1:gamma=-1", "--dataset=ring8", "--network=mlp",
         f"--run_dir={tmp_path}/run"], capture_output=True, text=True, cwd=ROOT, timeout=240)
    assert done.returncode == 2
    assert done.stderr.strip().splitlines()[-1] == ("tfgan_improved: error: term 'r1:gamma=-1.0' was refused: gamma of "
                                                    "r1 must be at least 0; received -1.0")
    assert "Traceback" not in done.stderr
    assert not (tmp_path / "run/config.json").exists()  # the mistake can be corrected in the same folder


class Verb:
    def __init__(self, error):
        self.error = error

    def run(self, request):
        raise self.error


@pytest.mark.parametrize("error, status, told", [
    (UserError("no\n  such thing"), 2, "no such thing"),
    (RunError("d/loss became nan at step 3"), 1, "d/loss became nan at step 3"),
    (KeyboardInterrupt(), 130, "stopped; the same command starts again, a training from its last "
                               "checkpoint"),
    (DataError("'a.png' cannot be read"), 2, "'a.png' cannot be read"),
    (type("DataLossError", (Exception,), {})("cut off"), 2,  # TensorFlow's, of a damaged file
     "a file of the data set is damaged (cut off); prepare the data set again"),
])
def test_failures_of_a_verb_become_a_status_and_a_sentence(monkeypatch, capsys, tmp_path, error, status, told):
    monkeypatch.setattr(command_line.importlib, "import_module", lambda name: Verb(error))
    assert command_line.main([f"--run_dir={tmp_path}/run"]) == status
    assert capsys.readouterr().err == f"tfgan_improved: error: {told}\n"


def test_a_defect_keeps_its_traceback(monkeypatch, tmp_path):
    monkeypatch.setattr(command_line.importlib, "import_module", lambda name: Verb(ZeroDivisionError("a defect")))
    with pytest.raises(ZeroDivisionError):
        command_line.main([f"--run_dir={tmp_path}/run"])


def test_the_verb_is_imported_and_run(monkeypatch, tmp_path):
    seen = []
    monkeypatch.setattr(command_line.importlib, "import_module", lambda name: seen.append(name) or Run(seen))
    assert command_line.main(["describe", f"--run_dir={tmp_path}", "--steps=7"]) == 0
    assert seen == ["tfgan_improved.commands.describe", 7]


class Run:
    def __init__(self, seen):
        self.seen = seen

    def run(self, request):
        self.seen.append(request.run.steps)


def test_every_verb_has_its_file():
    names = {path.stem for path in (ROOT / "tfgan_improved/commands").glob("*.py")}
    assert set(command_line.VERBS) <= names and os.path.exists(ROOT / "tfgan_improved/commands/__init__.py")
