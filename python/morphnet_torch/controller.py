"""Finds the strength while the network trains, so that a target cost is reached. The rules, phase by phase, are those of
server/src/structure/strength-controller.ts, in vectors."""

from __future__ import annotations

import math
from typing import Any, Dict, List, NamedTuple, Optional

import torch
from torch import Tensor

from .regularizer import Evaluation, Regularizer
from .survival import Survival

WARM_UP_SHARE, SHRINK_SHARE, DEADLINE_SHARE = 0.1, 0.6, 0.7
STIFFNESS, PLAN_END, SMOOTHING = 20.0, 0.5, 0.2
FASTEST, WIDEST = math.log(1.25), math.log(1e4)
SLACK = 0.001


class Decision(NamedTuple):
    """`factors` [channels] multiply the slopes; `alive` [channels] are part of the structure."""

    phase: str
    strength: float
    factors: Tensor
    alive: Tensor
    is_forced: bool


class Controller:
    """`fraction` of the seed's cost is the target; without it the strength is constant and given."""

    def __init__(
        self,
        regularizer: Regularizer,
        survival: Survival,
        seed_cost: float,
        essential: List[int],
        total_steps: int,
        fraction: Optional[float],
        strength: Optional[float],
    ) -> None:
        self.regularizer, self.survival, self.seed_cost = regularizer, survival, seed_cost
        self.essential, self.total_steps, self.fraction = essential, total_steps, fraction
        self.initial_strength = strength if strength is not None else (1 / seed_cost if seed_cost > 0 else 0.0)
        self.is_constant = strength is not None or fraction is None
        self.target = seed_cost * (fraction or 1.0)
        self.may_die = [not fixed for fixed in regularizer.is_fixed]
        self.state: Dict[str, Any] = {
            "phase": "warm-up", "strength": 0.0, "start": None, "ratio": 0.0, "error": 0.0, "kept": None, "isForced": False,
        }

    def next(self, evaluation: Evaluation, step: int) -> Decision:
        """The decision for the step that starts from `evaluation`; steps are counted from 0."""
        regularization = evaluation.regularization.detach()
        ones = torch.ones_like(regularization)
        if self.is_constant:
            return Decision("constant", self.initial_strength, ones, evaluation.alive, False)
        last = self._last_channels(evaluation, regularization)
        if self.state["kept"] is None:
            self._advance(regularization, last, step)
        kept = self.state["kept"]
        staying = last if kept is None else self._mask(kept, regularization.device)
        thresholds = self.regularizer.thresholds[self.regularizer.group_of_channel]
        below = torch.where(thresholds > 0, (regularization / thresholds.clamp_min(5e-324)).clamp_max(1.0), ones)
        factors = torch.where(staying, torch.zeros_like(below), below)
        alive = self.regularizer.fixed_channels | staying
        if kept is None:
            alive = alive | evaluation.alive
        return Decision(self.state["phase"], self.state["strength"], factors, alive, self.state["isForced"])

    def _mask(self, channels: List[int], device: torch.device) -> Tensor:
        mask = torch.zeros(self.regularizer.channels, dtype=torch.bool, device=device)
        mask[torch.tensor(channels, dtype=torch.long, device=device)] = True
        return mask

    def _ratios(self, regularization: Tensor, last: Tensor) -> Tensor:
        """r over threshold [channels]; infinite for channels that always stay."""
        thresholds = self.regularizer.thresholds.clamp_min(5e-324)[self.regularizer.group_of_channel]
        ratios = regularization / thresholds
        return torch.where(self.regularizer.fixed_channels | last, torch.full_like(ratios, math.inf), ratios)

    def _counts(self, chosen: Tensor) -> Tensor:
        """Chosen channels of each group [groups]; fixed groups have their size."""
        counts = torch.zeros(len(self.regularizer.sizes), dtype=torch.float64, device=chosen.device)
        alive = chosen | self.regularizer.fixed_channels
        return counts.index_add(0, self.regularizer.group_of_channel, alive.double())

    def _critical_ratio(self, ratios: Tensor) -> float:
        """The lowest cut at which the cost is at most the target; the cost never rises with the cut."""
        costs = self.regularizer.costs
        ordered = torch.sort(ratios[ratios < math.inf]).values
        fits = lambda cut: float(costs.total(self._counts(ratios > cut))) <= self.target  # noqa: E731
        if fits(-1.0):
            return 0.0
        if len(ordered) == 0 or not fits(float(ordered[-1])):
            return math.inf
        low, high = -1, len(ordered) - 1
        while high - low > 1:
            middle = (low + high) // 2
            if fits(float(ordered[middle])):
                high = middle
            else:
                low = middle
        return float(ordered[high])

    def _settled(self, counts: Tensor) -> float:
        return self.survival.settled(self.regularizer.costs, counts, self.may_die)

    def _advance(self, regularization: Tensor, last: Tensor, step: int) -> None:
        state, steps = self.state, self.total_steps
        ratios = self._ratios(regularization, last)
        is_reached = self._settled(self._counts(ratios > 1)) <= self.target
        if is_reached or step >= DEADLINE_SHARE * steps:
            state.update(phase="hold", kept=self._decide(self._with_essential(ratios)), isForced=not is_reached)
            return
        if step < WARM_UP_SHARE * steps:
            return
        finite = ratios[ratios < math.inf]
        raw = min(self._critical_ratio(ratios), float(finite.max()) if len(finite) else 1.0)
        is_first = state["start"] is None
        start = {"step": step, "ratio": max(raw, 1 + PLAN_END)} if is_first else state["start"]
        ratio = raw if is_first else state["ratio"] + SMOOTHING * (raw - state["ratio"])
        duration = max(1.0, SHRINK_SHARE * steps - start["step"])
        done = min(1.0, (step - start["step"]) / duration)
        planned = start["ratio"] + done * (PLAN_END - start["ratio"])
        error = (ratio - planned) / (start["ratio"] - PLAN_END)
        strength = self.initial_strength if is_first else state["strength"]
        push = 2 * STIFFNESS * (error - state["error"]) + STIFFNESS**2 * error / duration
        exponent = math.log(strength / self.initial_strength) + max(-FASTEST, min(FASTEST, push))
        state.update(
            phase="shrink", start=start, ratio=ratio, error=error,
            strength=self.initial_strength * math.exp(max(-WIDEST, min(WIDEST, exponent))),
        )

    def _with_essential(self, ratios: Tensor) -> Tensor:
        """The largest channel of each group that the network can't do without is part of any structure."""
        ratios = ratios.clone()
        offset = 0
        for group, size in enumerate(self.regularizer.sizes):
            if group in self.essential and not self.regularizer.is_fixed[group]:
                ratios[offset + int(ratios[offset : offset + size].argmax())] = math.inf
            offset += size
        return ratios

    def _decide(self, ratios: Tensor) -> List[int]:
        """The highest-ranked channels that fit under the target, then further ones by rank as they fit."""
        cut = self._critical_ratio(ratios)
        kept = (ratios > cut).nonzero().flatten().tolist()
        counts = self._counts(ratios > cut)
        values = ratios.tolist()
        others = sorted((c for c in range(len(values)) if values[c] <= cut), key=lambda c: (-values[c], c))
        for channel in others:
            if self._settled(counts) > self.target - SLACK * self.seed_cost:
                break
            group = int(self.regularizer.group_of_channel[channel])
            counts[group] += 1
            if self._settled(counts) <= self.target:
                kept.append(channel)
            else:
                counts[group] -= 1
        return sorted(kept)

    def _last_channels(self, evaluation: Evaluation, regularization: Tensor) -> Tensor:
        """The largest channel of each essential group that is down to one."""
        last = torch.zeros(len(regularization), dtype=torch.bool, device=regularization.device)
        counts = evaluation.alive_counts.tolist()
        offset = 0
        essential = set(self.essential)
        for group, size in enumerate(self.regularizer.sizes):
            if group in essential and not self.regularizer.is_fixed[group] and counts[group] <= 1:
                last[offset + int(regularization[offset : offset + size].argmax())] = True
            offset += size
        return last
