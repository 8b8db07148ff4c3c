"""Which ops are left when whole groups are dead, and what the network then costs (spec 5.4)."""

from __future__ import annotations

from typing import Any, Dict, List, Optional, Set

import torch
from torch import Tensor

from .costs import Costs


class Survival:
    """Follows dead channels through the network of a structure."""

    def __init__(self, structure: Dict[str, Any]) -> None:
        self.ops: List[Dict[str, Any]] = structure["ops"]
        self.outputs: List[int] = structure["outputs"]

    def left(self, alive_counts: List[int]) -> Optional[Set[int]]:
        """The ops that are left at these counts [groups]; None when no path leads to an output any more."""
        vanished: List[bool] = []
        stands_for: Dict[int, int] = {}
        for place, op in enumerate(self.ops):
            gone = self._is_gone(op, vanished, alive_counts)
            vanished.append(gone)
            there = [maker for maker in op["inputs"] if not vanished[maker]]
            if not gone and op["vanishing"] != "any" and len(there) == 1 and len(op["inputs"]) > 1:
                stands_for[place] = there[0]
        if any(vanished[place] for place in self.outputs):
            return None
        reached: Set[int] = set()
        open_ops = list(self.outputs)
        while open_ops:
            place = open_ops.pop()
            while place in stands_for:
                place = stands_for[place]
            if place in reached:
                continue
            reached.add(place)
            open_ops += [maker for maker in self.ops[place]["inputs"] if not vanished[maker]]
        return reached | {place for place, op in enumerate(self.ops) if op["isInput"]}

    def fills_parts(self, alive_counts: List[int]) -> bool:
        """Whether a concatenation loses a part whose channels live elsewhere: the product then fills the part with zeros or cuts
        it out, which may cost a little less than `settled` says."""
        vanished: List[bool] = []
        for op in self.ops:
            vanished.append(self._is_gone(op, vanished, alive_counts))
        return any(
            vanished[maker] and not (groups and all(alive_counts[group] == 0 for group in groups))
            for place, op in enumerate(self.ops)
            if op["vanishing"] == "concat" and not vanished[place]
            for maker, groups in ((maker, self.ops[maker]["groups"]) for maker in op["inputs"])
        )

    @staticmethod
    def _is_gone(op: Dict[str, Any], vanished: List[bool], alive_counts: List[int]) -> bool:
        if op["groups"] and all(alive_counts[group] == 0 for group in op["groups"]):
            return True
        gone = [vanished[maker] for maker in op["inputs"]]
        if not any(gone):
            return False
        if op["vanishing"] == "any" or all(gone):
            return True
        if op["vanishing"] == "concat":
            return False
        if op["vanishing"] == "product" and any(is_gone and whole for is_gone, whole in zip(gone, op["whole"])):
            return True
        return not any(whole for is_gone, whole in zip(gone, op["whole"]) if not is_gone)

    def settled(self, costs: Costs, alive_counts: Tensor, may_die: List[bool]) -> float:
        """The cost without dead branches; 0 when they cut the network."""
        counts = [int(count) for count in alive_counts.tolist()]
        if not any(count == 0 and may for count, may in zip(counts, may_die)):
            return float(costs.total(alive_counts))
        left = self.left(counts)
        if left is None:
            return 0.0
        mask = torch.tensor([op in left for op in costs.op_ids], dtype=torch.float64, device=alive_counts.device)
        return float((costs.by_op(alive_counts) * mask).sum())
