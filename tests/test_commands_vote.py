"""The verb `vote`: the page of any two sets of images, what its key says, the count, and what cannot be."""

import contextlib
import io
import json

import numpy as np
import pytest

from tfgan_improved import data
from tfgan_improved.main import main
from tfgan_improved.report import pictures, voting

RECIPE = ["--dataset=digits", "--image_size=16", "--network=dcgan:width=4", "--latent=normal:4", "--batch_size=8",
          "--steps=2", "--checkpoint_every=2", "--noscore", "--noreport"]


def run(*arguments):
    """(status, stdout, stderr) of one command line, in this process."""
    out, err = io.StringIO(), io.StringIO()
    with contextlib.redirect_stdout(out), contextlib.redirect_stderr(err):
        status = main(list(arguments))
    return status, out.getvalue(), err.getvalue()


@pytest.fixture(scope="module")
def folder(tmp_path_factory):
    folder = tmp_path_factory.mktemp("vote") / "run"
    status, _, err = run("train", *RECIPE, f"--run_dir={folder}")
    assert status == 0, err
    return folder


@pytest.fixture
def sets(tmp_path):
    """Dark images that stand for generated ones, light ones for real."""
    random = np.random.default_rng(0)
    for name, low, shape in (("dark", 0, (40, 8, 8, 1)), ("light", 128, (30, 8, 8, 1)), ("wide", 128, (30, 8, 9, 1))):
        np.savez(tmp_path / f"{name}.npz", images=random.integers(low, low + 128, shape, dtype=np.uint8))
    return tmp_path


def shown(path):
    """The images of a page, as bytes of PNGs in data addresses."""
    text = path.read_text()
    start = text.index('type="application/json">') + len('type="application/json">')
    return json.loads(text[start:text.index("</script>", start)])["images"]


def addresses(images):
    return [pictures.address(pictures.png(image)) for image in images]


def test_half_of_a_runs_page_are_its_samples_and_half_its_test_images(folder):
    status, out, err = run("vote", f"--run_dir={folder}", "--count=10")
    assert status == 0, err
    key, page = voting.read_key(folder / "vote.html"), shown(folder / "vote.html")
    assert key["page"] in out and "vote.key.json (keep it: without it votes cannot be counted)" in out
    assert sum(key["real"]) == 5 and len(page) == len(set(page)) == 10
    assert key["real"] != sorted(key["real"]) != key["real"][::-1]  # mixed
    tested = set(addresses(data.load("digits", None, 16).arrays("test")[0]))
    assert [address in tested for address in page] == key["real"]
    assert run("sample", f"--run_dir={folder}", "--count=5", f"--output={folder}/five.npz")[0] == 0
    with np.load(folder / "five.npz") as stored:
        made = set(addresses(stored["images"]))
    assert made == {address for address, real in zip(page, key["real"]) if not real}
    assert key["about"]["generated"]["step"] == 2 and key["about"]["real"]["split"] == "test"


def test_an_export_knows_its_data_and_another_seed_is_another_page(folder, tmp_path):
    found = []
    for name, seed in (("a", 1), ("b", 1), ("c", 2)):
        status, _, err = run("vote", f"--images={folder}/export", "--count=10", f"--sample_seed={seed}",
                             f"--output={tmp_path}/{name}.html")
        assert status == 0, err
        found.append(shown(tmp_path / f"{name}.html"))
    assert found[0] == found[1] and len(set(found[0]) & set(found[2])) <= 1


def test_any_two_sets_are_mixed_and_the_votes_on_them_counted(sets):
    asked = [f"--output={sets}/page.html", f"--images={sets}/dark.npz", f"--against={sets}/light.npz"]
    status, _, err = run("vote", *asked, "--count=20", "--feedback=5")
    assert status == 0, err
    key, light = voting.read_key(sets / "page.html"), set(addresses(np.load(sets / "light.npz")["images"]))
    assert [address in light for address in shown(sets / "page.html")] == key["real"] and key["feedback"] == 5
    said = [real if index < 15 else not real for index, real in enumerate(key["real"])]
    (sets / "ada.json").write_text(json.dumps({"page": key["page"], "voter": "1", "name": "Ada", "votes": [
        {"image": index, "said": "real" if real else "generated", "seconds": 2} for index, real in enumerate(said)]}))
    status, out, err = run("vote", f"--output={sets}/page.html", f"--votes={sets}/ada.json")
    assert status == 0, err
    assert "Ada  20     75.0%  53.1% to 88.8%" in out and "50% is chance" in out
    record = json.loads((sets / "page.votes.json").read_text())
    assert record["all"]["right"] == 0.75 and record["about"]["real"]["name"] == "light.npz"


@pytest.mark.parametrize("arguments, told", [
    (["--images={0}/dark.npz", "--against={0}/light.npz"], "no run folder with a place for the page; name an .html"),
    (["--images={0}/dark.npz", "--against={0}/light.npz", "--output={0}/page.png"], "cannot be written as a page"),
    (["--images={0}/dark.npz", "--against={0}/light.npz", "--output={0}/none/page.html"], "cannot be written as a"),
    (["--images={0}/dark.npz", "--against={0}/light.npz", "--output={0}/page.html", "--count=7"],
     "--count=7 cannot be half real and half generated; give an even number"),
    (["--images={0}/dark.npz", "--against={0}/light.npz", "--output={0}/page.html", "--count=62"],
     "light.npz has 30 images, and half of --count=62 are wanted"),
    (["--images={0}/dark.npz", "--against={0}/wide.npz", "--output={0}/page.html"],
     "generated images are (8, 8, 1) and real ones (8, 9, 1), which tells them apart"),
    (["--images={0}/dark.npz", "--output={0}/page.html"], "does not say what it was trained on; name it with"),
    (["--run_dir={0}", "--output={0}/page.html"], "is not a run folder: it has no config.json"),
    (["--output={0}/page.html", "--votes={0}/ada.json"], "page.key.json', which says what is real on the page"),
    (["--feedback=-1"], "--feedback=-1 is out of range; it must be at least 0"),
])
def test_what_cannot_be_is_one_sentence_and_writes_nothing(sets, arguments, told):
    before = sorted(sets.iterdir())
    status, _, err = run("vote", *(argument.format(sets) for argument in arguments))
    last = err.splitlines()[-1]
    assert status == 2 and told in last and last.startswith("tfgan_improved: error: "), err
    assert sorted(sets.iterdir()) == before


def test_a_page_is_not_lost_and_points_have_none(folder, sets, tmp_path):
    (tmp_path / "page.html").write_text("votes were given here")
    status, _, err = run("vote", f"--images={sets}/dark.npz", f"--against={sets}/light.npz", "--count=4",
                         f"--output={tmp_path}/page.html")
    assert status == 2 and "page.html exists, and people may have voted on it" in err
    assert (tmp_path / "page.html").read_text() == "votes were given here"
    status, _, err = run("vote", f"--images={folder}", "--against=ring8", f"--output={tmp_path}/points.html")
    assert status == 2 and "points of shape (2,), not images" in err
