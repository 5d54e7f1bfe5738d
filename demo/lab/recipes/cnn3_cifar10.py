"""Three blocks of convolutions with batch norm and dropout on CIFAR-10."""

from demo.lab.about import About
from demo.lab.data.cifar import DATA, LABELS, MEAN, STD
from demo.lab.recipe import ClassifierRecipe

RECIPE = ClassifierRecipe(
    name="cnn3-cifar10",
    dataset="cifar10",
    network="cnn3-cifar10",
    labels=LABELS,
    mean=MEAN,
    std=STD,
    epochs=24,
    batch=128,
    optimizer="sgd",
    lr=0.08,
    l2=5e-4,
    label_smoothing=0.05,
    dropout=0.2,
    precision="bfloat16",
    outliers="things",
    measure_every=4,
    about=About(
        good_for=(
            "The next step after the tutorials' network: what a third block, batch norm and "
            "dropout change, at 32×32 pixels."
        ),
        not_for=(
            "anything that matters. It sees 32×32 pixels and knows ten things; what is none of "
            "them it has learned to doubt, not to name."
        ),
        licence="AGPL-3.0",
        data=DATA,
        failures=(
            "The number of epochs and the learning rate were chosen beforehand; the test accuracy "
            "was printed now and then but picked nothing.",
            "Photos whose subject is small or off the middle: the middle square at 32×32 pixels "
            "is all that it sees.",
        ),
    ),
)
