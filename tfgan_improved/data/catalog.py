"""From the name of a data set to its source."""

import math

from tfgan_improved.data.names import CLASSES, FOLDER, SOURCES, DataError, check_name, chosen_classes, folder_path


def load(name, data_dir=None, image_size=None, holdout=0, memory_limit=2**30):
    """The `Source` behind a name: one of `SOURCES`, folder:<path>, or an image data set of TFDS.

    "classes:0-99,n02119789:<name>" is some classes of another, by numbers, ranges or names (`chosen.py`).

    Images are cropped to their centered square and resized with antialiasing to `image_size`, by default the set's
    own. `holdout` training examples become "validation". TFDS sets are looked for in `data_dir`, else in
    TFDS_DATA_DIR, else in TFDS's own default. A set of up to `memory_limit` bytes is decoded once and kept.
    DataError, with one sentence for a person, for whatever is wrong with the name, the files or the numbers.
    """
    check_name(name)
    if image_size is not None and image_size < 1:
        raise DataError(f"image_size must be at least 1; received {image_size}")
    if name.startswith(CLASSES):
        return _chosen(name, data_dir, image_size, holdout, memory_limit)
    if name in SOURCES:
        return SOURCES.find(name)(image_size, holdout, data_dir)
    stream = _stream(name, data_dir, image_size)
    size = sum(stream.counts.values()) * math.prod(stream.shape)
    return stream.loaded(holdout) if size <= memory_limit else stream.hold_out(holdout)


def outline(name, data_dir=None, image_size=None):
    """A `Source` of TFDS, or of some classes of one, that has shape and classes and no examples: prepared or not.

    DataError as `load`; for other names it is `load`.
    """
    check_name(name)
    if name.startswith(CLASSES):
        from tfgan_improved.data.chosen import ChosenOutline

        classes, inner = chosen_classes(name)
        return ChosenOutline(outline(inner, data_dir, image_size), classes, name)
    if name in SOURCES or name.startswith(FOLDER):
        return load(name, data_dir, image_size)
    from tfgan_improved.data import tfds_source  # 3 seconds

    return tfds_source.Outline(name, data_dir, image_size)


def _chosen(name, data_dir, image_size, holdout, memory_limit):
    """Classes of a stream are decoded and kept where they fit in memory, whatever the size of the whole."""
    from tfgan_improved.data.chosen import chosen

    classes, inner = chosen_classes(name)
    if inner in SOURCES:
        return chosen(SOURCES.find(inner)(image_size, 0, data_dir), classes, name, holdout)
    stream = chosen(_stream(inner, data_dir, image_size), classes, name)
    size = sum(stream.counts.values()) * math.prod(stream.shape)
    return stream.loaded(holdout) if size <= memory_limit else stream.hold_out(holdout)


def _stream(name, data_dir, image_size):
    if name.startswith(FOLDER):
        from tfgan_improved.data import folder  # here, so that each kind imports only what it needs

        return folder.Folder(name, folder_path(name), image_size)
    from tfgan_improved.data import tfds_source  # 3 seconds

    return tfds_source.TFDS(name, data_dir, image_size)
