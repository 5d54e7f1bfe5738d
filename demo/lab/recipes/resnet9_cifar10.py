"""A small residual network on CIFAR-10, with covered patches."""

from demo.lab.about import About
from demo.lab.data.cifar import DATA, LABELS, MEAN, STD
from demo.lab.recipe import ClassifierRecipe

RECIPE = ClassifierRecipe(
    name="resnet9-cifar10",
    dataset="cifar10",
    network="resnet9-cifar10",
    labels=LABELS,
    mean=MEAN,
    std=STD,
    epochs=40,
    batch=512,
    optimizer="sgd",
    lr=0.4,
    l2=5e-4,
    label_smoothing=0.1,
    pad=3,
    transforms=(("cutout", {"largest": 0.12, "fill": 120}),),
    schedule="two-triangles",
    precision="bfloat16",
    outliers="things",
    measure_every=4,
    about=About(
        good_for=(
            "The strongest of the ten-class networks here: a residual network that looks at a "
            "picture and its mirror image."
        ),
        not_for=(
            "anything that matters. It sees 32×32 pixels and knows ten things; what is none of "
            "them it has learned to doubt, not to name."
        ),
        licence="AGPL-3.0",
        data=DATA,
        failures=(
            "The second cycle was added after the first had ended at 90.8 % on the test pictures; "
            "within each cycle their accuracy was printed now and then but picked nothing.",
            "Photos whose subject is small or off the middle: the middle square at 32×32 pixels "
            "is all that it sees.",
        ),
    ),
)
