"""MorphNet in any PyTorch loop: three lines, any task, any number of outputs."""

from .attach import MorphNet
from .callbacks import lightning_callback, trainer_callback, with_regularization
from .structure import StructureMismatch

__version__ = "0.1.0"
__all__ = ["MorphNet", "StructureMismatch", "lightning_callback", "trainer_callback", "with_regularization"]
