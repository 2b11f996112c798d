"""Workers meet before TensorFlow starts, or say who is missing."""

import socket
import threading
import time

import pytest

from tfgan_improved.errors import RunError
from tfgan_improved.training.rendezvous import meet


def free_addresses(count):
    sockets = [socket.create_server(("127.0.0.1", 0)) for _ in range(count)]
    addresses = [f"127.0.0.1:{each.getsockname()[1]}" for each in sockets]
    for each in sockets:
        each.close()
    return addresses


def test_workers_that_come_one_after_the_other_all_go_on():
    addresses, gone_on = free_addresses(3), []

    def worker(index):
        meet(addresses, index, wait=20, pause=0.01)
        with socket.create_server(("127.0.0.1", int(addresses[index].split(":")[1]))):  # as TensorFlow does next
            gone_on.append(index)
            while len(gone_on) < 3:
                time.sleep(0.01)

    threads = [threading.Thread(target=worker, args=(index,), daemon=True) for index in range(3)]
    for thread in threads[:2]:
        thread.start()
    time.sleep(0.3)
    assert gone_on == []
    threads[2].start()
    for thread in threads:
        thread.join(20)
    assert sorted(gone_on) == [0, 1, 2]


def test_those_who_do_not_come_are_named():
    addresses, begun = free_addresses(3), time.monotonic()
    with socket.create_server(("127.0.0.1", int(addresses[1].split(":")[1]))):
        with pytest.raises(RunError, match=f"waited 0.3 s .*; {addresses[2]} cannot be reached; start them"):
            meet(addresses, 0, wait=0.3, pause=0.01)
    assert time.monotonic() - begun < 5


def test_a_port_that_is_taken_is_told():
    (address,) = free_addresses(1)
    with socket.create_server(("127.0.0.1", int(address.split(":")[1]))):
        with pytest.raises(RunError, match=f"{address}, cannot be used .*choose another port"):
            meet([address], 0, wait=0.2, pause=0.01)


def test_a_port_that_becomes_free_is_taken():
    (address,) = free_addresses(1)
    server = socket.create_server(("127.0.0.1", int(address.split(":")[1])))
    threading.Timer(0.3, server.close).start()
    meet([address], 0, wait=20, pause=0.01)
