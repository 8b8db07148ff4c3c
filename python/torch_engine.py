"""The engine `torch` of MorphNet's own runs: a process that trains a module it is sent, step by step, in the user's PyTorch.

It is started by the trainer, alone or by torchrun; the first process talks to the trainer over a local socket, in frames of a
length, a header as JSON and numbers as they lie in memory. It knows tensors only: which channels are alive, strengths, data
sets and checkpoints are the trainer's. `python torch_engine.py --about` prints what there is to compute with.
"""

from __future__ import annotations

import importlib
import json
import os
import socket
import struct
import sys
import types
from pathlib import Path
from typing import Any, Dict, List, NamedTuple, Optional, Tuple

import torch
import torch.distributed as dist
from torch import Tensor, nn
from torch.nn import functional as F

from morphnet_torch import source_vector

Header = Dict[str, Any]

# What a process of another than the first says when it was told that the training has ended.
CLOSED = "morphnet-closed"

# Gradients of float16 are scaled by this, so that small ones are not lost; a step in which one overflows is left out.
LOSS_SCALE = 1024.0


def about() -> Header:
    """What the trainer shows of this Python."""
    has_gpu = torch.cuda.is_available()
    return {
        "version": torch.__version__.split("+")[0],
        "device": "gpu" if has_gpu else "cpu",
        "name": torch.cuda.get_device_name(0) if has_gpu else "cpu",
        "devices": torch.cuda.device_count() if has_gpu else 1,
    }


class Channel:
    """Frames to and from the trainer; further processes of torchrun hear them from the first one."""

    def __init__(self) -> None:
        self.ranks = int(os.environ.get("WORLD_SIZE", "1"))
        self.rank = int(os.environ.get("RANK", "0"))
        self.device = torch.device("cpu")
        if torch.cuda.is_available():
            self.device = torch.device("cuda", int(os.environ.get("LOCAL_RANK", "0")))
            torch.cuda.set_device(self.device)
        if self.ranks > 1:
            dist.init_process_group("gloo" if self.device.type == "cpu" else "nccl")
        self._socket: Optional[socket.socket] = None
        if self.rank == 0:
            port, token = os.environ["MORPHNET_TORCH_ENGINE"].split(":")
            self._socket = socket.create_connection(("127.0.0.1", int(port)))
            self._socket.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
            self.answer({"token": token, **about()}, b"")

    def _exactly(self, count: int) -> bytes:
        assert self._socket is not None
        received = bytearray(count)
        view = memoryview(received)
        while view:
            size = self._socket.recv_into(view)
            if size == 0:
                raise EOFError
            view = view[size:]
        return bytes(received)

    def _heard(self) -> Tuple[Header, bytes]:
        size = struct.unpack("<I", self._exactly(4))[0]
        header = json.loads(self._exactly(size))
        return header, self._exactly(header.get("bytes", 0))

    def next(self) -> Tuple[Header, bytes]:
        """What the trainer wants next; `close` when it is gone."""
        if self.rank == 0:
            try:
                header, body = self._heard()
            except (EOFError, ConnectionError):
                header, body = {"kind": "close"}, b""
        if self.ranks == 1:
            return header, body
        said: List[Any] = [header] if self.rank == 0 else [None]
        dist.broadcast_object_list(said, 0, device=self.device)
        header = said[0]
        size = header.get("bytes", 0)
        if size == 0:
            return header, b""
        numbers = torch.empty(size, dtype=torch.uint8)
        if self.rank == 0:
            numbers = torch.frombuffer(bytearray(body), dtype=torch.uint8)
        numbers = numbers.to(self.device)
        dist.broadcast(numbers, 0)
        return header, bytes(numbers.cpu().numpy().tobytes()) if self.rank > 0 else body

    def answer(self, header: Header, body: bytes) -> None:
        if self._socket is None:
            return
        text = json.dumps({**header, "bytes": len(body)}).encode()
        self._socket.sendall(struct.pack("<I", len(text)) + text + body)


