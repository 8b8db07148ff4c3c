// Files and the data in them as programs read them: `open`, `json`, `yaml`, `toml`, `csv`, `ast.literal_eval`. Only files of the workspace are read, none is written.

import type { SourceSpan } from '../../../common/source-span.ts';
import { nativeClass } from '../evaluator/classes.ts';
import type { Arguments, ClassValue, InstanceValue, Machine, PyValue, UnknownValue } from '../evaluator/machine.ts';
import { dict, int, list, none, pyFalse, pyTrue, string, unknown } from '../evaluator/values.ts';
import type { Expression } from '../syntax/ast.ts';
import { readCsv, readJson, readToml, readYaml, type DataText } from './data-texts.ts';
import {
  argument,
  functionValues,
  method,
  plainClasses,
  type LibraryFunction,
  type ModuleTable,
} from './module-table.ts';
import { isInWorkspace, pathOf, workspaceFile } from './workspace-files.ts';

/** The attributes of an open file that hold its text and document: no names that Python text can use. */
const fileText = '<text>';
const fileDocument = '<document>';

export const instanceOf = (
  type: ClassValue,
  attributes: Iterable<[string, PyValue]>,
  span: SourceSpan,
): InstanceValue => ({
  kind: 'instance',
  class: type,
  attributes: new Map(attributes),
  site: { span, callChain: [] },
});

export const iterator = (items: readonly PyValue[]): PyValue => ({ kind: 'iterator', items, position: 0 });

const textIn = (self: InstanceValue): string => {
  const text = self.attributes.get(fileText);
  return text?.kind === 'string' ? text.value : '';
};

const linesOf = (text: string): readonly PyValue[] => (text.match(/[^\n]*\n|[^\n]+$/g) ?? []).map(string);

const openFile = nativeClass(
  'TextIOWrapper',
  [],
  [
    method('__enter__', (self) => self),
    method('__exit__', () => none),
    method('close', () => none),
    method('read', (self, args, machine) => {
      const text = textIn(self);
      machine.change(self).attributes.set(fileText, string(''));
      return string(text);
    }),
    method('readlines', (self, args, machine, span) => {
      const lines = linesOf(textIn(self));
      machine.hold(lines.length, span);
      return list(lines);
    }),
    method('readline', (self, args, machine) => {
      const text = textIn(self);
      const end = text.indexOf('\n') + 1 || text.length;
      machine.change(self).attributes.set(fileText, string(text.slice(end)));
      return string(text.slice(0, end));
    }),
    method('__iter__', (self, args, machine, span) => {
      const lines = linesOf(textIn(self));
      machine.hold(lines.length, span);
      return iterator(lines);
    }),
    method('seek', (self, args, machine, span) => {
      const file = workspaceFile(machine, self.attributes.get(fileDocument), span);
      if (file.kind === 'file') machine.change(self).attributes.set(fileText, string(file.text));
      return int(0);
    }),
  ],
);

/** `open(path)`: a file of the workspace for reading; whatever else is opened is unknown, and nothing is written. */
export const openBuiltin: LibraryFunction = (machine, args, span) => {
  const mode = argument(args, 1, 'mode');
  if (mode !== undefined && (mode.kind !== 'string' || /[wax+]/.test(mode.value)))
    return unknown('What a program writes is not kept', span);
  const file = workspaceFile(machine, argument(args, 0, 'file'), span);
  if (file.kind === 'unknown') return file;
  machine.holdText(file.text.length, span);
  const attributes: [string, PyValue][] = [
    [fileText, string(file.text)],
    [fileDocument, string(file.document)],
    ['name', argument(args, 0, 'file') ?? none],
  ];
  return instanceOf(openFile, attributes, span);
};

export const ioModule: ModuleTable = () =>
  new Map<string, PyValue>([
    ...functionValues({ open: openBuiltin }),
    ...plainClasses('StringIO BytesIO TextIOWrapper'),
  ]);

/** The text of an open file, a string, or why it is not known. */
export function dataOf(value: PyValue | undefined): DataText | UnknownValue | undefined {
  if (value?.kind === 'unknown') return value;
  if (value?.kind === 'string') return { text: value.value, document: undefined };
  if (value?.kind !== 'instance' || value.class !== openFile) return undefined;
  const document = value.attributes.get(fileDocument);
  return { text: textIn(value), document: document?.kind === 'string' ? document.value : undefined };
}

/** A function that reads the text of its first argument. */
const reading =
  (read: (machine: Machine, data: DataText, span: SourceSpan) => PyValue): LibraryFunction =>
  (machine, args, span) => {
    const [value = [...args.keywords.values()][0]] = args.positional;
    const data = dataOf(value);
    if (data === undefined) return unknown('What this reads is not known', span);
    return 'kind' in data ? data : read(machine, data, span);
  };

/** What errors in data derive from. */
function valueError(machine: Machine): readonly ClassValue[] {
  const found = machine.builtins.get('ValueError');
  return found?.kind === 'class' ? [found] : [];
}

