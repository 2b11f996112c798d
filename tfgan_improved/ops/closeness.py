"""How close the rows of a batch lie to each other: sums of exp(-|a - b|_1) over pairs of rows.

All pairs of n rows take n^2 * kernels * dims numbers, far more than the rows themselves. Small batches are computed so;
others in blocks of pairs that are forgotten when they have been summed, again in each derivative. So memory grows with
n. On a CPU the blocks are compiled by XLA: a block then stays in the processor's cache.
"""

import tensorflow as tf

ROWS, OTHERS = 32, 16  # a block's; fewer OTHERS than 16 let XLA compute their closeness again for each use
SMALL = 2**18  # numbers up to which all pairs at once take no longer than compiled blocks
SMALL_UNCOMPILED = 2**24  # and where blocks are not compiled, 64 MB
FAR = 1e6  # what is added to the distance of a pair that does not count; exp(-FAR) is 0
NOWHERE = -2**30  # as `own`: no row is its own other


def sums(rows, others=None, own=None):
    """o_ib = sum_j exp(-|rows_ib - others_jb|_1), without the pairs j = i + own.

    rows (n, kernels, dims), others (m, kernels, dims), or None for the rows themselves -> (n, kernels), from 0 to m.
    `own` is the place of row 0 among the others, a whole number or scalar tensor (of either sign); None leaves out no
    pair. Any n and m, also unknown ones; float32 or float64. It can be differentiated twice with respect to rows and
    others, the derivative of |0| being 0, in memory that grows with n + m. NotImplementedError for a third derivative
    where blocks are taken.
    Source: Salimans et al. 2016, arXiv:1606.03498, section 3.2.
    """
    own = tf.cast(NOWHERE if own is None else own, tf.int32)
    rows = tf.transpose(rows, (0, 2, 1))
    among = rows if others is None else tf.transpose(others, (0, 2, 1))
    if _small(rows, among):
        return tf.reduce_sum(tf.exp(-_distances(rows, among, own)), axis=1)
    return _sums_within(rows, own) if others is None else _sums(rows, among, own)


@tf.function(autograph=False)
def nearest(rows):
    """min_{j != i} |rows_ib - rows_jb|_1: rows (n, kernels, dims) -> (n, kernels); 1e6 where n = 1.

    Memory grows with n. Source: the code of Salimans et al. 2016, arXiv:1606.03498.
    """
    rows = tf.transpose(rows, (0, 2, 1))

    def of_one(row_and_place):
        row, place = row_and_place
        return tf.reduce_min(_distances(row[None], rows, place)[0], axis=0)

    return tf.map_fn(of_one, (rows, tf.range(tf.shape(rows)[0])), fn_output_signature=rows.dtype)


def compiles():
    """Whether blocks are compiled: TensorFlow's own kernels serve an accelerator well, and XLA may be missing."""
    return tf.test.is_built_with_xla() and all(
        device.device_type == "CPU" for device in tf.config.list_logical_devices())


def _small(rows, others):
    if rows.shape[0] is None or others.shape[0] is None:
        return False
    return rows.shape.num_elements() * others.shape[0] <= (SMALL if compiles() else SMALL_UNCOMPILED)


def _distances(rows, others, own):
    """(n, m, kernels) of rows (n, dims, kernels) and others (m, dims, kernels), FAR for the pairs j = i + own."""
    i, j = tf.range(tf.shape(rows)[0])[:, None], tf.range(tf.shape(others)[0])[None]
    distance = tf.cast(tf.where(j == i + own, FAR, 0.0), rows.dtype)[:, :, None]
    for a, b in zip(tf.unstack(rows, axis=1), tf.unstack(others, axis=1)):
        distance += tf.abs(a[:, None] - b[None])
    return distance


# Derivatives. With e_ij a pair's closeness and s_ij the signs of rows_i - others_j (dims, kernels), the sums' gradient
# is made of slopes, -sum_j (p_i + q_j) e_ij s_ij, and theirs, for h upstream on the rows' side and k on the others',
# of curves: with u_ij = sum_dims (h_i - k_j) s_ij they are sum_j (p_i + q_j) e_ij u_ij s_ij and -sum_j e_ij u_ij.
# Among the rows themselves both sides of the gradient are one sum, with the same weights on both.


@tf.custom_gradient
def _sums(rows, others, own):
    def gradient(upstream):
        nothing = tf.zeros_like(others[:, 0])
        return (_slopes(rows, others, upstream, nothing, own), _slopes(others, rows, nothing, upstream, -own), None)

    return _over_blocks(_closeness_block, (rows,), (others,), own)[:, 0], gradient


@tf.custom_gradient
def _sums_within(rows, own):
    def gradient(upstream):
        return _slopes_within(rows, upstream, own), None

    return _over_blocks(_closeness_block, (rows,), (rows,), own)[:, 0], gradient


@tf.custom_gradient
def _slopes(rows, others, p, q, own):
    def gradient(upstream):
        nothing = tf.zeros_like(others)
        mine = _curves(rows, p, upstream, others, q, nothing, own)
        theirs = _curves(others, q, nothing, rows, p, upstream, -own)
        return mine[:, :-1], theirs[:, :-1], mine[:, -1], theirs[:, -1], None

    return _over_blocks(_slope_block, (rows, p), (others, q), own), gradient


