"""Captions of pictures: what each picture says of its rows and columns, and where the text stands."""

import numpy as np
import pytest

from tfgan_improved.pictures import captions


@pytest.mark.parametrize("channels", [1, 3])
def test_text_stands_beside_its_row_and_above_its_columns(channels):
    sheet = np.full((120, 300, channels), 90, np.uint8)
    whole = captions.captioned(sheet, ("class 1", "class 10", "class 3"), (("sample", 1), ("nearest", 2)))
    top, left = whole.shape[0] - 120, whole.shape[1] - 300
    assert whole.dtype == np.uint8 and whole.shape[2] == channels and 10 < top < 30 < left < 90
    np.testing.assert_array_equal(whole[top:, left:], sheet)
    beside, above = whole[top:, :left].min(axis=(1, 2)) < 128, whole[:top, left:].min(axis=(0, 2)) < 128
    for index in range(3):
        rows = np.flatnonzero(beside[40 * index:40 * index + 40])
        assert len(rows) and abs(rows.mean() - 20) < 4
    for first, last in ((0, 100), (100, 300)):
        columns = np.flatnonzero(above[first:last])
        assert abs(columns.mean() - (last - first) / 2) < 6 and len(columns) > 10
    assert (whole[:top, :left] == 255).all()


def test_a_picture_without_captions_stays_what_it_is():
    sheet = np.zeros((20, 30, 1), np.uint8)
    assert captions.captioned(sheet) is sheet and captions.line() == ""
    assert captions.captioned(sheet, heads=(("sample", 1), ("nearest in pixels", 9))).shape[1] == 30  # cut, not wider


def test_the_line_tells_rows_and_columns():
    assert captions.line(("class 3", "class 0")) == "rows: class 3, class 0"
    assert captions.line(("one",), (("sample", 1), ("nearest in pixels", 5))) == (
        "rows: one; columns: sample, 5 nearest in pixels")
