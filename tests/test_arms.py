"""What experiments/arms.py reports: the runs on this disk, and those of the record only where it is asked to."""

import importlib.util
import json
import pathlib
import types

import pytest

pytest.importorskip("matplotlib")
PATH = pathlib.Path(__file__).parent.parent / "experiments" / "arms.py"


@pytest.fixture
def arms():
    spec = importlib.util.spec_from_file_location("arms", PATH)
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    return module


def run_of(folder, steps, score):
    """Writes the files of a scored run."""
    folder.mkdir(parents=True)
    stored = {"recipe": {"steps": steps}, "data": {}, "made_with": {}}
    (folder / "config.json").write_text(json.dumps(stored))
    (folder / "log.jsonl").write_text(json.dumps({"step": steps, "seconds": 60.0}) + "\n")
    record = {"step": steps, "scores": {"score": score}, "real": {"score": 9.0}, "passport": {}}
    (folder / "scores.jsonl").write_text(json.dumps(record) + "\n")


def test_recorded_runs_count_where_asked_and_those_on_disk_go_before_them(arms, tmp_path):
    study = arms.Study(tmp_path / "study", "", {}, {"plain": (), "other": ()}, {"score": ("score", 1)}, 10)
    asked = types.SimpleNamespace(runs=tmp_path / "runs", results=tmp_path / "study", seeds=2, threads=1,
                                  with_recorded=False, report_only=False)
    for arm, score in (("plain", 1.0), ("other", 2.0)):
        run_of(arms.folder_of(study, asked, arm, 0), 10, score)
    pictures = arms.folder_of(study, asked, "other", 0) / "samples"
    pictures.mkdir()
    for step in (5, 10):
        (pictures / f"step-{step:08d}.png").write_text(f"samples of step {step}")
    first = arms.report(study, asked)
    assert [path.name for path in (tmp_path / "study").glob("samples-*.png")] == ["samples-other.png"]
    assert (tmp_path / "study" / "samples-other.png").read_text() == "samples of step 10"
    for path in sorted(arms.folder_of(study, asked, "plain", 0).iterdir()):
        path.unlink()
    run_of(arms.folder_of(study, asked, "other", 1), 10, 4.0)
    assert [(run["arm"], run["seed"]) for run in arms.read_all(study, asked)] == [("other", 0), ("other", 1)]
    asked.with_recorded = True
    found = arms.report(study, asked)
    assert found[:2] == first and [run["scores"]["score"] for run in found] == [1.0, 2.0, 4.0]
    assert "| other | 2 | 3.0 +/- 1.4 |" in (tmp_path / "study" / "table.md").read_text()
