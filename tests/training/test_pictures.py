"""Grids of images and clouds of points."""

import numpy as np
import pytest
import tensorflow as tf

from tfgan_improved.training import pictures


def test_images_stand_in_reading_order_with_white_between():
    images = np.zeros((5, 200, 100, 1), np.uint8) + np.arange(5, dtype=np.uint8)[:, None, None, None] * 10
    sheet = pictures.grid(images, gap=2)
    factor = sheet.shape[1] // (3 * 102 + 2)
    sheet = sheet[::factor, ::factor, 0]
    assert sheet.shape == (2 * 202 + 2, 3 * 102 + 2)
    for index in range(5):
        top, left = index // 3 * 202 + 2, index % 3 * 102 + 2
        assert (sheet[top:top + 200, left:left + 100] == index * 10).all()
    assert (sheet[:2] == 255).all() and (sheet[:, :2] == 255).all() and (sheet[-200:, -100:] == 255).all()


def test_groups_of_columns_stand_apart():
    images = np.random.default_rng(0).integers(0, 255, (6, 200, 100, 3), dtype=np.uint8)  # no white pixel
    sheet, widths = pictures.grouped(images, [1, 2])
    assert widths == [2 * 108, 2 * 210] and sum(widths) == sheet.shape[1]
    sheet = sheet[::2, ::2]
    assert sheet.shape == (2 * 202 + 2, 104 + 8 + 206, 3)
    white = np.flatnonzero((sheet == 255).all(axis=(0, 2)))
    assert white.tolist() == [0, 1, *range(102, 114), 214, 215, 316, 317]
    np.testing.assert_array_equal(sheet[204:404, 216:316], images[5])
    small, _ = pictures.grouped(images[:, ::50, ::25], [1, 2])
    assert small.shape[0] == (2 * 6 + 2) * (640 // (3 * 6 + 2))


@pytest.mark.parametrize("count, size", [(1, 8), (64, 24), (64, 32), (9, 256)])
def test_small_images_are_enlarged_by_whole_factors(count, size):
    images = np.random.default_rng(0).integers(0, 256, (count, size, size, 3), dtype=np.uint8)
    sheet = pictures.grid(images)
    side = int(np.ceil(np.sqrt(count))) * (size + 2) + 2
    factor = sheet.shape[1] // side
    assert sheet.shape[1] == side * factor and (factor == 1 or side * factor <= 640)
    small = sheet[::factor, ::factor]
    np.testing.assert_array_equal(small.repeat(factor, 0).repeat(factor, 1), sheet)
    np.testing.assert_array_equal(small[2:2 + size, 2:2 + size], images[0])


def test_points_are_dark_where_they_lie_and_the_second_coordinate_grows_upward():
    sheet = pictures.cloud(np.array([[4.0, 4.0], [4.0, 4.0], [-4.0, 0.1], [99.0, 0.0]]), -5.0, 5.0)
    assert sheet.shape == (480, 480, 1) and sheet.dtype == np.uint8
    rows, columns = np.nonzero(sheet[..., 0] < 255)
    assert len(rows) == 2 * 9  # two places of 3 x 3; what lies outside is not shown
    assert sheet[46, 432, 0] < sheet[235, 48, 0] < 255  # upper right, twice; left, in the middle


def test_what_is_drawn_follows_from_the_rank():
    assert pictures.picture(np.zeros((4, 8, 8, 3), np.uint8)).shape[2] == 3
    assert pictures.picture(np.zeros((4, 2), np.float32)).shape == (480, 480, 1)


@pytest.mark.parametrize("channels", [1, 3])
def test_files_hold_the_picture(tmp_path, channels):
    image = np.random.default_rng(0).integers(0, 256, (6, 5, channels), dtype=np.uint8)
    pictures.write_png(tmp_path / "a.png", image)
    assert [path.name for path in tmp_path.iterdir()] == ["a.png"]
    np.testing.assert_array_equal(tf.io.decode_png((tmp_path / "a.png").read_bytes()), image)
