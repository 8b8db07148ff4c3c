"""The same three calls where a framework owns the loop: Lightning, and Hugging Face's Trainer."""

from __future__ import annotations

from typing import Any, Dict, Optional

from torch import Tensor

from .attach import MorphNet


def lightning_callback(morphnet: MorphNet) -> Any:
    """A Lightning callback. The training step adds `morphnet.loss()` to its loss; the callback counts and keeps the state."""
    try:
        from lightning.pytorch.callbacks import Callback
    except ImportError:
        from pytorch_lightning.callbacks import Callback  # type: ignore[no-redef]

    class MorphNetCallback(Callback):  # type: ignore[misc]
        """Counts optimizer steps, not batches: gradients may be accumulated."""

        counted = -1

        def on_train_batch_end(self, trainer: Any, module: Any, outputs: Any, batch: Any, batch_index: int) -> None:
            if trainer.global_step == self.counted:
                return
            self.counted = trainer.global_step
            loss = outputs["loss"] if isinstance(outputs, dict) else outputs
            morphnet.step(loss=loss if isinstance(loss, Tensor) else None)

        def state_dict(self) -> Dict[str, Any]:
            return morphnet.state_dict()

        def load_state_dict(self, state: Dict[str, Any]) -> None:
            morphnet.load_state_dict(state)

        def on_exception(self, trainer: Any, module: Any, exception: BaseException) -> None:
            morphnet.interrupt()

    return MorphNetCallback()


def trainer_callback(morphnet: MorphNet) -> Any:
    """A callback for `transformers.Trainer`. `compute_loss` adds `morphnet.loss()`, as `with_regularization` makes it do."""
    from transformers import TrainerCallback

    class MorphNetCallback(TrainerCallback):  # type: ignore[misc]
        loss: Optional[float] = None

        def on_step_end(self, args: Any, state: Any, control: Any, **_: Any) -> None:
            morphnet.step(loss=self.loss)

        def on_log(self, args: Any, state: Any, control: Any, logs: Any = None, **_: Any) -> None:
            self.loss = (logs or {}).get("loss", self.loss)

    return MorphNetCallback()


def with_regularization(trainer_class: Any, morphnet: MorphNet) -> Any:
    """`transformers.Trainer`, or a subclass, whose loss has the regularization term added."""

    class RegularizedTrainer(trainer_class):  # type: ignore[misc,valid-type]
        def compute_loss(self, model: Any, inputs: Any, return_outputs: bool = False, **others: Any) -> Any:
            found = super().compute_loss(model, inputs, return_outputs=return_outputs, **others)
            if not return_outputs:
                return found + morphnet.loss() if model.training else found
            loss, outputs = found
            return (loss + morphnet.loss() if model.training else loss), outputs

    return RegularizedTrainer
