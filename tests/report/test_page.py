"""The page: everything inside it, nothing from outside, and what the files say."""

import base64
import io
import json
import re
import shutil

import numpy as np
import pytest
from PIL import Image

from tfgan_improved.report import charts, curves, page, pictures, records, sections
from tfgan_improved.run_folder import RunFolder


@pytest.fixture(scope="module")
def html(run, neighbours):
    return page.render(run, neighbours, ["A note."])


def test_it_refers_to_nothing_outside(html):
    references = re.findall(r"""(?:src|href|action|srcset|data)\s*=\s*["']?([^"'\s>]*)""", html)
    references += re.findall(r"url\(\s*[\"']?([^\"')]*)", html) + re.findall(r"@import[^;]*", html)
    assert len(references) > 20
    assert all(each.startswith(("data:", "#")) for each in references), references
    assert "http://" not in html and "https://" not in html and "<iframe" not in html
    assert len(html) < 3e6


def test_what_refers_inside_finds_its_place_and_names_are_unique(html):
    identities = re.findall(r'\bid="([^"]*)"', html)
    assert len(identities) == len(set(identities))
    assert set(re.findall(r'href="#([^"]*)"', html) + re.findall(r"url\(#([^)]*)\)", html)) <= set(identities)


def test_texts_of_files_are_no_markup(html):
    assert "<script>alert" not in html and html.count("&lt;script&gt;alert(1)&lt;/script&gt;") >= 2
    assert html.count("<script>") == 1


@pytest.mark.parametrize("told", [
    "300 of 300, 64 examples each", "1 min 15 s", "1 CPU; 4 cores", "A note.",
    "Step 300, 1,000 samples against 500 test images of mnist, seen by x, which is right about 99.23% of the test",
    "7.500 to 8.500", "higher is better", "Scores while training", "classifier_score, higher is better: 7 to 8",
    "bound on |z| (truncation)", "fd_x, lower is better: best 20.50 at 0.5",
    "4 other scorings", "the passports differ in truncation",
    "Errors at step 20: 100 of 10,000 test images", "Fewest: 100 at step 20.", "averaged",
    "Loss at step 300: D 1.990", "penalty (log scale)", "Speed: 256 examples a second (median)",
    "fd_x of 100 samples against train: 101 at step 250", "Lowest at step 150.",
    "singular at step 4: one 5, two 6", "copies at step 4: 0.5000",
    "of 60,000.", "root mean square", "14.5", "--gone", "of an earlier version", "--latent", "normal:100",
])
def test_it_says(html, told):
    assert told in html


def test_a_sweep_of_other_counts_than_the_score_has_its_chart():
    found = [records.Record("a", 300, {"is": score}, {}, {}, {"is": "higher"}, {}, {
        "samples": samples, "truncation": bound}) for score, samples, bound in ((8, 1000, 0.0), (7, 100, 0.5),
                                                                                (7.5, 100, 2.0))]
    made = sections.scores(found)["sweep"]
    assert [each["title"] for each in made][0] == "is, higher is better: best 7.500 at 2"


def test_a_sweep_of_another_step_than_the_score_says_which():
    found = [records.Record("a", step, {"is": score}, {}, {}, {"is": "higher"}, {}, {
        "samples": 10, "truncation": bound}) for score, step, bound in ((8, 300, 0.0), (7, 200, 0.5), (6, 200, 2.0))]
    made = sections.scores(found)
    assert made["newest"]["step"] == 300 and "step 200" in str(made["sweep"][0])


def test_distances_are_medians(html):
    rows = re.findall(r'<tr><th scope="row">in (\w+).*?</th><td class="main">(.*?)</td><td>(.*?)</td>', html)
    assert rows == [("pixels", "15", "14.5"), ("features", "15", "14.5")]


def test_pictures_are_what_was_drawn_and_a_damaged_one_is_left_out(run, html):
    figures = re.findall(r'<figure data-step="(\d+)"><img src="data:image/png;base64,([^"]*)"', html)
    assert [step for step, _ in figures] == ["0", "150", "300"]
    for step, content in figures:
        with Image.open(io.BytesIO(base64.b64decode(content))) as image:
            drawn = np.asarray(Image.open(run.samples / f"step-{int(step):08d}.png"))
            np.testing.assert_array_equal(np.asarray(image), drawn[::2, ::2])


