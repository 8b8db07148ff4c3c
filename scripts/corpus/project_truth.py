"""The truth that projects are held against: PyTorch really makes each entry that the product offers and runs it at its input.

Knows nothing of MorphNet. Reads JSON lines {file, entry, shapes, statement} on standard input and prints one JSON line each:
{params, macs} or {params, failure} or {failure, stage}. Each entry has a process of its own, with limits on time and memory.

    python project_truth.py FOLDER [SECONDS]

FOLDER holds one project as text. Packages that are not installed are stood in for by modules whose names can be imported,
derived from and used as decorators; a model that needs more of them fails, and has no truth.
"""

import ast
import importlib
import importlib.abc
import importlib.machinery
import json
import os
import resource
import signal
import sys
import types

sys.dont_write_bytecode = True
folder = os.path.realpath(sys.argv[1])
seconds = int(sys.argv[2]) if len(sys.argv) > 2 else 60
os.chdir(folder)
sys.path.insert(0, folder)

import torch
from torch import nn
from torch.utils.flop_counter import FlopCounterMode

torch.set_num_threads(1)
torch.backends.mha.set_fastpath_enabled(False)


class Absent:
    """What a package that is not installed has: can be derived from, called as a decorator, and asked for more."""

    def __init__(self, *args, **kwargs):
        pass

    def __init_subclass__(cls, **kwargs):
        pass

    def __call__(self, *args, **kwargs):
        return args[0] if len(args) == 1 and callable(args[0]) else Absent()

    def __getattr__(self, name):
        if name.startswith("__"):
            raise AttributeError(name)
        return Absent()


class AbsentModule(types.ModuleType):
    __path__ = []

    def __getattr__(self, name):
        if name.startswith("__"):
            raise AttributeError(name)
        return type(name, (Absent,), {})


def asked_by_project():
    """Whether it is the project that imports: PyTorch and its kin must see which optional packages there are."""
    frame = sys._getframe(2)
    while frame is not None and "importlib" in frame.f_code.co_filename:
        frame = frame.f_back
    return frame is not None and os.path.abspath(frame.f_code.co_filename).startswith(folder)


class AbsentFinder(importlib.abc.MetaPathFinder, importlib.abc.Loader):
    """Asked last: stands in for packages that are neither the project's own nor installed."""

    own = {name.split(".")[0] for name in os.listdir(folder)}

    def find_spec(self, name, path=None, target=None):
        top = name.split(".")[0]
        if top in self.own or top in sys.stdlib_module_names or not asked_by_project():
            return None
        return importlib.machinery.ModuleSpec(name, self, is_package=True)

    def create_module(self, spec):
        return AbsentModule(spec.name)

    def exec_module(self, module):
        pass


sys.meta_path.append(AbsentFinder())


class Made(BaseException):
    """Ends a program where its model is made."""


def module_name(file):
    return file[: -len(".py")].replace("/", ".").removesuffix(".__init__")


def watched(tree, owner, name, keep):
    """Puts a call that keeps the model behind each statement of the block that makes it; ends behind the last that does."""
    block = tree.body
    for part in owner:
        block = next(node for node in block if getattr(node, "name", None) == part).body
    def makes(node):
        return any(
            (isinstance(each, ast.Name) and each.id == name or isinstance(each, ast.Attribute) and each.attr == name)
            and isinstance(each.ctx, ast.Store)
            for each in ast.walk(node)
        ) and not isinstance(node, (ast.FunctionDef, ast.ClassDef))
    last = max((i for i, node in enumerate(block) if makes(node)), default=-1)
    if last < 0:
        return False
    call = ast.parse(f"{keep}(locals())").body[0]
    block.insert(last + 1, call)
    ast.fix_missing_locations(tree)
    return True


