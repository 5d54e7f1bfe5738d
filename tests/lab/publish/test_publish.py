"""What is shipped is the network of the run, less what was only for its training."""

from dataclasses import replace

import torch

from demo.lab.publish.classifier import without_hints
from demo.lab.recipe import ClassifierRecipe, find_recipe
from demo.lab.training.classifier import network_of
from demo.models.networks.classifiers import NETWORKS


def recipe_of(name: str) -> ClassifierRecipe:
    recipe = find_recipe(name)
    assert isinstance(recipe, ClassifierRecipe)
    return recipe


def test_a_shipped_network_answers_for_its_classes_as_the_trained_one() -> None:
    torch.manual_seed(0)
    recipe = recipe_of("photo-101")
    trained, shipped = network_of(recipe).eval(), NETWORKS["photo-101"]().eval()
    shipped.load_state_dict(without_hints(trained.state_dict(), recipe))
    pictures = torch.randn(2, 3, 64, 64)
    with torch.inference_mode():
        before, after = trained(pictures), shipped(pictures)
    assert before.shape == (2, 1100)
    torch.testing.assert_close(after, before[:, :100])


def test_a_network_without_a_teacher_is_shipped_as_it_is() -> None:
    recipe = replace(recipe_of("cnn3-cifar10"), labels=("one",) * 10)
    state = network_of(recipe).state_dict()
    assert without_hints(state, recipe) is state