def test_pictures_that_take_too_much_room_are_fewer_and_compressed(tmp_path, monkeypatch):
    for step in range(30):
        noise = np.random.default_rng(step).integers(0, 256, (32, 32, 3), dtype=np.uint8)
        Image.fromarray(noise).save(tmp_path / f"step-{step:08d}.png")
    shown, count = pictures.over_time(tmp_path)
    assert count == 30 and len(shown) == pictures.MOST and all(each.exact for each in shown)
    assert (shown[0].step, shown[-1].step) == (0, 29)
    monkeypatch.setattr(pictures, "ROOM", 20_000)
    shown, _ = pictures.over_time(tmp_path)
    assert 2 < len(shown) < pictures.MOST and not any(each.exact for each in shown)
    assert (shown[0].step, shown[-1].step) == (0, 29) and sum(len(each.address) for each in shown) < 30_000


def test_a_run_that_has_only_begun_has_a_page(run, tmp_path):
    folder = RunFolder(tmp_path / "begun")
    folder.path.mkdir()
    shutil.copy(run.config, folder.config)
    text = page.write(folder).read_text()
    assert folder.report.exists() and "Not scored yet." in text and "0 of 300" in text
    assert 'id="training"' not in text and 'id="samples"' not in text


def test_scores_of_the_earliest_format_are_shown(run, tmp_path):
    folder = RunFolder(tmp_path / "old")
    folder.path.mkdir()
    shutil.copy(run.config, folder.config)
    folder.scores.write_text(json.dumps({"step": 7, "scores": {"modes": 25, "mode_width": 0.97}, "real": {"modes": 25},
                                         "passport": {"samples": 2500, "dataset": "grid25"}}) + "\n")
    text = page.render(folder)
    assert "Step 7, 2,500 samples." in text and "0.9700" in text and "95% interval" not in text


def texts_of(svg):
    return re.findall(r"<text [^>]*>\s*(.*?)\s*</text>", svg)


def test_a_chart_names_its_axes_and_lines_in_the_page_s_colors():
    drawn = charts.svg([curves.line("D", [0, 1000], [1.0, 2.0]), curves.line("last weights", [0, 1000], [2.0, 3.0])],
                       "loss")
    assert {"training step", "loss", "D", "last", "weights", "1k"} <= set(texts_of(drawn)) | set(
        re.findall(r"<tspan[^>]*>(.*?)</tspan>", drawn))
    assert "var(--line-1)" in drawn and "var(--line-2)" in drawn and "currentColor" in drawn
    assert not re.search(r"#0[0-9]0a0b|#0[123]0[123]0[123]|<metadata|<style|xmlns", drawn)


def test_a_chart_s_lines_lie_where_the_values_are():
    drawn = charts.svg([curves.line("D", [0, 1, 3], [0.0, 1.0, 4.0])], "loss")
    path = re.search(r'<path d="([^"]*)"[^>]*style="[^"]*var\(--line-1\)', drawn)[1]
    points = np.array(re.findall(r"(-?[\d.]+) (-?[\d.]+)", path), float)
    assert len(points) == 3
    steps = np.diff(points, axis=0) / (points[-1] - points[0])
    np.testing.assert_allclose(steps, [[1 / 3, 1 / 4], [2 / 3, 3 / 4]], atol=2e-3)
    assert points[-1, 1] < points[0, 1]  # up


def test_a_logarithmic_chart_keeps_its_numbers():
    drawn = charts.svg([curves.line("D", range(5), 10.0 ** -np.arange(5))], "loss")
    assert {"1", "0.1", "0.01", "0.001", "0.0001"} <= set(texts_of(drawn))


def test_a_logarithmic_chart_of_less_than_a_decade_has_numbers_between():
    drawn = charts.svg([curves.line("D", range(3), [130.0, 400.0, 950.0])], "images", decades=0.7)
    assert {"200", "300", "500", "700"} <= set(texts_of(drawn))


def test_a_long_line_keeps_its_peaks():
    y = np.zeros(5000)
    y[3210], y[17] = 9.0, -4.0
    x, thin = charts._thin(np.arange(5000.0), y)
    assert len(x) <= charts.POINTS + 2 and thin.max() == 9.0 and thin.min() == -4.0 and x[0] == 0 and x[-1] == 4999
