"""Pictures of samples: a grid of images, or a cloud of points, as uint8 arrays and PNG files."""

import numpy as np
import tensorflow as tf

from tfgan_improved import files


def picture(samples, low=-5.0, high=5.0, columns=None):
    """uint8 (h, w, c) of uint8 images (n, h, w, c), in a grid, or of points (n, 2) on [low, high]^2."""
    return cloud(samples, low, high) if samples.ndim == 2 else grid(samples, columns=columns)


def grouped(images, counts, gap=2):
    """(A grid whose rows have groups of `counts` columns, wider white between these, the groups' widths with it)."""
    columns = sum(counts)
    factor = max(1, 640 // (columns * (images.shape[2] + gap) + gap))
    rows = images.reshape(-1, columns, *images.shape[1:])
    sheets = [grid(part.reshape(-1, *images.shape[1:]), gap, part.shape[1], factor)
              for part in np.split(rows, np.cumsum(counts)[:-1], axis=1)]
    white = np.full((len(sheets[0]), 4 * gap * factor, images.shape[3]), 255, np.uint8)
    joined = [part for sheet in sheets for part in (sheet, white)][:-1]
    widths = [sheet.shape[1] + white.shape[1] for sheet in sheets]
    widths[0], widths[-1] = widths[0] - white.shape[1] // 2, widths[-1] - white.shape[1] // 2
    return np.concatenate(joined, axis=1), widths


def grid(images, gap=2, columns=None, factor=None):
    """Images side by side in reading order, `columns` in a row, None for a near-square; white between them.

    They are enlarged by a whole `factor`; by default small ones are.
    """
    count, height, width, channels = images.shape
    columns = columns or int(np.ceil(np.sqrt(count)))
    rows = -(-count // columns)
    sheet = np.full((rows * (height + gap) + gap, columns * (width + gap) + gap, channels), 255, np.uint8)
    for index, image in enumerate(images):
        top, left = (place * (side + gap) + gap for place, side in zip(divmod(index, columns), (height, width)))
        sheet[top:top + height, left:left + width] = image
    factor = factor or max(1, 640 // sheet.shape[1])
    return sheet.repeat(factor, axis=0).repeat(factor, axis=1)


def cloud(points, low, high, side=480):
    """Dark where points lie; the second coordinate grows upward."""
    counts, _, _ = np.histogram2d(points[:, 1], points[:, 0], bins=side // 3, range=[[low, high]] * 2)
    shade = 255 - np.minimum(255, counts * 120).astype(np.uint8)
    return shade[::-1].repeat(3, axis=0).repeat(3, axis=1)[..., None]


def write_png(path, image):
    """Writes uint8 (h, w, 1 or 3) by way of a temporary name."""
    files.write_bytes(path, tf.io.encode_png(image).numpy())
