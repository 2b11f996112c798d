"""Sets of images: mixed, in parts, told apart by a hash; files and folders of someone's own."""

import numpy as np
import pytest

from tfgan_improved.evaluation import EvaluationError, image_set


def pixels(n, *shape, seed=0):
    return np.random.RandomState(seed).randint(0, 256, (n, *(shape or (3, 3, 1)))).astype(np.uint8)


def read(images, count):
    parts = list(images.read(count, 0))
    assert max(len(part) for part, _ in parts) <= image_set.CHUNK
    return (np.concatenate([part for part, _ in parts]),
            None if parts[0][1] is None else np.concatenate([labels for _, labels in parts]))


def test_arrays_are_mixed_the_same_each_time_with_their_labels():
    images, labels = pixels(2500), np.arange(2500)
    made = image_set.of_arrays("a", images, labels)
    got, found = read(made, 2500)
    assert found.dtype == np.int32 and sorted(found) == list(range(2500)) and (found != labels).mean() > 0.9
    np.testing.assert_array_equal(got, images[found])
    np.testing.assert_array_equal(read(made, 100)[1], found[:100])
    assert made.limit(9) == 9 and made.limit(9999) == 2500


def test_the_hash_tells_images_labels_and_shapes_apart():
    images, labels = pixels(5), np.arange(5)
    changed = images.copy()
    changed[4, 2, 2, 0] ^= 1
    made = [image_set.of_arrays("a", *given).hash() for given in (
        (images,), (images, labels), (changed,), (images.reshape(5, 9, 1, 1),), (images, labels[::-1]))]
    assert len(set(made)) == 5
    assert image_set.of_arrays("b", images.copy()).hash() == made[0]


@pytest.mark.parametrize("arrays, message", [
    ({"images": pixels(4).astype("f4")}, "'images' in '.*' is float32; scores depend on how numbers become pixels, so "
                                         "store uint8"),
    ({"a": pixels(4), "b": pixels(4)}, r"holds a \(4, 3, 3, 1\), b \(4, 3, 3, 1\); give one array \(n, h, w, c\)"),
    ({"x": np.zeros((4, 9))}, r"holds x \(4, 9\); give one array"),
    ({}, "holds nothing"),
    ({"images": pixels(4), "labels": np.zeros(3)}, r"has labels of shape \(3,\) for 4 images; give one each"),
    ({"images": pixels(2), "labels": np.array(["cat", "dog"])}, "labels of type <U3; give whole numbers from 0"),
    ({"images": pixels(2), "labels": np.array([0.5, 1.0])}, "labels of type float64; give whole numbers from 0"),
    ({"images": pixels(0)}, "with n at least 1"),
])
def test_npz_files_of_other_arrays_are_refused(tmp_path, arrays, message):
    np.savez(tmp_path / "a.npz", **arrays)
    with pytest.raises(EvaluationError, match=message):
        image_set.of_npz(tmp_path / "a.npz")


def test_npz_files_give_images_under_any_name_and_labels(tmp_path):
    images = pixels(6, 4, 4, 3)
    np.savez(tmp_path / "a.npz", arr_0=images)
    np.savez(tmp_path / "b.npz", images=images, noise=images, labels=np.arange(6))
    a, b = (image_set.of_npz(tmp_path / name) for name in ("a.npz", "b.npz"))
    assert (a.name, a.shape, a.count, a.labeled, b.labeled) == ("a.npz", (4, 4, 3), 6, False, True)
    got, labels = read(b, 6)
    np.testing.assert_array_equal(got, images[labels])


def test_a_damaged_npz_file_and_one_of_objects_are_refused(tmp_path):
    (tmp_path / "a.npz").write_bytes(b"nothing")
    np.savez(tmp_path / "b.npz", images=np.array([{"a": 1}], object))
    for name in ("a.npz", "b.npz"):
        with pytest.raises(EvaluationError, match="cannot be read as .npz .*; write it with numpy.savez") as caught:
            image_set.of_npz(tmp_path / name)
        assert "\n" not in str(caught.value)