@tf.custom_gradient
def _slopes_within(rows, p, own):
    def gradient(upstream):
        both = _curves(rows, p, upstream, rows, p, upstream, own)
        return both[:, :-1], both[:, -1], None

    return _over_blocks(_slope_block, (rows, p), (rows, p), own), gradient


@tf.custom_gradient
def _curves(rows, p, h, others, q, k, own):
    def gradient(upstream):
        raise NotImplementedError("sums of closeness in blocks were differentiated three times, twice is what they "
                                  "allow; take fewer rows, or one derivative less")

    return _over_blocks(_curve_block, (rows, p, h), (others, q, k), own), gradient


# Blocks. Rows stand last, (dims, kernels, ROWS), so that processors take many of them in one instruction; others stand
# first, (OTHERS, dims, kernels). A sum over a block's others is written out: XLA's own would go one by one.


def _closeness_block(rows, others, apart):
    return tf.add_n(tf.unstack(_closeness(rows[0], others[0], apart)))[None]


def _slope_block(rows, others, apart):
    (m, p), (other, q) = rows, others
    weights = _closeness(m, other, apart) * (p + q[:, :, None])
    return -_signed_sum(weights, m, other)


def _curve_block(rows, others, apart):
    (m, p, h), (other, q, k) = rows, others
    bend = 0.0
    for c in range(m.shape[0]):
        bend += (h[c] - k[:, c, :, None]) * tf.sign(m[c] - other[:, c, :, None])
    bend *= _closeness(m, other, apart)
    curves = _signed_sum(bend * (p + q[:, :, None]), m, other)
    return tf.concat([curves, -tf.add_n(tf.unstack(bend))[None]], axis=0)


def _closeness(rows, others, apart):
    """e (OTHERS, kernels, ROWS)."""
    distance = apart[:, None]
    for c in range(rows.shape[0]):
        distance += tf.abs(rows[c] - others[:, c, :, None])
    return tf.exp(-distance)


def _signed_sum(weights, rows, others):
    """sum_j weights_j sign(rows - others_j), (dims, kernels, ROWS)."""
    return tf.add_n([weight * tf.sign(rows - other[:, :, None])
                     for weight, other in zip(tf.unstack(weights), tf.unstack(others))])


def _chunk(block, rows, first, others, own, count):
    """`block` summed over all blocks of others, for ROWS rows from number `first`; (ROWS, what it gives, kernels)."""
    rows = [tf.transpose(x, [*range(1, x.shape.rank), 0]) for x in rows]
    i = first + tf.range(ROWS)

    def one_more(number, total):
        j = number * OTHERS + tf.range(OTHERS)[:, None]
        apart = tf.where((j == i + own) | (j >= count), tf.cast(FAR, total.dtype), tf.cast(0.0, total.dtype))
        return number + 1, total + block(rows, [x[number] for x in others], apart)

    dims, kernels = rows[0].shape[:2]
    start = tf.zeros((_WIDTHS[block](dims), kernels, ROWS), rows[0].dtype)
    blocks = (count + OTHERS - 1) // OTHERS
    total = tf.while_loop(lambda number, _: number < blocks, one_more, (0, start))[1]
    return tf.transpose(total, (2, 0, 1))


_WIDTHS = {_closeness_block: lambda dims: 1, _slope_block: lambda dims: dims, _curve_block: lambda dims: dims + 1}
_compiled_chunk = tf.function(_chunk, jit_compile=True, autograph=False)


def _over_blocks(block, rows, others, own):
    """`block` summed over all others for each of the rows: (n, what it gives, kernels); a constant for any tape."""
    # A tape that saw these inputs would keep every block.
    return _loops(block, *tf.nest.map_structure(tf.stop_gradient, (rows, others, own)))


@tf.function(autograph=False)
def _loops(block, rows, others, own):
    n, count = tf.shape(rows[0])[0], tf.shape(others[0])[0]
    # A spare block, never read: of a single one XLA would see that it never changes, and keep its distances in memory.
    others = [_in_blocks(x, OTHERS, spare=1) for x in others]
    chunks, chunk = [_in_blocks(x, ROWS) for x in rows], _compiled_chunk if compiles() else _chunk
    number = chunks[0].shape[0]
    if number is not None and number <= 4:  # a loop would take TensorFlow longer to build and to start than they do
        parts = [chunk(block, [x[k] for x in chunks], tf.constant(k * ROWS), others, own, count) for k in range(number)]
        return tf.concat(parts, axis=0)[:n]
    # A loop of TensorFlow around the compiled chunks, because it takes several at once where there are threads.
    dims, kernels = rows[0].shape[1:]
    parts = tf.map_fn(
        lambda part: chunk(block, part[:-1], part[-1], others, own, count),
        [*chunks, tf.range(tf.shape(chunks[0])[0]) * ROWS],
        fn_output_signature=tf.TensorSpec((ROWS, _WIDTHS[block](dims), kernels), rows[0].dtype))
    return tf.reshape(parts, (-1, *parts.shape[2:]))[:n]


def _in_blocks(x, size, spare=0):
    """x (n, ...) -> (n / size rounded up + spare, size, ...), filled with zeros."""
    x = tf.pad(x, [[0, -tf.shape(x)[0] % size + spare * size]] + [[0, 0]] * (x.shape.rank - 1))
    return tf.reshape(x, (-1, size, *x.shape[1:]))
