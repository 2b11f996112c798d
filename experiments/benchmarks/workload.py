"""What the workloads share: steps per second of the package against other contenders, alternated. See README.md."""

import argparse
import dataclasses
import json
import os
import pathlib
import sys
import tempfile
import time

import numpy as np

HERE = pathlib.Path(__file__).resolve().parent
ROOT = HERE.parents[1]
sys.path.insert(0, str(ROOT))  # works without installing the package

import alternate  # noqa: E402

from tfgan_improved.errors import UserError  # noqa: E402

SETTINGS = ("rounds", "steps", "warm_up", "threads", "cores")  # that are recorded


@dataclasses.dataclass(frozen=True)
class Workload:
    """Its name, the recipe's flags, trained parameters of both networks, and the other contenders' scripts by name.

    The last one is what the others are held against, and those in `pairs` also against another: {name: other}. A script
    may have arguments behind it. Names that start with torch run in the environment with PyTorch. `dataset` is TFDS's.
    """

    name: str
    flags: tuple
    parameters: dict
    others: dict
    pairs: dict = dataclasses.field(default_factory=dict)
    dataset: str = "mnist"


def arguments(workload):
    """The command line of a workload's script."""
    parser = argparse.ArgumentParser(description=f"Steps per second of workload {workload.name}; see README.md.")
    parser.add_argument("--data_dir", default=os.environ.get("TFDS_DATA_DIR", ""), help="where TFDS keeps its data")
    parser.add_argument("--torch_python", default="", help="the Python of an environment with PyTorch")
    parser.add_argument("--rounds", type=int, default=30)
    parser.add_argument("--steps", type=int, default=20, help="steps of a round, for each contender; a multiple of 10")
    parser.add_argument("--warm_up", type=int, default=3, help="rounds that are not counted")
    parser.add_argument("--threads", type=int, default=2, help="threads of each contender")
    parser.add_argument("--cores", default="", help="the only cores to use, such as 2,3 (Linux)")
    parser.add_argument("--out", default="", help="a JSON file for everything measured")
    asked = parser.parse_args()
    if asked.steps < 10 or asked.steps % 10 or min(asked.rounds, asked.threads) < 1 or asked.warm_up < 0:
        parser.error("--steps must be a multiple of 10, --rounds and --threads at least 1, --warm_up at least 0")
    return asked


def main(workload):
    """Measures and prints; with --out it is recorded. Ends with one sentence where something is not as it should be."""
    try:
        _measure(workload, arguments(workload))
    except (alternate.ContenderError, UserError) as error:
        sys.exit(f"error: {error}")


def _measure(workload, asked):
    started = time.strftime("%Y-%m-%dT%H:%M:%S%z")
    if asked.cores:
        alternate.use_cores(asked.cores)
    machine = alternate.machine()
    if alternate.busy(asked.threads):
        print("others use this machine; the ratios to PyTorch come out too high, see README.md", flush=True)
    with tempfile.TemporaryDirectory() as folder:
        contenders = start(workload, asked, pathlib.Path(folder))
        try:
            about = {contender.name: check(contender, workload) for contender in contenders}
            alternate.measure(contenders, asked.steps, asked.rounds, asked.warm_up)
        finally:
            for contender in contenders:
                contender.stop()
    base = contenders[-1].name
    records = alternate.summary(contenders, base)
    print(alternate.table(records, base))
    pairs = _paired(workload, contenders)
    if asked.out:
        record = {"workload": workload.name, "started": started,
                  "settings": {name: getattr(asked, name) for name in SETTINGS}, "machine": machine,
                  "load_average_after": alternate.machine()["load_average"], "about": about, "base": base,
                  "summary": records, "pairs": pairs,
                  "milliseconds_per_step": {c.name: c.milliseconds for c in contenders},
                  "cpu_milliseconds_per_step": {c.name: c.cpu_milliseconds for c in contenders}}
        pathlib.Path(asked.out).write_text(json.dumps(record, indent=1) + "\n")


def _paired(workload, contenders):
    """{"one against another": its summary} of the workload's pairs that took part, printed too."""
    took_part, found = {contender.name for contender in contenders}, {}
    for mine, other in workload.pairs.items():
        if {mine, other} <= took_part:
            record = found[f"{mine} against {other}"] = alternate.summary(contenders, other)[mine]
            low, high = record["quartiles"]
            print(f"{mine} against {other}: {record['times_base']:.3f} times as fast (quartiles {low:.2f}-{high:.2f}), "
                  f"{record['times_base_by_cpu']:.3f} by processor time")
    return found


def start(workload, asked, folder):
    """The contenders' processes, one starting after the other has said that it is ready."""
    from tfgan_improved import data

    images, _ = data.load(workload.dataset, asked.data_dir or None).arrays("train")
    np.save(folder / "images.npy", images)
    commands = {}
    for name, script in {"package": "package_loop.py", **workload.others}.items():
        python, (file, *more) = asked.torch_python if name.startswith("torch") else sys.executable, script.split()
        if python:
            commands[name] = [python, str(HERE / "contenders" / file), *more]
    environment = {**os.environ, "PYTHONPATH": str(ROOT), "CUDA_VISIBLE_DEVICES": "",
                   "OMP_NUM_THREADS": str(asked.threads), "KERAS_BACKEND": "tensorflow", "TF_CPP_MIN_LOG_LEVEL": "2"}
    common = [f"--images={folder / 'images.npy'}", f"--data_dir={asked.data_dir}", f"--steps={asked.steps}",
              f"--threads={asked.threads}", f"--recipe={' '.join(workload.flags)}"]
    return [alternate.Contender(name, [*command, *common], environment, folder / f"{name}.txt")
            for name, command in commands.items()]


def check(contender, workload):
    """What the contender says of itself. ContenderError where its networks are not the workload's."""
    about = contender.about()
    if about["parameters"] != workload.parameters:
        raise alternate.ContenderError(f"contender '{contender.name}' has {about['parameters']} parameters; "
                                       f"workload {workload.name} has {workload.parameters}")
    return about
