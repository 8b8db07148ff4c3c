"""Logistic-sigmoid gates (spec 2.1): a trainable logit a channel behind a module, a random mask in training, a fixed one after."""

from __future__ import annotations

from typing import Any, Dict

import torch
from torch import Tensor, nn


class Gate(nn.Module):
    """Multiplies [batch, …, channels, …] by a mask [channels] that all images and positions share."""

    def __init__(self, channels: int, axis: int, options: Dict[str, Any]) -> None:
        super().__init__()
        self.logits = nn.Parameter(torch.full((channels,), float(options["initialLogit"])))
        self.axis = axis
        self.options = options
        self.step = 0
        self.mask = torch.ones(channels)

    def temperature(self) -> float:
        """Falls to a tenth after each `annealingSteps`, where given."""
        steps = self.options.get("annealingSteps")
        return float(self.options["temperature"]) * (0.1 ** (self.step / steps) if steps else 1.0)

    def kept(self) -> int:
        """The channel that can't be switched off; -1 for none."""
        keep = self.options["keepAlive"]
        return -1 if keep == "none" else 0 if keep == "first" else int(self.logits.detach().argmax())

    def _keep(self, values: Tensor) -> Tensor:
        kept = self.kept()
        return values if kept < 0 else values.index_fill(0, torch.tensor([kept], device=values.device), 1.0)

    def training_mask(self) -> Tensor:
        """One sample; with `straightThrough` of zeros and ones, with the soft mask's gradient."""
        uniform = torch.rand_like(self.logits).clamp(1e-7, 1 - 1e-7)
        shifted = self.logits + (uniform.log() - (-uniform).log1p())
        soft = torch.sigmoid(shifted / self.temperature())
        if not self.options["straightThrough"]:
            return self._keep(soft)
        return self._keep((shifted > 0).to(soft.dtype) + soft - soft.detach())

    def inference_mask(self) -> Tensor:
        is_on = (self.logits > 0).to(self.logits.dtype)
        return self._keep(is_on * torch.sigmoid(self.logits) if self.options["softInference"] else is_on)

    def regularization(self) -> Tensor:
        """r [channels]: the mask of the last forward pass, or the probabilities; 1 for the channel that is always on."""
        if self.options["regularizeOnMask"] and self.training:
            return self.mask
        return self._keep(torch.sigmoid(self.logits))

    def forward(self, value: Tensor) -> Tensor:
        self.mask = self.training_mask() if self.training else self.inference_mask()
        shape = [1] * value.dim()
        shape[self.axis] = -1
        return value * self.mask.reshape(shape).to(value.dtype)


def add_gates(model: nn.Module, structure: Dict[str, Any]) -> Dict[str, Gate]:
    """Puts a gate behind each gated module, as `model.morphnet_gates`; gates that are there already are kept."""
    sources = [source for source in structure["sources"] if source["kind"] == "gate"]
    if not sources:
        return {}
    modules = dict(model.named_modules(remove_duplicate=False))
    device = next(model.parameters()).device
    kept = getattr(model, "morphnet_gates", None)
    gates = kept if isinstance(kept, nn.ModuleDict) else nn.ModuleDict()
    found: Dict[str, Gate] = {}
    for source in sources:
        key = source["name"].replace(".", "/")
        if key not in gates:
            gates[key] = Gate(len(source["targets"]), source["axis"], structure["gate"]).to(device)
        gate = gates[key]
        found[source["name"]] = gate
        modules[source["name"]].register_forward_hook(lambda _module, _inputs, output, gate=gate: gate(output))
    if kept is None:
        model.add_module("morphnet_gates", gates)
    return found
