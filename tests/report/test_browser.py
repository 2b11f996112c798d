"""The page in a real browser: its script runs, nothing complains, and a phone need not scroll sideways."""

import html
import json
import re
import shutil
import subprocess

import pytest

from tfgan_improved.report import page

BROWSER = next(filter(None, map(shutil.which, ("chromium", "chromium-browser", "google-chrome"))), None)
pytestmark = pytest.mark.skipif(BROWSER is None, reason="chromium is not installed")
# Behind everything else in the page: tells the frame around it what a person would see.
LOOK = """<script>
const input = document.querySelector("input[type=range]");
input.value = 0;
input.dispatchEvent(new Event("input"));
const shown = [...document.querySelectorAll(".strip figure")].filter(each => each.offsetWidth > 0);
const texts = [...document.querySelectorAll(".chart svg text")].map(each => each.getBoundingClientRect().height);
parent.postMessage({wide: document.documentElement.scrollWidth, shown: shown.length, text: Math.min(...texts),
  step: document.querySelector("output").textContent, thumbs: document.querySelectorAll(".thumbs button").length,
  broken: [...document.images].filter(each => !each.complete || !each.naturalWidth).length}, "*");
</script>"""
FRAME = """<iframe src="report.html" width="{width}" height="900" style="border: 0"></iframe>
<script>addEventListener("message", told => document.title = JSON.stringify(told.data));</script>"""


@pytest.mark.parametrize("width", [390, 1280])
def test_it_is_shown_without_complaint(run, neighbours, tmp_path, width):
    path = page.write(run, tmp_path / "report.html", neighbours)
    path.write_text(path.read_text() + LOOK)
    frame = tmp_path / "frame.html"
    frame.write_text(FRAME.format(width=width))  # the browser's own window is never narrower than 500
    done = subprocess.run(
        [BROWSER, "--headless", "--no-sandbox", "--disable-gpu", f"--user-data-dir={tmp_path}/profile", "--dump-dom",
         "--enable-logging=stderr", "--virtual-time-budget=5000", "--window-size=1400,1000", frame.as_uri()],
        capture_output=True, text=True, timeout=120)
    assert not re.search("CONSOLE|Uncaught", done.stderr), done.stderr
    told = json.loads(html.unescape(re.search(r"<title>(.*)</title>", done.stdout)[1]))
    assert told["wide"] <= width  # nothing sticks out
    assert (told["shown"], told["step"], told["thumbs"], told["broken"]) == (1, "step 0", 3, 0)
    assert told["text"] >= 10  # pixels, of the smallest text in a chart
