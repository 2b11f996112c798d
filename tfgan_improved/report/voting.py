"""A page on which people tell generated images from real ones, and its key, which stays with who asks them."""

import hashlib
import json
import pathlib

import numpy as np

from tfgan_improved import files
from tfgan_improved.config import ConfigError
from tfgan_improved.report import pictures

HERE = pathlib.Path(__file__).parent


def key_of(path):
    """Where the key of the page at `path` is."""
    return pathlib.Path(path).with_suffix(".key.json")


def write(path, images, real, feedback=0, about=None):
    """Writes the page to `path` and its key beside it; returns the page's name, 12 hexadecimal digits.

    `images` uint8 (n, h, w, c) are shown one by one in their order, of which `real` (n,) are true. The page, one file
    without any address in it, does not know which they are, except with `feedback`: then it shows the mistakes after
    every so many votes, as the paper's second screen did, and who reads its source finds the answers there. Votes stay
    in the browser until they are saved, so that a page that was closed goes on. `about` is kept in the key.
    ConfigError where another page or its key is at `path`: people may have voted on it.
    Source: Salimans et al. 2016, arXiv:1606.03498, section 6.
    """
    import jinja2

    real = np.asarray(real, bool)
    told = hashlib.sha256(json.dumps([images.shape, feedback]).encode() + images.tobytes() + real.tobytes())
    name = told.hexdigest()[:12]
    known = read_key(path)["page"] if key_of(path).exists() else None  # a page may have been moved to where people are
    if known != name and (known or pathlib.Path(path).exists()):
        raise ConfigError(f"--output={path} exists, and people may have voted on it; name another file, or remove it "
                          "and its key")
    page = {"id": name, "feedback": feedback, "images": [pictures.address(pictures.png(image)) for image in images]}
    if feedback:
        page["real"] = real.tolist()
    template = jinja2.Environment(loader=jinja2.FileSystemLoader(HERE), autoescape=True, trim_blocks=True,
                                  lstrip_blocks=True, undefined=jinja2.StrictUndefined).get_template("voting.html")
    text = template.render(count=len(images), feedback=feedback, smooth=max(images.shape[1:3]) > pictures.SIDE,
                           page=json.dumps(page).replace("<", "\\u003c"), script=(HERE / "voting.js").read_text(),
                           style="".join((HERE / each).read_text() for each in ("page.css", "voting.css")))
    files.write_json(key_of(path), {"page": name, "feedback": feedback, "real": real.tolist(), "about": about or {}})
    files.write_bytes(path, text.encode())
    return name


def read_key(path):
    """The key of the page at `path`: {"page", "feedback", "real", "about"}. ConfigError where it cannot be read."""
    try:
        key = json.loads(key_of(path).read_text())
        return {name: key[name] for name in ("page", "feedback", "real", "about")}
    except (OSError, ValueError, KeyError, TypeError) as error:
        raise ConfigError(f"'{key_of(path)}', which says what is real on the page, cannot be read "
                          f"({' '.join(str(error).split())}); name the page that `vote` wrote with --output") from error
