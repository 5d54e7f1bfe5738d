"""Data sets decode correctly; splits are fixed and disjoint; recipes are collected."""

import hashlib
import io
from pathlib import Path

import numpy as np
import pytest
import torch
from PIL import Image
from torchvision.models import mobilenet_v2
from ultralytics.data.utils import img2label_paths

from demo.errors import DemoError
from demo.lab.data.boxed_photos import (
    Photo,
    boxed_photos,
    coco128_photos,
    negative_photos,
    write_layout,
)
from demo.lab.data.caltech import NO_ANIMAL_NO_FACE, NOT_IN_CIFAR10, interleaved_paths
from demo.lab.data.cifar import Pictures, cifar10, decode
from demo.lab.data.outliers import (
    FOREIGN_CATEGORIES,
    TRAINING_CATEGORIES,
    compressed,
    foreign_animals,
    foreign_things,
)
from demo.lab.data.photo101 import photo_paths
from demo.lab.data.splits import is_test
from demo.lab.recipe import DetectorRecipe, find_recipe, recipes
from demo.lab.training.soft_labels import CLASSES, soft_labels


def first_of(archive: "np.lib.npyio.NpzFile", part: str, count: int) -> dict[str, np.ndarray]:
    """The archive cut to its first pictures."""
    return {
        "header": archive["header"],
        f"{part}_data": archive[f"{part}_data"],
        f"{part}_len": archive[f"{part}_len"][:count],
    }


def test_split_is_the_sha1_of_the_path_modulo_five() -> None:
    for inside in ("images/face/image_0001.webp", "accordion/image_0001.webp"):
        digest = hashlib.sha1(inside.encode()).hexdigest()
        assert is_test(inside) == (
            sum(int(d, 16) * 16**i for i, d in enumerate(digest[::-1])) % 5 == 0
        )
    shares = [is_test(f"images/{i}.webp") for i in range(5000)]
    assert 0.18 < np.mean(shares) < 0.22


def test_a_synthetic_archive_decodes_to_its_pixels() -> None:
    flat = [np.full((32, 32, 3), value, np.uint8) for value in (10, 128, 240)]
    jpegs = []
    for picture in flat:
        file = io.BytesIO()
        Image.fromarray(picture).save(file, "JPEG", quality=75)
        jpegs.append(file.getvalue())
    header = jpegs[0][:20]
    assert all(jpeg.startswith(header) for jpeg in jpegs)
    lossless = np.random.default_rng(0).integers(0, 256, (1, 32, 32, 3), np.uint8)
    archive: dict[str, np.ndarray] = {
        "header": np.frombuffer(header, np.uint8),
        "train_data": np.frombuffer(b"".join(j[20:] for j in jpegs), np.uint8),
        "train_len": np.array([len(j) - 20 for j in jpegs], np.uint16),
        "train_lossless_idx": np.array([1]),
        "train_lossless": lossless,
    }
    images = decode(archive, "train")
    assert images.shape == (3, 32, 32, 3)
    assert np.abs(images[0].astype(int) - 10).max() <= 1
    assert np.abs(images[2].astype(int) - 240).max() <= 1
    np.testing.assert_array_equal(images[1], lossless[0])


def test_the_first_test_pictures_of_cifar10_are_the_known_ones(shared_data: Path) -> None:
    with np.load(shared_data / "cifar10" / "cifar10.npz") as archive:
        images = decode(first_of(archive, "test", 3), "test")
        labels = [str(archive["class_names"][i]) for i in archive["test_labels"][:5]]
    assert labels == ["cat", "ship", "ship", "airplane", "frog"]
    # The second test picture is a ship on bright water under a bright sky: far from black.
    assert images[1].mean() > 120 > images[0].mean() > 60


def test_a_folder_without_the_set_is_an_error(tmp_path: Path) -> None:
    with pytest.raises(DemoError, match=r"cifar10/cifar10\.npz"):
        cifar10(tmp_path, "test", tmp_path)
    with pytest.raises(DemoError, match=r"boxes3/boxes\.csv"):
        boxed_photos(tmp_path, "boxes3")


def test_parts_are_disjoint_and_boxes_fit(shared_data: Path) -> None:
    photos = boxed_photos(shared_data, "boxes3") + boxed_photos(shared_data, "animals")
    assert len(photos) == 2032 + 4608
    assert sum(len(photo.boxes) for photo in photos) == 2032 + 6117
    assert sum(is_test(photo.path_in_set) for photo in photos) == 1352
    labels = {label for photo in photos for label in photo.labels}
    assert labels == {"face", "motorcycle", "airplane", "dog", "cat", "sheep", "horse", "cow"}
    train = {photo.path_in_set for photo in negative_photos(shared_data, 400, "train")}
    test = {photo.path_in_set for photo in negative_photos(shared_data, 300, "test")}
    assert (len(train), len(test)) == (400, 300)
    assert not train & test


