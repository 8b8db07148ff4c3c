// Which names Python's own types and its built-in scope have, where we describe only a part: what is asked for and is one of
// these is not known; any other name is a mistake.

import type { PyValue } from './machine.ts';

/** Public attributes by kind of value: what `dir` shows of every type that the kind stands for, as lists do for deques. */
const attributes: Readonly<Partial<Record<PyValue['kind'], string>>> = {
  list: `append appendleft clear copy count extend extendleft index insert isdisjoint mapping maxlen pop popleft remove reverse rotate sort`,
  tuple: `count index`,
  dict: `_MutableMapping__marker _abc_impl _keep_positive clear copy default_factory elements fromkeys get items keys most_common move_to_end new_child parents pop popitem setdefault subtract total update values`,
  set: `add clear copy difference difference_update discard intersection intersection_update isdisjoint issubset issuperset pop remove symmetric_difference symmetric_difference_update union update`,
  string: `append capitalize casefold center clear copy count decode encode endswith expandtabs extend find format format_map fromhex hex index insert isalnum isalpha isascii isdecimal isdigit isidentifier islower isnumeric isprintable isspace istitle isupper join ljust lower lstrip maketrans partition pop remove removeprefix removesuffix replace reverse rfind rindex rjust rpartition rsplit rstrip split splitlines startswith strip swapcase title translate upper zfill`,
  int: `as_integer_ratio bit_count bit_length conjugate denominator from_bytes imag numerator real to_bytes`,
  float: `as_integer_ratio conjugate fromhex hex imag is_integer real`,
  bool: `as_integer_ratio bit_count bit_length conjugate denominator from_bytes imag numerator real to_bytes`,
  iterator: `close gi_code gi_frame gi_running gi_suspended gi_yieldfrom send tee throw`,
  range: `count index start step stop`,
  property: `deleter fdel fget fset getter setter`,
  partial: `args func keywords`,
  function: `cache_clear cache_info cache_parameters dispatch register registry`,
  slice: `indices start step stop`,
};

const byKind = new Map(Object.entries(attributes).map(([kind, names]) => [kind, new Set(names.split(/\s+/))]));

/** Whether a value of a built-in type may have an attribute that we don't describe. */
export function mayHaveAttribute({ kind }: PyValue, name: string): boolean {
  if (kind === 'instance' || kind === 'module' || kind === 'super') return false;
  // Every function, class and type has its special names, and classes those that their metaclass gives.
  if (name.startsWith('__') || (kind === 'class' && (name.startsWith('_') || name === 'mro' || name === 'register')))
    return true;
  return byKind.get(kind)?.has(name) === true;
}

/** Built-in names that we don't describe. */
const names: ReadonlySet<string> = new Set(
  `ArithmeticError AssertionError AttributeError BaseException BaseExceptionGroup BlockingIOError BrokenPipeError BufferError BytesWarning ChildProcessError ConnectionAbortedError ConnectionError ConnectionRefusedError ConnectionResetError DeprecationWarning EOFError Ellipsis EncodingWarning EnvironmentError Exception ExceptionGroup False FileExistsError FileNotFoundError FloatingPointError FutureWarning GeneratorExit IOError ImportError ImportWarning IndentationError IndexError InterruptedError IsADirectoryError KeyError KeyboardInterrupt LookupError MemoryError ModuleNotFoundError NameError None NotADirectoryError NotImplemented NotImplementedError OSError OverflowError PendingDeprecationWarning PermissionError ProcessLookupError RecursionError ReferenceError ResourceWarning RuntimeError RuntimeWarning StopAsyncIteration StopIteration SyntaxError SyntaxWarning SystemError SystemExit TabError TimeoutError True TypeError UnboundLocalError UnicodeDecodeError UnicodeEncodeError UnicodeError UnicodeTranslateError UnicodeWarning UserWarning ValueError Warning ZeroDivisionError abs aiter all anext any ascii bin bool breakpoint bytearray bytes callable chr classmethod compile complex copyright credits delattr dict dir divmod enumerate eval exec exit filter float format frozenset getattr globals hasattr hash help hex id input int isinstance issubclass iter len license list locals map max memoryview min next object oct open ord pow print property quit range repr reversed round set setattr slice sorted staticmethod str sum super tuple type vars zip`.split(
    /\s+/,
  ),
);

/** Whether Python has a built-in name. */
export function isBuiltinName(name: string): boolean {
  return names.has(name);
}
