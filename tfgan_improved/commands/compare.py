"""A table over many runs: mean and spread of each score over seeds; scores that do not compare are refused."""

import json
import pathlib

from tfgan_improved import files
from tfgan_improved.config import ConfigError
from tfgan_improved.report import comparison, tables
from tfgan_improved.run_folder import writable

KINDS = (".md", ".json")


def run(request):
    """Prints the table of --run_dirs, ranked by --by; also into --output, .md or .json. ConfigError in one sentence."""
    job = request.job
    if not job.run_dirs.split():
        raise ConfigError("--run_dirs is empty; name the run folders, or .jsonl files of `evaluate --output`, "
                          "separated by spaces")
    path = pathlib.Path(job.output).expanduser() if job.output else None
    if path is not None and path.suffix not in KINDS:
        raise ConfigError(f"--output={path} is neither .md nor .json; name it one of these")
    if path is not None and not (path.parent.is_dir() and writable(path.parent)):
        raise ConfigError(f"--output={path} cannot be written; choose a folder that exists and is writable")
    found = comparison.compare(job.run_dirs.split(), job.by, job.ignore, job.at_step, job.truncation, job.best)
    if path is not None and path.suffix == ".md":
        files.write_bytes(path, tables.markdown(found).encode())
    elif path is not None:
        files.write_bytes(path, (json.dumps(tables.json_of(found), indent=2) + "\n").encode())
    print(tables.text(found), end="", flush=True)
