// Python's `pathlib`: paths are taken apart and joined as text; files of the workspace are read.

import type { SourceSpan } from '../../../common/source-span.ts';
import { nativeClass } from '../evaluator/classes.ts';
import type { PyValue } from '../evaluator/machine.ts';
import { builtin, none, pyTrue, string, tuple, unknown } from '../evaluator/values.ts';
import { instanceOf, openBuiltin } from './file-modules.ts';
import { method, type ModuleTable } from './module-table.ts';
import { isInWorkspace, pathOf, pathText, workspaceFile } from './workspace-files.ts';

/** A path's parts behind its last slash: `('a', 'b.c')` of `a/b.c`. */
const splitPath = (path: string): readonly [string, string] => {
  const at = path.lastIndexOf('/');
  return at < 0 ? ['.', path] : [path.slice(0, at), path.slice(at + 1)];
};
const stemOf = (name: string): string => (name.lastIndexOf('.') > 0 ? name.slice(0, name.lastIndexOf('.')) : name);

export const pathlibModule: ModuleTable = () => {
  const joined = (parts: readonly (string | undefined)[]): string | undefined => {
    const known = parts.filter((part) => part !== undefined);
    if (known.length < parts.length) return undefined;
    const last = known.findLastIndex((part) => /^(\/|[a-z][\w+.-]+:\/\/)/i.test(part));
    return known
      .slice(Math.max(0, last))
      .filter((part, i) => part !== '' && (part !== '.' || i === 0))
      .join('/')
      .replace(/^\.\/(?=.)/, '');
  };
  const make = (parts: readonly PyValue[], span: SourceSpan): PyValue => {
    const lost = parts.find((part) => part.kind === 'unknown');
    const text = joined(parts.map(pathOf));
    if (text === undefined) return lost ?? unknown('Which path this is is not known', span);
    return instanceOf(type, [[pathText, string(text === '' ? '.' : text)]], span);
  };
  const own = (self: PyValue): string => pathOf(self) ?? '';
  const property = (name: string, get: (path: string, span: SourceSpan) => PyValue): [string, PyValue] => [
    name,
    {
      kind: 'property',
      getter: builtin(name, (_, { positional: [self] }, span) => (self ? get(own(self), span) : none)),
    },
  ];
  const at = (path: string, span: SourceSpan): PyValue => make([string(path)], span);
  const isThere = (name: string): [string, PyValue] =>
    method(name, (self, _args, machine, span) =>
      isInWorkspace(machine, self, span)
        ? pyTrue
        : unknown(`Whether ${own(self)} is there is not known, as it is not in the workspace`, span),
    );
  const type = nativeClass(
    'Path',
    [],
    [
      method('__truediv__', (self, { positional }, _machine, span) => make([self, ...positional], span)),
      method('__rtruediv__', (self, { positional }, _machine, span) => make([...positional, self], span)),
      method('joinpath', (self, { positional }, _machine, span) => make([self, ...positional], span)),
      method('__str__', (self) => string(own(self))),
      method('__fspath__', (self) => string(own(self))),
      method('as_posix', (self) => string(own(self))),
      ...['resolve', 'absolute', 'expanduser'].map((name) => method(name, (self) => self)),
      ...['exists', 'is_file'].map(isThere),
      method('is_dir', (self, _args, _machine, span) => unknown(`Whether ${own(self)} is there is not known`, span)),
      ...['mkdir', 'touch', 'unlink', 'write_text', 'write_bytes'].map((name) => method(name, () => none)),
      method('read_text', (self, _args, machine, span) => {
        const file = workspaceFile(machine, self, span);
        return file.kind === 'unknown' ? file : string(file.text);
      }),
      method('open', (self, { positional, keywords }, machine, span) =>
        openBuiltin(machine, { positional: [self, ...positional], keywords }, span),
      ),
      method('with_suffix', (self, { positional: [suffix] }, _machine, span) => {
        const [folder, name] = splitPath(own(self));
        return make([string(folder), string(`${stemOf(name)}${pathOf(suffix) ?? ''}`)], span);
      }),
      method('with_name', (self, { positional: [name = none] }, _machine, span) =>
        make([string(splitPath(own(self))[0]), name], span),
      ),
      property('name', (path) => string(splitPath(path)[1])),
      property('stem', (path) => string(stemOf(splitPath(path)[1]))),
      property('suffix', (path) => string(splitPath(path)[1].slice(stemOf(splitPath(path)[1]).length))),
      property('parent', (path, span) => at(splitPath(path)[0], span)),
      property('parents', (path, span) => {
        const found: PyValue[] = [];
        for (let folder = splitPath(path)[0]; folder !== '.' && found.length < 50; [folder] = splitPath(folder))
          found.push(at(folder, span));
        return tuple(found);
      }),
      property('parts', (path) => tuple(path.split('/').map(string))),
      ['cwd', { kind: 'static-method', function: builtin('cwd', (_, _args, span) => at('.', span)) }],
      [
        'home',
        {
          kind: 'static-method',
          function: builtin('home', (_, _args, span) => unknown('Whose home is not known', span)),
        },
      ],
    ],
    (_, { positional }, span) => make(positional.length === 0 ? [string('.')] : positional, span),
  );
  return new Map<string, PyValue>([
    ['Path', type],
    ['PurePath', type],
    ['PosixPath', type],
    ['PurePosixPath', type],
  ]);
};
