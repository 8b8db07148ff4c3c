// Python's `typing` and its kin: names that can be subscripted, called and derived from, and mean nothing when run.

import { nativeClass } from '../evaluator/classes.ts';
import { builtin, none, pyFalse, tuple } from '../evaluator/values.ts';
import { functionValues, passThrough, plainClasses, type ModuleTable } from './module-table.ts';
import type { PyValue } from '../evaluator/machine.ts';

const forms =
  'Any Callable ClassVar Dict DefaultDict OrderedDict Deque Counter Final FrozenSet Generator Generic Iterable Iterator List Literal LiteralString Mapping MutableMapping MutableSequence MutableSet NamedTuple NoReturn Never Protocol Reversible Required NotRequired Sequence Set Sized SupportsFloat SupportsInt SupportsIndex Tuple Type TypedDict TypeGuard TypeAlias Unpack Self Concatenate Annotated Hashable Collection Container AbstractSet ByteString BinaryIO TextIO IO Text AnyStr ForwardRef Awaitable Coroutine AsyncIterator AsyncIterable AsyncGenerator ContextManager AsyncContextManager Pattern Match';

export const typingModule: ModuleTable = () =>
  new Map<string, PyValue>([
    ...plainClasses(forms),
    ...functionValues({
      TypeVar: (_, args) => nativeClass(args.positional[0]?.kind === 'string' ? args.positional[0].value : 'T', []),
      TypeVarTuple: () => nativeClass('Ts', []),
      ParamSpec: () => nativeClass('P', []),
      NewType: (_, args) => args.positional[1] ?? none,
      get_args: () => tuple([]),
      get_origin: () => none,
    }),
    ['cast', passThrough('cast', 1)],
    ...['overload', 'final', 'override', 'runtime_checkable', 'no_type_check', 'dataclass_transform', 'deprecated'].map(
      (name): [string, PyValue] => [name, name === 'deprecated' ? passThroughFactory : passThrough(name)],
    ),
    ['Union', alternatives('Union', [])],
    ['Optional', alternatives('Optional', [none])],
    ['TYPE_CHECKING', pyFalse],
  ]);

/** `Union[int, str]`: a tuple of types, which `isinstance` takes likewise. */
function alternatives(name: string, others: readonly PyValue[]): PyValue {
  const ofTypes = builtin('__class_getitem__', (_, { positional: [, types = none] }) =>
    types.kind === 'unknown' ? types : tuple([...(types.kind === 'tuple' ? types.items : [types]), ...others]),
  );
  return nativeClass(name, [], [['__class_getitem__', ofTypes]]);
}

/** `@deprecated('…')`: a function that gives a decorator. */
const passThroughFactory = nativeClass('deprecated', [], [], () => passThrough('deprecated'));
