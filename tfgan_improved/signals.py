"""What a process does at SIGTERM and Ctrl-C. Nothing here imports TensorFlow: its threads start with what is set here.

Where something can still be saved (`deferred`) the first signal asks for it, and a second one ends the process.
"""

import contextlib
import os
import signal
import sys
import threading

AGAIN = "the same command starts again, a training from its last checkpoint"


class _Request(threading.Event):
    """That a signal has come which somebody will look at, and its number."""

    number = 0


_deferring, _asked = threading.Event(), _Request()
_lock = threading.RLock()  # one that the handler, which runs in the middle of the main thread, may take again


class Stopped(Exception):
    """A training has saved its step and stops, as a signal asked; `status` is the process's."""

    def __init__(self, step):
        super().__init__(f"stopped at step {step}, which is saved; the same command goes on from there")
        self.status = 128 + _asked.number


def exit_on_sigterm():
    """Ends this process at SIGTERM with one sentence, even while it waits for other workers; within `deferred` not yet.

    TensorFlow with several workers takes SIGTERM for itself and goes on, and a collective blocks in C++, where no
    Python handler runs. So all threads block the signal, and one thread of ours waits for it.
    """
    signal.pthread_sigmask(signal.SIG_BLOCK, {signal.SIGTERM})  # threads made from here on inherit it
    threading.Thread(target=_wait, daemon=True).start()


@contextlib.contextmanager
def deferred():
    """Within, SIGTERM or Ctrl-C only make `asked()` true, for the one that can still save; a second one ends it.

    Ctrl-C in the main thread alone, where Python handles it between two calls of TensorFlow, and not where it is
    ignored, as in what a script starts with `&`. What came too late for anybody to look is done behind. Not nested.
    """
    main = threading.current_thread() is threading.main_thread() and signal.getsignal(signal.SIGINT) != signal.SIG_IGN
    _asked.clear()
    before = signal.signal(signal.SIGINT, _interrupt) if main else None
    _deferring.set()
    try:
        yield
    finally:
        with _lock:
            late = _asked.is_set()
            _deferring.clear()
            _asked.clear()
        if main:
            signal.signal(signal.SIGINT, before)
    if late and _asked.number == signal.SIGINT:
        raise KeyboardInterrupt
    if late:
        _end(_asked.number)


def asked():
    """Whether a signal has come within `deferred`."""
    return _asked.is_set()


def say(text):
    """Writes on stderr if anybody still reads it: Ctrl-C ends `| tee` too, and nothing should be lost for that."""
    with contextlib.suppress(OSError, ValueError):
        sys.stderr.write(text)
        sys.stderr.flush()


def _ask(number):
    """Whether there is somebody who will look."""
    with _lock:
        if not _deferring.is_set() or _asked.is_set():
            return False
        _asked.number = number
        _asked.set()
    say(f"\n{signal.Signals(number).name}: saves a checkpoint, then stops; a second one stops at once\n")
    return True


def _wait():
    while True:
        number = signal.sigwait({signal.SIGTERM})
        if not _ask(number):
            _end(number)


def _interrupt(number, frame):
    if not _ask(number):
        raise KeyboardInterrupt


def _end(number):
    say(f"tfgan_improved: error: stopped by {signal.Signals(number).name}; {AGAIN}\n")
    os._exit(128 + number)
