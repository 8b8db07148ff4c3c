"""Runs Python programs under many values of what they can't know, and tells what every name held in the end.

Reads lines of JSON from standard input: {"text", "runs", "seed"}; answers each with a line: a list with one item a run, null
where the run raised or did not end, else {name: value}. Values are written as `claims.ts` writes them.
"""

import copy, dataclasses, json, os, random, signal, sys, time, types

real_open, real_exists, real_time, environment = open, os.path.exists, time.time, dict(os.environ)


class TooLong(BaseException):
    pass


class Draw(random.Random):
    """What is unknown in one run, and how often it was asked for."""

    asked = 0

    def again(self):
        self.asked += 1
        if self.asked > 400:
            raise TooLong


def outside(draw):
    module = types.ModuleType("outside")

    def flip():
        draw.again()
        return draw.random() < 0.5

    def number():
        draw.again()
        return draw.randrange(5)

    def words():
        draw.again()
        return [draw.randrange(5) for _ in range(draw.randrange(4))]

    def change(value, depth=0):
        """What unknown code may do to what it is given."""
        if depth > 3 or draw.random() < 0.2:
            return
        if isinstance(value, (list, tuple)):
            for item in list(value):
                change(item, depth + 1)
        if isinstance(value, list) and flip():
            value.append(number()) if flip() else value.clear()
        elif isinstance(value, dict):
            for item in list(value.values()):
                change(item, depth + 1)
            if flip():
                value["x"] = number()
            elif flip():
                value.pop("x", None)
            elif flip():
                value["w"] = 0
        elif isinstance(value, set) and flip():
            value.add(number())
        elif isinstance(value, types.FunctionType) and flip():
            try:
                value(*[number()] * value.__code__.co_argcount)
            except Exception:
                pass
        elif isinstance(value, types.MethodType):
            change(value.__self__, depth + 1)
            if flip():
                value()
        elif hasattr(value, "__dict__") and not isinstance(value, (type, types.ModuleType, types.FunctionType)):
            for item in list(vars(value).values()):
                change(item, depth + 1)
            if flip():
                try:
                    setattr(value, draw.choice(["x", "y", "z"]), number())
                except Exception:
                    pass

    def opaque(*given, **named):
        draw.again()
        for value in [*given, *named.values()]:
            change(value)
        if draw.random() < 0.25:
            raise draw.choice([ValueError, KeyError, IndexError, TypeError])("outside")
        return number()

    class Base:
        def __init__(self, *given, **named):
            if flip():
                self.x = number()

        def load(self):
            self.x = number()

    class Meta(type):
        def __call__(cls, *given, **named):
            made = super().__call__(*given, **named)
            if flip():
                made.x = number()
            return made

    def decorate(thing):
        if isinstance(thing, type):
            if flip():
                thing.x = number()
            return thing
        return thing if flip() else lambda *given, **named: number()

    class context:
        def __enter__(self):
            return number()

        def __exit__(self, *raised):
            return flip()

    class Keeper:
        def __init__(self, kept=None):
            self.kept = kept

        def go(self):
            change(self.kept)

    kept = []

    def attach(value):
        kept.append(value)
        change(value)

    def any_value():
        return draw.choice([
            0, 1, 2, -1, 5, 0.5, 2.0, True, None, "", "x", "ab", "3", [], [1, 2, 3], [5], (), (1, 2), {}, {"x": 2}, {"z": 1}, set(),
            {1, 3}, range(2), len, int, lambda *given: given, lambda value: value, types.SimpleNamespace(x=4, w=[1]),
        ])

    text = draw.choice(["a = 7", "l.append(8)", "o.x = 9", "d.clear()", "pass"])
    members = dict(
        flip=flip, number=number, words=words, opaque=opaque, Base=Base, Meta=Meta, decorate=decorate, context=context,
        attach=attach, store=Keeper, registry={}, box=Keeper(), value=draw.randrange(5), flag=draw.random() < 0.5,
        settings=types.SimpleNamespace(width=draw.randrange(5)), table={"w": draw.randrange(5)},
        name=draw.choice(["x", "y", "z"]), text=text, text_value=draw.choice(["1", "2", "l.append(1) or 3"]),
        pair=(draw.randrange(5), draw.randrange(5)), thing=any_value(), other=any_value(),
    )
    vars(module).update(members)
    return module


