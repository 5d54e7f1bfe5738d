"""Data sets decode correctly; splits are fixed and disjoint; recipes are collected."""

import hashlib
import io
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest
import torch
from PIL import Image
from torchvision.models import mobilenet_v2

from demo.errors import DemoError
from demo.lab.data.boxed_photos import boxed_photos, coco128_photos, negative_photos
from demo.lab.data.caltech import NOT_DETECTED, NOT_IN_CIFAR10, interleaved_paths
from demo.lab.data.cifar import Pictures, cifar10, decode
from demo.lab.data.detection_photos import ANIMALS, VOC, detection_photos, training_photos
from demo.lab.data.outliers import (
    FOREIGN_CATEGORIES,
    TRAINING_CATEGORIES,
    compressed,
    foreign_animals,
    foreign_things,
)
from demo.lab.data.photo101 import photo_paths, validation_part
from demo.lab.data.splits import is_test
from demo.lab.evaluation.detector import DETECTION_SETS, held_out_photos
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
    assert not {"dalmatian", "gerenuk", "BACKGROUND_Google"} & set(NOT_DETECTED)


def test_no_photo_is_trained_on_and_tested(shared_data: Path) -> None:
    recipe = find_recipe("yolo-vitrine")
    trained = {(p.set_name, p.path_in_set) for p in training_photos(shared_data, recipe.datasets)}
    tested, chosen_by = (
        {
            (p.set_name, p.path_in_set)
            for name in DETECTION_SETS
            for p in held_out_photos(shared_data, name, part)
        }
        for part in ("test", "validation")
    )
    assert len(trained) > 8000
    assert len(tested) > 1600
    assert len(chosen_by) > 600
    assert not trained & tested
    assert not chosen_by & (trained | tested)
    assert not {name for name, _ in trained} & {"voc_mixed"}


def test_no_film_is_trained_on_and_tested(shared_data: Path) -> None:
    """The set's own split goes by thousand frames: a longer film lies in both parts."""
    photos = detection_photos(shared_data, "plates")
    both = {p.film for p in photos if p.is_test} & {p.film for p in photos if not p.is_test} - {""}
    assert len(both) == 1
    tested = held_out_photos(shared_data, "plates")
    assert len(tested) >= 80
    assert not {photo.film for photo in tested} & both


def test_photos_with_all_of_vocs_boxes_say_so(shared_data: Path) -> None:
    photos = detection_photos(shared_data, "animals")
    complete = [photo for photo in photos if photo.complete == VOC]
    assert (len(photos), len(complete)) == (4608, 3608)
    assert sum(len(photo.boxes) for photo in complete) == 6782
    assert {label for photo in complete for label in photo.labels} <= VOC
    assert all(photo.complete == ANIMALS for photo in photos if photo.complete != VOC)


def test_a_set_without_its_table_is_an_error(tmp_path: Path) -> None:
    with pytest.raises(DemoError, match=r"faces/boxes\.csv"):
        detection_photos(tmp_path, "faces")


def test_recipes_are_found_by_name() -> None:
    promised = {"cnn-cifar10", "cnn3-cifar10", "resnet9-cifar10", "photo-101", "yolo-vitrine"}
    assert promised | {"dcgan-cifar10"} <= set(recipes())
    with pytest.raises(DemoError, match="cnn-cifar10"):
        find_recipe("no-such-recipe")


def test_training_pictures_grow_with_the_epochs() -> None:
    recipe = find_recipe("yolo-vitrine")
    assert isinstance(recipe, DetectorRecipe)
    recipe = replace(recipe, sizes=((0.5, 256), (0.3, 320), (0.2, 416)))
    sizes = [recipe.size_at(epoch, 10) for epoch in range(10)]
    assert sizes == [256] * 5 + [320] * 3 + [416] * 2


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


def test_a_third_of_the_training_photos_of_photo_101_is_for_validation(
    shared_data: Path, tmp_path: Path
) -> None:
    part = validation_part(shared_data, tmp_path)
    rows = [row for row in photo_paths(shared_data, tmp_path) if not is_test(row[1])]
    assert len(part) == len(rows) == 8241 - 1647
    assert 0.31 < part.mean() < 0.36
    # Each class keeps photos to be fitted on.
    assert len({label for (_, _, label), held in zip(rows, part, strict=True) if not held}) == 100


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
