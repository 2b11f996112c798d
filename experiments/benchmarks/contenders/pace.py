"""What every contender shares: its arguments, and rounds of steps done when the driver asks for them.

Needs nothing but Python, as contenders run in different environments. The driver writes one line to stdin for each
round; the contender answers with one line of JSON on stdout, first about itself, then the seconds of each round, by the
clock and of processor time.
"""

import argparse
import json
import os
import sys
import time

# Whatever a framework prints goes to stderr, so that it cannot come between the answers.
_ANSWERS = os.fdopen(os.dup(1), "w")
os.dup2(2, 1)


def settings():
    """The arguments that the driver gives to every contender."""
    parser = argparse.ArgumentParser()
    parser.add_argument("--images", required=True, help="a .npy file of uint8 (n, h, w, c)")
    parser.add_argument("--data_dir", default="", help="where the data sets of TFDS are")
    parser.add_argument("--steps", type=int, required=True, help="steps of a round")
    parser.add_argument("--threads", type=int, required=True)
    parser.add_argument("--recipe", default="", help="the package's flags, separated by spaces")
    parser.add_argument("--half", action="store_true", help="activations in bfloat16")
    return parser.parse_args()


class Pace:
    """Call it after each round: it reports the seconds since the round was asked for and waits for the next one."""

    def __init__(self, parameters, versions):
        self._answer({"parameters": parameters, "versions": versions})
        self._wait()

    def __call__(self):
        clock, cpu = self._start
        self._answer({"seconds": time.perf_counter() - clock, "cpu_seconds": time.process_time() - cpu})
        self._wait()

    def _answer(self, record):
        _ANSWERS.write(json.dumps(record) + "\n")
        _ANSWERS.flush()

    def _wait(self):
        if not sys.stdin.readline():  # the driver has had enough
            _ANSWERS.flush()
            os._exit(0)
        self._start = time.perf_counter(), time.process_time()
