"""A DCGAN on CIFAR-10: small pictures from noise."""

from demo.lab.about import About
from demo.lab.recipe import GeneratorRecipe

RECIPE = GeneratorRecipe(
    name="dcgan-cifar10",
    dataset="cifar10",
    network="dcgan-cifar10",
    epochs=20,
    about=About(
        good_for=(
            "Showing how a generative adversarial network draws: pictures of 32×32 pixels from "
            "100 random numbers, and walks between two of them."
        ),
        not_for=(
            "anything that needs a certain thing, a sharp picture or a true one. It cannot be "
            "told what to draw, and what it draws shows nothing that exists."
        ),
        licence="AGPL-3.0",
        data=(
            "CIFAR-10, the 50,000 training pictures without their labels (Krizhevsky 2009; no "
            "licence stated).",
            "The version trained and measured on is a JPEG one (quality 75 but for 7,044 training "
            "pictures); what that adds to the pictures may be learned too.",
        ),
        failures=(
            "Width, learning rate and 20 epochs were chosen for the time there was, not for a "
            "score; the training was stopped after 10 and resumed once.",
            "Seen by eye, 60 pictures of one seed: they differ, with plausible ground, sky or "
            "water and the colours of photos. A ship, a car, a plane, a bird or an animal on four "
            "legs can be guessed in perhaps every third; the others stand like a thing but are "
            "none, and all are smeared.",
        ),
    ),
)
