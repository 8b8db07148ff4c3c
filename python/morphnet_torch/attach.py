"""MorphNet in a training loop of one's own: `attach`, add `loss()` to the loss, call `step()` after the optimizer's."""

from __future__ import annotations

import json
import math
import os
import time
from pathlib import Path
from typing import Any, Dict, List, Optional, Union

import torch
from torch import Tensor, nn

from .controller import Controller, Decision
from .gates import add_gates
from .proposal import Proposals
from .regularizer import Evaluation, Regularizer
from .run_folder import RunFolder
from .slim_weights import slim_tensors, write_safetensors
from .structure import check, find_structure, named_tensors, read_structure, unwrapped
from .survival import Survival

StructureLike = Union[str, "os.PathLike[str]", Dict[str, Any]]


class MorphNet:
    """Learns the widths of a model while the user's own loop trains it. Made by `attach`."""

    @classmethod
    def attach(
        cls,
        model: nn.Module,
        structure: StructureLike,
        *,
        steps: Optional[int] = None,
        run: Union[None, bool, str, "os.PathLike[str]"] = None,
        every: Optional[int] = None,
    ) -> "MorphNet":
        """Attaches to a model before its optimizer is made (gates add parameters).

        `structure`: what `morphnet attach` or the editor wrote. `steps`: optimizer steps in all, unless the structure says it;
        a target is reached by seven tenths of them. `run`: the run's folder, a new one below `.morphnet/runs` by default;
        False writes nothing. `every`: steps between two counts. Raises StructureMismatch with all differences when the model
        is another one than was read.
        """
        return cls(model, structure, steps, run, every)

    def __init__(
        self,
        model: nn.Module,
        structure: StructureLike,
        steps: Optional[int],
        run: Union[None, bool, str, "os.PathLike[str]"],
        every: Optional[int],
    ) -> None:
        if isinstance(structure, dict):
            self.structure, self._base = structure, Path.cwd()
        else:
            found = find_structure(structure)
            self.structure, self._base = read_structure(found), found.resolve().parent
        self.model = unwrapped(model)
        check(self.structure, self.model)
        self.total_steps = int(steps if steps is not None else self.structure["steps"])
        self.every = int(every if every is not None else self.structure["aliveEvery"])
        self._gates = add_gates(self.model, self.structure)
        self._spread_scales()
        self._regularizer = Regularizer(self.structure)
        self._survival = Survival(self.structure)
        self._proposals = Proposals(self.structure, self._survival)
        self._controller = Controller(
            self._regularizer,
            self._survival,
            self.structure["seedCost"],
            self.structure["essential"],
            self.total_steps,
            self.structure["target"].get("fraction"),
            self.structure.get("strength"),
        )
        self._step = 0
        self._decision: Optional[Decision] = None
        self._evaluation: Optional[Evaluation] = None
        self._alive: Optional[Tensor] = None
        self._sums = {"loss": 0.0, "accuracy": 0.0, "steps": 0, "seconds": 0.0}
        self._last_time = time.monotonic()
        self._wanted_run = run
        self._run: Optional[RunFolder] = None
        self._is_over = False

    # What a training step calls.

    def loss(self) -> Tensor:
        """The regularization term, a number on the parameters' device, to be added to the loss. Call it behind the forward pass."""
        with _plain_arithmetic(self._device()):
            evaluation = self._evaluate(with_gradient=True)
            decision = self._decide(evaluation)
            slopes = evaluation.slopes[self._regularizer.group_of_channel]
            term = (slopes * decision.factors.to(slopes.device) * evaluation.regularization).sum()
            if decision.phase == "constant":
                term = evaluation.loss
            return (decision.strength * term).float()

    def step(self, loss: Union[None, float, Tensor] = None, accuracy: Union[None, float, Tensor] = None) -> None:
        """Behind `optimizer.step()`: counts the step, and every so often what is alive; then the dashboard hears of it."""
        if self._is_over:
            return
        self._take_figures(loss, accuracy)
        if self._decision is None:
            self._decide(self._evaluate(with_gradient=False))
        reported = self._step % self.every == 0 and self._step > 0
        if self._step == 0:
            self._begin()
        if reported:
            self._report()
        self._evaluation = self._decision = None
        self._step += 1
        for gate in self._gates.values():
            gate.step = self._step
        if self._step >= self.total_steps:
            self.finish()

    def regularization(self) -> Evaluation:
        """Loss (without the strength), cost, r and alive of the present weights; gradients flow from the first to the weights."""
        with _plain_arithmetic(self._device()):
            return self._evaluate(with_gradient=True)

    def finish(self) -> Optional[Dict[str, Any]]:
        """Counts a last time and ends the run; called by itself at the last step. Gives the proposal, None where there is none."""
        if self._is_over:
            return self.proposal()
        self._decision = self._evaluation = None
        self._decide(self._evaluate(with_gradient=False))
        if self._step == 0:
            self._begin()
        proposal = self._report()
        if self._run is not None:
            if proposal is None:
                self._run.event("failed", step=self._step, code="network-cut", message="The regularizer removed a layer that the network depends on. Aim at a larger share of the cost, or lower the strength")
            else:
                self._run.event("finished", step=self._step, summary=_summary(proposal))
            self._run.close()
            self._run = None
        self._is_over = True
        return proposal

    def interrupt(self, reason: str = "cancelled") -> None:
        """Says that the run stops here and can go on: `load_state_dict` and `run=` take it up again."""
        if self._run is not None:
            self._run.event("interrupted", step=self._step, reason=reason)
            self._run.close()
            self._run = None

    # What was found.

    def proposal(self) -> Optional[Dict[str, Any]]:
        """The widths that the present weights propose, with what they save; None where they would cut the network."""
        return self._proposals.propose(self.alive(), self._step)

    def alive(self) -> Tensor:
        """Whether each channel is part of the structure [channels]."""
        if self._decision is None:
            with torch.no_grad(), _plain_arithmetic(self._device()):
                evaluation = self._evaluate(with_gradient=False)
                if self._alive is not None and self._controller.state["kept"] is not None:
                    return self._alive
                return evaluation.alive
        return self._decision.alive

    def pruned(self) -> "_Pruned":
        """`with morphnet.pruned(): accuracy = evaluate(model)`: dead channels give zeros inside, in the model as it is."""
        return _Pruned(self)

    def save_slim_weights(self, path: Union[str, "os.PathLike[str]"]) -> None:
        """Writes the surviving channels of all parameters and buffers as safetensors, in the shapes of the slim model.

        Layers that vanish altogether are written with no channels. The slim model is trained from scratch by the method;
        starting from these weights is an extension.
        """
        if not _is_writer():
            return
        tensors = {name: tensor for name, tensor in named_tensors(self.model).items() if not name.startswith("morphnet_gates.")}
        write_safetensors(path, slim_tensors(self.structure, tensors, self.alive()))

    # What a checkpoint keeps.

    def state_dict(self) -> Dict[str, Any]:
        """All that has to last beside the model's own state: the step and the controller."""
        return {"version": 1, "step": self._step, "controller": dict(self._controller.state), "run": self.run_folder and str(self.run_folder)}

    def load_state_dict(self, state: Dict[str, Any]) -> None:
        """Goes on from `state_dict()`; the run goes on in its folder unless `attach` was given another one."""
        if state.get("version") != 1:
            raise ValueError("This state is of another version of morphnet-torch")
        self._step = int(state["step"])
        self._controller.state.update(state["controller"])
        self._evaluation = self._decision = None
        for gate in self._gates.values():
            gate.step = self._step
        if self._wanted_run is None and state.get("run"):
            self._wanted_run = state["run"]
        if self._step > 0:
            self._begin()

    def parameters(self) -> List[nn.Parameter]:
        """Parameters that attaching added (gates' logits): they are the model's too, unless its optimizer was made before."""
        return [gate.logits for gate in self._gates.values()]

    @property
    def run_folder(self) -> Optional[Path]:
        return None if self._run is None else self._run.folder

    # The rest is for this file.

    def _device(self) -> torch.device:
        return next(self.model.parameters()).device

    def _evaluate(self, with_gradient: bool) -> Evaluation:
        tensors = named_tensors(self.model)

        def values(source: Dict[str, Any]) -> Tensor:
            if source["kind"] == "gate":
                return self._gates[source["name"]].regularization()
            tensor = tensors[source["parameter"]]
            outer, inputs, outputs, inner = source["layout"]
            if tensor.numel() != outer * inputs * outputs * inner:
                raise RuntimeError(
                    f"{source['parameter']} is sharded ({tensor.numel()} numbers here). Keep the layers that MorphNet reads whole: "
                    "FullyShardedDataParallel(model, use_orig_params=True, ignored_states=morphnet.read_parameters())"
                )
            return tensor

        with torch.set_grad_enabled(with_gradient and torch.is_grad_enabled()):
            return self._regularizer.evaluate(self._regularizer.vectors(values))

    def _spread_scales(self) -> None:
        """Scales of one norm that are all alike get a little noise (standard deviation 0.01): under Adam they would move in
        lock-step, and no channel would fall behind another (spec 7.4). The same on all ranks; trained scales stay as they are."""
        tensors = named_tensors(self.model)
        generator = torch.Generator().manual_seed(0)
        with torch.no_grad():
            for source in self.structure["sources"]:
                if source["kind"] != "gamma":
                    continue
                scale = tensors[source["parameter"]]
                if scale.numel() > 1 and bool((scale == scale.flatten()[0]).all()):
                    scale.mul_(1 + 0.01 * torch.randn(scale.shape, generator=generator).to(scale.device, scale.dtype))

    def read_parameters(self) -> List[Tensor]:
        """The parameters that r is made of: batch-norm scales, or weights. FSDP has to leave them whole."""
        tensors = named_tensors(self.model)
        return [tensors[source["parameter"]] for source in self.structure["sources"] if source["kind"] != "gate"]

    def _decide(self, evaluation: Evaluation) -> Decision:
        """One decision a step, however often the loss is asked for: micro-batches share it."""
        if self._decision is None:
            with torch.no_grad():
                entries = torch.cat([vector.reshape(-1).float() for vector in evaluation.vectors.values()])
                if not bool(torch.isfinite(entries).all()):
                    self._diverged()
                self._decision = self._controller.next(evaluation, self._step)
            self._alive = self._decision.alive
        self._evaluation = evaluation
        return self._decision

    def _diverged(self) -> None:
        names = [name for name, vector in self._evaluate(False).vectors.items() if not bool(torch.isfinite(vector).all())]
        message = f"Training diverged at step {self._step}: {', '.join(names) or 'a weight'} is no finite number any more. Lower the learning rate or the strength"
        if self._run is not None:
            self._run.event("failed", step=self._step, code="diverged", message=message)
            self._run.close()
            self._run = None
        raise FloatingPointError(message)

    def _take_figures(self, loss: Union[None, float, Tensor], accuracy: Union[None, float, Tensor]) -> None:
        sums = self._sums
        for name, value in (("loss", loss), ("accuracy", accuracy)):
            if value is not None:
                detached = value.detach().mean() if isinstance(value, Tensor) else value
                # Tensors are summed where they are: reading each step's would wait for the device.
                sums[name] = sums[name] + detached
        now = time.monotonic()
        sums["steps"] += 1
        sums["seconds"] += now - self._last_time
        self._last_time = now

    def _begin(self) -> None:
        """Opens the run's folder, on one rank."""
        if self._wanted_run is False or not _is_writer() or self._run is not None:
            return
        wanted = self._wanted_run
        folder = self._new_folder() if wanted is None or wanted is True else Path(str(wanted))
        self._run = RunFolder(folder, self.structure, {**self.structure["config"], "steps": self.total_steps, "aliveEvery": self.every})
        totals = {name: sum(values.values()) for name, values in self._proposals.before.items()}
        self._run.event(
            "started", step=self._step, totalSteps=self.total_steps, engine=f"torch {torch.__version__}",
            threads=torch.get_num_threads(), pid=os.getpid(), seed=totals,
        )
        if self._step == 0:
            for notice in self.structure["notices"]:
                severity = "information" if notice["severity"] == "information" else "warning"
                self._run.event("notice", severity=severity, code=notice["code"], message=notice["message"])

    def _new_folder(self) -> Path:
        runs = self._base / self.structure.get("runs", ".morphnet/runs")
        name = "".join(c if c.isalnum() else "-" for c in self.structure["model"]["entry"]).strip("-").lower() or "model"
        stamp = time.strftime("%Y%m%d-%H%M%S")
        for number in range(1, 1000):
            folder = runs / f"{stamp}-{name}-{number}"
            if not folder.exists():
                return folder
        raise RuntimeError(f"There is no free name for a run in {runs}")

    def _report(self) -> Optional[Dict[str, Any]]:
        assert self._decision is not None and self._evaluation is not None
        decision, evaluation = self._decision, self._evaluation
        alive = decision.alive
        if self._run is None:
            return self._proposals.propose(alive, self._step) if self._step >= self.total_steps else None
        counts = torch.zeros(len(self._regularizer.sizes), dtype=torch.float64, device=alive.device)
        counts = counts.index_add(0, self._regularizer.group_of_channel, alive.double())
        cost = self._survival.settled(self._regularizer.costs, counts, self._controller.may_die)
        sums, steps = self._sums, max(1, self._sums["steps"])
        seconds = sums["seconds"] / steps
        self._run.event(
            "progress", step=self._step, loss=_finite(sums["loss"] / steps), accuracy=_finite(sums["accuracy"] / steps),
            regularization=_finite(decision.strength * float(evaluation.loss.detach())), strength=decision.strength, cost=cost,
            seedCost=self.structure["seedCost"], learningRate=0.0, stepMs=1000 * seconds,
            secondsLeft=seconds * max(0, self.total_steps - self._step),
        )
        self._sums = {"loss": 0.0, "accuracy": 0.0, "steps": 0, "seconds": 0.0}
        proposal = self._proposals.propose(alive, self._step)
        if proposal is None:
            self._run.event("notice", severity="warning", code="network-cut", message=f"At step {self._step}: no path leads through the network that is left")
            return None
        totals = {name: change["after"] for name, change in proposal["totals"].items()}
        self._run.proposal(proposal, self._proposals.counts_by_layer(alive))
        self._run.event("alive", step=self._step, alive=[int(count) for count in counts.tolist()], totals=totals)
        return proposal


