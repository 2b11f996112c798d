"""SIGTERM and Ctrl-C end a process at once, or behind what it is doing where it can still save."""

import contextlib
import pathlib
import signal
import subprocess
import sys

import pytest

import tfgan_improved
from tfgan_improved import signals

ROOT = pathlib.Path(tfgan_improved.__path__[0]).parent
BEGIN = "import time\nfrom tfgan_improved import signals\nsignals.exit_on_sigterm()\n"
WAIT = """    print('ready', flush=True)
    while not signals.asked():
        time.sleep(0.001)
    print('asked', flush=True)
"""
ENDED = f"tfgan_improved: error: stopped by {{}}; {signals.AGAIN}\n"


@contextlib.contextmanager
def program(text):
    process = subprocess.Popen([sys.executable, "-c", BEGIN + text], cwd=ROOT, stdout=subprocess.PIPE,
                               stderr=subprocess.PIPE, text=True)
    try:
        yield process
    finally:
        process.kill()
        process.communicate()


def send(process, number, said):
    assert process.stdout.readline() == f"{said}\n"
    process.send_signal(number)


@pytest.mark.parametrize("before", ["", "with signals.deferred(): pass\n"], ids=["never deferred", "not any more"])
def test_it_ends_at_once(before):
    with program(before + "print('ready', flush=True)\ntime.sleep(60)") as process:
        send(process, signal.SIGTERM, "ready")
        assert process.communicate(timeout=30)[1] == ENDED.format("SIGTERM")
        assert process.returncode == 128 + signal.SIGTERM


@pytest.mark.parametrize("first", [signal.SIGTERM, signal.SIGINT])
@pytest.mark.parametrize("second", [signal.SIGTERM, signal.SIGINT])
def test_the_first_one_is_told_and_the_second_ends_it(first, second):
    with program("with signals.deferred():\n" + WAIT + "    time.sleep(60)") as process:
        send(process, first, "ready")
        send(process, second, "asked")
        told = process.communicate(timeout=30)[1]
        assert told.startswith(f"\n{first.name}: saves a checkpoint, then stops")
        if second == signal.SIGTERM:
            assert told.endswith(ENDED.format("SIGTERM")) and process.returncode == 128 + second
        else:
            assert told.endswith("KeyboardInterrupt\n")  # which main() turns into a sentence


@pytest.mark.parametrize("number", [signal.SIGTERM, signal.SIGINT])
def test_what_nobody_looked_at_ends_it_behind(number):
    with program("with signals.deferred():\n" + WAIT + "print('not reached', flush=True)") as process:
        send(process, number, "ready")
        out, errors = process.communicate(timeout=30)
        assert out == "asked\n"
        if number == signal.SIGTERM:
            assert errors.endswith(ENDED.format("SIGTERM")) and process.returncode == 128 + number
        else:
            assert errors.endswith("KeyboardInterrupt\n")


@pytest.mark.parametrize("number", [signal.SIGTERM, signal.SIGINT])
def test_nothing_is_lost_where_nobody_reads_stderr_any_more(number):
    with program("with signals.deferred():\n" + WAIT) as process:
        process.stderr.close()  # as Ctrl-C closes it on `2>&1 | tee log`
        send(process, number, "ready")
        assert process.stdout.readline() == "asked\n"
        process.stderr = None
        process.wait(timeout=30)
        assert process.returncode == (128 + number if number == signal.SIGTERM else -number)


def test_an_ignored_ctrl_c_stays_ignored():
    text = """import signal
signal.signal(signal.SIGINT, signal.SIG_IGN)
with signals.deferred():
    print('ready', flush=True)
    time.sleep(0.5)
    print(signals.asked(), flush=True)
"""
    with program(text) as process:
        send(process, signal.SIGINT, "ready")
        assert process.stdout.readline() == "False\n"


def test_a_signal_is_asked_about_within_and_not_behind():
    with pytest.raises(signals.Stopped, match="stopped at step 7, which is saved"):
        with signals.deferred():
            signal.raise_signal(signal.SIGINT)
            assert signals.asked()
            raise signals.Stopped(7)
    assert not signals.asked()


def test_ctrl_c_is_a_keyboard_interrupt_again_behind():
    before = signal.getsignal(signal.SIGINT)
    with signals.deferred():
        assert signal.getsignal(signal.SIGINT) is not before and not signals.asked()
    assert signal.getsignal(signal.SIGINT) is before
