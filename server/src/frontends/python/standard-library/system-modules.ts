// Python's view of the machine and of running code (`os`, `sys`, `logging`, `warnings`, `contextlib`, …), as far
// as a network can depend on it: an environment that is not known, and silence.

import type { SourceSpan } from '../../../common/source-span.ts';
import { isSubclass, nativeClass } from '../evaluator/classes.ts';
import { importModule, isInPackage, unsetEnvironment } from '../evaluator/modules.ts';
import { existsOnDisk } from './file-modules.ts';
import { pathOf } from './workspace-files.ts';
import { bool, builtin, dict, int, list, none, string, tuple, unknown } from '../evaluator/values.ts';
import {
  argument,
  functionValues,
  method,
  optionalDecorator,
  passThrough,
  silentClass,
  without,
  type LibraryFunction,
  type ModuleTable,
} from './module-table.ts';
import type { Machine, PyValue } from '../evaluator/machine.ts';

const textOfArgument = (value: PyValue | undefined): string => pathOf(value) ?? '';

/** A function from text to text. */
const onText =
  (change: (...texts: string[]) => PyValue): LibraryFunction =>
  (machine, args, span) => {
    const lost = args.positional.find((value) => value.kind === 'unknown');
    if (lost) return lost;
    if (args.positional.length === 0) return machine.raise('TypeError', 'a path is missing', span);
    const other = args.positional.find((value) => pathOf(value) === undefined);
    if (other?.kind === 'instance') return unknown('Which path this is is not known', span);
    if (other)
      return machine.raise(
        'TypeError',
        `expected str, bytes or os.PathLike object, not ${machine.nameOfType(other)}`,
        span,
      );
    return change(...args.positional.map(textOfArgument));
  };

/** `os.path.normpath` */
function normalized(path: string): string {
  const start = path.startsWith('//') && !path.startsWith('///') ? '//' : path.startsWith('/') ? '/' : '';
  const kept: string[] = [];
  for (const part of path.split('/')) {
    if (part === '' || part === '.') continue;
    if (part !== '..' || (start === '' && (kept.length === 0 || kept.at(-1) === '..'))) kept.push(part);
    else kept.pop();
  }
  return start + kept.join('/') || '.';
}

/** `os.path.join`: what is absolute leaves out what stands before it. */
function joined([first = '', ...parts]: readonly string[]): string {
  return parts.reduce(
    (path, part) => (part.startsWith('/') ? part : path === '' || path.endsWith('/') ? path + part : `${path}/${part}`),
    first,
  );
}

const lastSlash = (path: string): number => path.lastIndexOf('/');
const dotOf = (path: string): number =>
  path
    .slice(lastSlash(path) + 1)
    .replace(/^\.+/, '')
    .includes('.')
    ? path.lastIndexOf('.')
    : path.length;

export const pathModule: ModuleTable = () =>
  new Map(
    functionValues({
      join: onText((...parts) => string(joined(parts))),
      basename: onText((path = '') => string(path.slice(lastSlash(path) + 1))),
      dirname: onText((path = '') => string(path.slice(0, Math.max(0, lastSlash(path))))),
      splitext: onText((path = '') => tuple([string(path.slice(0, dotOf(path))), string(path.slice(dotOf(path)))])),
      split: onText((path = '') =>
        tuple([string(path.slice(0, Math.max(0, lastSlash(path)))), string(path.slice(lastSlash(path) + 1))]),
      ),
      abspath: onText((path = '') => string(path)),
      realpath: onText((path = '') => string(path)),
      normpath: onText((path = '') => string(normalized(path))),
      expanduser: onText((path = '') => string(path)),
      exists: existsOnDisk,
      isfile: existsOnDisk,
      isdir: (_, args, span) => unknown(`Whether ${textOfArgument(argument(args, 0))} is there is not known`, span),
    }),
  );

/** What the environment holds is known when the program is run. */
const environment = (span: SourceSpan): PyValue => unknown('The environment is not known', span);

export const osModule: ModuleTable = () =>
  new Map<string, PyValue>([
    ...functionValues({
      getenv: (machine, args, span) =>
        isInPackage(machine, span) ? (args.positional[1] ?? args.keywords.get('default') ?? none) : environment(span),
      getcwd: () => string('.'),
      makedirs: () => none,
      cpu_count: (_, _args, span) => unknown('How many processors there are is not known', span),
    }),
    ['environ', environment({ document: '', start: 0, end: 0 })],
    [unsetEnvironment, dict()],
    ['sep', string('/')],
    ['linesep', string('\n')],
    ['name', string('posix')],
    ['PathLike', nativeClass('PathLike', [])],
  ]);

