"""Time of a training step with virtual batch normalization, against batch normalization: workload W1. See README.md.

    python experiments/benchmarks/virtual_batch_norm.py --data_dir=<TFDS folder>

The MNIST DCGAN with a batch of 64 and a reference batch of 64: `batch` has batch norm in both networks, `virtual`
virtual batch norm in G, `both` in both. Each is a process of its own, asked for rounds in turn (alternate.py).
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
sys.path[:0] = [str(ROOT), str(HERE / "contenders")]  # works without installing the package

import alternate  # noqa: E402

from tfgan_improved.errors import UserError  # noqa: E402

RECIPES = {"batch": [], "virtual": ["--g_norm=virtual:reference=64"],
           "both": ["--g_norm=virtual:reference=64", "--d_norm=virtual:reference=64"]}
BASE = "batch"
MOST = 1.5  # times the base's time that `virtual` may take
SETTINGS = ("rounds", "steps", "warm_up", "threads", "cores")  # that are recorded


def arguments():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--data_dir", default=os.environ.get("TFDS_DATA_DIR", ""), help="where TFDS keeps MNIST")
    parser.add_argument("--rounds", type=int, default=30)
    parser.add_argument("--steps", type=int, default=20, help="steps of a round, for each contender; a multiple of 10")
    parser.add_argument("--warm_up", type=int, default=3, help="rounds that are not counted")
    parser.add_argument("--threads", type=int, default=2, help="threads of each contender")
    parser.add_argument("--cores", default="", help="the only cores to use, such as 2,3 (Linux)")
    parser.add_argument("--out", default="", help="a JSON file for everything measured")
    parser.add_argument("--contender", default="", choices=["", *RECIPES], help=argparse.SUPPRESS)
    asked = parser.parse_args()
    if asked.steps < 10 or asked.steps % 10 or min(asked.rounds, asked.threads) < 1 or asked.warm_up < 0:
        parser.error("--steps must be a multiple of 10, --rounds and --threads at least 1, --warm_up at least 0")
    return asked


def main(asked):
    started = time.strftime("%Y-%m-%dT%H:%M:%S%z")
    if asked.cores:
        alternate.use_cores(asked.cores)
    machine = alternate.machine()
    with tempfile.TemporaryDirectory() as folder:
        contenders = start(asked, pathlib.Path(folder))
        try:
            about = {contender.name: contender.about() for contender in contenders}
            alternate.measure(contenders, asked.steps, asked.rounds, asked.warm_up)
        finally:
            for contender in contenders:
                contender.stop()
    records = alternate.summary(contenders, BASE)
    print(alternate.table(records, BASE))
    times = {name: {"clock": 1 / record["times_base"], "processor": 1 / record["times_base_by_cpu"],
                    "least": 1 / record["times_base_by_least"]} for name, record in records.items()}
    for name, ratio in times.items():
        print(f"{name}: {ratio['clock']:.3f} times the time of {BASE} by the clock, {ratio['processor']:.3f} of the "
              f"processor's time, {ratio['least']:.3f} by the fastest rounds")
    print(f"virtual may take {MOST} times: {'holds' if times['virtual']['clock'] <= MOST else 'DOES NOT HOLD'}")
    if asked.out:
        record = {"workload": "W1 with virtual batch normalization", "started": started,
                  "settings": {name: getattr(asked, name) for name in SETTINGS}, "recipes": RECIPES, "machine": machine,
                  "load_average_after": alternate.machine()["load_average"], "about": about, "base": BASE,
                  "summary": records, "times_as_long": times,
                  "milliseconds_per_step": {c.name: c.milliseconds for c in contenders},
                  "cpu_milliseconds_per_step": {c.name: c.cpu_milliseconds for c in contenders}}
        pathlib.Path(asked.out).write_text(json.dumps(record, indent=1) + "\n")


def start(asked, folder):
    """The contenders' processes, all started at once."""
    environment = {**os.environ, "CUDA_VISIBLE_DEVICES": "", "OMP_NUM_THREADS": str(asked.threads),
                   "KERAS_BACKEND": "tensorflow", "TF_CPP_MIN_LOG_LEVEL": "2"}
    common = [sys.executable, str(HERE / "virtual_batch_norm.py"), f"--data_dir={asked.data_dir}",
              f"--steps={asked.steps}", f"--threads={asked.threads}"]
    return [alternate.Contender(name, [*common, f"--contender={name}"], environment, folder / f"{name}.txt")
            for name in RECIPES]


class Rounds:
    """A callback of the loop that ends a round."""

    def __init__(self, every, ended):
        self.every, self.ended = every, ended

    def __call__(self, step, means):
        self.ended()


def contend(asked):
    """One contender: the recipe driven by the loop that the command line drives."""
    import pace

    from tfgan_improved import assemble, data, flagset
    from tfgan_improved.training import strategies
    from tfgan_improved.training.loop import Loop

    request = flagset.parse(["--dataset=mnist", f"--data_dir={asked.data_dir}", "--batch_size=64", "--network=dcgan",
                             "--latent=normal:100", f"--threads={asked.threads}", *RECIPES[asked.contender]], ["train"])
    strategy = strategies.make(request.run, wait=0)
    source = data.load(request.run.dataset, request.job.data_dir or None)
    with strategy.scope():
        gan = assemble.gan(request.run, assemble.about_data(source))
    batches = data.batches(source, request.run.batch_size, seed=request.run.seed)
    gan.initialize(next(iter(batches)))
    loop = Loop(gan, strategy, steps_per_call=request.job.steps_per_call)
    parameters = {name: sum(variable.shape.num_elements() for variable in network.trainable_variables)
                  for name, network in gan.networks.items()}
    ended = pace.Pace(parameters, assemble.made_with())
    loop.run(batches, first=0, last=10**9, callbacks=[Rounds(asked.steps, ended)])


if __name__ == "__main__":
    settings = arguments()
    try:
        (contend if settings.contender else main)(settings)
    except (alternate.ContenderError, UserError) as error:
        sys.exit(f"error: {error}")
