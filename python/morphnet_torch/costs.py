"""Costs as functions of what is alive, in the terms that the product compiled (bilinear forms, spec 3)."""

from __future__ import annotations

from typing import Any, Dict, List, NamedTuple, Optional

import torch
from torch import Tensor


class Terms(NamedTuple):
    """Terms of all ops: coefficient, op and one or two forms each; all vectors are equally long within a kind."""

    linear: "Entries"
    products: "Entries"
    loss_only: "Entries"


class Entries(NamedTuple):
    coefficient: Tensor
    op: Tensor
    left: Tensor
    right: Tensor


def _entries(rows: List[List[float]]) -> Entries:
    table = torch.tensor(rows, dtype=torch.float64).reshape(-1, 4)
    index = [table[:, column].long() for column in (1, 2, 3)]
    return Entries(table[:, 0].clone(), *index)


def _terms(ops: List[Dict[str, Any]], which: str) -> Terms:
    linear: List[List[float]] = []
    products: List[List[float]] = []
    loss_only: List[List[float]] = []
    for place, op in enumerate(ops):
        terms = op.get(which)
        if terms is None:
            continue
        linear += [[term["coefficient"], place, term["form"], 0] for term in terms["linear"]]
        products += [[term["coefficient"], place, term["left"], term["right"]] for term in terms["products"]]
        loss_only += [[term["coefficient"], place, term["form"], 0] for term in terms["lossOnly"]]
    return Terms(_entries(linear), _entries(products), _entries(loss_only))


class Costs:
    """One cost of a network. Counts and sums are vectors [groups]; costs and losses [ops] in the order of `op_ids`."""

    def __init__(self, document: Dict[str, Any], groups: int, is_fixed: List[bool], sizes: List[int]) -> None:
        forms, ops = document["forms"], document["ops"]
        self.op_ids: List[int] = [op["op"] for op in ops]
        self.constant = torch.tensor([form["constant"] for form in forms], dtype=torch.float64)
        self.unscaled = torch.tensor([form["unscaled"] for form in forms], dtype=torch.float64)
        self.matrix = torch.zeros(len(forms), groups, dtype=torch.float64)
        for row, form in enumerate(forms):
            for group, multiple in zip(form["groups"], form["multiples"]):
                self.matrix[row, group] += multiple
        self.first = _terms(ops, "terms")
        has_alternative = [op.get("alternative") is not None for op in ops]
        self.has_alternative = torch.tensor(has_alternative, dtype=torch.bool)
        self.second: Optional[Terms] = _terms(ops, "alternative") if any(has_alternative) else None

    def to(self, device: torch.device) -> "Costs":
        """Moves all vectors, in place."""
        move = lambda terms: Terms(*(Entries(*(part.to(device) for part in entries)) for entries in terms))  # noqa: E731
        for name in ("constant", "unscaled", "matrix", "has_alternative"):
            setattr(self, name, getattr(self, name).to(device))
        self.first = move(self.first)
        self.second = None if self.second is None else move(self.second)
        return self

    def widths(self, counts: Tensor) -> Tensor:
        """Channels of each form [forms] at alive counts [groups]."""
        return self.constant + self.matrix @ counts

    def by_op(self, counts: Tensor) -> Tensor:
        """The cost of each op [ops]."""
        widths = self.widths(counts)
        cost = self._cost(self.first, widths)
        if self.second is None:
            return cost
        other = self._cost(self.second, widths)
        return torch.where(self.has_alternative & (other > cost), other, cost)

    def total(self, counts: Tensor) -> Tensor:
        """The cost of the whole network, a number."""
        return self.by_op(counts).sum()

    def _cost(self, terms: Terms, widths: Tensor) -> Tensor:
        cost = widths.new_zeros(len(self.op_ids))
        linear, products = terms.linear, terms.products
        cost.index_add_(0, linear.op, linear.coefficient * widths[linear.left])
        cost.index_add_(0, products.op, products.coefficient * widths[products.left] * widths[products.right])
        return cost

    def slopes(self, counts: Tensor) -> "Slopes":
        """How the regularization term depends on each group's sum of r: its slope [groups] and its constant part."""
        widths = self.widths(counts)
        by_form = self._slopes(self.first, widths, None)
        if self.second is not None:
            takes_second = self.has_alternative & (self._cost(self.second, widths) > self._cost(self.first, widths))
            by_form = self._slopes(self.first, widths, ~takes_second) + self._slopes(self.second, widths, takes_second)
        return Slopes(self.matrix.t() @ by_form, (by_form * self.unscaled).sum())

    def _slopes(self, terms: Terms, widths: Tensor, taken: Optional[Tensor]) -> Tensor:
        slopes = torch.zeros_like(widths)
        for entries in (terms.linear, terms.loss_only):
            slopes.index_add_(0, entries.left, self._taken(entries, taken))
        products = terms.products
        coefficient = self._taken(products, taken)
        slopes.index_add_(0, products.right, coefficient * widths[products.left])
        slopes.index_add_(0, products.left, coefficient * widths[products.right])
        return slopes

    @staticmethod
    def _taken(entries: Entries, taken: Optional[Tensor]) -> Tensor:
        return entries.coefficient if taken is None else entries.coefficient * taken[entries.op]


class Slopes(NamedTuple):
    by_group: Tensor
    constant: Tensor
