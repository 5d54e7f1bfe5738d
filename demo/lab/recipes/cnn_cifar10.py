"""The tutorials' convolutional network on CIFAR-10."""

from demo.lab.recipe import About, ClassifierRecipe

RECIPE = ClassifierRecipe(
    name="cnn-cifar10",
    dataset="cifar10",
    network="cnn-cifar10",
    labels=(
        "airplane",
        "automobile",
        "bird",
        "cat",
        "deer",
        "dog",
        "frog",
        "horse",
        "ship",
        "truck",
    ),
    mean=(0.4913, 0.4821, 0.4465),
    std=(0.2455, 0.2429, 0.2608),
    epochs=40,
    batch=128,
    optimizer="sgd",
    lr=0.05,
    l2=5e-4,
    dropout=0.25,
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
        data=(
            "CIFAR-10, 50,000 training and 10,000 test pictures (Krizhevsky 2009; no licence "
            "stated).",
            "The version trained and measured on is a JPEG one (quality 75 but for 7,044 training "
            "pictures): scores on it are not comparable with those of the literature, which are "
            "on lossless pictures.",
            "Foreign photos: 1,000 of Caltech-101 (Li et al., CC BY 4.0), shortest side to 32 "
            "pixels with antialiasing, middle square; 64 categories far from the ten classes.",
        ),
        failures=(
            "The number of epochs and the learning rate were chosen beforehand; the test accuracy "
            "was printed after each epoch but picked nothing.",
            "Photos whose subject is small or off the middle: the middle square at 32×32 pixels "
            "is all that it sees.",
        ),
    ),
)
