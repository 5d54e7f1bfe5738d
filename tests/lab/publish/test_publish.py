"""The published network is that of the run, without what only its training needed."""

from dataclasses import replace

import torch

from demo.lab.publish.classifier import without_soft_label_outputs
from demo.lab.recipe import ClassifierRecipe, find_recipe
from demo.lab.training.classifier import network_of
from demo.models.networks.classifiers import NETWORKS


def recipe_of(name: str) -> ClassifierRecipe:
    recipe = find_recipe(name)
    assert isinstance(recipe, ClassifierRecipe)
    return recipe


def test_a_published_network_gives_the_logits_of_the_trained_one() -> None:
    torch.manual_seed(0)
    recipe = recipe_of("photo-101")
    trained, published = network_of(recipe).eval(), NETWORKS["photo-101"]().eval()
    published.load_state_dict(without_soft_label_outputs(trained.state_dict(), recipe))
    pictures = torch.randn(2, 3, 64, 64)
    with torch.inference_mode():
        before, after = trained(pictures), published(pictures)
    assert before.shape == (2, 1100)
    torch.testing.assert_close(after, before[:, :100])


def test_a_network_without_soft_labels_is_published_unchanged() -> None:
    recipe = replace(recipe_of("cnn3-cifar10"), labels=("one",) * 10)
    state = network_of(recipe).state_dict()
    assert without_soft_label_outputs(state, recipe) is state
