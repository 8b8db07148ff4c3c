"""What survives of the weights: the channels of a proposal cut out of a model's tensors, and a safetensors file of them."""

from __future__ import annotations

import json
import struct
from typing import Any, Dict

import torch
from torch import Tensor

_NAMES = {
    torch.float64: "F64", torch.float32: "F32", torch.float16: "F16", torch.bfloat16: "BF16",
    torch.int64: "I64", torch.int32: "I32", torch.int16: "I16", torch.int8: "I8", torch.uint8: "U8", torch.bool: "BOOL",
}


def slim_tensors(structure: Dict[str, Any], tensors: Dict[str, Tensor], alive: Tensor) -> Dict[str, Tensor]:
    """Each tensor with the places along its axes that alive channels [channels] stand for; others are whole."""
    chosen = alive.to("cpu")
    slices = structure["slices"]
    found: Dict[str, Tensor] = {}
    for name, tensor in tensors.items():
        part = tensor.detach()
        for cut in slices.get(name, []):
            channels = torch.tensor(cut["channels"], dtype=torch.long)
            places = chosen[channels].nonzero().flatten().to(part.device)
            part = part.index_select(cut["axis"], places)
        found[name] = part.contiguous()
    return found


def _bytes_of(flat: Tensor) -> bytes:
    if flat.numel() == 0:
        return b""
    raw = flat.to(torch.uint8) if flat.dtype == torch.bool else flat.view(torch.uint8)
    try:
        return bytes(raw.numpy().tobytes())
    except RuntimeError:  # PyTorch without NumPy.
        return bytes(raw.tolist())


def write_safetensors(path: Any, tensors: Dict[str, Tensor]) -> None:
    """The safetensors format: a header's length, the header as JSON, the bytes one after the other."""
    header: Dict[str, Any] = {}
    bodies = []
    offset = 0
    for name, tensor in sorted(tensors.items()):
        flat = tensor.detach().to("cpu").contiguous().reshape(-1)
        body = _bytes_of(flat)
        header[name] = {"dtype": _NAMES[tensor.dtype], "shape": list(tensor.shape), "data_offsets": [offset, offset + len(body)]}
        offset += len(body)
        bodies.append(body)
    text = json.dumps(header, separators=(",", ":")).encode()
    text += b" " * (-len(text) % 8)
    with open(path, "wb") as file:
        file.write(struct.pack("<Q", len(text)) + text)
        for body in bodies:
            file.write(body)
