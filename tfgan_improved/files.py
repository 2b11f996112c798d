"""Writing so that a kill at any moment leaves the old state or the new one, never half of either."""

import hashlib
import json
import os
import pathlib
import shutil


def write_bytes(path, content):
    """Writes to a temporary name beside `path`, then renames."""
    write_by(path, lambda file: file.write(content))


def write_by(path, write):
    """As `write_bytes`, where `write(file)` does the writing: of what should not lie in memory twice."""
    path = pathlib.Path(path)
    temporary = path.with_name(f".{path.name}.{os.getpid()}.tmp")
    with open(temporary, "wb") as file:
        write(file)
        file.flush()
        os.fsync(file.fileno())
    os.replace(temporary, path)


def write_json(path, value):
    """`value` as indented JSON, by way of a temporary name."""
    write_bytes(path, (json.dumps(value, indent=2) + "\n").encode())


def append_json_line(path, record):
    """Appends one line in one write; a partial last line left by a kill is cut off first."""
    path = pathlib.Path(path)
    path.touch()
    with open(path, "r+b", buffering=0) as file:
        content = file.read()
        end = content.rfind(b"\n") + 1
        if end < len(content):
            file.truncate(end)
        file.seek(end)
        file.write((json.dumps(record) + "\n").encode())


def read_json_lines(path):
    """The complete lines of a file as objects, [] where it is missing."""
    path = pathlib.Path(path)
    lines = path.read_bytes().split(b"\n")[:-1] if path.exists() else []
    return [json.loads(line) for line in lines]


def keep_json_lines(path, wanted):
    """Rewrites the file with only those records for which `wanted(record)`."""
    kept = [record for record in read_json_lines(path) if wanted(record)]
    write_bytes(path, "".join(json.dumps(record) + "\n" for record in kept).encode())


def replace_folder(new, old):
    """Puts the folder `new` in the place of `old`, which may exist."""
    new, old = pathlib.Path(new), pathlib.Path(old)
    aside = old.with_name(f".{old.name}.{os.getpid()}.old")
    if old.exists():
        os.replace(old, aside)
    os.replace(new, old)
    shutil.rmtree(aside, ignore_errors=True)


def remove_leftovers(folder):
    """Removes temporary files and folders that killed processes left in `folder`."""
    for path in pathlib.Path(folder).glob(".*.tmp"):
        shutil.rmtree(path, ignore_errors=True) if path.is_dir() else path.unlink(missing_ok=True)
    for path in pathlib.Path(folder).glob(".*.old"):
        original = path.with_name(path.name[1:].rsplit(".", 2)[0])
        shutil.rmtree(path, ignore_errors=True) if original.exists() else os.replace(path, original)


def digest(path):
    """sha256 of a file, hexadecimal."""
    with open(path, "rb") as file:
        return hashlib.file_digest(file, "sha256").hexdigest()
