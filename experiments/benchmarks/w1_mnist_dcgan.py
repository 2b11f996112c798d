"""Steps per second of the MNIST DCGAN (workload W1): the package, plain Keras `fit`, PyTorch eager. See README.md.

    python experiments/benchmarks/w1_mnist_dcgan.py --data_dir=<TFDS folder> --torch_python=<environment>/bin/python
"""

import argparse
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

PARAMETERS = {"g": 759_681, "d": 138_689}
SETTINGS = ("rounds", "steps", "warm_up", "threads", "cores")  # that are recorded


def arguments():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--data_dir", default=os.environ.get("TFDS_DATA_DIR", ""), help="where TFDS keeps MNIST")
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


def main():
    asked, started = arguments(), time.strftime("%Y-%m-%dT%H:%M:%S%z")
    if asked.cores:
        alternate.use_cores(asked.cores)
    machine = alternate.machine()
    if alternate.busy(asked.threads):
        print("others use this machine; the ratios to PyTorch come out too high, see README.md", flush=True)
    with tempfile.TemporaryDirectory() as folder:
        contenders = start(asked, pathlib.Path(folder))
        try:
            about = {contender.name: check(contender) for contender in contenders}
            alternate.measure(contenders, asked.steps, asked.rounds, asked.warm_up)
        finally:
            for contender in contenders:
                contender.stop()
    base = "torch" if asked.torch_python else "keras"
    records = alternate.summary(contenders, base)
    print(alternate.table(records, base))
    if asked.out:
        record = {"workload": "W1", "started": started,
                  "settings": {name: getattr(asked, name) for name in SETTINGS}, "machine": machine,
                  "load_average_after": alternate.machine()["load_average"], "about": about, "base": base,
                  "summary": records, "milliseconds_per_step": {c.name: c.milliseconds for c in contenders},
                  "cpu_milliseconds_per_step": {c.name: c.cpu_milliseconds for c in contenders}}
        pathlib.Path(asked.out).write_text(json.dumps(record, indent=1) + "\n")


def start(asked, folder):
    """The contenders' processes, one starting after the other has said that it is ready."""
    from tfgan_improved import data

    images, _ = data.load("mnist", asked.data_dir or None).arrays("train")
    np.save(folder / "images.npy", images)
    scripts = {"package": (sys.executable, "package_loop.py"), "keras": (sys.executable, "keras_fit.py")}
    if asked.torch_python:
        scripts["torch"] = (asked.torch_python, "torch_eager.py")
    environment = {**os.environ, "PYTHONPATH": str(ROOT), "CUDA_VISIBLE_DEVICES": "",
                   "OMP_NUM_THREADS": str(asked.threads), "KERAS_BACKEND": "tensorflow", "TF_CPP_MIN_LOG_LEVEL": "2"}
    common = [f"--images={folder / 'images.npy'}", f"--data_dir={asked.data_dir}", f"--steps={asked.steps}",
              f"--threads={asked.threads}"]
    return [alternate.Contender(name, [python, str(HERE / "contenders" / script), *common], environment,
                                folder / f"{name}.txt")
            for name, (python, script) in scripts.items()]


def check(contender):
    """What the contender says of itself. ContenderError where its networks are not W1's."""
    about = contender.about()
    if about["parameters"] != PARAMETERS:
        raise alternate.ContenderError(f"contender '{contender.name}' has {about['parameters']} parameters; "
                                       f"workload W1 has {PARAMETERS}")
    return about


if __name__ == "__main__":
    try:
        main()
    except (alternate.ContenderError, UserError) as error:
        sys.exit(f"error: {error}")
