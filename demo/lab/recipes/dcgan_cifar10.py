"""A DCGAN on CIFAR-10: small pictures from noise."""

from demo.lab.generator_recipe import GeneratorRecipe
from demo.lab.recipe import About

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
            "Width and learning rate were chosen beforehand. The training was planned as 14 epochs "
            "and ended after 10 because the time was up, not because of a score. The pictures were "
            "still growing better (FID of 4,000 by the same features: 25.6 after 6 epochs, 17.4 "
            "after 10), while the discriminator was pulling ahead in the last three.",
            "Seen by eye, 96 pictures of one seed: they differ, with plausible ground, sky or "
            "water and the colours of photos. A ship at sea, a plane, a bird or an animal on four "
            "legs can be guessed in perhaps every fourth; most are shapes that stand like a thing "
            "but are none, all are smeared, and some are blotches of one colour.",
            "The 16 pictures of 1,000 that are nearest to a training picture, in features and in "
            "pixels, were put beside it and looked at: they share colours and rough layout with "
            "it, none is a copy.",
        ),
    ),
)
