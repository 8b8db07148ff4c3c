from .resnet import resnet8, resnet14

__all__ = ["build_model", "resnet8", "resnet14"]

builders = {"resnet8": resnet8, "resnet14": resnet14}


def build_model(name, **kwargs):
    return builders[name](**kwargs)