/** `sys.modules`: what has been imported by now. */
function loadedModules(machine: Machine): PyValue {
  const find: LibraryFunction = (_, args) => machine.modules.get(textOfArgument(args.positional[1])) ?? none;
  const type = nativeClass(
    'modules',
    [],
    [
      [
        '__getitem__',
        builtin(
          '__getitem__',
          (inner, args, span) => {
            const found = find(inner, args, span);
            return found.kind === 'none' ? inner.raise('KeyError', textOfArgument(args.positional[1]), span) : found;
          },
          true,
        ),
      ],
      ['get', builtin('get', find, true)],
      [
        '__contains__',
        builtin('__contains__', (inner, args, span) => bool(find(inner, args, span).kind !== 'none'), true),
      ],
      ['__setitem__', without('__setitem__')],
    ],
  );
  return {
    kind: 'instance',
    class: type,
    attributes: new Map(),
    site: { span: { document: '', start: 0, end: 0 }, callChain: [] },
  };
}

/** The Python that programs are read as. */
const pythonVersion = '3.12.0';

/** Which system and machine a program runs on stays open, its Python does not. */
export const platformModule: ModuleTable = () => {
  const open = (name: string): [string, PyValue] => [
    name,
    builtin(name, (_, _args, span) => unknown('Which machine this runs on is not known', span)),
  ];
  return new Map<string, PyValue>([
    ...functionValues({
      python_version: () => string(pythonVersion),
      python_version_tuple: () => tuple(pythonVersion.split('.').map(string)),
      python_implementation: () => string('CPython'),
    }),
    ...['system', 'machine', 'node', 'platform', 'processor', 'release', 'version', 'uname', 'architecture'].map(open),
  ]);
};

export const sysModule: ModuleTable = (machine) =>
  new Map<string, PyValue>([
    ...functionValues({
      exit: (machine, _args, span) => machine.raise('SystemExit', 'the program ends here', span),
      getrecursionlimit: () => int(1000),
      setrecursionlimit: () => none,
    }),
    ['version_info', tuple([int(3), int(12), int(0)])],
    ['version', string(pythonVersion)],
    ['platform', string('linux')],
    ['maxsize', int(Number.MAX_SAFE_INTEGER)],
    ['modules', loadedModules(machine)],
    ['path', list([])],
    // A program is started without words unless an entry gives it some.
    [
      'argv',
      list([unknown('Under which name this program is started is not known', { document: '', start: 0, end: 0 })]),
    ],
  ]);

export const warningsModule: ModuleTable = () =>
  new Map<string, PyValue>([
    ...['warn', 'filterwarnings', 'simplefilter', 'resetwarnings', 'showwarning', 'warn_explicit'].map(
      (name): [string, PyValue] => [name, without(name)],
    ),
    ['catch_warnings', silentClass('catch_warnings', '')],
    ['deprecated', builtin('deprecated', () => passThrough('deprecated'))],
  ]);

export const loggingModule: ModuleTable = () => {
  const levels = 'debug info warning warn error critical exception log';
  const logger = silentClass('Logger', `${levels} setLevel addHandler removeHandler isEnabledFor addFilter`);
  return new Map<string, PyValue>([
    ...`${levels} basicConfig disable captureWarnings`
      .split(' ')
      .map((name): [string, PyValue] => [name, without(name)]),
    ['getLogger', builtin('getLogger', (machine, _args, span) => machine.callWith(logger, span))],
    ['Logger', logger],
    ['LoggerAdapter', silentClass('LoggerAdapter', `${levels} process setLevel isEnabledFor`)],
    ...['Handler', 'StreamHandler', 'FileHandler', 'Formatter', 'NullHandler', 'Filter'].map(
      (name): [string, PyValue] => [name, silentClass(name, 'setLevel setFormatter')],
    ),
    ...(['NOTSET', 'DEBUG', 'INFO', 'WARNING', 'ERROR', 'CRITICAL'] as const).map((name, i): [string, PyValue] => [
      name,
      int(i * 10),
    ]),
  ]);
};

/** `@contextmanager`: a generator's first value is what `with … as` gives. */
const contextmanager: LibraryFunction = (_, args) => {
  const [callee] = args.positional;
  const type = nativeClass(
    '_GeneratorContextManager',
    [],
    [
      [
        '__enter__',
        builtin(
          '__enter__',
          (_interpreter, given) =>
            given.positional[0]?.kind === 'instance' ? (given.positional[0].attributes.get('value') ?? none) : none,
          true,
        ),
      ],
      // As a decorator it runs a function inside itself.
      ['__call__', builtin('__call__', (_interpreter, given) => given.positional[1] ?? none, true)],
    ],
  );
  const open: LibraryFunction = (machine, given, span) => {
    const result = machine.call(callee ?? none, given, span);
    if (result.kind === 'unknown') return result;
    const value = result.kind === 'iterator' ? (result.items[0] ?? none) : result;
    return { kind: 'instance', class: type, attributes: new Map([['value', value]]), site: { span, callChain: [] } };
  };
  // A method is given its object, as a function would be.
  return builtin('contextmanager', open, true);
};