class _Pruned:
    """Sets the output channels of dead sources to zero while it is open: scales and shifts of norms, weights and biases of layers."""

    def __init__(self, morphnet: MorphNet) -> None:
        self._morphnet = morphnet
        self._kept: Dict[str, Tensor] = {}

    def __enter__(self) -> nn.Module:
        morphnet = self._morphnet
        alive = morphnet.alive()
        tensors = named_tensors(morphnet.model)
        with torch.no_grad():
            for name, cuts in morphnet.structure["slices"].items():
                tensor = tensors.get(name)
                if tensor is None or not tensor.is_floating_point() or name.endswith("running_var"):
                    continue
                self._kept[name] = tensor.clone()
                for cut in cuts:
                    channels = torch.tensor(cut["channels"], dtype=torch.long, device=alive.device)
                    mask = alive[channels].to(tensor.device, tensor.dtype)
                    shape = [1] * tensor.dim()
                    shape[cut["axis"]] = -1
                    tensor.mul_(mask.reshape(shape))
        return morphnet.model

    def __exit__(self, *_: Any) -> None:
        tensors = named_tensors(self._morphnet.model)
        with torch.no_grad():
            for name, kept in self._kept.items():
                tensors[name].copy_(kept)


def _is_writer() -> bool:
    """Whether this process is the one that writes: the first of a distributed training."""
    distributed = torch.distributed
    return not (distributed.is_available() and distributed.is_initialized()) or distributed.get_rank() == 0


