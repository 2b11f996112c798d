"""The one input pipeline: what each replica trains on at each step, as a function of (seed, step)."""

import numpy as np
import tensorflow as tf

from tfgan_improved.data import order
from tfgan_improved.data.names import DataError
from tfgan_improved.data.source import steady


def batches(source, rows, *, seed=0, split="train", first_step=0, parts=1, replicas=1, replica_ids=(0,), flip=False):
    """An endless `tf.data.Dataset` of (images (parts * rows, ...), labels (parts * rows,)), shuffled anew each epoch.

    A training step takes parts * rows * replicas examples: part k of step s on replica r has the positions
    ((s * parts + k) * replicas + r) * rows + [0, rows) of the endless order. So a step's data is the same for any
    number of replicas, and a resumed run starts at `first_step`. Elements: for each step, one for each of
    `replica_ids`. `flip` mirrors each image left to right with probability 1/2. A source in memory is shuffled
    perfectly; TFDS streams by file and with a buffer. DataError for a split or arguments that cannot be served.
    """
    source.check(split)
    known = replica_ids and set(replica_ids) <= set(range(replicas))
    if min(rows, parts, replicas) < 1 or first_step < 0 or not known:
        raise DataError(
            f"rows, parts and replicas must be at least 1, first_step at least 0 and replica_ids some below replicas; "
            f"received {rows}, {parts}, {replicas}, {first_step} and {tuple(replica_ids)}"
        )
    if flip and len(source.shape) != 3:
        raise DataError(f"'{source.name}' holds points, which cannot be flipped; switch flip off")
    part, replica, row = np.ogrid[:parts, :replicas, :rows]
    offsets = ((part * replicas + replica) * rows + row)[:, list(replica_ids)]  # in a step: (parts, turns, rows)
    offsets = offsets.swapaxes(0, 1).reshape(len(replica_ids), parts * rows)
    make = _from_memory if source.in_memory else _from_stream
    elements = make(source, split, seed, first_step, parts * rows * replicas, offsets)
    elements = elements.map(lambda positions, images, labels: (
        mirrored(images, order.coins(positions, seed)) if flip else images, labels
    ))
    return steady(elements.prefetch(2)).with_options(_not_sharded())


def mirrored(images, chosen):
    """Images (n, h, w, c), those with `chosen`, bool (n,), mirrored left to right."""
    count = len(images)
    both = tf.concat([images, tf.reverse(images, [2])], 0)
    return tf.gather(both, tf.range(count) + count * tf.cast(chosen, tf.int32))  # 6 times faster than tf.where


def _from_memory(source, split, seed, first_step, step_size, offsets):
    images, labels, rows = source.tensors(split)
    count, turns = source.counts[split], len(offsets)
    if rows is not None:
        with tf.device("CPU:0"):
            rows = tf.constant(rows)

    def element(number):
        positions = number // turns * step_size + tf.gather(offsets, number % turns)
        index = order.shuffled(positions, count, seed)
        if rows is not None:
            index = tf.gather(rows, index)
        return positions, tf.gather(images, index), tf.gather(labels, index)

    return tf.data.Dataset.counter(first_step * turns).map(element)


def _from_stream(source, split, seed, first_step, step_size, offsets):
    """Each pipeline reads the whole order, but only its own replicas' items are decoded."""
    first = first_step * step_size
    items = source.shuffled(split, seed, first).enumerate(first).batch(step_size, drop_remainder=True)
    own = items.map(lambda *step: tf.nest.map_structure(lambda part: tf.gather(part, offsets.ravel()), step)).unbatch()
    images = own.map(lambda position, item: (position, *source.decode(*item)), tf.data.AUTOTUNE)
    return images.batch(offsets.shape[1], drop_remainder=True)


def _not_sharded():
    options = tf.data.Options()
    options.experimental_distribute.auto_shard_policy = tf.data.experimental.AutoShardPolicy.OFF  # already done here
    return options
