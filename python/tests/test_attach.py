"""Attached to live models: what is refused, what a step does, what a checkpoint keeps, and what PyTorch does around it."""

import copy
import json

import pytest
import torch
from torch import nn

from morphnet_torch import MorphNet, StructureMismatch


def train(model, morphnet, steps, first=0, optimizer=None, before=lambda: None):
    optimizer = optimizer or torch.optim.Adam(model.parameters(), 0.01)
    for step in range(first, steps):
        generator = torch.Generator().manual_seed(step)
        x = torch.randn(8, 3, 8, 8, generator=generator)
        y = torch.randint(0, 5, (8,), generator=generator)
        before()
        loss = nn.functional.cross_entropy(model(x), y)
        optimizer.zero_grad()
        (loss + morphnet.loss()).backward()
        optimizer.step()
        morphnet.step(loss=loss, accuracy=0.5)
    return optimizer


def seeded(project, width=8):
    torch.manual_seed(0)
    return project.module()["Net"](width)


def test_another_model_is_refused_with_all_differences_and_the_command(project):
    structure = project.attach("--target", "flops:0.5")
    with pytest.raises(StructureMismatch) as refused:
        MorphNet.attach(seeded(project, width=6), structure)
    message = str(refused.value)
    assert "conv1.weight is 6×3×3×3 in the model and 8×3×3×3 in the source" in message
    assert "bn3.running_var is 12 in the model and 16 in the source" in message
    assert "morphnet attach net.py::Net" in message
    with pytest.raises(StructureMismatch, match="conv1.weight 8×3×3×3 is missing"):
        MorphNet.attach(nn.Linear(3, 4), structure)


def test_what_is_no_structure_is_told(project, tmp_path):
    (tmp_path / "other.json").write_text("{}")
    with pytest.raises(ValueError, match="no structure. Write one"):
        MorphNet.attach(nn.Linear(3, 4), tmp_path / "other.json")


@pytest.mark.parametrize(
    ("algorithm", "target"), [("gamma", "flops:0.5"), ("group-lasso", "params:0.4"), ("logistic-sigmoid", "latency:0.8")]
)
def test_a_target_is_reached_and_the_proposal_can_be_applied(project, algorithm, target):
    # A roofline: on a measured device so small a network takes as long as its operations take to start, whatever their widths.
    structure = project.attach("--target", target, "--algorithm", algorithm, "--steps", "60", "--device", "V100")
    model = seeded(project)
    morphnet = MorphNet.attach(model, structure)
    train(model, morphnet, 60)
    (run,) = (project.folder / ".morphnet" / "runs").iterdir()
    events = project.events(run)
    kinds = [event["kind"] for event in events]
    assert kinds[0] == "started" and kinds[-1] == "finished"
    last = [event for event in events if event["kind"] == "progress"][-1]
    assert last["cost"] <= float(target.split(":")[1]) * last["seedCost"] * 1.0001
    assert not (run / "trainer.lock").exists()
    proposal = json.loads((run / "proposal.json").read_text())
    applied = project.morphnet("apply", str(run), "--slim-file", "slim.py")
    assert applied.returncode == 0, applied.stderr
    slim = next(value for name, value in project.module("slim").items() if name.endswith("Slim") or name.startswith("Net"))()
    assert sum(p.numel() for p in slim.parameters()) == proposal["totals"]["params"]["after"]


def test_the_slim_weights_have_the_shapes_of_the_slim_model(project):
    structure = project.attach("--target", "flops:0.5", "--steps", "40")
    model = seeded(project)
    morphnet = MorphNet.attach(model, structure)
    train(model, morphnet, 40)
    path = project.folder / "slim.safetensors"
    morphnet.save_slim_weights(path)
    header = json.loads(path.read_bytes()[8 : 8 + int.from_bytes(path.read_bytes()[:8], "little")])
    widths = {layer["name"]: layer["width"]["after"] for layer in morphnet.proposal()["layers"]}
    assert header["conv1.weight"]["shape"] == [widths["conv1"], 3, 3, 3]
    assert header["conv2.weight"]["shape"] == [widths["conv2"], widths["conv1"], 3, 3]
    assert header["bn2.running_mean"]["shape"] == [widths["conv2"]]
    assert header["head.weight"]["shape"] == [5, widths["conv2"]]


def test_a_look_at_the_pruned_model_is_that_of_the_slim_one_and_leaves_no_trace(project):
    structure = project.attach("--target", "flops:0.5", "--steps", "40")
    model = seeded(project)
    morphnet = MorphNet.attach(model, structure)
    train(model, morphnet, 40)
    model.eval()
    before = copy.deepcopy(model.state_dict())
    x = torch.randn(2, 3, 8, 8)
    with morphnet.pruned(), torch.no_grad():
        pruned = model(x)
    morphnet.save_slim_weights(project.folder / "slim.safetensors")
    (run,) = (project.folder / ".morphnet" / "runs").iterdir()
    assert project.morphnet("apply", str(run), "--slim-file", "slim.py").returncode == 0
    slim = next(value for name, value in project.module("slim").items() if name.startswith("Net"))().eval()
    safetensors = pytest.importorskip("safetensors.torch")
    slim.load_state_dict(safetensors.load_file(str(project.folder / "slim.safetensors")), strict=False)
    with torch.no_grad():
        torch.testing.assert_close(slim(x), pruned, rtol=1e-4, atol=1e-4)
    for name, tensor in model.state_dict().items():
        assert torch.equal(tensor, before[name]), name


