"""What a process does at SIGTERM. Nothing here imports TensorFlow: it must be set before TensorFlow starts threads."""

import os
import signal
import sys
import threading

AGAIN = "the same command starts again, a training from its last checkpoint"

def exit_on_sigterm():
    """Ends this process at SIGTERM with one sentence, even while it waits for other workers.

    TensorFlow with several workers takes SIGTERM for itself and goes on, and a collective blocks in C++, where no
    Python handler runs. So all threads block the signal, and one thread of ours waits for it.
    """
    signal.pthread_sigmask(signal.SIG_BLOCK, {signal.SIGTERM})  # threads made from here on inherit it
    threading.Thread(target=_wait, daemon=True).start()


def _wait():
    signal.sigwait({signal.SIGTERM})
    sys.stderr.write(f"tfgan_improved: error: stopped by SIGTERM; {AGAIN}\n")
    sys.stderr.flush()
    os._exit(128 + signal.SIGTERM)
