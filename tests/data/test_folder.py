"""Folders of images as users have them."""

import io

import numpy as np
import PIL.Image
import pytest
import tensorflow as tf

from tfgan_improved import data

RANDOM = np.random.RandomState(0)


def noise(height=8, width=8, channels=3):
    return RANDOM.randint(0, 256, (height, width, channels)).astype(np.uint8).squeeze()


def save(path, pixels=None, **how):
    path.parent.mkdir(parents=True, exist_ok=True)
    PIL.Image.fromarray(noise() if pixels is None else pixels).save(path, **how)


def jpeg():
    buffer = io.BytesIO()
    PIL.Image.fromarray(noise(64, 64)).save(buffer, "JPEG")
    return buffer.getvalue()


def numbered(folder, count=20):
    """Grey 8x8 images whose every pixel is their number."""
    for number in range(count):
        save(folder / f"{number:02}.png", np.full((8, 8), number, np.uint8))


def load(folder, **how):
    return data.load(f"folder:{folder}", **how)


@pytest.fixture(params=[2**30, 0], ids=["memory", "stream"])
def limit(request):
    return request.param


def test_a_flat_folder_gives_its_images_once_and_a_fixed_tenth_as_test(tmp_path, limit):
    numbered(tmp_path)
    source = load(tmp_path, memory_limit=limit, holdout=3)
    assert source.in_memory == (limit > 0)
    assert (source.shape, source.classes) == ((8, 8, 1), 0)
    assert source.counts == {"train": 15, "validation": 3, "test": 2}
    seen = {split: set(source.arrays(split)[0][:, 0, 0, 0].tolist()) for split in source.counts}
    assert set.union(*seen.values()) == set(range(20)) and sum(map(len, seen.values())) == 20
    again = load(tmp_path, memory_limit=limit, holdout=3)
    for split in source.counts:
        for one, two in zip(source.arrays(split), again.arrays(split)):
            np.testing.assert_array_equal(one, two)
    assert not source.arrays("train")[1].any()
    epoch = next(iter(data.batches(source, 15)))[0][:, 0, 0, 0].numpy()
    assert set(epoch.tolist()) == seen["train"]


def test_a_stream_keeps_the_rules_of_the_pipeline(tmp_path):
    numbered(tmp_path)
    source = load(tmp_path, memory_limit=0)

    def rows(elements, *args, **settings):
        return np.stack([x[:, 0, 0, 0] for x, _ in data.batches(source, *args, **settings).take(elements)])

    whole = rows(9, 4)
    np.testing.assert_array_equal(np.sort(whole.reshape(2, 18)), np.sort(np.tile(np.unique(whole), (2, 1))))
    np.testing.assert_array_equal(rows(4, 4, first_step=5), whole[5:])
    halves = rows(18, 2, replicas=2, replica_ids=(0, 1)).reshape(9, 4)
    np.testing.assert_array_equal(halves, whole)
    np.testing.assert_array_equal(rows(9, 2, replicas=2, replica_ids=(1,)), whole[:, 2:])


