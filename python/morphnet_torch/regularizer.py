"""The regularizer of a step: r of every channel from the live parameters, what is alive, cost and differentiable loss."""

from __future__ import annotations

from typing import Any, Callable, Dict, List, NamedTuple, Optional

import torch
from torch import Tensor

from .costs import Costs
from .structure import layout_of


class Evaluation(NamedTuple):
    """One evaluation. `regularization` and `alive` are [channels], `alive_counts` [groups]; all but the first two are constants."""

    loss: Tensor
    regularization: Tensor
    alive: Tensor
    alive_counts: Tensor
    cost: Tensor
    slopes: Tensor
    vectors: Dict[str, Tensor]


class _SafeRoot(torch.autograd.Function):
    """The square root with a derivative of 0 at 0, where one dead filter would otherwise spoil the run (spec 2.1)."""

    @staticmethod
    def forward(ctx: Any, squares: Tensor) -> Tensor:
        root = squares.sqrt()
        ctx.save_for_backward(root)
        return root

    @staticmethod
    def backward(ctx: Any, gradient: Tensor) -> Tensor:
        (root,) = ctx.saved_tensors
        return torch.where(root > 0, gradient / (2 * root.clamp_min(torch.finfo(root.dtype).tiny)), torch.zeros_like(root))


def source_vector(source: Dict[str, Any], values: Tensor) -> Tensor:
    """r of one source from its parameter: |γ|, or (1-ℓ)·√(mean w²) + ℓ·mean |w| over all weights that feed a channel."""
    if source["kind"] == "gamma":
        return values.abs()
    outer, inputs, outputs, inner = layout_of(source)
    weights = values.reshape(outer, inputs, outputs, inner)
    share = source["l1Fraction"]
    norm = _SafeRoot.apply(weights.square().mean(dim=(1, 3))).reshape(-1)
    if share == 0:
        return norm
    return (1 - share) * norm + share * weights.abs().mean(dim=(1, 3)).reshape(-1)


class Regularizer:
    """Compiled from a structure; moves itself to the device of the parameters."""

    def __init__(self, structure: Dict[str, Any]) -> None:
        groups = structure["groups"]
        self.sources: List[Dict[str, Any]] = structure["sources"]
        self.combination: Dict[str, Any] = structure["combination"]
        self.decorator: Optional[Dict[str, float]] = structure.get("decorator")
        offsets = structure["offsets"]
        self.channels = offsets[-1] if offsets else 0
        self.sizes = [group["size"] for group in groups]
        self.is_fixed = ["fixed" in group for group in groups]
        self.costs = Costs(structure["costs"]["target"], len(groups), self.is_fixed, self.sizes)
        self.group_of_channel = torch.repeat_interleave(torch.arange(len(groups)), torch.tensor(self.sizes, dtype=torch.long))
        self.fixed_channels = torch.tensor(self.is_fixed, dtype=torch.bool)[self.group_of_channel]
        unscaled = torch.tensor(["unscaled" in group for group in groups], dtype=torch.bool)
        self.unscaled_channels = unscaled[self.group_of_channel]
        self.thresholds = torch.tensor([group["threshold"] for group in groups], dtype=torch.float64)
        self._gather_members()
        self.device = torch.device("cpu")

    def _gather_members(self) -> None:
        """`members[c]` lists the places of channel c in all sources' entries, one after the other; -1 fills up."""
        places: List[List[int]] = [[] for _ in range(self.channels)]
        thresholds: List[float] = []
        at_threshold: List[bool] = []
        for source in self.sources:
            for target in source["targets"]:
                if target >= 0:
                    places[target].append(len(thresholds))
                thresholds.append(source["threshold"])
                at_threshold.append(source["kind"] == "gate")
        most = max([len(one) for one in places] + [1])
        padded = [one + [-1] * (most - len(one)) for one in places]
        self.members = torch.tensor(padded, dtype=torch.long).reshape(self.channels, most)
        self.is_member = self.members >= 0
        self.counts = self.is_member.sum(dim=1)
        self.entry_thresholds = torch.tensor(thresholds, dtype=torch.float32)
        self.alive_at_threshold = torch.tensor(at_threshold, dtype=torch.bool)

    def to(self, device: torch.device) -> "Regularizer":
        if device != self.device:
            self.costs.to(device)
            for name in (
                "group_of_channel", "fixed_channels", "unscaled_channels", "thresholds",
                "members", "is_member", "counts", "entry_thresholds", "alive_at_threshold",
            ):
                setattr(self, name, getattr(self, name).to(device))
            self.device = device
        return self

    def vectors(self, values: Callable[[Dict[str, Any]], Tensor]) -> Dict[str, Tensor]:
        """r of each source by the name of its op; `values` gives a source's parameter, or its gate's r."""
        return {
            source["name"]: values(source) if source["kind"] == "gate" else source_vector(source, values(source))
            for source in self.sources
        }

    def evaluate(self, vectors: Dict[str, Tensor]) -> Evaluation:
        """All of a step. Gradients flow from `loss` and `regularization` to the vectors; counts are constants (spec 3.1)."""
        device = next(iter(vectors.values())).device
        self.to(device)
        entries = torch.cat([vectors[source["name"]].reshape(-1).float() for source in self.sources])
        alive = self._alive(entries.detach())
        combined = self._combined(entries, alive)
        count = torch.zeros(len(self.sizes), dtype=torch.float64, device=device)
        alive_counts = count.index_add(0, self.group_of_channel, alive.double())
        slopes = self.costs.slopes(alive_counts)
        loss = (slopes.by_group[self.group_of_channel] * combined).sum() + slopes.constant
        regularization = torch.where(self.unscaled_channels, torch.ones_like(combined), combined)
        cost = self.costs.total(alive_counts)
        return Evaluation(loss, regularization, alive, alive_counts, cost, slopes.by_group, vectors)

    def _alive(self, entries: Tensor) -> Tensor:
        above = (entries > self.entry_thresholds) | (self.alive_at_threshold & (entries == self.entry_thresholds))
        alive = (above[self.members.clamp_min(0)] & self.is_member).any(dim=1)
        return alive | self.fixed_channels

    def _combined(self, entries: Tensor, alive: Tensor) -> Tensor:
        decorated = entries.double()
        if self.decorator is not None:
            decorated = self.decorator.get("factor", 1.0) * decorated ** self.decorator.get("exponent", 1.0)
        table = decorated[self.members.clamp_min(0)]
        kind = self.combination["kind"]
        if kind == "max":
            # Of equal members the first gets the gradient, as everywhere in the product.
            shown = torch.where(self.is_member, table.detach(), torch.full_like(table, -1.0))
            places = torch.arange(shown.shape[1], device=shown.device)
            is_largest = shown == shown.max(dim=1, keepdim=True).values
            first = torch.where(is_largest, places, shown.shape[1]).min(dim=1, keepdim=True).values
            first = first.clamp_max(shown.shape[1] - 1)  # What is no number equals nothing.
            combined = table.gather(1, first).squeeze(1)
        elif kind == "l2":
            squares = torch.where(self.is_member, table, torch.zeros_like(table)).square().sum(dim=1)
            combined = _SafeRoot.apply(squares)
            several = self.counts > 1
            decided = combined.detach().float() > torch.tensor(self.combination["threshold"], dtype=torch.float32)
            alive[several] = decided[several]
            alive |= self.fixed_channels
        else:
            combined = 1 - torch.where(self.is_member, 1 - table, torch.ones_like(table)).prod(dim=1)
        return torch.where(self.counts > 0, combined, torch.zeros_like(combined))
