"""The same loss, cost, gradients, alive counts, proposals and decisions as the product, over random networks by every algorithm and
target. The product writes the cases: `npm run test:torch` names the file in MORPHNET_EQUALITY."""

import json
import os

import pytest
import torch

from morphnet_torch.controller import Controller
from morphnet_torch.proposal import Proposals
from morphnet_torch.regularizer import Regularizer
from morphnet_torch.survival import Survival

FILE = os.environ.get("MORPHNET_EQUALITY")


def cases():
    if FILE is None:
        return []
    with open(FILE, encoding="utf-8") as file:
        return [json.loads(line) for line in file]


CASES = cases()
needs_cases = pytest.mark.skipif(not CASES, reason="npm run test:torch writes the cases")


def near(actual, expected, tolerance=1e-5):
    actual, expected = torch.as_tensor(actual, dtype=torch.float64), torch.as_tensor(expected, dtype=torch.float64)
    scale = max(1.0, float(expected.abs().max())) if expected.numel() else 1.0
    assert torch.allclose(actual, expected, rtol=tolerance, atol=tolerance * scale), (actual, expected)


def leaves(case):
    """The parameters that r is made of, and the regularizer's vectors from them."""
    structure = case["structure"]
    parameters = {
        name: torch.tensor(values, dtype=torch.float32).reshape(structure["parameters"][name]).requires_grad_()
        for name, values in case["parameters"].items()
    }
    gates = {
        source["name"]: torch.tensor(case["vectors"][source["name"]], dtype=torch.float32).requires_grad_()
        for source in structure["sources"]
        if source["kind"] == "gate"
    }
    return parameters, gates


@needs_cases
@pytest.mark.parametrize("case", CASES, ids=[case["name"] for case in CASES])
def test_regularizer(case):
    regularizer = Regularizer(case["structure"])
    parameters, gates = leaves(case)
    vectors = regularizer.vectors(lambda source: gates[source["name"]] if source["kind"] == "gate" else parameters[source["parameter"]])
    evaluation = regularizer.evaluate(vectors)
    near(evaluation.loss.detach(), case["loss"])
    near(evaluation.cost, case["cost"])
    assert [int(count) for count in evaluation.alive_counts] == case["aliveCounts"]
    if evaluation.loss.requires_grad:
        evaluation.loss.backward()
    for name, expected in case["gradients"].items():
        leaf = gates[name] if name in gates else parameters[name]
        near(torch.zeros_like(leaf) if leaf.grad is None else leaf.grad, torch.tensor(expected).reshape(leaf.shape))


@needs_cases
@pytest.mark.parametrize("case", CASES, ids=[case["name"] for case in CASES])
def test_proposals(case):
    structure = case["structure"]
    survival, regularizer = Survival(structure), Regularizer(structure)
    proposals = Proposals(structure, survival)
    may_die = [not fixed for fixed in regularizer.is_fixed]
    for expected in case["proposals"]:
        alive = torch.tensor(expected["alive"], dtype=torch.bool)
        counts = torch.zeros(len(regularizer.sizes), dtype=torch.float64).index_add(0, regularizer.group_of_channel, alive.double())
        proposal = proposals.propose(alive, 0)
        assert (proposal is None) == (expected["proposal"] is None)
        near(survival.settled(regularizer.costs, counts, may_die), expected["settled"])
        if proposal is None:
            continue
        assert {layer["name"]: layer["width"]["after"] for layer in proposal["layers"]} == expected["proposal"]["widths"]
        for name, change in expected["proposal"]["totals"].items():
            near(proposal["totals"][name]["before"], change["before"])
            near(proposal["totals"][name]["after"], change["after"])


@needs_cases
@pytest.mark.parametrize("case", CASES, ids=[case["name"] for case in CASES])
def test_decisions(case):
    structure = case["structure"]
    regularizer, survival = Regularizer(structure), Survival(structure)
    steps = len(case["decisions"])
    controller = Controller(regularizer, survival, structure["seedCost"], structure["essential"], steps, 0.5, None)
    for step, expected in enumerate(case["decisions"]):
        vectors = {name: torch.tensor(vector, dtype=torch.float32) for name, vector in expected["vectors"].items()}
        decision = controller.next(regularizer.evaluate(vectors), step)
        assert decision.phase == expected["phase"], step
        near(decision.strength, expected["strength"])
        counts = controller._counts(torch.tensor(expected["alive"], dtype=torch.bool)).int().tolist()
        if survival.fills_parts(counts):
            return  # The two costs differ there by design.
        assert decision.alive.int().tolist() == expected["alive"], step
