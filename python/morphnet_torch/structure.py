"""What the product read from a model's source: the content of a `structure.json`, checked against a live model."""

from __future__ import annotations

import json
import os
import sys
from pathlib import Path
from typing import Any, Dict, List, Tuple, Union

from torch import nn


class StructureMismatch(ValueError):
    """The model is not the one that the structure was read from; the message lists the differences."""


def find_structure(path: Union[str, "os.PathLike[str]"]) -> Path:
    """A relative path is one of the working folder or, where nothing is there, of the folder of the script that runs."""
    given = Path(path)
    script = getattr(sys.modules.get("__main__"), "__file__", None)
    if given.exists() or script is None:
        return given
    beside = Path(script).resolve().parent / given
    return beside if beside.exists() else given


def read_structure(path: Union[str, "os.PathLike[str]"]) -> Dict[str, Any]:
    """The document at `path`. Raises ValueError with a sentence when it is no structure of this version."""
    try:
        with open(path, encoding="utf-8") as file:
            structure = json.load(file)
    except json.JSONDecodeError as error:
        raise ValueError(f"{path} is no JSON: {error}") from None
    if not isinstance(structure, dict) or structure.get("kind") != "morphnet-structure":
        raise ValueError(f"{path} is no structure. Write one: morphnet attach FILE::ENTRY --target flops:0.5")
    if structure.get("version") != 1:
        raise ValueError(f"{path} is of version {structure.get('version')}; write it anew: {structure.get('command', 'morphnet attach')}")
    return structure


def unwrapped(model: nn.Module) -> nn.Module:
    """The model inside DataParallel, DistributedDataParallel and torch.compile."""
    while True:
        inner = getattr(model, "_orig_mod", None)
        if inner is None and type(model).__name__ in ("DistributedDataParallel", "DataParallel"):
            inner = model.module
        if not isinstance(inner, nn.Module):
            return model
        model = inner


def named_tensors(model: nn.Module) -> Dict[str, Any]:
    """Parameters and buffers by name; a parameter that several modules share has all of its names."""
    tensors: Dict[str, Any] = {}
    for prefix, module in model.named_modules(remove_duplicate=False):
        for name, tensor in list(module._parameters.items()) + list(module._buffers.items()):
            if tensor is not None:
                tensors[f"{prefix}.{name}" if prefix else name] = tensor
    return tensors


def differences(structure: Dict[str, Any], model: nn.Module) -> List[str]:
    """Why this is not the model that the structure was read from, a line each; empty when it is."""
    tensors = named_tensors(model)
    expected: Dict[str, List[int]] = structure["parameters"]
    found: List[str] = []
    for name, shape in expected.items():
        tensor = tensors.get(name)
        if tensor is None:
            found.append(f"{name} {_sizes(shape)} is missing in the model")
        elif list(tensor.shape) != list(shape):
            found.append(f"{name} is {_sizes(tensor.shape)} in the model and {_sizes(shape)} in the source")
    known = set(expected)
    shared = {id(tensors[name]) for name in known if name in tensors}
    for name, parameter in model.named_parameters():
        if name not in known and id(parameter) not in shared and parameter.dim() > 1 and not name.startswith("morphnet_gates."):
            found.append(f"{name} {_sizes(parameter.shape)} is not in the source")
    modules = dict(model.named_modules(remove_duplicate=False))
    for source in structure["sources"]:
        if source["kind"] == "gate" and source["name"] not in modules:
            found.append(f"{source['name']} is to get a gate, but is no module that is called once")
    return found


def check(structure: Dict[str, Any], model: nn.Module) -> None:
    """Raises StructureMismatch with all differences and the command that writes the right structure."""
    found = differences(structure, model)
    if not found:
        return
    shown = found[:20] + ([f"and {len(found) - 20} more"] if len(found) > 20 else [])
    entry = structure.get("model", {}).get("entry", "ENTRY")
    document = structure.get("model", {}).get("file", "FILE")
    lines = "\n  ".join(shown)
    raise StructureMismatch(
        f"The model is not {entry} of {document} as it was read:\n  {lines}\n"
        f"If the model was made with other arguments, write its structure with them: "
        f"{structure.get('command', 'morphnet attach FILE')} and name the call as the entry, as in {document}::Net(width=32)"
    )


def _sizes(shape: Any) -> str:
    return "×".join(str(size) for size in shape) or "a number"


def layout_of(source: Dict[str, Any]) -> Tuple[int, int, int, int]:
    """A weight as [outer, inputs, outputs, inner]; output channel k is `outer · outputs + output`."""
    outer, inputs, outputs, inner = source["layout"]
    return outer, inputs, outputs, inner
