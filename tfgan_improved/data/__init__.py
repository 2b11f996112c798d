"""Data sets by name, and the one input pipeline.

`load("mnist")` gives a `Source`; `batches(source, 64)` an infinite `tf.data` of its training images and labels.
Names: digits, ring8, grid25, spiral, stacked_mnist, folder:<path>, or any image data set of TFDS, such as mnist or
celeb_a_hq/128; classes:0-99:<name> is some classes of one.
"""

from tfgan_improved.data.names import SOURCES, DataError, cause, check_name
from tfgan_improved.spec import shelf

__getattr__, _names, __all__ = shelf(
    __name__, "catalog:load", "catalog:outline", "pipeline:batches", "labeled:few_labels", "source:Source")
__all__ += ["SOURCES", "DataError", "cause", "check_name"]


def __dir__():
    return sorted(__all__)