def test_a_training_that_goes_on_from_a_checkpoint_equals_one_that_did_not_stop(project):
    structure = project.attach("--target", "flops:0.5", "--steps", "30")
    straight = seeded(project)
    whole = MorphNet.attach(straight, structure, run=False)
    train(straight, whole, 30)
    first = seeded(project)
    morphnet = MorphNet.attach(first, structure)
    optimizer = train(first, morphnet, 17)
    saved = copy.deepcopy([first.state_dict(), optimizer.state_dict(), morphnet.state_dict()])
    morphnet.interrupt()
    second = seeded(project)
    again = MorphNet.attach(second, structure)
    optimizer = torch.optim.Adam(second.parameters(), 0.01)
    second.load_state_dict(saved[0])
    optimizer.load_state_dict(saved[1])
    again.load_state_dict(saved[2])
    train(second, again, 30, 17, optimizer)
    for name, tensor in straight.state_dict().items():
        assert torch.equal(tensor, second.state_dict()[name]), name
    assert torch.equal(whole.alive(), again.alive())
    (run,) = (project.folder / ".morphnet" / "runs").iterdir()
    kinds = [event["kind"] for event in project.events(run)]
    assert kinds.count("started") == 2 and "interrupted" in kinds and kinds[-1] == "finished"


def test_micro_batches_share_one_decision(project):
    structure = project.attach("--strength", "1e-6", "--target", "flops")
    gradients = []
    for parts in (1, 4):
        model = seeded(project)
        morphnet = MorphNet.attach(model, structure, run=False)
        for _ in range(parts):
            (morphnet.loss() / parts).backward()
        morphnet.step()
        gradients.append(model.bn1.weight.grad.clone())
    torch.testing.assert_close(gradients[0], gradients[1])


def test_autocast_and_a_gradient_scaler_leave_the_term_as_it_is(project):
    structure = project.attach("--strength", "1e-6", "--target", "flops")
    model = seeded(project)
    morphnet = MorphNet.attach(model, structure, run=False)
    plain = morphnet.loss()
    plain.backward()
    expected = model.bn1.weight.grad.clone()
    model.zero_grad()
    with torch.autocast("cpu", dtype=torch.bfloat16):
        within = morphnet.loss()
    assert within.dtype == torch.float32 and float(within.detach()) == float(plain.detach())
    scale = 1024.0
    (scale * within).backward()
    torch.testing.assert_close(model.bn1.weight.grad / scale, expected)


def test_a_compiled_model_is_seen_through(project):
    structure = project.attach("--target", "flops:0.5", "--steps", "10")
    model = seeded(project)
    compiled = torch.compile(model, backend="eager")
    morphnet = MorphNet.attach(compiled, structure, run=False)
    train(compiled, morphnet, 10, optimizer=torch.optim.Adam(model.parameters(), 0.01))
    other = seeded(project)
    plain = MorphNet.attach(other, structure, run=False)
    train(other, plain, 10)
    assert torch.equal(morphnet.alive(), plain.alive())


def test_a_copy_for_averages_is_not_disturbed(project):
    structure = project.attach("--target", "flops:0.5", "--algorithm", "logistic-sigmoid", "--steps", "6")
    model = seeded(project)
    morphnet = MorphNet.attach(model, structure, run=False)
    average = torch.optim.swa_utils.AveragedModel(model)
    train(model, morphnet, 6, before=lambda: average.update_parameters(model))
    assert "module.morphnet_gates.bn1.logits" in average.state_dict()


def test_weights_that_are_no_numbers_end_the_run_with_the_layer(project):
    structure = project.attach("--target", "flops:0.5", "--steps", "20")
    model = seeded(project)
    morphnet = MorphNet.attach(model, structure)
    train(model, morphnet, 3)
    with torch.no_grad():
        model.bn2.weight[0] = float("nan")
    with pytest.raises(FloatingPointError, match="bn2"):
        morphnet.loss()
    (run,) = (project.folder / ".morphnet" / "runs").iterdir()
    assert project.events(run)[-1]["code"] == "diverged"


def test_one_run_has_one_writer(project):
    structure = project.attach("--target", "flops:0.5", "--steps", "20")
    run = project.folder / ".morphnet" / "runs" / "here"
    run.mkdir(parents=True)
    other = project.python("import os, time, pathlib\nfrom morphnet_torch import process_beginning\n"
                           "pathlib.Path('.morphnet/runs/here/trainer.lock').write_text(f'{os.getpid()} gone')\n")
    assert other.returncode == 0, other.stderr
    model = seeded(project)
    morphnet = MorphNet.attach(model, structure, run=run)
    train(model, morphnet, 2)
    assert (run / "trainer.lock").read_text().startswith(str(__import__("os").getpid()))
    morphnet.interrupt("paused")
