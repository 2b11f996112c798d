"""Two workers on loopback, through the real command line and TF_CONFIG."""

import json
import signal
import socket

import numpy as np
import pytest

# With a norm in both networks no layer of a DCGAN has a bias before one: Adam sees no gradients that are only rounding.
# G's takes its reference from the first batch, and D classifies, so that every worker starts alike and one counts.
RECIPE = ("--dataset=digits", "--network=dcgan:width=4", "--latent=normal:8", "--batch_size=8", "--threads=2",
          "--labels=20", "--deal=apart", "--d_verdict=class_logits", "--d_terms=lecam classification", "--ema=0.9",
          "--g_norm=virtual:reference=8", "--score=false", "--export=false", "--report=false", "--log_every=2",
          "--sample_every=3", "--classify_every=5", "--checkpoint_every=4", "--steps_per_call=5",
          "--instrument_every=7", "--instruments=distance_of_outputs:batches=2 singular_values")
LOST = "start all workers again, they go on from the last checkpoint"
SOON = 60  # seconds; TensorFlow gives a silent worker ten

pytestmark = pytest.mark.timeout(900)  # for a busy machine


def free_ports(count):
    sockets = [socket.socket() for _ in range(count)]
    try:
        for each in sockets:
            each.bind(("127.0.0.1", 0))
        return [each.getsockname()[1] for each in sockets]
    finally:
        for each in sockets:
            each.close()


@pytest.fixture
def workers(start):
    """A function (*flags, each=flags of worker 0 and 1) that starts both workers."""
    def both(*flags, each=((), ())):
        return [start(*RECIPE, "--strategy=multi_worker", *flags, *own, TF_CONFIG=cluster)
                for own, cluster in zip(each, clusters())]
    return both


def clusters():
    """TF_CONFIG of two workers on free ports."""
    addresses = [f"127.0.0.1:{port}" for port in free_ports(2)]
    return [json.dumps({"cluster": {"worker": addresses}, "task": {"type": "worker", "index": index}})
            for index in (0, 1)]


def wait_until_training(process, folder, steps):
    log = folder / "log.jsonl"
    assert process.comes_to(lambda: log.exists() and log.read_text().count("\n") * 2 >= steps), process.text


def test_two_workers_end_where_one_process_does(start, workers, tmp_path, look):
    folders = [tmp_path / name for name in ("alone", "together")]
    alone = start(*RECIPE, "--steps=10", f"--run_dir={folders[0]}")
    together = workers("--steps=10", f"--run_dir={folders[1]}")
    for process in (alone, *together):
        assert process.wait() == 0, process.text
    one, two = look(folders[0]), look(folders[1])
    assert one.steps == two.steps == [4, 8, 10] and two.leftovers == []
    assert [record["step"] for record in two.lines("log")] == [2, 4, 6, 8, 10]  # written once, by worker 0
    assert len(list(folders[1].glob("tensorboard/*"))) == 1
    assert [record["step"] for record in two.lines("instruments")] == [0, 7, 10]
    assert [record["step"] for record in two.lines("errors")] == [5, 10]
    assert "run folder:" in together[0].text and "run folder:" not in together[1].text
    for ours, theirs in zip(one.lines("log"), two.lines("log")):
        np.testing.assert_allclose([ours["d/loss"], ours["g/loss"]], [theirs["d/loss"], theirs["g/loss"]], rtol=1e-3)
    assert_close(one.weights(10), two.weights(10), one.weights(4))


def assert_close(one, two, earlier):
    """Every value of networks and optimizers within a twentieth of how far its tensor has come since `earlier`.

    Seen are 1e-5; the rest is for a ReLU that rounding puts on the other side of its kink.
    """
    assert set(one) == set(two) == set(earlier)
    ways = {key: np.abs(one[key] - earlier[key]).max() for key in one}
    assert len([key for key, way in ways.items() if way > 0]) > 40
    assert {key: two[key] for key, way in ways.items() if not np.abs(one[key] - two[key]).max() <= 0.05 * way} == {}


def test_one_is_ended_the_other_ends_too_and_both_go_on(workers, tmp_path, look):
    folder, steps = tmp_path / "run", 0
    for victim, number, status in ((1, signal.SIGKILL, -signal.SIGKILL), (0, signal.SIGTERM, 128 + signal.SIGTERM)):
        both = workers("--steps=100000", f"--run_dir={folder}")
        wait_until_training(both[0], folder, steps + 6)
        both[victim].send(number)
        assert both[victim].wait(SOON) == status
        other = both[1 - victim]
        assert other.wait(SOON) == 1, other.text
        assert "another worker went away" in other.sentence and LOST in other.sentence
        assert "Traceback" not in other.text + both[victim].text
        if steps:
            assert f"going on from step {steps}\n" in both[0].text
            assert "stopped by SIGTERM" in both[victim].sentence
        steps, before = look(folder).steps[-1], steps
        assert steps > before
    logged = [record["step"] for record in look(folder).lines("log")]
    assert logged == list(range(2, logged[-1] + 1, 2))


def test_workers_that_were_not_started_alike_say_so(workers, tmp_path):
    """They would wait for each other for ever: each stops where its own callbacks want it."""
    both = workers(f"--run_dir={tmp_path / 'run'}", each=(("--log_every=5", "--seed=1"), ("--log_every=6",)))
    for process in both:
        assert process.wait() == 2, process.text
        assert "differ in their recipes" in process.sentence and "--log_every (5, 6)" in process.sentence
    assert not (tmp_path / "run" / "config.json").exists()


def test_a_worker_alone_gives_up(start, tmp_path):
    cluster = clusters()[0]
    process = start(*RECIPE, "--strategy=multi_worker", "--worker_wait=3", f"--run_dir={tmp_path / 'run'}",
                    TF_CONFIG=cluster)
    assert process.wait(SOON) == 1, process.text
    other = json.loads(cluster)["cluster"]["worker"][1]
    assert process.sentence == ("tfgan_improved: error: waited 3 s for the other workers of TF_CONFIG to start; "
                                f"{other} cannot be reached; start them, or raise --worker_wait")


def test_a_waiting_worker_ends_at_sigterm(start, tmp_path):
    cluster = clusters()[0]
    process = start(*RECIPE, "--strategy=multi_worker", f"--run_dir={tmp_path / 'run'}", TF_CONFIG=cluster)
    port = int(json.loads(cluster)["cluster"]["worker"][0].split(":")[1])
    assert process.comes_to(lambda: listens(port)), process.text
    process.send(signal.SIGTERM)
    assert process.wait(SOON) == 128 + signal.SIGTERM, process.text
    assert "stopped by SIGTERM" in process.sentence


def listens(port):
    with socket.socket() as client:
        return client.connect_ex(("127.0.0.1", port)) == 0
