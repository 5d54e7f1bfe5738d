"""The tutorials' convolutional network on CIFAR-10."""

from demo.lab.about import About
from demo.lab.data.cifar import DATA, LABELS, MEAN, STD
from demo.lab.recipe import ClassifierRecipe

RECIPE = ClassifierRecipe(
    name="cnn-cifar10",
    dataset="cifar10",
    network="cnn-cifar10",
    labels=LABELS,
    mean=MEAN,
    std=STD,
    epochs=40,
    batch=128,
    optimizer="sgd",
    lr=0.05,
    l2=5e-4,
    dropout=0.25,
    precision="bfloat16",
    outliers="things",
    measure_every=5,
    about=About(
        good_for=(
            "The two-block network that tutorials train first: it shows how a small classifier "
            "sees, errs and can be explained, at 32×32 pixels."
        ),
        not_for=(
            "anything that matters. It sees 32×32 pixels, knows ten things and takes most of the "
            "rest of the world for one of them."
        ),
        licence="AGPL-3.0",
        data=DATA,
        failures=(
            "The number of epochs and the learning rate were chosen beforehand; the test accuracy "
            "was printed after each epoch but picked nothing.",
            "Photos whose subject is small or off the middle: the middle square at 32×32 pixels "
            "is all that it sees.",
        ),
    ),
)