def test_class_folders_give_labels_in_the_order_of_their_names(tmp_path, limit):
    for label, name in enumerate(["ant", "bee", "cat"]):
        for number in range(8):
            save(tmp_path / name / "deeper" / f"{number}.PNG", np.full((8, 8), 10 * label + number, np.uint8))
    (tmp_path / "notes").mkdir()  # without images, so no class
    source = load(tmp_path, memory_limit=limit)
    assert source.classes == 3 and source.counts == {"train": 22, "validation": 0, "test": 2}
    assert source.class_names == ("ant", "bee", "cat")
    images, labels = source.arrays("train")
    np.testing.assert_array_equal(labels, images[:, 0, 0, 0] // 10)
    assert set(source.arrays("train", limit=12)[1]) == {0, 1, 2}  # the first are a fair sample


def test_one_folder_inside_is_no_class(tmp_path):
    numbered(tmp_path / "all")
    source = load(tmp_path)
    assert source.classes == 0 and source.class_names == ()


def test_train_and_test_folders_are_the_splits(tmp_path):
    for split, count in (("train", 6), ("test", 3)):
        for name in ("a", "b"):
            numbered(tmp_path / split / name, count)
    source = load(tmp_path)
    assert source.counts == {"train": 12, "validation": 0, "test": 6} and source.classes == 2


def test_classes_of_train_and_test_must_agree(tmp_path):
    numbered(tmp_path / "train" / "a")
    numbered(tmp_path / "train" / "b")
    numbered(tmp_path / "test" / "a")
    numbered(tmp_path / "test" / "c")
    with pytest.raises(data.DataError, match="same class folders; they hold a, b and a, c"):
        load(tmp_path)


@pytest.mark.parametrize("save_as, want", [
    (lambda grey: PIL.Image.fromarray(grey), lambda grey: grey),
    (lambda grey: PIL.Image.fromarray(grey.astype(np.uint16) * 257), lambda grey: grey),
    (lambda grey: PIL.Image.merge("LA", [PIL.Image.fromarray(grey), PIL.Image.new("L", (8, 8), 0)]),
     lambda grey: np.full_like(grey, 255)),
    (lambda grey: PIL.Image.fromarray(grey).convert("1"), lambda grey: np.where(grey > 127, 255, 0)),
], ids=["8 bits", "16 bits", "transparent", "1 bit"])
def test_grey_images_stay_grey(tmp_path, save_as, want):
    greys = [np.full((8, 8), level, np.uint8) for level in (0, 100, 255)]
    for number, grey in enumerate(greys):
        save_as(grey).save(tmp_path / f"{number}.png")
    source = load(tmp_path)
    assert source.shape == (8, 8, 1)
    got = np.concatenate([source.arrays(split)[0][:, 0, 0, 0] for split in ("train", "test")])
    allowed = [want(grey)[0, 0] for grey in greys]
    if save_as(greys[0]).mode == "1":
        assert set(got) <= {0, 255} and {0, 255} <= set(got)
    else:
        assert sorted(got) == sorted(allowed)


def test_colors_alpha_and_palettes_become_three_channels(tmp_path):
    red, half = np.array([255, 0, 0], np.uint8), np.array([0, 0, 255, 128], np.uint8)
    PIL.Image.fromarray(np.tile(red, (8, 8, 1))).save(tmp_path / "rgb.png")
    PIL.Image.fromarray(np.tile(red, (8, 8, 1))).quantize(4).save(tmp_path / "palette.png")
    PIL.Image.fromarray(np.tile(red, (8, 8, 1))).convert("CMYK").save(tmp_path / "cmyk.jpg", quality=100)
    PIL.Image.fromarray(np.full((8, 8), 60, np.uint8)).save(tmp_path / "grey.png")
    PIL.Image.fromarray(np.tile(half, (8, 8, 1))).save(tmp_path / "alpha.png")
    for number in range(5):
        save(tmp_path / f"more{number}.gif")
    source = load(tmp_path)
    assert source.shape == (8, 8, 3)
    seen = np.concatenate([source.arrays(split)[0][:, 3, 3] for split in ("train", "test")]).tolist()
    assert [60, 60, 60] in seen
    assert [127, 127, 255] in seen  # half transparent blue on white
    assert (np.abs(np.array(seen) - [255, 0, 0]).max(1) <= 6).sum() == 3  # JPEG's is not quite red


def test_images_of_other_shapes_are_cropped_and_resized(tmp_path):
    wide = np.zeros((10, 30, 3), np.uint8)
    wide[:, 10:20] = 200  # the centered square
    save(tmp_path / "wide.png", wide)
    save(tmp_path / "tall.png", wide.swapaxes(0, 1))
    source = load(tmp_path, image_size=5)
    assert source.shape == (5, 5, 3)
    assert all((source.arrays(split)[0] == 200).all() for split in ("train", "test"))


def test_different_sizes_need_an_image_size(tmp_path):
    save(tmp_path / "a.png", noise(8, 9))
    save(tmp_path / "b.png", noise(8, 8))
    with pytest.raises(data.DataError, match=r"different sizes, such as .*9x8.* and .*; set --image_size"):
        load(tmp_path)


def test_photographs_are_turned_upright(tmp_path):
    pixels = np.zeros((4, 8, 3), np.uint8)
    pixels[:, :4] = 250  # the left half, which the camera's note turns to the top
    note = PIL.Image.Exif()
    note[0x0112] = 6
    for name in ("a.png", "b.png"):
        save(tmp_path / name, pixels, exif=note)
    image = load(tmp_path, image_size=4).arrays("train")[0][0]
    assert (image[:2] == 250).all() and not image[2:].any()


def test_other_files_are_left_out(tmp_path):
    numbered(tmp_path, 5)
    (tmp_path / "readme.txt").write_text("hello")
    (tmp_path / "._01.png").write_bytes(b"what a Mac leaves behind")
    save(tmp_path / ".thumbnails" / "x.png")
    assert sum(load(tmp_path).counts.values()) == 5


@pytest.mark.parametrize("spoil", [
    lambda path: path.write_text("no image at all"),
    lambda path: path.write_bytes(b""),
    lambda path: path.write_bytes(jpeg()[:20]),
], ids=["text", "empty", "cut in its head"])
def test_a_file_that_is_no_image_is_named_at_once(tmp_path, spoil, limit):
    numbered(tmp_path)
    spoil(tmp_path / "broken.png")
    with pytest.raises(data.DataError, match=r"broken\.png' cannot be read as an image .*; remove or") as told:
        load(tmp_path, memory_limit=limit)
    assert "\n" not in str(told.value)


def test_a_truncated_image_is_named_when_it_is_decoded(tmp_path, limit, capfd):
    for number in range(19):
        (tmp_path / f"{number}.jpg").write_bytes(jpeg())
    (tmp_path / "broken.jpg").write_bytes(jpeg()[:-900])
    source = load(tmp_path, memory_limit=limit)
    broken = next(split for split in ("train", "test") if b"broken" in b"".join(paths_of(tmp_path, split)))
    with pytest.raises(data.DataError, match=r"broken\.jpg' cannot be read as an image .*; remove or") as told:
        source.arrays(broken)
    assert "\n" not in str(told.value)
    assert "Traceback" not in capfd.readouterr().err


def paths_of(folder, split):
    return load(folder, memory_limit=0)._files[split].paths


def test_a_truncated_image_met_while_training_is_named_too(tmp_path):
    for number in range(12):
        (tmp_path / f"it's \"{number}\" \\ é.jpg").write_bytes(jpeg())
    source = load(tmp_path, memory_limit=0)
    path = source._files["train"].paths[0].decode()
    with open(path, "r+b") as file:
        file.truncate(1500)

    @tf.function
    def use(iterator):
        for _ in tf.range(20):
            next(iterator)

    with pytest.raises(tf.errors.OpError) as stopped:
        use(iter(data.batches(source, 4)))
    told = data.cause(stopped.value)
    assert isinstance(told, data.DataError) and path in str(told) and "\n" not in str(told)


@pytest.mark.parametrize("count, told", [(0, "holds no images"), (1, "holds 1 image;")])
def test_a_folder_with_too_few_images_is_refused(tmp_path, count, told):
    numbered(tmp_path, count)
    with pytest.raises(data.DataError, match=told):
        load(tmp_path)


def test_an_empty_test_folder_is_refused(tmp_path):
    numbered(tmp_path / "train")
    (tmp_path / "test").mkdir()
    with pytest.raises(data.DataError, match="test' holds no images"):
        load(tmp_path)


def test_images_beside_class_folders_are_refused(tmp_path):
    numbered(tmp_path)
    numbered(tmp_path / "class")
    with pytest.raises(data.DataError, match="both directly, such as '00.png', and in folders, such as 'class'"):
        load(tmp_path)


def test_a_missing_folder_is_refused(tmp_path):
    with pytest.raises(data.DataError, match="does not exist"):
        load(tmp_path / "nothing")
