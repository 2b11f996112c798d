"""Files that survive a kill: whole or not at all."""

import hashlib
import json
import os

import pytest

from tfgan_improved import files


def test_write_bytes_replaces_and_leaves_nothing_beside(tmp_path):
    path = tmp_path / "a.bin"
    files.write_bytes(path, b"one")
    files.write_bytes(str(path), b"two")
    assert path.read_bytes() == b"two"
    assert os.listdir(tmp_path) == ["a.bin"]


def test_a_failed_write_leaves_the_old_content(tmp_path, monkeypatch):
    path = tmp_path / "a.json"
    files.write_json(path, {"step": 1})
    monkeypatch.setattr(os, "fsync", lambda number: (_ for _ in ()).throw(OSError(28, "No space left on device")))
    with pytest.raises(OSError):
        files.write_json(path, {"step": 2})
    assert json.loads(path.read_text()) == {"step": 1}
    files.remove_leftovers(tmp_path)
    assert os.listdir(tmp_path) == ["a.json"]


def test_json_is_indented_and_ends_its_line(tmp_path):
    files.write_json(tmp_path / "a.json", {"a": [1]})
    assert (tmp_path / "a.json").read_text() == '{\n  "a": [\n    1\n  ]\n}\n'


@pytest.mark.parametrize("partial", [b"", b'{"step": 3', b'{"step": 3}', b'{"long": "' + b"x" * 99])
def test_appending_cuts_off_what_a_kill_left(tmp_path, partial):
    path = tmp_path / "log.jsonl"
    files.append_json_line(path, {"step": 1})
    files.append_json_line(path, {"step": 2})
    with open(path, "ab") as file:
        file.write(partial)
    assert files.read_json_lines(path) == [{"step": 1}, {"step": 2}]
    files.append_json_line(path, {"step": 3, "name": "é"})
    assert files.read_json_lines(path) == [{"step": 1}, {"step": 2}, {"step": 3, "name": "é"}]
    assert path.read_bytes().count(b"\n") == 3 and path.read_bytes().endswith(b"\n")


def test_reading_a_missing_file_gives_nothing(tmp_path):
    assert files.read_json_lines(tmp_path / "none.jsonl") == []


def test_keeping_lines_drops_the_others(tmp_path):
    path = tmp_path / "log.jsonl"
    for step in range(5):
        files.append_json_line(path, {"step": step})
    files.keep_json_lines(path, lambda record: record["step"] <= 2)
    assert [record["step"] for record in files.read_json_lines(path)] == [0, 1, 2]


@pytest.mark.parametrize("existing", [False, True])
def test_a_folder_is_replaced_whole(tmp_path, existing):
    new, old = tmp_path / "new", tmp_path / "export"
    new.mkdir()
    (new / "file").write_text("new")
    if existing:
        old.mkdir()
        (old / "stale").write_text("old")
    files.replace_folder(new, old)
    assert os.listdir(tmp_path) == ["export"] and os.listdir(old) == ["file"]


@pytest.mark.parametrize("name", ["export", "step-00000010", "model.v2"])
def test_a_folder_put_aside_comes_back_after_a_kill_between_the_two_renames(tmp_path, monkeypatch, name):
    new, old = tmp_path / f".{name}.1.tmp", tmp_path / name
    for folder in (new, old):
        folder.mkdir()
        (folder / "file").write_text(folder.name)
    replace = os.replace

    def killed(source, target):
        if os.path.basename(source) == new.name:
            raise KeyboardInterrupt
        replace(source, target)

    monkeypatch.setattr(os, "replace", killed)
    with pytest.raises(KeyboardInterrupt):
        files.replace_folder(new, old)
    assert not old.exists()
    monkeypatch.undo()
    files.remove_leftovers(tmp_path)
    assert os.listdir(tmp_path) == [name] and (old / "file").read_text() == name


def test_a_folder_put_aside_goes_after_a_kill_behind_the_two_renames(tmp_path):
    for name in ("export", ".export.7.old"):
        (tmp_path / name).mkdir()
        (tmp_path / name / "file").write_text(name)
    files.remove_leftovers(tmp_path)
    assert os.listdir(tmp_path) == ["export"] and (tmp_path / "export/file").read_text() == "export"


def test_leftovers_are_only_temporary_names(tmp_path):
    for name in (".lock", "a.tmp", ".hidden", "log.jsonl"):
        (tmp_path / name).write_text("")
    (tmp_path / ".log.jsonl.5.tmp").write_text("")
    (tmp_path / ".step-00000003.5.tmp").mkdir()
    files.remove_leftovers(tmp_path)
    assert sorted(os.listdir(tmp_path)) == [".hidden", ".lock", "a.tmp", "log.jsonl"]


def test_digest_is_sha256(tmp_path):
    (tmp_path / "a").write_bytes(b"abc" * 100_000)
    assert files.digest(tmp_path / "a") == hashlib.sha256(b"abc" * 100_000).hexdigest()
