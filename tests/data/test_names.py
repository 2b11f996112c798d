"""Names of data sets: checked at once, in one sentence, without TensorFlow."""

import os
import subprocess
import sys

import pytest

from tfgan_improved import data
from tfgan_improved.data import names


@pytest.mark.parametrize("name", [
    "digits", "ring8", "grid25", "mnist", "mnist:3.0.1", "celeb_a_hq/128", "lsun/bedroom", "imagenet_resized/64x64",
])
def test_names_that_may_exist_pass(name):
    data.check_name(name)


def test_an_existing_folder_passes(tmp_path):
    data.check_name(f"folder:{tmp_path}")


@pytest.mark.parametrize("name, told", [
    ("folder:", "names no folder"),
    ("folder:/no/such", "'/no/such' does not exist"),
    (f"folder:{__file__}", "is not a folder"),
    (os.path.dirname(__file__), "folder:"),
    ("", "not the name of a data set"),
    ("my pictures", "digits, ring8, grid25, spiral, stacked_mnist, folder:<path>"),
    ("folders:/tmp", "not the name of a data set"),
    ("mnist:3", "not the name of a data set"),
])
def test_other_names_are_refused(name, told):
    with pytest.raises(data.DataError, match=told) as refusal:
        data.check_name(name)
    assert "\n" not in str(refusal.value)


def test_checking_a_name_does_not_import_tensorflow():
    code = "import sys; from tfgan_improved import data; data.check_name('a'); assert 'tensorflow' not in sys.modules"
    subprocess.run([sys.executable, "-c", code], check=True, timeout=60)


def test_every_name_of_the_table_is_found(mocking, tmp_path):
    with mocking(tmp_path, {"mnist": ("train", "test")}, 8) as folder:  # which stacked_mnist is made of
        for name in data.SOURCES:
            assert data.load(name, str(folder)).name == name


def test_the_shelf_has_its_public_names_and_no_others():
    assert set(dir(data)) >= {"load", "batches", "check_name", "cause", "DataError", "Source", "SOURCES"}
    with pytest.raises(AttributeError, match="laod"):
        getattr(data, "laod")  # noqa: B009


def test_the_cause_of_a_pipeline_error_is_the_sentence_it_carries():
    class DataLossError(Exception):
        """Stands for TensorFlow's."""

    wrapped = RuntimeError(r"{{node}} assertion failed: [DataError: \'a[1].png\' is broken; remove it]" + "\n[[{{node")
    assert str(names.cause(wrapped)) == "'a[1].png' is broken; remove it"
    assert "corrupted record at 12" in str(names.cause(DataLossError("{{node Next}} corrupted record at 12 [Op:Next]")))
    assert names.cause(RuntimeError("something else")) is None
    same = data.DataError("this")
    assert names.cause(same) is same
