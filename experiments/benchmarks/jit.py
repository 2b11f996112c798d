"""Time of a training step with --jit, which compiles it with XLA, against the same recipe without. See README.md.

    python experiments/benchmarks/jit.py --data_dir=<TFDS folder> --out=<file>.json

From the repository's root, as flagfiles name each other from there. Each recipe is measured by itself: `plain` and
`jit` are processes that are asked for rounds in turn (alternate.py). What compiling takes is in the first round of the
warm-up, which is not counted.
"""

import argparse
import json
import os
import pathlib
import sys
import tempfile
import time

HERE = pathlib.Path(__file__).resolve().parent
ROOT = HERE.parents[1]
sys.path.insert(0, str(ROOT))  # works without installing the package

import alternate  # noqa: E402

# Name: the recipe's flags, and how many steps of it take about a second.
RECIPES = {"grid25": ("--flagfile=flags/grid25_plain.flags", 1000),
           "grid25_minibatch": ("--flagfile=flags/grid25_minibatch.flags", 500),
           "mnist": ("--flagfile=flags/mnist_dcgan.flags", 20),
           "mnist_minibatch": ("--flagfile=flags/mnist_dcgan.flags --d_head=minibatch_discrimination", 20)}
FORMS = {"plain": "", "jit": " --jit"}
BASE = "plain"
SETTINGS = ("rounds", "warm_up", "threads", "cores")  # that are recorded


def arguments():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--data_dir", default=os.environ.get("TFDS_DATA_DIR", ""), help="where TFDS keeps MNIST")
    parser.add_argument("--recipes", default=",".join(RECIPES), help="those to measure, with commas between them")
    parser.add_argument("--rounds", type=int, default=15)
    parser.add_argument("--warm_up", type=int, default=2, help="rounds that are not counted")
    parser.add_argument("--threads", type=int, default=2, help="threads of each contender")
    parser.add_argument("--cores", default="", help="the only cores to use, such as 2,3 (Linux)")
    parser.add_argument("--out", default="", help="a JSON file for everything measured")
    asked = parser.parse_args()
    asked.recipes = asked.recipes.split(",")
    if set(asked.recipes) - set(RECIPES):
        parser.error(f"--recipes must be some of {','.join(RECIPES)}")
    if min(asked.rounds, asked.threads, asked.warm_up) < 1:
        parser.error("--rounds, --threads and --warm_up must be at least 1")
    return asked


def main():
    asked, started = arguments(), time.strftime("%Y-%m-%dT%H:%M:%S%z")
    if asked.cores:
        alternate.use_cores(asked.cores)
    machine, busy = alternate.machine(), alternate.busy(asked.threads)
    if busy:
        print("others use this machine; times come out too long, see README.md", flush=True)
    results = {name: pace(asked, name) for name in asked.recipes}
    if asked.out:
        record = {"workload": "a step with and without XLA", "started": started,
                  "settings": {name: getattr(asked, name) for name in SETTINGS}, "machine": machine, "busy": busy,
                  "load_average_after": alternate.machine()["load_average"], "by_recipe": results}
        pathlib.Path(asked.out).write_text(json.dumps(record, indent=1) + "\n")


def pace(asked, name):
    """The summary of alternate.py and every round of a recipe, with and without XLA."""
    flags, steps = RECIPES[name]
    with tempfile.TemporaryDirectory() as folder:
        contenders, about = [], {}
        try:
            for form, more in FORMS.items():  # one is ready before the next starts
                contenders.append(start(asked, pathlib.Path(folder), form, flags + more, steps))
                about[form] = contenders[-1].about()
            if about["jit"]["parameters"] != about["plain"]["parameters"]:
                raise alternate.ContenderError(f"the networks of {name} are others with --jit: {about}")
            alternate.measure(contenders, steps, asked.rounds, asked.warm_up)
        finally:
            for contender in contenders:
                contender.stop()
    summary = alternate.summary(contenders, BASE)
    print(f"{name}\n{alternate.table(summary, BASE)}", flush=True)
    return {"flags": flags, "steps": steps, "about": about["jit"], "base": BASE, "summary": summary,
            "milliseconds_per_step": {c.name: c.milliseconds for c in contenders},
            "cpu_milliseconds_per_step": {c.name: c.cpu_milliseconds for c in contenders}}


def start(asked, folder, form, recipe, steps):
    """The process of a recipe, driven by the loop that the command line drives."""
    environment = {**os.environ, "PYTHONPATH": str(ROOT), "CUDA_VISIBLE_DEVICES": "", "TF_CPP_MIN_LOG_LEVEL": "2",
                   "OMP_NUM_THREADS": str(asked.threads), "KERAS_BACKEND": "tensorflow"}
    command = [sys.executable, str(HERE / "contenders" / "package_loop.py"), "--images=", f"--steps={steps}",
               f"--data_dir={asked.data_dir}", f"--threads={asked.threads}", f"--recipe={recipe}"]
    return alternate.Contender(form, command, environment, folder / f"{form}.txt")


if __name__ == "__main__":
    try:
        main()
    except alternate.ContenderError as error:
        sys.exit(f"error: {error}")