def test_foreign_photos_are_spread_over_their_categories(shared_data: Path) -> None:
    folder = shared_data / "caltech101"
    paths = interleaved_paths(folder, NOT_IN_CIFAR10, 1000)
    assert len(set(paths)) == 1000
    assert {path.split("/")[0] for path in paths} == set(NOT_IN_CIFAR10)
    assert paths == interleaved_paths(folder, NOT_IN_CIFAR10, 1000)
    near = {"car_side", "dalmatian", "ferry", "ketch", "schooner", "pigeon", "emu", "wild_cat"}
    assert not near & set(NOT_IN_CIFAR10)
    assert not {"dalmatian", "gerenuk", "BACKGROUND_Google"} & set(NO_ANIMAL_NO_FACE)


def test_label_files_are_relative_to_the_photo(tmp_path: Path) -> None:
    photos = []
    for i in range(20):
        path = tmp_path / "toy" / "images" / f"{i}.png"
        path.parent.mkdir(parents=True, exist_ok=True)
        Image.new("RGB", (200, 100)).save(path)
        photos.append(Photo(path, f"images/{i}.png", ((50.0, 20.0, 250.0, 60.0),), ("cat",)))
    yaml = write_layout(photos, ("dog", "cat"), tmp_path / "run")
    # Clipped to the photo: x 50–200 of 200, y 20–60 of 100.
    text = (tmp_path / "run" / "labels" / "toy_images_3.txt").read_text()
    assert text == "1 0.625000 0.400000 0.750000 0.400000\n"
    train, val = (
        (tmp_path / "run" / f"{part}.txt").read_text().split() for part in ("train", "val")
    )
    assert len(train) + len(val) == 20
    assert not set(train) & set(val)
    assert len(val) == sum(is_test(photo.path_in_set) for photo in photos) > 0
    assert "0: dog\n  1: cat" in yaml.read_text()
    assert all(Path(path).resolve().is_file() for path in train + val)


def test_label_files_read_back_inside_the_photo(tmp_path: Path) -> None:
    """Box edges at the borders, as ultralytics and albumentations read them."""
    path = tmp_path / "toy" / "images" / "a b.c.png"
    path.parent.mkdir(parents=True)
    Image.new("RGB", (1920, 1080)).save(path)
    boxes = ((0.0, 138.0, 80.0, 208.0), (1828.0, 710.0, 1920.0, 814.0), (-5.0, 0.0, 2000.0, 1080.0))
    photo = Photo(path, "images/a b.c.png", (*boxes, (1.0, 1.0, 2.0, 2.0)), (*["cat"] * 3, "cow"))
    write_layout([photo], ("dog", "cat"), tmp_path / "run")
    [link] = (tmp_path / "run" / "images").iterdir()
    [text] = img2label_paths([str(link)])
    rows = np.loadtxt(text)
    assert rows[:, 0].tolist() == [1, 1, 1]
    edges = np.concatenate([rows[:, 1:3] - rows[:, 3:] / 2, rows[:, 1:3] + rows[:, 3:] / 2], axis=1)
    assert ((edges >= 0) & (edges <= 1)).all()
    expected = np.clip(boxes, 0, [1920, 1080] * 2)
    np.testing.assert_allclose(edges * ([1920, 1080] * 2), expected, atol=0.001)


@pytest.mark.parametrize(
    "in_set", [("images/1.png", "images/1.jpg"), ("images/a_1.png", "images/a/1.png")]
)
def test_no_two_photos_share_a_label_file(tmp_path: Path, in_set: tuple[str, str]) -> None:
    """Neither by their extensions nor by their folders: one would be trained with wrong boxes."""
    folder = tmp_path / "toy" / "images"
    folder.mkdir(parents=True)
    photos = []
    for path, place in zip((folder / "one.png", folder / "two.png"), in_set, strict=True):
        Image.new("RGB", (20, 10)).save(path)
        photos.append(Photo(path, place, (), ()))
    write_layout([photos[0], photos[0]], ("cat",), tmp_path / "run")
    with pytest.raises(
        DemoError, match=r"two\.png would share the label file toy_images_"
    ) as raised:
        write_layout(photos, ("cat",), tmp_path / "run")
    assert raised.value.key == "lab_same_labels"


def test_a_second_layout_in_a_folder_shows_its_own_photos(tmp_path: Path) -> None:
    for shade in (0, 255):
        path = tmp_path / str(shade) / "toy" / "images" / "1.png"
        path.parent.mkdir(parents=True)
        Image.new("L", (20, 10), shade).save(path)
        write_layout([Photo(path, "images/1.png", (), ())], ("cat",), tmp_path / "run")
    with Image.open(tmp_path / "run" / "images" / "toy_images_1.png") as shown:
        assert shown.getpixel((0, 0)) == 255


def test_recipes_are_found_by_name() -> None:
    promised = {"cnn-cifar10", "cnn3-cifar10", "resnet9-cifar10", "photo-101", "yolo-vitrine"}
    assert promised | {"dcgan-cifar10"} <= set(recipes())
    with pytest.raises(DemoError, match="cnn-cifar10"):
        find_recipe("no-such-recipe")


