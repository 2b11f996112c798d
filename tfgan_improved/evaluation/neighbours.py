"""Nearest neighbours among features: sought in float32, measured in float64, in tiles, so that memory is bounded."""

import numpy as np

ROWS, COLUMNS = 512, 8192  # of a tile of distances, which stays in the cache while it is searched
GROUP = 32  # distances of which first only the least is looked at
SPARE = 4  # candidates beyond those asked for, as rounding may change the order of close ones
MEASURED = 2**23  # numbers that are measured in float64 at once


def nearest(queries, points, k, others=False):
    """(distances (n, k) float64, indices (n, k)) of the k points (m, f) nearest to each query (n, f), nearest first.

    Euclidean. With `others` the queries are the points, and none is its own neighbour, but its duplicates are. The
    distances are exact to float64; only where more than 4 further points lie as far as the k-th, but for float32's
    rounding, may one of those be named in its place. ValueError for fewer than k points.
    """
    room = len(points) - bool(others)
    if not 1 <= k <= room:
        raise ValueError(f"k must be from 1 to the number of points, {room}; received {k}")
    wanted = min(k + SPARE, room)
    found, indices = np.full((len(queries), wanted), np.inf, np.float32), np.zeros((len(queries), wanted), np.int64)
    for rows, columns, squares, _ in _tiles(queries, points):
        if others:
            own = np.arange(max(rows.start, columns.start), min(rows.stop, columns.stop))
            squares[own - rows.start, own - columns.start] = np.inf
        near = _least(squares, wanted)
        values = np.concatenate([found[rows], np.take_along_axis(squares, near, 1)], axis=1)
        near = np.concatenate([indices[rows], near + columns.start], axis=1)
        best = np.argpartition(values, wanted - 1, axis=1)[:, :wanted]
        found[rows], indices[rows] = np.take_along_axis(values, best, 1), np.take_along_axis(near, best, 1)
    distances = _distances(queries, points, np.repeat(np.arange(len(queries)), wanted), indices.ravel())
    distances = distances.reshape(indices.shape)
    order = np.argsort(distances, axis=1, kind="stable")[:, :k]
    return np.take_along_axis(distances, order, 1), np.take_along_axis(indices, order, 1)


def pairs_within(queries, points, query_radii=None, point_radii=None):
    """Yields (rows, columns, distances), each (p,), of the pairs of a query (n, f) and a point (m, f) that are no
    farther apart than the query's radius, of (n,), or the point's, of (m,); None is none of that side.

    Borders belong to balls, exactly: where float32 cannot tell, the distance is measured in float64; else it is told
    to float32's rounding.
    """
    slack = np.finfo(np.float32).eps * (4.0 + np.sqrt(queries.shape[1]))  # of |x|^2 + |y|^2: more than the rounding
    for rows, columns, lower, norms in _tiles(queries, points, slack):
        sides = [(radii[part].astype(np.float64) ** 2, axis) for radii, part, axis in
                 ((query_radii, rows, 0), (point_radii, columns, 1)) if radii is not None]
        inside = np.zeros(lower.shape, bool)
        for squares, axis in sides:
            inside |= lower <= np.expand_dims(np.nextafter(squares.astype(np.float32), np.float32(np.inf)), 1 - axis)
        places = np.nonzero(inside)
        error = slack * (norms[0][places[0]] + norms[1][places[1]])
        distances = np.maximum(lower[places] + error, 0.0)
        unsure, within = np.zeros(len(error), bool), np.zeros(len(error), bool)
        for squares, axis in sides:
            unsure |= np.abs(distances - squares[places[axis]]) <= 2.0 * error
        found = [rows.start + places[0], columns.start + places[1]]
        distances = np.sqrt(distances)
        distances[unsure] = _distances(queries, points, found[0][unsure], found[1][unsure])
        for radii, pair in ((query_radii, found[0]), (point_radii, found[1])):
            if radii is not None:
                within |= distances <= radii[pair]
        yield found[0][within], found[1][within], distances[within]


def _tiles(queries, points, slack=0.0):
    """Yields (rows, columns, squared distances less slack (|x|^2 + |y|^2), (|x|^2, |y|^2)) of all pairs, in tiles.

    Seen from the mean of the points, where float32 cancels least; one matrix product makes a tile.
    """
    center = points.mean(axis=0, dtype=np.float64)
    center = center.astype(points.dtype if points.dtype == np.float64 else np.float32)
    for start in range(0, len(points), COLUMNS):
        columns = slice(start, min(start + COLUMNS, len(points)))
        right, right_norms = _prepared(points[columns], center, slack, (-2.0, -1, -2))
        for first in range(0, len(queries), ROWS):
            rows = slice(first, min(first + ROWS, len(queries)))
            left, left_norms = _prepared(queries[rows], center, slack, (1.0, -2, -1))
            yield rows, columns, left @ right.T, (left_norms, right_norms)


def _prepared(values, center, slack, how):
    """(float32 (n, f + 2): rows (n, f) seen from the center, their |x|^2, and ones; |x|^2 (n,)), for a product."""
    factor, norm_at, one_at = how
    seen = values - center
    norms = np.einsum("nf,nf->n", seen, seen)
    ready = np.empty((len(values), values.shape[1] + 2), np.float32)
    np.multiply(seen, factor, out=ready[:, :-2], casting="same_kind")
    ready[:, norm_at], ready[:, one_at] = (1.0 - slack) * norms, 1.0
    return ready, norms


def _least(squares, wanted):
    """Indices (n, at least `wanted`, or all) of columns that hold the `wanted` least numbers of each row."""
    width = squares.shape[1]
    groups = width // GROUP
    if groups <= wanted:
        return np.broadcast_to(np.arange(width), squares.shape)
    cut = groups * GROUP
    least = squares[:, :cut].reshape(-1, GROUP, groups).min(axis=1)
    chosen = np.argpartition(least, wanted - 1, axis=1)[:, :wanted]
    near = (chosen[:, :, None] + groups * np.arange(GROUP)).reshape(len(squares), -1)
    rest = np.broadcast_to(np.arange(cut, width), (len(squares), width - cut))
    return np.concatenate([near, rest], axis=1)


def _distances(queries, points, rows, columns):
    """Distances (p,) float64 of pairs."""
    found, step = np.empty(len(rows)), max(1, MEASURED // queries.shape[1])
    for start in range(0, len(rows), step):
        part = slice(start, start + step)
        apart = queries[rows[part]].astype(np.float64) - points[columns[part]]
        found[part] = np.sqrt(np.einsum("pf,pf->p", apart, apart))
    return found
