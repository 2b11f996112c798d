"""Distribution strategies by name, and what has to be set before TensorFlow starts its devices."""

import contextlib
import faulthandler
import json
import os
import re
import sys
import threading

import tensorflow as tf

from tfgan_improved.errors import RunError, UserError
from tfgan_improved.training import rendezvous


def default(devices, wait):
    """One replica on the first device."""
    return tf.distribute.get_strategy()


def mirrored(devices, wait):
    """One replica on each GPU, or on each logical CPU device."""
    cpus = [f"/cpu:{index}" for index in range(devices)] if devices else None
    return tf.distribute.MirroredStrategy(cpus)


def multi_worker(devices, wait):
    """One process a worker, as TF_CONFIG says."""
    rendezvous.meet(*_cluster(), wait)
    # Should a worker vanish just now, TensorFlow waits holding Python's lock, so that only a thread of C can end it.
    faulthandler.dump_traceback_later(wait, exit=True)
    strategy = tf.distribute.MultiWorkerMirroredStrategy()
    faulthandler.cancel_dump_traceback_later()
    return strategy


def tpu(devices, wait):
    """All cores of the TPU that this machine is attached to."""
    try:
        resolver = tf.distribute.cluster_resolver.TPUClusterResolver.connect()
    except (ValueError, RuntimeError, tf.errors.OpError) as error:
        raise UserError(f"--strategy=tpu found no TPU ({str(error).splitlines()[0]}); use another strategy") from None
    return tf.distribute.TPUStrategy(resolver)


MAKERS = {"default": default, "mirrored": mirrored, "multi_worker": multi_worker, "tpu": tpu}


def make(run, wait):
    """The strategy of a recipe. UserError where it cannot be had or its replicas cannot share the batch equally."""
    if run.threads:
        tf.config.threading.set_intra_op_parallelism_threads(run.threads)
        tf.config.threading.set_inter_op_parallelism_threads(run.threads)
    if run.num_logical_devices:
        cpu = tf.config.list_physical_devices("CPU")[0]
        tf.config.set_logical_device_configuration(
            cpu, [tf.config.LogicalDeviceConfiguration()] * run.num_logical_devices)
    strategy = MAKERS[run.strategy](run.num_logical_devices, wait)
    replicas = strategy.num_replicas_in_sync
    if run.batch_size % (replicas * run.accumulate):
        passes = f" in --accumulate={run.accumulate} passes" if run.accumulate > 1 else ""
        raise UserError(f"--batch_size={run.batch_size} cannot be shared equally by {replicas} replicas{passes}; "
                        f"use a multiple of {replicas * run.accumulate}")
    if run.jit and replicas > 1:
        raise UserError(f"--jit works with one replica; --strategy={run.strategy} has {replicas}; leave one out")
    return strategy


def _cluster():
    """(addresses of all workers, this one's index). UserError where TF_CONFIG is missing or malformed."""
    try:
        config = json.loads(os.environ.get("TF_CONFIG", ""))
        addresses, index = config["cluster"]["worker"], int(config["task"]["index"])
        if not 0 <= index < len(addresses) or not all(re.fullmatch(r".+:\d+", address) for address in addresses):
            raise ValueError
        return addresses, index
    except (ValueError, KeyError, TypeError, IndexError):
        raise UserError("--strategy=multi_worker needs TF_CONFIG such as "
                        '{"cluster": {"worker": ["host1:port", "host2:port"]}, "task": {"type": "worker", "index": 0}}'
                        f"; received {os.environ.get('TF_CONFIG', 'none')}") from None


def is_chief(strategy):
    """Whether this process writes the run folder: the only one, or worker 0 of several."""
    return not getattr(strategy.cluster_resolver, "task_id", 0)


def check_agreement(strategy, numbers):
    """UserError where workers have different whole numbers {name: number}: they would wait for each other for ever."""
    @tf.function(autograph=False)
    def gather():
        mine = tf.constant([list(numbers.values())], tf.int64)
        return strategy.gather(strategy.run(lambda: tf.identity(mine)), axis=0)

    columns = zip(numbers, gather().numpy().T.tolist())
    different = [f"{name} ({', '.join(map(str, values))})" for name, values in columns if len(set(values)) > 1]
    if different:
        raise UserError(f"the workers of TF_CONFIG differ in {' and '.join(different)}; start all with the same flags "
                        "and a --run_dir that they share")


def replica_ids(strategy, context):
    """Numbers of the replicas that one input pipeline feeds."""
    each = strategy.num_replicas_in_sync // context.num_input_pipelines
    return tuple(range(context.input_pipeline_id * each, (context.input_pipeline_id + 1) * each))


@contextlib.contextmanager
def patience(wait, sentence):
    """Ends the process with `sentence` if the body takes longer than `wait` seconds; 0 waits without limit.

    A collective that waits for another worker blocks in C++, where no Python exception reaches it.
    """
    def give_up():
        sys.stderr.write(f"tfgan_improved: error: {sentence.format(wait=wait)}\n")
        sys.stderr.flush()
        os._exit(1)

    timer = threading.Timer(wait, give_up) if wait else None
    if timer:
        timer.daemon = True
        timer.start()
    try:
        yield
    except (tf.errors.UnavailableError, tf.errors.AbortedError, tf.errors.InternalError,
            tf.errors.DeadlineExceededError, tf.errors.CancelledError) as error:
        if not wait:
            raise
        reason = re.search(r"aborted by: ([^.\n]*)", str(error))
        raise RunError(f"another worker went away ({reason[1] if reason else type(error).__name__}); start all workers "
                       "again, they go on from the last checkpoint") from None
    finally:
        if timer:
            timer.cancel()
