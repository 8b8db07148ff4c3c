"""From alive channels to a proposal as the product reads it: each layer's old and new width, and what that saves."""

from __future__ import annotations

from typing import Any, Dict, List, Optional

import torch
from torch import Tensor

from .costs import Costs
from .survival import Survival


class Proposals:
    """Makes the proposals of one structure."""

    def __init__(self, structure: Dict[str, Any], survival: Survival) -> None:
        self.structure, self.survival = structure, survival
        groups = structure["groups"]
        self.sizes = [group["size"] for group in groups]
        fixed = ["fixed" in group for group in groups]
        self.costs = {
            name: Costs(structure["costs"][name], len(groups), fixed, self.sizes) for name in ("macs", "params", "latencyMs")
        }
        whole = torch.tensor(self.sizes, dtype=torch.float64)
        self.before = {name: self._by_op(costs, whole, None) for name, costs in self.costs.items()}

    @staticmethod
    def _by_op(costs: Costs, counts: Tensor, left: Optional[Any]) -> Dict[int, float]:
        values = costs.by_op(counts).tolist()
        return {op: value for op, value in zip(costs.op_ids, values) if left is None or op in left}

    def propose(self, alive: Tensor, step: int) -> Optional[Dict[str, Any]]:
        """The proposal for alive channels [channels]; None where they cut the network."""
        structure = self.structure
        offsets = structure["offsets"]
        chosen = alive.to("cpu").double()
        counts = torch.tensor(
            [float(chosen[offsets[g] : offsets[g + 1]].sum()) for g in range(len(self.sizes))], dtype=torch.float64
        )
        whole_numbers = [int(count) for count in counts.tolist()]
        left = self.survival.left(whole_numbers)
        if left is None:
            return None
        after = {name: self._by_op(costs, counts, left) for name, costs in self.costs.items()}
        layers: List[Dict[str, Any]] = []
        widths = self._widths(chosen)
        for place, op in enumerate(structure["ops"]):
            if "width" not in op:
                continue
            change = {
                name: {"before": self.before[name].get(place, 0.0), "after": after[name].get(place, 0.0)} for name in self.costs
            }
            now = widths[place] if place in left else 0
            layers.append(
                {"name": op["name"], "label": op["label"], "group": op["group"], "width": {"before": op["width"], "after": now}, **change}
            )
        totals = {
            name: {"before": sum(self.before[name].values()), "after": sum(after[name].values())} for name in self.costs
        }
        groups = [
            {"name": group["name"], "layers": group["layers"], "width": {"before": size, "after": count}}
            for group, size, count in zip(structure["groups"], self.sizes, whole_numbers)
            if group["layers"]
        ]
        removed = [op["name"] for place, op in enumerate(structure["ops"]) if place not in left]
        return {
            "version": 1, "step": step, "layers": layers, "groups": groups, "totals": totals,
            "removed": removed, "device": structure["device"],
        }

    def _widths(self, alive: Tensor) -> Dict[int, int]:
        return {
            place: int(alive[torch.tensor(op["channels"], dtype=torch.long)].sum())
            for place, op in enumerate(self.structure["ops"])
            if "width" in op
        }

    def counts_by_layer(self, alive: Tensor) -> Dict[str, int]:
        """The exporter's counts: alive channels of every layer that something regularizes."""
        widths = self._widths(alive.to("cpu").double())
        names = {op["name"]: count for op, count in zip((self.structure["ops"][p] for p in widths), widths.values()) if op["exported"]}
        return dict(sorted(names.items()))
