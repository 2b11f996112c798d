"""Meeting the other workers before TensorFlow does: its own wait for them can be neither bounded nor interrupted."""

import contextlib
import socket
import time

from tfgan_improved.errors import RunError


def meet(addresses, index, wait, pause=0.2):
    """Returns once every other one of `addresses` ("host:port") can be reached, while this one, at `index`, can.

    A worker that goes on closes its port for a moment, until TensorFlow listens there; who comes later tries again.
    RunError after `wait` seconds, naming those that are missing, or where the own port cannot be had by then.
    """
    end, missing = time.monotonic() + wait, [address for other, address in enumerate(addresses) if other != index]
    with contextlib.closing(_listen(addresses[index], end, pause)):
        while True:
            missing = [address for address in missing if not _reached(address)]
            if not missing:
                return
            if time.monotonic() > end:
                raise RunError(f"waited {wait} s for the other workers of TF_CONFIG to start; {', '.join(missing)} "
                               "cannot be reached; start them, or raise --worker_wait")
            time.sleep(pause)


def _listen(address, end, pause):
    """A socket on the port of `address`, which another process may hold for a while after a crash."""
    both = {"family": socket.AF_INET6, "dualstack_ipv6": True} if socket.has_dualstack_ipv6() else {}
    while True:
        try:
            return socket.create_server(("", _parts(address)[1]), **both)
        except OSError as error:
            if time.monotonic() > end:
                raise RunError(f"this worker's address of TF_CONFIG, {address}, cannot be used ({error.strerror}); "
                               "end the process that holds it, or choose another port") from None
        time.sleep(pause)


def _reached(address):
    try:
        socket.create_connection(_parts(address), timeout=2).close()
    except OSError:
        return False
    return True


def _parts(address):
    host, _, port = address.rpartition(":")
    return host.strip("[]"), int(port)