class Numbers:
    """A frame's numbers, taken one after the other."""

    def __init__(self, body: bytes, device: torch.device) -> None:
        self.body, self.device, self.at = bytearray(body), device, 0

    def take(self, shape: List[int], dtype: torch.dtype = torch.float32) -> Tensor:
        count = 1
        for size in shape:
            count *= size
        if count == 0:
            return torch.zeros(shape, dtype=dtype, device=self.device)
        found = torch.frombuffer(self.body, dtype=dtype, count=count, offset=self.at).reshape(shape)
        self.at += 4 * count
        return found.to(self.device, copy=True)


def as_bytes(tensors: List[Tensor]) -> bytes:
    """Float32 numbers one after the other."""
    flat = [tensor.detach().reshape(-1).float().cpu() for tensor in tensors]
    return bytes(torch.cat(flat).numpy().tobytes()) if flat else b""


def norm_of_all(ranks: int) -> Any:
    """Batch norm over the batches of all processes, on devices for which PyTorch has none."""
    from torch.distributed.nn.functional import all_reduce

    def forward(self: Any, x: Tensor) -> Tensor:
        dims = [axis for axis in range(x.dim()) if axis != 1]
        shape = [1, -1] + [1] * (x.dim() - 2)
        count = x.numel() // x.shape[1] * ranks
        mean = all_reduce(x.float().sum(dims)) / count
        centered = x.float() - mean.reshape(shape)
        variance = all_reduce(centered.square().sum(dims)) / count
        if self.running_mean is not None:
            with torch.no_grad():
                self.num_batches_tracked += 1
                share = 1 / float(self.num_batches_tracked) if self.momentum is None else self.momentum
                self.running_mean.lerp_(mean, share)
                self.running_var.lerp_(variance * (count / max(1, count - 1)), share)
        found = centered * torch.rsqrt(variance + self.eps).reshape(shape)
        if self.weight is not None:
            found = found * self.weight.reshape(shape) + self.bias.reshape(shape)
        return found.to(x.dtype)

    def either(self: Any, x: Tensor) -> Tensor:
        return forward(self, x) if self.training else type(self).forward(self, x)

    return either


def imported_model(wanted: Header) -> nn.Module:
    """The user's own model: made by an expression, a class or a function of a file."""
    file = Path(wanted["file"]).resolve()
    folder, names = file.parent, [file.stem]
    while (folder / "__init__.py").is_file():
        folder, names = folder.parent, [folder.name, *names]
    for place in (wanted["folder"], str(folder)):
        sys.path.insert(0, place)
    os.chdir(wanted["folder"])
    found = eval(wanted["expression"], vars(importlib.import_module(".".join(names))))
    model = found if isinstance(found, nn.Module) else found()
    if not isinstance(model, nn.Module):
        raise TypeError(f"{wanted['expression']} of {file} makes a {type(model).__name__}, which is no torch.nn.Module")
    return model


def differences(tensors: Dict[str, Tensor], shapes: Dict[str, List[int]]) -> str:
    """In what an imported model is not the one that was read; empty where it is."""
    found = [f"no {name}" for name in shapes if name not in tensors]
    found += [
        f"{name} is {list(tensors[name].shape)}, not {shape}"
        for name, shape in shapes.items() if name in tensors and list(tensors[name].shape) != shape
    ]
    more = f" and {len(found) - 5} more" if len(found) > 5 else ""
    return ", ".join(found[:5]) + more


def tensors_in(output: Any) -> List[Tensor]:
    """The tensors of what a model gives, in their order."""
    if isinstance(output, Tensor):
        return [output]
    parts = output.values() if isinstance(output, dict) else output if isinstance(output, (list, tuple)) else ()
    return [tensor for part in parts for tensor in tensors_in(part)]


class Sums(NamedTuple):
    """What a loss came to on some images: summed over images and their places."""

    loss: Tensor
    hits: Optional[Tensor]
    count: Tensor


def places_that_count(loss: Header, target: Tensor) -> Tensor:
    """How many places of a target [N, size] count: classes and shares below 0 don't."""
    if loss["kind"] in ("cross-entropy", "binary-cross-entropy"):
        return (target >= 0).sum()
    return torch.tensor(target.numel(), device=target.device)


