"""Images a second through InceptionV3 at 299 x 299: plain, batch norms folded, in bfloat16. See README.md.

    python experiments/benchmarks/inception_features.py --torch_python=<environment>/bin/python --out=<file>.json

Images of 32 x 32 as uint8 are resized, scaled and seen; random weights take the time of trained ones. Each contender is
a process of its own, asked for rounds in turn (alternate.py).
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
BASE = "plain"


def arguments():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--torch_python", default="", help="the Python of an environment with PyTorch and torchvision")
    parser.add_argument("--rows", type=int, default=32, help="images seen at once; a step is one such batch")
    parser.add_argument("--steps", type=int, default=1, help="batches of a round")
    parser.add_argument("--rounds", type=int, default=15)
    parser.add_argument("--warm_up", type=int, default=2, help="rounds that are not counted")
    parser.add_argument("--threads", type=int, default=2, help="threads of each contender")
    parser.add_argument("--cores", default="", help="the only cores to use, such as 2,3 (Linux)")
    parser.add_argument("--out", default="", help="a JSON file for everything measured")
    asked = parser.parse_args()
    if min(asked.rows, asked.steps, asked.rounds, asked.threads) < 1 or asked.warm_up < 0:
        parser.error("all numbers must be at least 1, --warm_up at least 0")
    return asked


def main():
    asked, started = arguments(), time.strftime("%Y-%m-%dT%H:%M:%S%z")
    if asked.cores:
        alternate.use_cores(asked.cores)
    machine = alternate.machine()
    if alternate.busy(asked.threads):
        print("others use this machine; times come out too long, see README.md", flush=True)
    with tempfile.TemporaryDirectory() as folder:
        contenders, about = [], {}
        try:
            for name, python, script, form in scripts(asked):  # one is ready before the next starts
                contenders.append(start(asked, folder, name, python, script, form))
                about[name] = contenders[-1].about()
            alternate.measure(contenders, asked.steps, asked.rounds, asked.warm_up)
        finally:
            for contender in contenders:
                contender.stop()
    summary = alternate.summary(contenders, BASE)
    for record in summary.values():
        record["images_per_second"] = asked.rows * record["steps_per_second"]
    print(alternate.table(summary, BASE))
    print("images a second: " + ", ".join(f"{name} {of['images_per_second']:.1f}" for name, of in summary.items()))
    if asked.out:
        record = {"workload": "InceptionV3 features", "started": started, "base": BASE, "about": about,
                  "settings": {name: getattr(asked, name) for name in ("rows", "steps", "rounds", "threads", "cores")},
                  "machine": machine, "load_average_after": alternate.machine()["load_average"], "summary": summary,
                  "milliseconds_per_step": {c.name: c.milliseconds for c in contenders},
                  "cpu_milliseconds_per_step": {c.name: c.cpu_milliseconds for c in contenders}}
        pathlib.Path(asked.out).write_text(json.dumps(record, indent=1) + "\n")


def scripts(asked):
    """(name, Python, script, form) of each contender."""
    ours, theirs = "keras_inception_features.py", "torch_inception_features.py"
    made = [(form, sys.executable, ours, form) for form in ("plain", "folded", "bfloat16")]
    if asked.torch_python:
        made += [(name, asked.torch_python, theirs, form)
                 for name, form in (("torch", "folded"), ("torch_bf16", "bfloat16"))]
    return made


def start(asked, folder, name, python, script, form):
    environment = {**os.environ, "PYTHONPATH": str(ROOT), "CUDA_VISIBLE_DEVICES": "", "TF_CPP_MIN_LOG_LEVEL": "2",
                   "OMP_NUM_THREADS": str(asked.threads), "KERAS_BACKEND": "tensorflow"}
    sizes = [f"--{key}={getattr(asked, key)}" for key in ("rows", "steps", "threads")]
    command = [python, str(HERE / "contenders" / script), f"--form={form}", *sizes]
    return alternate.Contender(name, command, environment, pathlib.Path(folder) / f"{name}.txt")


if __name__ == "__main__":
    try:
        main()
    except alternate.ContenderError as error:
        sys.exit(f"error: {error}")
