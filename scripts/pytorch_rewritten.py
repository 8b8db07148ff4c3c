"""Whether rewritten library files do in PyTorch what was promised, as JSON.

Knows nothing of MorphNet. Each task replaces the text of some modules; the builder must build, run on an input of its shape
and have the promised number of parameters, and the other builders of the file must have the shapes that they had. A slim file stands
by itself.

    python pytorch_rewritten.py SITE REQUIREMENTS < TASKS     (a line: {"row", "files", "file", "entry", "input", "params", "alsoChanges"},
                                                               or {"row", "slim", "entry", "input", "params"})
"""

import contextlib
import inspect
import json
import sys

sys.path[:0] = sys.argv[2:3]

import torch

NAMES = "Weights|Enum"


def module_name(path):
    return path.removesuffix(".py").replace("/", ".").removesuffix(".__init__")


def registries():
    """What would refuse a second model of the same name."""
    with contextlib.suppress(ImportError):
        from torchvision.models import _api

        yield _api.BUILTIN_MODELS
        _api.BUILTIN_MODELS.clear()
    with contextlib.suppress(ImportError):
        import timm.models  # noqa: F401


def execute(name, text, path):
    """The module with another text, under its own name."""
    module = type(sys)(name)
    module.__package__ = name.rpartition(".")[0]
    module.__file__ = path
    sys.modules[name] = module
    exec(compile(text, path, "exec"), vars(module))
    return module


def builders(module):
    return {
        name: value
        for name, value in vars(module).items()
        if inspect.isfunction(value) and not name.startswith("_") and value.__module__ == module.__name__
    }


def shapes(build):
    with torch.device("meta"):
        return {name: tuple(tensor.shape) for name, tensor in build().state_dict().items()}


def siblings(module, names):
    found = {}
    for name in names:
        with contextlib.suppress(Exception):
            found[name] = shapes(builders(module)[name])
    return found


SHAPES_BEFORE = {}


def siblings_before(module, names):
    """The same for the library as it is, worked out once."""
    for name in names:
        if (module.__name__, name) not in SHAPES_BEFORE:
            SHAPES_BEFORE[module.__name__, name] = siblings(module, [name]).get(name)
    found = {name: SHAPES_BEFORE[module.__name__, name] for name in names}
    return {name: shapes for name, shapes in found.items() if shapes is not None}


def built(entry, names, input, params):
    """What is wrong with a model, if anything is."""
    with torch.device("meta"):
        model = eval(entry if "(" in entry else f"{entry}()", names).eval()
        model(*[torch.zeros(1, *shape) for shape in input])
    count = sum(parameter.numel() for parameter in model.parameters())
    return f"{count} parameters, {params} promised" if params is not None and count != params else None


def check_slim(slim, entry, input, params, **_):
    names = {}
    exec(compile(slim, "slim.py", "exec"), names)
    return built(entry, names, input, params)


def check(files, file, entry, input, params, alsoChanges, **_):
    import importlib

    for _registry in registries():
        pass
    name = module_name(file)
    before = importlib.import_module(name)
    builder = entry.split("(")[0]
    others = [other for other in builders(before) if other != builder and other not in alsoChanges]
    kept = dict(sys.modules)
    expected = siblings_before(before, others)
    try:
        for path, text in files.items():
            if module_name(path) != name:
                execute(module_name(path), text, path)
        for _registry in registries():
            pass
        text = files.get(file)
        if text is None:
            with open(before.__file__, encoding="utf-8") as own:
                text = own.read()
        after = execute(name, text, before.__file__)
        error = built(entry, vars(after), input, params)
        if error is not None:
            return error
        actual = siblings(after, others)
        changed = [other for other in expected if actual.get(other) != expected[other]]
        return f"changes {', '.join(changed)}" if changed else None
    finally:
        for loaded in set(sys.modules) - set(kept):
            del sys.modules[loaded]
        sys.modules.update(kept)


def main():
    """One task a line in, one answer a line out."""
    for line in sys.stdin:
        task = json.loads(line)
        try:
            error = check_slim(**task) if "slim" in task else check(**task)
        except Exception as problem:
            error = f"{type(problem).__name__}: {problem}"
        print(json.dumps({"row": task["row"], "error": error}), flush=True)


main()
