"""The page for votes: what it holds and hides, and a person's way through it in a real browser."""

import base64
import html
import io
import json
import re
import shutil
import subprocess

import numpy as np
import pytest
from PIL import Image

from tfgan_improved.config import ConfigError
from tfgan_improved.evaluation import votes
from tfgan_improved.report import voting

BROWSER = next(filter(None, map(shutil.which, ("chromium", "chromium-browser", "google-chrome"))), None)
IMAGES = np.random.default_rng(0).integers(0, 256, (6, 9, 7, 3), dtype=np.uint8)
REAL = [True, False, False, True, False, True]
LOOK = """<script>
const seen = [];
const look = () => seen.push(["start", "ask", "told", "end"].filter(id => find(id).offsetHeight > 0).join());
const key = name => { dispatchEvent(new KeyboardEvent("keydown", {key: name, cancelable: true})); look(); };
const press = id => { find(id).click(); look(); };
look(); find("name").value = " Ada "; press("begin");
%s
const pictures = Promise.allSettled([...document.images].filter(each => each.src).map(each => each.decode()));
const saved = find("save").href ? fetch(find("save").href).then(each => each.text()) : null;
Promise.all([pictures, saved]).then(([drawn, saved]) => parent.postMessage({seen, kept, saved,
  broken: drawn.filter(each => each.status !== "fulfilled").length, wide: document.documentElement.scrollWidth,
  score: find("score").textContent, wrong: [...find("mistakes").querySelectorAll("figcaption")].map(e => e.textContent),
  back: find("back").disabled, anew: find("anew").disabled, place: find("place").textContent,
  file: find("save").download}, "*"));
</script>"""
FRAME = """<iframe src="vote.html" width="390" height="800" style="border: 0"></iframe>
<script>addEventListener("message", told => document.title = JSON.stringify(told.data));</script>"""


def through(folder, actions):
    """What a browser has after `actions` on the page vote.html of `folder`."""
    path, frame = folder / "vote.html", folder / "frame.html"
    plain = path.read_text()
    path.write_text(plain + LOOK % actions)
    frame.write_text(FRAME)
    done = subprocess.run(
        [BROWSER, "--headless", "--no-sandbox", "--disable-gpu", f"--user-data-dir={folder}/profile", "--dump-dom",
         "--enable-logging=stderr", "--virtual-time-budget=5000", "--window-size=1400,1000", frame.as_uri()],
        capture_output=True, text=True, timeout=120)
    path.write_text(plain)
    assert not re.search("CONSOLE|Uncaught", done.stderr), done.stderr
    return json.loads(html.unescape(re.search(r"<title>(.*)</title>", done.stdout)[1]))


def held(text):
    """The page's own data."""
    return json.loads(re.search(r'<script id="page" type="application/json">(.*)</script>', text)[1])


def test_it_holds_every_image_to_the_pixel_and_no_answer(tmp_path):
    name = voting.write(tmp_path / "vote.html", IMAGES, REAL, about={"generated": "<b>"})
    text = (tmp_path / "vote.html").read_text()
    page = held(text)
    assert page.pop("id") == name and page.pop("feedback") == 0 and set(page) == {"images"}
    for address, image in zip(page["images"], IMAGES, strict=True):
        content = base64.b64decode(address.removeprefix("data:image/png;base64,"))
        np.testing.assert_array_equal(np.asarray(Image.open(io.BytesIO(content))), image)
    assert not re.search(r"https?:|src=\"|<b>", text)  # no address, and nothing of `about`
    key = voting.read_key(tmp_path / "vote.html")
    assert key == {"page": name, "feedback": 0, "real": REAL, "about": {"generated": "<b>"}}


def test_only_feedback_puts_the_answers_into_the_page(tmp_path):
    voting.write(tmp_path / "vote.html", IMAGES, REAL, feedback=2)
    assert held((tmp_path / "vote.html").read_text())["real"] == REAL