def sums_of(loss: Header, output: Tensor, target: Tensor, label_smoothing: float) -> Sums:
    """The loss of an output [N, ...] against its target [N, size], without its weight."""
    count = places_that_count(loss, target)
    if loss["kind"] == "cross-entropy":
        scores = output.movedim(loss["axis"], 1)
        # One vector an image, or one a place.
        scores = scores.flatten(1) if loss["size"] == 1 else scores.flatten(2)
        labels = target.flatten() if loss["size"] == 1 else target
        summed = F.cross_entropy(scores, labels, reduction="sum", label_smoothing=label_smoothing, ignore_index=-1)
        return Sums(summed, (scores.argmax(1) == labels).sum(), count)
    numbers = output.flatten(1)
    if loss["kind"] == "l1":
        return Sums((numbers - target).abs().sum(), None, count)
    if loss["kind"] == "mse":
        return Sums((numbers - target).square().sum(), None, count)
    valid = target >= 0
    summed = F.binary_cross_entropy_with_logits(numbers, target.clamp(min=0), weight=valid.float(), reduction="sum")
    return Sums(summed, (((numbers > 0) == (target > 0.5)) & valid).sum(), count)


class Training:
    """One network in training."""

    def __init__(self, opening: Header, channel: Channel) -> None:
        self.opening, self.channel, self.device = opening, channel, channel.device
        imported = opening.get("imported")
        # Which of the model's outputs each loss takes.
        self.taken: List[int] = imported["outputs"] if imported else list(range(len(opening["losses"])))
        if imported:
            model = imported_model(imported).to(self.device)
            misfit = differences({**dict(model.named_parameters()), **dict(model.named_buffers())}, {name: shape for name, shape in opening["shapes"].items() if name in opening["tensors"]})
            if misfit:
                raise ValueError(f"{imported['expression']} is another model than the one that was read: {misfit}")
        else:
            namespace: Dict[str, Any] = {}
            exec(compile(opening["module"], "<the network as it was read>", "exec"), namespace)
            model = namespace[opening["class"]]().to(self.device)
        is_parallel, is_gpu = channel.ranks > 1, self.device.type == "cuda"
        self.model = nn.SyncBatchNorm.convert_sync_batchnorm(model) if is_parallel and is_gpu else model
        self.norms = [module for module in self.model.modules() if isinstance(module, nn.modules.batchnorm._BatchNorm)]
        tensors = {**dict(self.model.named_parameters()), **dict(self.model.named_buffers())}
        self.tensors: Dict[str, Tensor] = {name: tensors[own] for name, own in opening["tensors"].items()}
        self.trained: List[str] = [name for name, tensor in self.tensors.items() if isinstance(tensor, nn.Parameter)]
        self.slots = {
            f"{slot}/{name}": torch.zeros_like(self.tensors[name]) for name in self.trained for slot in opening["slots"]
        }
        self.masks: Dict[int, Tensor] = {}
        for gate in opening["gates"]:
            self.model.get_submodule(gate["module"]).register_forward_hook(self._gate(gate["op"], gate["axis"]))
        self.parallel: nn.Module = self.model
        if is_parallel:
            if not is_gpu:
                for norm in self.norms:
                    norm.forward = types.MethodType(norm_of_all(channel.ranks), norm)
            self.parallel = nn.parallel.DistributedDataParallel(
                self.model, device_ids=[self.device] if is_gpu else None, broadcast_buffers=False, find_unused_parameters=True
            )

    def _gate(self, op: int, axis: int) -> Any:
        def hook(_module: nn.Module, _inputs: Any, output: Tensor) -> Tensor:
            shape = [1] * output.dim()
            shape[axis] = -1
            return output * self.masks[op].reshape(shape).to(output.dtype)

        return hook

    def _arithmetic(self) -> Any:
        precision = self.opening["precision"]
        kind = {"bfloat16": torch.bfloat16, "float16": torch.float16}.get(precision)
        return torch.autocast(self.device.type, dtype=kind, enabled=kind is not None)

    def _outputs(self, network: nn.Module, images: Tensor) -> List[Tensor]:
        """One output a loss."""
        with self._arithmetic():
            found = network(images)
        outputs = tensors_in(found)
        return [outputs[taken].float() for taken in self.taken]

    def _take_targets(self, numbers: Numbers, count: int) -> List[Tensor]:
        """Of each loss [count, size]: classes, of which those below 0 don't count, or numbers."""
        targets = []
        for loss in self.opening["losses"]:
            shape = [count, loss["size"]]
            is_classes = loss["kind"] == "cross-entropy"
            targets.append(numbers.take(shape, torch.int32).long().clamp(min=-1) if is_classes else numbers.take(shape))
        return targets

    def _judged(self, hits: List[Optional[Tensor]], counts: List[Tensor], images: int) -> Optional[Tensor]:
        """How many images are right, or their places' share: by the first loss that tells."""
        for hit, count in zip(hits, counts):
            if hit is not None:
                return hit.float() * (images / count.clamp(min=1))
        return None

    def _take_masks(self, numbers: Numbers, asks_gradient: bool) -> None:
        for gate in self.opening["gates"]:
            self.masks[gate["op"]] = numbers.take([gate["channels"]]).requires_grad_(asks_gradient)

    def _vectors(self) -> List[Tensor]:
        return [source_vector(source, self.tensors[source["parameter"]]) for source in self.opening["sources"]]

    def step(self, wanted: Header, body: bytes) -> Tuple[Header, bytes]:
        """One step of the optimizer: batch [N, …], labels [N], masks and coefficients [channels] of each gate and source."""
        opening, ranks = self.opening, self.channel.ranks
        batch = opening["batch"]
        numbers = Numbers(body, self.device)
        images = numbers.take([batch, *opening["image"]])
        targets = self._take_targets(numbers, batch)
        self._take_masks(numbers, asks_gradient=True)
        coefficients = {source["op"]: numbers.take([source["channels"]]) for source in opening["sources"]}
        share = slice(self.channel.rank * batch // ranks, (self.channel.rank + 1) * batch // ranks)
        # What is random depends on seed, step and process alone: a resumed run draws the same.
        torch.manual_seed((opening["seed"] * 1_000_003 + wanted["count"]) * 1_009 + self.channel.rank)
        for norm in self.norms:
            if norm.num_batches_tracked is not None:
                norm.num_batches_tracked.fill_(wanted["count"] - 1)
        self.parallel.train()
        for name in self.trained:
            self.tensors[name].grad = None
        outputs = self._outputs(self.parallel, images[share])
        # Of the whole batch, which every process has.
        counts = [places_that_count(loss, target).clamp(min=1) for loss, target in zip(opening["losses"], targets)]
        found = [
            sums_of(loss, output, target[share], opening["labelSmoothing"])
            for loss, output, target in zip(opening["losses"], outputs, targets)
        ]
        of_share = sum((loss["weight"] * sums.loss / count for loss, sums, count in zip(opening["losses"], found, counts)), torch.zeros((), device=self.device))
        # Gradients are averaged over the processes.
        loss = of_share * ranks
        for source, vector in zip(opening["sources"], self._vectors()):
            loss = loss + (vector * coefficients[source["op"]]).sum()
        scale = LOSS_SCALE if opening["precision"] == "float16" else 1.0
        (loss * scale).backward()
        correct = self._judged([sums.hits for sums in found], counts, batch)
        results = torch.stack([of_share.detach(), torch.zeros_like(of_share) if correct is None else correct])
        masks = [self.masks[gate["op"]].grad for gate in opening["gates"]]
        of_masks = [torch.zeros(1) if mask is None else mask / scale for mask in masks]
        if ranks > 1:
            dist.all_reduce(results)
            for mask in of_masks:
                dist.all_reduce(mask)
                mask.div_(ranks)
        self._move(wanted, scale)
        with torch.no_grad():
            vectors = self._vectors()
        loss_value, correct_value = results.tolist()
        return {"loss": loss_value, "correct": None if correct is None else correct_value}, as_bytes([*of_masks, *vectors])

    @torch.no_grad()
    def _move(self, wanted: Header, scale: float) -> None:
        """The optimizers as PyTorch defines them, with their memory under the trainer's names."""
        optimizer = self.opening["optimizer"]
        moved = [name for name in self.trained if self.tensors[name].grad is not None]
        gradients = [self.tensors[name].grad.detach() for name in moved]  # type: ignore[union-attr]
        if scale != 1.0:
            torch._foreach_div_(gradients, scale)
            if not all(bool(torch.isfinite(gradient).all()) for gradient in gradients):
                return
        decaying = set(self.opening["decaying"])
        for name, gradient in zip(moved, gradients):
            value = self.tensors[name]
            if optimizer["weightDecay"] != 0 and name in decaying:
                gradient = gradient + optimizer["weightDecay"] * value
            if optimizer["kind"] == "sgd":
                if self.opening["slots"]:
                    gradient = self.slots[f"momentum/{name}"].mul_(optimizer["momentum"]).add_(gradient)
                value.sub_(gradient * wanted["learningRate"])
                continue
            first, second = self.slots[f"first-moment/{name}"], self.slots[f"second-moment/{name}"]
            first.mul_(optimizer["beta1"]).add_(gradient, alpha=1 - optimizer["beta1"])
            second.mul_(optimizer["beta2"]).addcmul_(gradient, gradient, value=1 - optimizer["beta2"])
            deviation = second.sqrt().mul_(wanted["secondMomentFactor"]).add_(optimizer["epsilon"])
            value.sub_(first / deviation * wanted["stepSize"])

    @torch.no_grad()
    def evaluate(self, wanted: Header, body: bytes) -> Tuple[Header, bytes]:
        """Loss and hits of some images [count, …], computed by the first process."""
        if self.channel.rank > 0:
            return {}, b""
        numbers = Numbers(body, self.device)
        count = wanted["count"]
        images = numbers.take([count, *self.opening["image"]])
        targets = self._take_targets(numbers, count)
        self._take_masks(numbers, asks_gradient=False)
        if count == 0:
            return {"loss": 0.0, "correct": 0}, b""
        self.model.eval()
        outputs = self._outputs(self.model, images)
        losses = self.opening["losses"]
        found = [sums_of(loss, output, target, 0.0) for loss, output, target in zip(losses, outputs, targets)]
        value = sum(loss["weight"] * float(sums.loss / sums.count.clamp(min=1)) for loss, sums in zip(losses, found))
        correct = self._judged([sums.hits for sums in found], [sums.count for sums in found], count)
        return {"loss": value, "correct": None if correct is None else float(correct)}, b""

    def _named(self, name: str) -> Tensor:
        return self.slots[name] if name in self.slots else self.tensors[name]

    @torch.no_grad()
    def restore(self, wanted: Header, body: bytes) -> Tuple[Header, bytes]:
        numbers = Numbers(body, self.device)
        for name in wanted["names"]:
            tensor = self._named(name)
            tensor.copy_(numbers.take(list(tensor.shape)))
        return {}, as_bytes(self._vectors())

    def state(self, wanted: Header, _body: bytes) -> Tuple[Header, bytes]:
        return {}, as_bytes([self._named(name) for name in wanted["names"]])


def main() -> None:
    if sys.argv[1:] == ["--about"]:
        print(json.dumps(about()))
        return
    threads = int(os.environ.get("MORPHNET_TORCH_THREADS", "0"))
    if threads > 0:
        torch.set_num_threads(threads)
    channel = Channel()
    training: Optional[Training] = None
    while True:
        wanted, body = channel.next()
        kind = wanted["kind"]
        if kind == "close":
            break
        try:
            if kind == "open":
                training, answer = Training(wanted, channel), ({}, b"")
            else:
                assert training is not None
                calls = {"step": training.step, "evaluate": training.evaluate, "restore": training.restore, "state": training.state}
                answer = calls[kind](wanted, body)
        except Exception as error:  # noqa: BLE001
            # The trainer says it to the user; the others of this training would wait for ever.
            channel.answer({"error": f"{type(error).__name__}: {error}"}, b"")
            raise
        channel.answer(*answer)
    if channel.rank > 0:
        # Heard by `morphnet join`: what the launcher says after this is of machines that have left before it.
        print(CLOSED, flush=True)
    if channel.ranks > 1:
        dist.destroy_process_group()


if __name__ == "__main__":
    main()
