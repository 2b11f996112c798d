"""Time and memory of minibatch discrimination, forward and backward, against all pairs at once. See README.md.

    python experiments/benchmarks/minibatch_discrimination.py --torch_python=<environment>/bin/python --out=<file>.json
    python experiments/benchmarks/minibatch_discrimination.py --peak --rows=1024,2048,4096 --out=<file>.json
"""

import argparse
import json
import os
import pathlib
import sys
import tempfile
import time

import alternate

HERE = pathlib.Path(__file__).resolve().parent
ROOT = HERE.parents[1]
SIZES = ("features", "kernels", "dims", "threads")


def arguments():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--torch_python", default="", help="the Python of an environment with PyTorch")
    parser.add_argument("--rows", default="64,128,1024", help="batch sizes, measured one after the other")
    parser.add_argument("--features", type=int, default=1024)
    parser.add_argument("--kernels", type=int, default=100)
    parser.add_argument("--dims", type=int, default=5)
    parser.add_argument("--rounds", type=int, default=10)
    parser.add_argument("--warm_up", type=int, default=1, help="rounds that are not counted")
    parser.add_argument("--threads", type=int, default=2, help="threads of each contender")
    parser.add_argument("--cores", default="", help="the only cores to use, such as 2,3 (Linux)")
    parser.add_argument("--peak", action="store_true", help="measure the memory of one step of the package's layer")
    parser.add_argument("--out", default="", help="a JSON file for everything measured")
    asked = parser.parse_args()
    try:
        asked.rows = [int(rows) for rows in asked.rows.split(",")]
    except ValueError:
        parser.error(f"--rows={asked.rows} must be whole numbers with commas between them, such as 64,128")
    if min(*asked.rows, asked.rounds, *(getattr(asked, name) for name in SIZES)) < 1 or asked.warm_up < 0:
        parser.error("all numbers must be at least 1, --warm_up at least 0")
    return asked


def main():
    asked, started = arguments(), time.strftime("%Y-%m-%dT%H:%M:%S%z")
    if asked.cores:
        alternate.use_cores(asked.cores)
    machine = alternate.machine()
    if alternate.busy(asked.threads):
        print("others use this machine; times come out too long, see README.md", flush=True)
    results = {str(rows): (peak if asked.peak else pace)(asked, rows) for rows in asked.rows}
    if asked.out:
        record = {"workload": "minibatch discrimination, " + ("memory" if asked.peak else "time"), "started": started,
                  "settings": {name: getattr(asked, name) for name in (*SIZES, "rounds", "warm_up", "cores")},
                  "machine": machine, "load_average_after": alternate.machine()["load_average"], "by_rows": results}
        pathlib.Path(asked.out).write_text(json.dumps(record, indent=1) + "\n")


def peak(asked, rows):
    """{"peak_mb"}: the most memory of one step, forward and backward and compiling it, in a fresh process."""
    with tempfile.TemporaryDirectory() as folder:
        contender = start(asked, rows, 1, folder, "package", sys.executable, "package_minibatch.py", "layer", "--peak")
        about = contender.about()
        contender.stop()
    megabytes = about["parameters"]["peak_mb"]
    print(f"{rows} rows: {megabytes:.0f} MB above the inputs", flush=True)
    return {"peak_mb": megabytes, "versions": about["versions"]}


def pace(asked, rows):
    """The summary of alternate.py and every round, of the layer, plain TensorFlow, and PyTorch where it is given."""
    steps = max(1, (256 // rows) ** 2)
    scripts = {"package": (sys.executable, "package_minibatch.py", "layer"),
               "plain": (sys.executable, "package_minibatch.py", "plain")}
    if asked.torch_python:
        scripts["torch"] = (asked.torch_python, "torch_minibatch.py", "broadcast")
        scripts["cdist"] = (asked.torch_python, "torch_minibatch.py", "cdist")
    with tempfile.TemporaryDirectory() as folder:
        contenders, about = [], {}
        try:
            for name, script in scripts.items():  # one is ready before the next starts
                contenders.append(start(asked, rows, steps, folder, name, *script))
                about[name] = contenders[-1].about()
            check(about)
            alternate.measure(contenders, steps, asked.rounds, asked.warm_up)
        finally:
            for contender in contenders:
                contender.stop()
    base = "torch" if asked.torch_python else "plain"
    summary = alternate.summary(contenders, base)
    print(f"{rows} rows\n{alternate.table(summary, base)}", flush=True)
    return {"steps": steps, "about": about, "base": base, "summary": summary,
            "milliseconds_per_step": {c.name: c.milliseconds for c in contenders},
            "cpu_milliseconds_per_step": {c.name: c.cpu_milliseconds for c in contenders}}


def start(asked, rows, steps, folder, name, python, script, form, *options):
    sizes = [f"--{key}={getattr(asked, key)}" for key in SIZES]
    environment = {**os.environ, "PYTHONPATH": str(ROOT), "CUDA_VISIBLE_DEVICES": "", "TF_CPP_MIN_LOG_LEVEL": "2",
                   "OMP_NUM_THREADS": str(asked.threads), "KERAS_BACKEND": "tensorflow"}
    command = [python, str(HERE / "contenders" / script), f"--form={form}", f"--rows={rows}", f"--steps={steps}"]
    return alternate.Contender(name, [*command, *sizes, *options], environment, pathlib.Path(folder) / f"{name}.txt")


def check(about):
    """ContenderError where a contender computes something else than the others."""
    reference = about["plain"]["parameters"]["lengths"]
    for name, said in about.items():
        for key, value in said["parameters"]["lengths"].items():
            if abs(value - reference[key]) > 1e-5 * reference[key]:
                raise alternate.ContenderError(f"the {key} of contender '{name}' has length {value}; that of contender "
                                               f"'plain' has {reference[key]}")


if __name__ == "__main__":
    try:
        main()
    except alternate.ContenderError as error:
        sys.exit(f"error: {error}")