def test_training_pictures_grow_with_the_epochs() -> None:
    recipe = find_recipe("yolo-vitrine-base")
    assert isinstance(recipe, DetectorRecipe)
    sizes = [recipe.size_at(epoch, 18) for epoch in range(18)]
    assert sizes == [160] * 9 + [224] * 6 + [256] * 3


def test_a_third_of_coco128_is_never_trained_on(shared_data: Path) -> None:
    photos = coco128_photos(shared_data)
    assert len(photos) == 128
    assert sum(len(photo.boxes) for photo in photos) == 929
    test = [photo for photo in photos if photo.is_test]
    assert 30 <= len(test) <= 56
    assert test[0].is_test == is_test(test[0].path_in_set, 3)
    assert any(label == "person" for photo in test for label in photo.labels)


def test_photo_101_has_a_hundred_kinds_and_two_parts(shared_data: Path, tmp_path: Path) -> None:
    rows = photo_paths(shared_data, tmp_path)
    labels = sorted({label for _, _, label in rows})
    assert tuple(labels) == find_recipe("photo-101").labels
    assert len(rows) == 8241
    assert sum(is_test(inside) for _, inside, _ in rows) == 1647
    assert len({inside for _, inside, _ in rows}) == len(rows)
    with pytest.raises(DemoError, match="caltech101"):
        photo_paths(tmp_path, tmp_path)


def test_training_outliers_and_foreign_photos_have_no_category_in_common(
    shared_data: Path, tmp_path: Path
) -> None:
    assert not set(TRAINING_CATEGORIES) & set(FOREIGN_CATEGORIES)
    assert set(TRAINING_CATEGORIES) | set(FOREIGN_CATEGORIES) == set(NOT_IN_CIFAR10)
    foreign = foreign_things(shared_data, tmp_path, 32)
    assert foreign.shape == (1000, 32, 32, 3)
    assert np.array_equal(foreign, foreign_things(shared_data, tmp_path, 32))


def test_compression_changes_pixels_moderately() -> None:
    noise = np.random.default_rng(0).integers(0, 256, (32, 32, 3)).astype(np.uint8)
    through = compressed(noise)
    assert through.shape == noise.shape
    assert 5 < np.abs(through.astype(int) - noise).mean() < 80


def test_soft_labels_of_a_picture_and_its_mirror_image_are_equal(tmp_path: Path) -> None:
    torch.manual_seed(0)
    weights = tmp_path / "mobilenet_v2.pth"
    torch.save(mobilenet_v2().state_dict(), weights)
    left = np.random.default_rng(0).integers(0, 256, (1, 40, 40, 3)).astype(np.uint8)
    both = np.concatenate([left, left[:, :, ::-1]])
    pictures = Pictures(both, np.zeros(2, np.int64), ("thing",))
    rows = soft_labels(weights, pictures, tmp_path / "cache.npy")
    assert rows.shape == (2, CLASSES)
    assert rows.astype(np.float64).sum(axis=1) == pytest.approx([1, 1], abs=2e-3)
    np.testing.assert_allclose(rows[0], rows[1], atol=1e-5)
    np.testing.assert_array_equal(
        rows, soft_labels(tmp_path / "gone.pth", pictures, tmp_path / "cache.npy")
    )
    with pytest.raises(DemoError, match=r"weights/gone\.pth"):
        soft_labels(tmp_path / "gone.pth", pictures, tmp_path / "other.npy")


def animal_photos(data: Path, labels: list[str]) -> None:
    """A made-up set `animals` of one boxed photo a label."""
    (data / "animals" / "images").mkdir(parents=True)
    rows = ["file,x0,y0,x1,y1,class"]
    for i, label in enumerate(labels):
        Image.new("RGB", (20, 16), (i, 0, 0)).save(data / "animals" / "images" / f"{i:04}.png")
        rows.append(f"{i:04}.png,1,1,9,9,{label}")
    (data / "animals" / "boxes.csv").write_text("\n".join(rows) + "\n")


def test_foreign_animals_are_all_there_are_where_there_are_few(tmp_path: Path) -> None:
    animal_photos(tmp_path, ["sheep", "dog", "horse", "cow"])
    photos = foreign_animals(tmp_path, tmp_path / "cache", 8)
    assert photos.shape == (3, 8, 8, 3)
    assert sorted(photos[:, 0, 0, 0].tolist()) == [0, 2, 3]


def test_a_set_without_foreign_animals_is_an_error(tmp_path: Path) -> None:
    animal_photos(tmp_path, ["dog", "cat"])
    with pytest.raises(DemoError) as raised:
        foreign_animals(tmp_path, tmp_path / "cache", 8)
    assert raised.value.key == "lab_data_missing"
    with pytest.raises(DemoError) as raised:
        foreign_animals(None, tmp_path / "cache", 8)
    assert raised.value.key == "lab_data_needed"