class _plain_arithmetic:
    """Full precision inside an autocast region."""

    def __init__(self, device: torch.device) -> None:
        self._off = torch.autocast(device_type=device.type, enabled=False) if device.type in ("cpu", "cuda", "xpu", "hpu") else None

    def __enter__(self) -> None:
        if self._off is not None:
            self._off.__enter__()

    def __exit__(self, *error: Any) -> None:
        if self._off is not None:
            self._off.__exit__(*error)


def _finite(value: Union[float, Tensor]) -> float:
    number = float(value)
    return number if math.isfinite(number) else 0.0


def _summary(proposal: Dict[str, Any]) -> str:
    def share(change: Dict[str, float]) -> str:
        return f"{100 * change['after'] / change['before']:.0f} %" if change["before"] else "100 %"

    layers = proposal["layers"]
    narrower = sum(layer["width"]["after"] < layer["width"]["before"] for layer in layers)
    totals = proposal["totals"]
    return f"{share(totals['macs'])} of the MACs and {share(totals['params'])} of the params: {narrower} of {len(layers)} layers get narrower"


def read_proposal(folder: Union[str, "os.PathLike[str]"]) -> Dict[str, Any]:
    """The latest proposal of a run's folder."""
    with open(Path(folder) / "proposal.json", encoding="utf-8") as file:
        return dict(json.load(file))
