"""Pictures inside the page: as data, small, and not blurred."""

import base64
import dataclasses
import io
import re

import numpy as np

MOST = 24  # sample grids in a page
ROOM = 1_200_000  # bytes that they may take together
SIDE = 64  # pixels of an image beside its neighbours


@dataclasses.dataclass(frozen=True)
class Picture:
    """A picture of a step as a data address; `exact` where every pixel is as drawn."""

    step: int
    address: str
    width: int
    height: int
    exact: bool


def over_time(folder):
    """(Pictures of samples/step-<n>.png in order, how many there are): all or evenly chosen ones, first and last too.

    A file that cannot be read is left out.
    """
    found = sorted((int(step[1]), path) for path in folder.glob("step-*.png")
                   if (step := re.fullmatch(r"step-(\d+)\.png", path.name)))
    chosen = [found[index] for index in np.unique(np.linspace(0, len(found) - 1, min(len(found), MOST)).astype(int))]
    read = [(step, array) for step, path in chosen if (array := _read(path)) is not None]
    made = [(step, array, png(array)) for step, array in read]
    if sum(len(content) for _, _, content in made) > ROOM:
        pictures = [(step, array, _webp(array)) for step, array, _ in made]
        while len(pictures) > 2 and sum(len(content) for _, _, content in pictures) > ROOM:
            pictures = pictures[::2] if pictures[::2][-1] is pictures[-1] else [*pictures[::2], pictures[-1]]
        return [_picture(*each, "webp") for each in pictures], len(found)
    return [_picture(*each, "png") for each in made], len(found)


def _picture(step, array, content, kind):
    return Picture(step, address(content, kind), array.shape[1], array.shape[0], kind == "png")


def _read(path):
    from PIL import Image

    try:
        with Image.open(path) as image:
            return shrunk(np.asarray(image.convert("L" if image.mode in ("1", "L") else "RGB")))
    except (OSError, ValueError, SyntaxError):  # what Pillow raises of damaged files
        return None


def shrunk(array):
    """A picture (h, w) or (h, w, c) without the whole factor by which its pixels were repeated."""
    for factor in (8, 6, 5, 4, 3, 2):
        height, width = array.shape[:2]
        if height % factor or width % factor:
            continue
        small = array[::factor, ::factor]
        if np.array_equal(small.repeat(factor, 0).repeat(factor, 1), array):
            return small
    return array


def png(array):
    """uint8 (h, w), (h, w, 1) or (h, w, 3) as the bytes of a PNG."""
    return _bytes(array, "PNG", optimize=True)


def _webp(array):
    return _bytes(array, "WEBP", quality=80)


def _bytes(array, kind, **options):
    from PIL import Image

    content = io.BytesIO()
    Image.fromarray(array[..., 0] if array.ndim == 3 and array.shape[2] == 1 else array).save(content, kind, **options)
    return content.getvalue()


def address(content, kind="png"):
    """A data address of the bytes of a picture."""
    return f"data:image/{kind};base64,{base64.b64encode(content).decode()}"


def tile(image):
    """The data address of one image uint8 (h, w, c), at most 64 pixels high and wide."""
    from PIL import Image

    if max(image.shape[:2]) > SIDE:
        whole = Image.fromarray(image[..., 0] if image.shape[2] == 1 else image)
        whole.thumbnail((SIDE, SIDE), Image.Resampling.LANCZOS)
        image = np.asarray(whole)
    return address(png(image))