def from_variable(file, entry):
    """The model that a program keeps: `net`, `main.net`, `Trainer.net`."""
    *owner, name = entry.split(".")
    source = open(os.path.join(folder, file), encoding="utf8").read()
    tree = ast.parse(source)
    found = []

    def keep(names):
        value = names.get(name)
        if not isinstance(value, nn.Module):
            value = getattr(names.get("self"), name, None)
        if isinstance(value, nn.Module):
            found.append(value)
            raise Made()

    functions = [node.name for node in tree.body if isinstance(node, (ast.FunctionDef, ast.ClassDef))]
    guards = [node for node in tree.body if isinstance(node, ast.If) and "__name__" in ast.unparse(node.test)]
    tries = []
    if owner and owner[0] in functions:
        kinds = {node.name: node for node in tree.body if hasattr(node, "name")}
        if isinstance(kinds[owner[0]], ast.ClassDef):
            for method in kinds[owner[0]].body:
                if isinstance(method, ast.FunctionDef):
                    watched(tree, [owner[0], method.name], name, "__keep__")
        else:
            watched(tree, owner, name, "__keep__")
    for guard in guards:
        watched(guard, [], name, "__keep__")
    watched(tree, [], name, "__keep__")
    ast.fix_missing_locations(tree)
    names = {"__name__": "__main__", "__file__": os.path.join(folder, file), "__keep__": keep}
    package = module_name(file).rpartition(".")[0]
    if package:
        names["__package__"] = package
        importlib.import_module(package)
    sys.argv = [file]
    try:
        exec(compile(tree, file, "exec"), names)
        if not found and owner and callable(names.get(owner[0])):
            names[owner[0]]()
    except Made:
        pass
    if not found:
        raise LookupError(f"{entry} keeps no module")
    return found[-1]


def make(file, entry):
    if entry.replace(".", "").isidentifier():
        module = importlib.import_module(module_name(file)) if "." not in entry else None
        value = getattr(module, entry, None)
        if isinstance(value, nn.Module):
            return value
        return from_variable(file, entry)
    module = importlib.import_module(module_name(file))
    return eval(entry, vars(module))


def inputs_of(model, shapes):
    """Images and features as numbers, and what goes into an embedding as indices: the ways to try, in turn."""
    first = next((m for m in model.modules() if not list(m.children()) and list(m.parameters())), None)
    takes_indices = isinstance(first, (nn.Embedding, nn.EmbeddingBag))
    ways = [[takes_indices and len(shape) == 1 for shape in shapes]]
    # Classes and steps are one number for each image, words a row of them.
    ways += [[len(shape) < longest for shape in shapes] for longest in (1, 2, 9)]
    for way in ways:
        yield [
            torch.zeros([1, *shape], dtype=torch.int64) if is_index else torch.randn([1, *shape])
            for shape, is_index in zip(shapes, way)
        ]


def is_about_kinds(error):
    """Whether a model was given numbers where it takes indices, or the other way round."""
    return isinstance(error, (RuntimeError, IndexError, TypeError)) and any(
        word in str(error) for word in ("Long", "Int", "dtype", "expected scalar type", "integer", "indices")
    )


def measure(job):
    stage = "make"
    result = {}
    try:
        torch.manual_seed(0)
        model = make(job["file"], job["entry"])
        if not isinstance(model, nn.Module):
            return {"failure": f"{type(model).__name__} is no module", "stage": "kind"}
        model.eval()
        result["params"] = sum(p.numel() for p in model.parameters() if not isinstance(p, nn.parameter.UninitializedParameter))
        stage = "run"
        failure = None
        for inputs in inputs_of(model, job["shapes"]):
            try:
                with torch.no_grad(), FlopCounterMode(display=False) as counter:
                    model(*inputs)
                result["macs"] = counter.get_total_flops() // 2
                failure = None
                break
            except BaseException as error:
                failure = failure or error
                if not is_about_kinds(failure):
                    break
        if failure is not None:
            raise failure
    except BaseException as error:
        result.update(failure=f"{type(error).__name__}: {error}"[:300], stage=stage)
    return result


def in_a_process(job):
    reader, writer = os.pipe()
    child = os.fork()
    if child == 0:
        resource.setrlimit(resource.RLIMIT_AS, (12 << 30, 12 << 30))
        signal.alarm(seconds)
        quiet = os.open(os.devnull, os.O_WRONLY)
        os.dup2(quiet, 1)
        os.dup2(quiet, 2)
        with os.fdopen(writer, "w") as pipe:
            json.dump(measure(job), pipe)
        os._exit(0)
    os.close(writer)
    with os.fdopen(reader) as pipe:
        text = pipe.read()
    os.waitpid(child, 0)
    return json.loads(text) if text else {"failure": f"did not end in {seconds} s, or took too much memory", "stage": "limit"}


for line in sys.stdin:
    print(json.dumps(in_a_process(json.loads(line))), flush=True)
