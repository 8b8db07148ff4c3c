"""Structures for tests, written by the product's own command line from source as users write it."""

import json
import os
import subprocess
import sys
from pathlib import Path

import pytest

COMMAND = os.environ.get("MORPHNET_COMMAND")

# What the command wrote, by what it was asked: it names no folder, so that others can have it too.
WRITTEN = {}

NET = '''import torch
from torch import nn


class Net(nn.Module):
    def __init__(self, width=8):
        super().__init__()
        self.conv1 = nn.Conv2d(3, width, 3, padding=1, bias=False)
        self.bn1 = nn.BatchNorm2d(width)
        self.conv2 = nn.Conv2d(width, 2 * width, 3, padding=1, bias=False)
        self.bn2 = nn.BatchNorm2d(2 * width)
        self.conv3 = nn.Conv2d(2 * width, 2 * width, 3, padding=1, bias=False)
        self.bn3 = nn.BatchNorm2d(2 * width)
        self.head = nn.Linear(2 * width, 5)

    def forward(self, x):
        x = torch.relu(self.bn1(self.conv1(x)))
        x = torch.relu(self.bn2(self.conv2(x)))
        x = x + torch.relu(self.bn3(self.conv3(x)))
        return self.head(x.mean((2, 3)))
'''


class Project:
    """A folder with a model's source, as a user has it."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder

    def morphnet(self, *words: str) -> "subprocess.CompletedProcess[str]":
        return subprocess.run([*json.loads(COMMAND), *words], cwd=self.folder, capture_output=True, text=True)

    def attach(self, *words: str, source: str = NET, entry: str = "Net", shape: str = "3x8x8") -> Path:
        (self.folder / "net.py").write_text(source)
        names = ("structure.json", "morphnet_torch.py")
        key = (source, entry, shape, words)
        if key not in WRITTEN:
            ran = self.morphnet("attach", f"net.py::{entry}", "--input", shape, *words)
            assert ran.returncode == 0, ran.stderr
            WRITTEN[key] = [(self.folder / name).read_text() for name in names]
        for name, text in zip(names, WRITTEN[key]):
            (self.folder / name).write_text(text)
        return self.folder / "structure.json"

    def module(self, name: str = "net"):
        namespace = {}
        exec(compile((self.folder / f"{name}.py").read_text(), f"{name}.py", "exec"), namespace)
        return namespace

    def python(self, script: str, *words: str) -> "subprocess.CompletedProcess[str]":
        """Runs a script as a user does: beside the files that `morphnet attach` wrote, nothing installed."""
        (self.folder / "train.py").write_text(script)
        environment = {key: value for key, value in os.environ.items() if key != "PYTHONPATH"}
        return subprocess.run(
            [sys.executable, *words, "train.py"], cwd=self.folder, capture_output=True, text=True, env=environment, timeout=300
        )

    def events(self, run: Path):
        return [json.loads(line) for line in (run / "events.ndjson").read_text().splitlines()]


@pytest.fixture
def project(tmp_path: Path) -> Project:
    if COMMAND is None:
        pytest.skip("npm run test:torch names the command line in MORPHNET_COMMAND")
    return Project(tmp_path)
