// Which names Python's own types and its built-in scope have, where we describe only a part: what is asked for and is one of
// these is not known; any other name is a mistake.

import type { ClassValue, PyValue } from './machine.ts';

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

const ofContainers = /^__(iter|len|getitem|setitem|delitem|contains|reversed|next)__$/;

/** Whether a built-in type certainly has no method or attribute of that name. */
export function lacksName(type: string, name: string): boolean {
  const kind = type === 'str' ? 'string' : type;
  if (name.startsWith('__')) return /^(int|float)$/.test(type) && ofContainers.test(name);
  return byKind.get(kind)?.has(name) === false;
}

/** What `object` gives to every object. */
const ofObject: ReadonlySet<string> = new Set(
  `__annotations__ __delattr__ __dir__ __doc__ __eq__ __format__ __ge__ __getattribute__ __getstate__ __gt__ __hash__ __init__ __init_subclass__ __le__ __lt__ __module__ __ne__ __new__ __reduce__ __reduce_ex__ __repr__ __setattr__ __sizeof__ __str__ __subclasshook__ __weakref__`.split(
    ' ',
  ),
);

/** Whether a value of a built-in type may have an attribute that we don't describe. */
export function mayHaveAttribute(value: PyValue, name: string): boolean {
  const { kind } = value;
  if (kind === 'instance' && ofObject.has(name)) return true;
  if (kind === 'instance' || kind === 'module' || kind === 'super') return false;
  // Every function, class and type has its special names, and classes those that their metaclass gives.
  if (name.startsWith('__')) return true;
  if (value.kind === 'class')
    return name === 'mro' || name === 'register' || (name.startsWith('_') && mayBeGiven(value, name));
  return byKind.get(kind)?.has(name) === true;
}

/** Whether a name of a class that begins with one line may be of its metaclass, or of a base that is not described whole. */
function mayBeGiven({ mro, fields }: ClassValue, name: string): boolean {
  if ((fields?.length ?? 0) > 0 || /^_(abc_|dump_registry$)/.test(name)) return true;
  return mro.some(
    (each) =>
      (each.metaclass !== undefined && (each.metaclass.span !== undefined || each.metaclass.name !== 'ABCMeta')) ||
      (each.span === undefined &&
        each.allNames?.has(name) !== false &&
        !/^(object|ABC|Generic|Protocol)$/.test(each.name)),
  );
}

/** Built-in names that we don't describe. */
const names: ReadonlySet<string> = new Set(
  `ArithmeticError AssertionError AttributeError BaseException BaseExceptionGroup BlockingIOError BrokenPipeError BufferError BytesWarning ChildProcessError ConnectionAbortedError ConnectionError ConnectionRefusedError ConnectionResetError DeprecationWarning EOFError Ellipsis EncodingWarning EnvironmentError Exception ExceptionGroup False FileExistsError FileNotFoundError FloatingPointError FutureWarning GeneratorExit IOError ImportError ImportWarning IndentationError IndexError InterruptedError IsADirectoryError KeyError KeyboardInterrupt LookupError MemoryError ModuleNotFoundError NameError None NotADirectoryError NotImplemented NotImplementedError OSError OverflowError PendingDeprecationWarning PermissionError ProcessLookupError RecursionError ReferenceError ResourceWarning RuntimeError RuntimeWarning StopAsyncIteration StopIteration SyntaxError SyntaxWarning SystemError SystemExit TabError TimeoutError True TypeError UnboundLocalError UnicodeDecodeError UnicodeEncodeError UnicodeError UnicodeTranslateError UnicodeWarning UserWarning ValueError Warning ZeroDivisionError abs aiter all anext any ascii bin bool breakpoint bytearray bytes callable chr classmethod compile complex copyright credits delattr dict dir divmod enumerate eval exec exit filter float format frozenset getattr globals hasattr hash help hex id input int isinstance issubclass iter len license list locals map max memoryview min next object oct open ord pow print property quit range repr reversed round set setattr slice sorted staticmethod str sum super tuple type vars zip`.split(
    /\s+/,
  ),
);

/** What can be imported wherever Python is. */
const modules: ReadonlySet<string> = new Set(
  `abc aifc antigravity argparse array ast asynchat asyncio asyncore atexit audioop base64 bdb binascii bisect builtins bz2 cProfile calendar cgi cgitb chunk cmath cmd code codecs codeop collections colorsys compileall concurrent configparser contextlib contextvars copy copyreg crypt csv ctypes curses dataclasses datetime dbm decimal difflib dis distutils doctest email encodings ensurepip enum errno faulthandler fcntl filecmp fileinput fnmatch fractions ftplib functools gc genericpath getopt getpass gettext glob graphlib grp gzip hashlib heapq hmac html http idlelib imaplib imghdr imp importlib inspect io ipaddress itertools json keyword lib2to3 linecache locale logging lzma mailbox mailcap marshal math mimetypes mmap modulefinder msilib msvcrt multiprocessing netrc nis nntplib nt ntpath nturl2path numbers opcode operator optparse os ossaudiodev pathlib pdb pickle pickletools pipes pkgutil platform plistlib poplib posix posixpath pprint profile pstats pty pwd py_compile pyclbr pydoc pydoc_data pyexpat queue quopri random re readline reprlib resource rlcompleter runpy sched secrets select selectors shelve shlex shutil signal site smtpd smtplib sndhdr socket socketserver spwd sqlite3 sre_compile sre_constants sre_parse ssl stat statistics string stringprep struct subprocess sunau symtable sys sysconfig syslog tabnanny tarfile telnetlib tempfile termios textwrap this threading time timeit tkinter token tokenize tomllib trace traceback tracemalloc tty turtle turtledemo types typing unicodedata unittest urllib uu uuid venv warnings wave weakref webbrowser winreg winsound wsgiref xdrlib xml xmlrpc zipapp zipfile zipimport zlib zoneinfo`.split(
    /\s+/,
  ),
);

/** Whether a module, or the package that it is in, comes with Python; some are gone from its newest versions. */
export function isStandardModule(name: string): boolean {
  return modules.has(name.split('.', 1)[0] ?? '');
}

/** Whether Python has a built-in name. */
export function isBuiltinName(name: string): boolean {
  return names.has(name);
}
