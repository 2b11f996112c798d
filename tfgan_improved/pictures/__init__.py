"""Pictures of a trained generator: `PICTURES` holds what --picture names.

A picture is a frozen dataclass, called with a `Sitting`, the generator and what is asked of it; it returns `Drawn`, the
images and how they stand. Nothing here knows where a generator comes from: run folders and exported models look alike.
"""

from tfgan_improved.errors import UserError
from tfgan_improved.spec import Table, shelf

PICTURES = Table(__name__, "picture", {
    "grid": "grid:Grid", "interpolation": "interpolation:Interpolation", "classes": "classes:Classes",
    "truncation": "truncation:Truncation", "nearest": "nearest:Nearest"})


class PictureError(UserError):
    """A picture that cannot be drawn; the message is one sentence for a person."""


__getattr__, _names, __all__ = shelf(__name__, *PICTURES.names.values(), "sitting:Sitting", "sitting:Drawn",
                                     "interpolation:lerp", "interpolation:slerp", "truncation:table")
__all__ += ["PICTURES", "PictureError"]


def __dir__():
    return sorted(__all__)