class Budget:
    """How much may be written of one run: a list that holds itself has no end."""

    left = 0


def written(value, depth=0):
    Budget.left -= 1
    if Budget.left < 0:
        raise TooLong
    if value is None:
        return ["n"]
    kind = type(value)
    if kind is bool:
        return ["b", value]
    if kind is int:
        return ["i", str(value)]
    if kind is float:
        return ["f", repr(value)]
    if kind is str:
        return ["s", value]
    if depth > 5:
        return ["?"]
    if kind is list or kind is tuple:
        return ["l" if kind is list else "t", [written(item, depth + 1) for item in value]]
    if isinstance(value, tuple):
        return ["t", [written(item, depth + 1) for item in value]]
    if kind is dict or kind.__module__ == "collections" and isinstance(value, dict):
        return ["d", [[written(k, depth + 1), written(v, depth + 1)] for k, v in value.items()]]
    if kind is set or kind is frozenset:
        return ["u", sorted((written(item, depth + 1) for item in value), key=json.dumps)]
    if kind.__module__ in ("program", "types") and not isinstance(value, type) and not hasattr(kind, "__members__"):
        try:
            own = object.__getattribute__(value, "__dict__")
        except AttributeError:
            return ["?"]
        parts = [[key, written(item, depth + 1)] for key, item in sorted(own.items())]
        if isinstance(value, dict):
            parts.append(["<items>", ["d", [[written(k, depth + 1), written(v, depth + 1)] for k, v in dict.items(value)]]])
        elif isinstance(value, list):
            parts.append(["<items>", ["l", [written(item, depth + 1) for item in list.__iter__(value)]]])
        return ["o", kind.__name__, parts]
    return ["?"]


def expire(*_):
    raise TooLong


class Silent:
    def write(self, text):
        return len(text)

    def flush(self):
        pass


def run(code, seed):
    draw = Draw(seed)
    module = outside(draw)
    sys.modules["outside"] = module
    random.seed(seed)
    sys.argv = [draw.choice(["program", "other"])]
    time.time = lambda: draw.randrange(4) + 0.25
    os.path.exists = lambda path: draw.random() < 0.5
    os.environ.clear()
    os.environ.update(PATH="/bin")
    if draw.random() < 0.5:
        os.environ["W"] = os.environ["HOME"] = str(draw.randrange(4))
    names = {"__name__": "program"}
    if draw.random() < 0.5:
        def no_file(*given, **named):
            raise FileNotFoundError(2, "no file")
        names["open"] = no_file
    else:
        names["open"] = lambda *given, **named: __import__("io").StringIO("text")
    signal.setitimer(signal.ITIMER_REAL, 0.5)
    try:
        exec(code, names)
    except BaseException:
        return None
    finally:
        signal.setitimer(signal.ITIMER_REAL, 0)
    names.pop("open")
    Budget.left = 20_000
    try:
        return {
            name: written(value)
            for name, value in names.items()
            if not name.startswith("__") and not isinstance(value, types.ModuleType)
        }
    except BaseException:
        return None


def attempt(code, seed):
    try:
        return run(code, seed)
    except TooLong:  # The alarm rang when the program had just ended.
        signal.setitimer(signal.ITIMER_REAL, 0)
        return None


def main():
    signal.signal(signal.SIGALRM, expire)
    sys.setrecursionlimit(300)
    out, sys.stdout, sys.stderr = sys.stdout, Silent(), Silent()
    for line in sys.stdin:
        request = json.loads(line)
        try:
            code = compile(request["text"], "program", "exec", dont_inherit=True)
            answer = [attempt(code, request["seed"] + i) for i in range(request["runs"])]
        except SyntaxError as error:
            answer = {"error": str(error)}
        out.write(json.dumps(answer) + "\n")
        out.flush()


main()