export const jsonModule: ModuleTable = (machine) =>
  new Map<string, PyValue>([
    ...functionValues({
      load: reading(readJson),
      loads: reading(readJson),
      dump: () => none,
      dumps: (_, _args, span) => unknown('What this text is is not followed', span),
    }),
    ...plainClasses('JSONEncoder JSONDecoder'),
    ['JSONDecodeError', nativeClass('JSONDecodeError', valueError(machine))],
  ]);

export const yamlModule: ModuleTable = () =>
  new Map<string, PyValue>([
    ...functionValues({
      safe_load: reading(readYaml),
      load: reading(readYaml),
      full_load: reading(readYaml),
      unsafe_load: reading(readYaml),
      dump: (_, args) => (args.positional.length > 1 ? none : unknown('What this text is is not followed', noPlace)),
      safe_dump: (_, args) =>
        args.positional.length > 1 ? none : unknown('What this text is is not followed', noPlace),
      add_constructor: () => none,
      add_representer: () => none,
    }),
    ...plainClasses(
      'Loader SafeLoader FullLoader UnsafeLoader CLoader CSafeLoader CFullLoader Dumper SafeDumper YAMLError',
    ),
  ]);

const noPlace: SourceSpan = { document: '', start: 0, end: 0 };

/** `tomllib`, `tomli` and `toml`, which also reads a path. */
export const tomlModule: ModuleTable = () =>
  new Map<string, PyValue>([
    ...functionValues({
      loads: reading(readToml),
      load: (machine, args, span) => {
        const value = argument(args, 0);
        const file = pathOf(value) === undefined ? undefined : workspaceFile(machine, value, span);
        if (file === undefined) return reading(readToml)(machine, args, span);
        return file.kind === 'unknown' ? file : readToml(machine, file, span);
      },
    }),
    ...plainClasses('TOMLDecodeError TomlDecodeError'),
  ]);

export const csvModule: ModuleTable = () => {
  const rows = (args: Arguments): readonly (readonly string[])[] | UnknownValue | undefined => {
    const data = dataOf(argument(args, 0));
    if (data === undefined || 'kind' in data) return data;
    const delimiter = args.keywords.get('delimiter');
    return readCsv(data.text, delimiter?.kind === 'string' ? delimiter.value : ',');
  };
  const reader =
    (show: (rows: readonly (readonly string[])[]) => readonly PyValue[]): LibraryFunction =>
    (machine, args, span) => {
      const read = rows(args);
      if (read === undefined) return unknown('What this reads is not known', span);
      if ('kind' in read) return read;
      machine.hold(read.length, span);
      return iterator(show(read));
    };
  return new Map<string, PyValue>(
    functionValues({
      reader: reader((read) => read.map((row) => list(row.map(string)))),
      DictReader: reader(([header = [], ...read]) =>
        read.map((row) => dict(header.map((name, i) => [string(name), string(row[i] ?? '')] as const))),
      ),
    }),
  );
};

/** What `ast.literal_eval` takes: no names, no calls. */
function isLiteral(expression: Expression): boolean {
  switch (expression.kind) {
    case 'number':
    case 'string':
    case 'constant':
    case 'ellipsis':
      return true;
    case 'unary':
      return expression.operator !== 'not' && isLiteral(expression.operand);
    case 'tuple':
    case 'list':
    case 'set':
      return expression.elements.every(isLiteral);
    case 'dictionary':
      return expression.entries.every(({ key, value }) => key !== undefined && isLiteral(key) && isLiteral(value));
    default:
      return false;
  }
}

export const literalEval: LibraryFunction = (machine, args, span) => {
  const text = argument(args, 0);
  if (text?.kind === 'unknown') return text;
  if (text?.kind !== 'string') return unknown('What this is as a literal is not followed', span);
  const { body, problems } = machine.parser.parse(span.document, text.value.trim(), span);
  const [first] = body;
  if (first === undefined || body.length > 1 || problems.length > 0)
    return machine.raise('SyntaxError', 'invalid syntax', span);
  if (first.kind !== 'expression' || !isLiteral(first.expression))
    return machine.raise('ValueError', 'malformed node or string', span);
  const module = { kind: 'module', name: '', document: '', names: new Map(), isModelled: true } as const;
  return machine.evaluate({ names: new Map(), parent: undefined, module }, first.expression);
};

export const astModule: ModuleTable = () => new Map(functionValues({ literal_eval: literalEval }));

/** `os.path.exists` and `isfile`: true for files of the workspace, else not known. */
export const existsOnDisk: LibraryFunction = (machine, args, span) => {
  const path = argument(args, 0);
  if (path?.kind === 'unknown' || path?.kind === 'none') return path.kind === 'none' ? pyFalse : path;
  return isInWorkspace(machine, path, span)
    ? pyTrue
    : unknown(`Whether ${pathOf(path) ?? 'this file'} is there is not known, as it is not in the workspace`, span);
};
