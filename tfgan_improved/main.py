"""The command line: `python -m tfgan_improved.main [verb] --flagfile=flags/<recipe>.flags`."""

import importlib
import os
import sys

from tfgan_improved import flagset, signals
from tfgan_improved.data import cause, check_name
from tfgan_improved.errors import RunError, UserError
from tfgan_improved.run_folder import RunFolder

VERBS = {
    "train": "Train, or go on training, then score and export.",
    "evaluate": "Score the newest checkpoint of a run folder and append to its scores.jsonl.",
    "sample": "Draw images from the newest checkpoint into a picture or an array.",
    "export": "Write the generator as a SavedModel that plain TensorFlow serves.",
    "ensemble": "Count the errors of runs that classify, and of the mean of their class probabilities.",
    "describe": "Print the networks and what the recipe resolves to, without training.",
    "compare": "Print a table of many runs' scores, with their spread over seeds.",
    "report": "Write report.html of a run folder: curves, samples, scores, nearest training images, settings.",
    "vote": "Write a page on which people tell generated images from real ones; with --votes count what they said.",
}


def main(arguments):
    """Runs one verb; returns the exit status: 0, 2 for a user's mistake, 1 for a failed run, 128 + n at signal n."""
    if {"--help", "-h", "--helpfull", "-help"} & set(arguments):
        print(flagset.usage(VERBS))
        return 0
    try:  # whatever can be told without TensorFlow, which takes seconds to import, is told first
        request = flagset.parse(arguments, tuple(VERBS))
        check_name(request.run.dataset)
        RunFolder(request.job.run_dir).check(request)
        os.environ.setdefault("TF_CPP_MIN_LOG_LEVEL", "2")
        importlib.import_module(f"tfgan_improved.commands.{request.verb}").run(request)
    except UserError as error:
        return complain(error, 2)
    except RunError as error:
        return complain(error, 1)
    except KeyboardInterrupt:
        return complain(f"stopped; {signals.AGAIN}", 130)
    except signals.Stopped as stopped:
        return complain(stopped, stopped.status)
    except Exception as error:
        if cause(error) is None:  # a defect: its traceback is wanted
            raise
        return complain(cause(error), 2)  # TensorFlow wraps what the input pipeline raises
    return 0


def complain(error, status):
    """Says what is wrong in one line, the last of stderr."""
    sys.stdout.flush()
    signals.say(f"tfgan_improved: error: {' '.join(str(error).split())}\n")
    return status


if __name__ == "__main__":
    signals.exit_on_sigterm()
    sys.exit(main(sys.argv[1:]))
