"""What the contenders of minibatch_discrimination.py share: their arguments, their input, and what they report."""

import argparse
import resource

import numpy as np
import pace


def settings():
    """The arguments that the driver gives to each of them."""
    parser = argparse.ArgumentParser()
    parser.add_argument("--form", required=True)
    for name in ("rows", "features", "kernels", "dims", "steps", "threads"):
        parser.add_argument(f"--{name}", type=int, required=True)
    parser.add_argument("--peak", action="store_true", help="say how much memory one step takes, and end")
    return parser.parse_args()


def inputs(asked):
    """x (rows, features), T (features, kernels * dims) and what the features' gradient is (rows, kernels)."""
    random = np.random.default_rng(0)
    draw = [random.standard_normal(shape, dtype="float32") for shape in (
        (asked.rows, asked.features), (asked.features, asked.kernels * asked.dims), (asked.rows, asked.kernels))]
    return draw[0], draw[1] / np.float32(asked.features) ** 0.5, draw[2]


def resident():
    """Bytes of memory in use now (Linux)."""
    with open("/proc/self/statm") as file:
        return int(file.read().split()[1]) * resource.getpagesize()


def run(asked, step, versions):
    """Answers the driver for as long as it asks; `step()` gives closeness, and the gradients to x and T."""
    before = resident()
    values = [float(np.sqrt(np.square(np.asarray(value, "float64")).sum())) for value in step()]
    # The largest use ever, less what was there with inputs in place: at least what the step took.
    peak = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss * 1024 - before
    lengths = dict(zip(("closeness", "gradient_x", "gradient_t"), values))
    ended = pace.Pace({"lengths": lengths, "peak_mb": peak / 2**20}, versions)
    while True:
        for _ in range(asked.steps):
            step()
        ended()
