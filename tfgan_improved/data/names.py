"""Names of data sets, checked without importing TensorFlow, and the error for whatever is wrong with one."""

import os
import pathlib
import re

from tfgan_improved.asked import LONGEST
from tfgan_improved.errors import UserError
from tfgan_improved.spec import Table

# A named source is a function (image_size, holdout, data_dir) -> Source; other names are folders or of TFDS.
SOURCES = Table("tfgan_improved.data", "data set", {
    "digits": "digits:digits",
    "ring8": "mixtures:ring8",
    "grid25": "mixtures:grid25",
    "spiral": "mixtures:spiral",
    "stacked_mnist": "stacked_mnist:stacked_mnist",
})
FOLDER, CLASSES = "folder:", "classes:"


class DataError(UserError):
    """Data that cannot be had as asked; the message is one sentence for a person."""


def check_name(name):
    """Refuses what cannot be the name of a data set; a TFDS name is looked up only by `load`. DataError."""
    if name in SOURCES:
        return
    if name.startswith(CLASSES):
        check_name(chosen_classes(name)[1])
    elif name.startswith(FOLDER):
        folder_path(name)
    elif os.path.isdir(os.path.expanduser(name)) and os.sep in name:
        raise DataError(f"'{name}' is a folder; for a folder of images write --dataset={FOLDER}{name}")
    elif not re.fullmatch(r"[A-Za-z]\w*(/[\w.+,=-]+)*(:(\d+|\*)(\.(\d+|\*)){2})?", name):
        raise DataError(
            f"'{name}' is not the name of a data set; write {', '.join(SOURCES)}, {FOLDER}<path> "
            "or a TFDS name such as mnist or celeb_a_hq/128"
        )


def chosen_classes(name):
    """(classes as text, the set's name) of "classes:0-99,n02119789:imagenet2012". DataError for another form."""
    parts, inner = name.removeprefix(CLASSES).partition(":")[::2]
    found = []
    for part in parts.split(","):
        span = re.fullmatch(r"(\d+)-(\d+)", part)
        if not part or (span and not 0 <= int(span[2]) - int(span[1]) < LONGEST):
            raise DataError(f"'{part}' in '{name}' names no classes; write numbers, ranges such as 0-99 of up to "
                            f"{LONGEST} or names, separated by commas")
        found += map(str, range(int(span[1]), int(span[2]) + 1)) if span else [part]
    if not inner or inner.startswith(CLASSES):
        raise DataError(f"'{name}' names no data set; write {CLASSES}<classes>:<data set>, such as "
                        f"{CLASSES}0-99:imagenet2012")
    return found, inner


def folder_path(name):
    """The path in "folder:<path>". DataError unless it is a folder that exists."""
    text = name.removeprefix(FOLDER)
    path = pathlib.Path(text).expanduser()
    if not text:
        raise DataError(f"'{name}' names no folder; write {FOLDER}<path>")
    if not path.is_dir():
        what = "is not a folder" if path.exists() else "does not exist"
        raise DataError(f"'{path}' {what}; give the path of a folder of images")
    return path


def cause(error):
    """The DataError behind an error that TensorFlow raised while it ran the input pipeline; None if there is none."""
    if isinstance(error, DataError):
        return error
    told = re.search(r"assertion failed: \[DataError: (.*)\]", str(error))  # what `Folder.decode` asserts
    if told:
        return DataError(re.sub(r"\\(.)", r"\1", told[1]))
    if type(error).__name__ == "DataLossError":
        return DataError(f"a file of the data set is damaged ({_first_line(error)}); prepare the data set again")
    return None


def _first_line(error):
    return re.sub(r"^\{\{.*?\}\} ?", "", str(error)).split("\n")[0].split(" [Op:")[0].rstrip(".")
