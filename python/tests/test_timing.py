"""The program that `morphnet calibrate --engine torch` times networks with, as the trainer talks to it."""

import json
import subprocess
import sys
from pathlib import Path

import pytest

SCRIPT = Path(__file__).parent.parent / "torch_timing.py"

MODULE = """
from torch import nn

class Network(nn.Module):
    def __init__(self):
        super().__init__()
        self.fc = nn.Linear(8, 3)

    def forward(self, x):
        assert tuple(x.shape) == (5, 8)
        return self.fc(x)
"""


def answers(precision, *requests):
    lines = "".join(json.dumps(request) + "\n" for request in requests)
    ended = subprocess.run(
        [sys.executable, str(SCRIPT), precision, "1"], input=lines, capture_output=True, text=True, check=True
    )
    return [json.loads(line) for line in ended.stdout.splitlines()]


def request(**changes):
    return {"module": MODULE, "class": "Network", "inputs": [[5, 8]], "milliseconds": 5, "leastRuns": 5, **changes}


@pytest.mark.parametrize("precision", ["fp32", "bf16", "amp_bf16"])
def test_says_what_computes_and_the_time_of_each_network(precision):
    about, *timed = answers(precision, request(), request())
    assert about["version"] and about["device"] in ("cpu", "gpu")
    assert len(timed) == 2
    for one in timed:
        assert one["milliseconds"] > 0 and one["spread"] >= 0


def test_what_a_network_can_not_do_is_said_and_the_next_is_timed():
    _, wrong, right = answers("fp32", request(inputs=[[4, 8]]), request())
    assert wrong["error"].startswith("AssertionError")
    assert right["milliseconds"] > 0