/** `contextlib.suppress(ValueError)`: exceptions of these classes end its block and go no further. */
function suppressClass(): PyValue {
  const key = '<exceptions>';
  return nativeClass(
    'suppress',
    [],
    [
      method('__init__', (self, { positional }, machine) => {
        machine.change(self).attributes.set(key, tuple(positional));
        return none;
      }),
      method('__enter__', () => none),
      method('__exit__', (self, { positional: [type = none] }, _machine, span) => {
        if (type.kind === 'none') return bool(false);
        const classes = self.attributes.get(key);
        const items = classes?.kind === 'tuple' ? classes.items : [];
        if (type.kind === 'class' && items.some((each) => each.kind === 'class' && isSubclass(type, each)))
          return bool(true);
        const isSure = type.kind === 'class' && items.every(({ kind }) => kind === 'class');
        return isSure ? bool(false) : unknown('Whether this exception is suppressed is not known', span);
      }),
    ],
  );
}

export const contextModule: ModuleTable = () =>
  new Map<string, PyValue>([
    ...functionValues({ contextmanager }),
    ['suppress', suppressClass()],
    ...['ExitStack', 'AbstractContextManager', 'redirect_stdout', 'redirect_stderr', 'closing'].map(
      (name): [string, PyValue] => [name, silentClass(name, 'enter_context callback close push')],
    ),
    [
      'nullcontext',
      nativeClass(
        'nullcontext',
        [],
        [
          [
            '__init__',
            builtin(
              '__init__',
              (machine, args) => {
                const [self, value] = args.positional;
                if (self?.kind === 'instance') machine.change(self).attributes.set('value', value ?? none);
                return none;
              },
              true,
            ),
          ],
          [
            '__enter__',
            builtin(
              '__enter__',
              (_, args) =>
                args.positional[0]?.kind === 'instance' ? (args.positional[0].attributes.get('value') ?? none) : none,
              true,
            ),
          ],
        ],
      ),
    ],
  ]);

/** `ContextVar`: one context is all there is. What `set` gives back is the value from before, for `reset`. */
const contextVariable = nativeClass(
  'ContextVar',
  [],
  [
    method('__init__', (self, args, machine) => {
      const initial = args.keywords.get('default');
      if (initial) machine.change(self).attributes.set('value', initial);
      return none;
    }),
    method('get', (self, { positional: [fallback] }, machine, span) => {
      const value = self.attributes.get('value') ?? fallback;
      return value ?? machine.raise('LookupError', 'This context variable has no value', span);
    }),
    method('set', (self, { positional: [value = none] }, machine) => {
      const before = self.attributes.get('value');
      machine.change(self).attributes.set('value', value);
      return tuple(before ? [before] : []);
    }),
    method('reset', (self, { positional: [token] }, machine) => {
      const [before] = token?.kind === 'tuple' ? token.items : [];
      if (before) machine.change(self).attributes.set('value', before);
      else machine.change(self).attributes.delete('value');
      return none;
    }),
  ],
);

export const contextVariablesModule: ModuleTable = () => new Map<string, PyValue>([['ContextVar', contextVariable]]);

const importByName: LibraryFunction = (machine, args, span) => {
  const name = textOfArgument(args.positional[0]);
  const packageName = textOfArgument(argument(args, 1, 'package'));
  const full = name.startsWith('.') ? `${packageName}${name}` : name;
  return importModule(machine, full, span) ?? machine.raise('ModuleNotFoundError', `No module named '${full}'`, span);
};

export const importlibModule: ModuleTable = () =>
  new Map<string, PyValue>([...functionValues({ import_module: importByName })]);

/** Whether a module could be imported: one that is modelled, or whose source is there. Nothing is read of it. */
function isImportable(machine: Machine, name: string, span: SourceSpan): boolean {
  const path = name.split('.').join('/');
  return (
    machine.library.module(machine, name) !== undefined ||
    machine.reader.roots.some((root) =>
      [`${root}/${path}/__init__.py`, `${root}/${path}.py`].some(
        (document) => machine.readDocument(document, span) !== undefined,
      ),
    )
  );
}

const findSpec: LibraryFunction = (machine, args, span) => {
  const name = textOfArgument(args.positional[0]);
  if (!isImportable(machine, name, span)) return none;
  const attributes = new Map<string, PyValue>([['name', string(name)]]);
  return { kind: 'instance', class: specClass, attributes, site: { span, callChain: [] } };
};

const specClass = nativeClass('ModuleSpec', []);

/** `distribution('name')`: a package that cannot be imported is not installed; of one that can, the version is not known. */
const distribution: LibraryFunction = (machine, args, span) => {
  const name = textOfArgument(args.positional[0]);
  if (isImportable(machine, name.replaceAll('-', '_'), span))
    return unknown(`Which version of ${name} is installed is not known`, span);
  return machine.raise('ModuleNotFoundError', `No package metadata was found for ${name}`, span);
};

/** Of `importlib.util` and `importlib.metadata`. */
export const importlibUtilModule: ModuleTable = (machine) =>
  new Map<string, PyValue>([
    ['PackageNotFoundError', machine.builtins.get('ModuleNotFoundError') ?? none],
    ...functionValues({
      find_spec: findSpec,
      distribution,
      version: (machine, args) =>
        machine.library.module(machine, textOfArgument(args.positional[0]))?.names.get('__version__') ??
        string('0.0.0'),
    }),
  ]);

export const atexitModule: ModuleTable = () => new Map<string, PyValue>([['register', optionalDecorator('register')]]);