def test_a_page_that_people_may_have_voted_on_stays(tmp_path):
    path = tmp_path / "vote.html"
    first = voting.write(path, IMAGES, REAL)
    assert voting.write(path, IMAGES, REAL) == first  # the same page again loses nothing
    before = path.read_text()
    for images, real, feedback in ((IMAGES[::-1], REAL, 0), (IMAGES, REAL[::-1], 0), (IMAGES, REAL, 2)):
        with pytest.raises(ConfigError, match="vote.html exists, and people may have voted on it; name another file"):
            voting.write(path, images, real, feedback)
    assert path.read_text() == before and voting.read_key(path)["page"] == first
    path.rename(tmp_path / "sent.html")
    with pytest.raises(ConfigError, match="name another file, or remove it and its key"):
        voting.write(path, IMAGES, REAL, 2)
    assert voting.write(path, IMAGES, REAL) == voting.read_key(path)["page"] == first
    voting.key_of(path).unlink()
    with pytest.raises(ConfigError, match="exists"):
        voting.write(path, IMAGES, REAL)
    with pytest.raises(ConfigError, match="vote.key.json', which says what is real on the page, cannot be read"):
        voting.read_key(path)


@pytest.mark.skipif(BROWSER is None, reason="chromium is not installed")
def test_a_person_votes_to_the_end_and_the_saved_file_is_counted(tmp_path):
    voting.write(tmp_path / "vote.html", IMAGES, REAL)
    told = through(tmp_path, """
        key("r"); key("ArrowLeft"); key("Backspace"); key("G"); key("x"); press("generated"); press("real");
        press("back"); press("real"); key("ArrowRight"); press("real"); key("g"); key("Backspace");""")
    assert told["seen"] == ["start"] + ["ask"] * 11 + ["end"] * 3
    assert told["wide"] <= 390 and not told["broken"] and told["anew"]  # nobody else before these are saved
    assert told["file"] == f"votes-{told['kept']['page']}-{told['kept']['voter']}.json"
    path = tmp_path / told["file"]
    path.write_text(told["saved"])
    key = voting.read_key(tmp_path / "vote.html")
    found, = votes.read([path], key)
    assert found.name == "Ada" and len(found.voter) == 16
    assert found.images.tolist() == [0, 1, 2, 3, 4, 5]
    assert found.said_real.tolist() == [True, False, False, True, False, True]
    assert (found.seconds >= 0).all() and votes.count([found], key)["all"]["right"] == 1.0


@pytest.mark.skipif(BROWSER is None, reason="chromium is not installed")
def test_feedback_shows_the_mistakes_and_takes_no_vote_back(tmp_path):
    voting.write(tmp_path / "vote.html", IMAGES, REAL, feedback=4)
    told = through(tmp_path, """press("real"); press("real"); press("generated"); key("g"); key("r");""")
    assert told["seen"] == ["start", "ask", "ask", "ask", "ask", "told", "told"]  # no key votes there
    assert told["score"] == "2 of 4 right" and told["wrong"] == ["was generated", "was real"]
    shutil.rmtree(tmp_path / "profile")
    told = through(tmp_path, """for (let k = 0; k < 4; k++) press("real"); press("on"); key("Backspace");""")
    assert told["seen"][-2:] == ["ask", "ask"] and told["back"] and told["place"] == "5 of 6"
    assert [vote["image"] for vote in told["kept"]["votes"]] == [0, 1, 2, 3]
    shutil.rmtree(tmp_path / "profile")
    told = through(tmp_path, """
        for (let k = 0; k < 4; k++) press("real"); press("on"); press("real"); press("real"); press("on");""")
    assert told["seen"][-4:] == ["ask", "ask", "told", "end"] and told["score"] == "1 of 2 right"


@pytest.mark.skipif(BROWSER is None, reason="chromium is not installed")
def test_a_closed_page_goes_on_in_the_same_browser(tmp_path):
    voting.write(tmp_path / "vote.html", IMAGES, REAL)
    first = through(tmp_path, """press("real"); press("generated");""")
    second = through(tmp_path, """press("generated");""")
    assert second["seen"][0] == "ask"  # not the start
    assert second["kept"]["voter"] == first["kept"]["voter"] and second["place"] == "4 of 6"


@pytest.mark.skipif(BROWSER is None, reason="chromium is not installed")
def test_the_next_person_begins_when_the_votes_are_saved(tmp_path):
    voting.write(tmp_path / "vote.html", IMAGES, REAL)
    first = through(tmp_path, """for (let k = 0; k < 6; k++) press("real");""")
    assert first["seen"][-1] == "end" and first["anew"]
    second = through(tmp_path, """press("anew"); find("save").removeAttribute("download");
        find("save").onclick(); press("anew"); press("begin");""")
    assert second["seen"][-4:] == ["end", "end", "start", "ask"]  # the first try does nothing
    assert second["kept"]["voter"] != first["kept"]["voter"] and not second["kept"]["votes"]
