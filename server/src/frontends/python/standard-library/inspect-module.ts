// `inspect`: what source asks of functions, classes and modules before it calls them.

import { nativeClass } from '../evaluator/classes.ts';
import { bool, dict, int, list, none, string, tuple, unknown } from '../evaluator/values.ts';
import { functionValues, type LibraryFunction, type ModuleTable } from './module-table.ts';
import type { ClassValue, PyValue, ShownParameter } from '../evaluator/machine.ts';

const parameterKinds = [
  'POSITIONAL_ONLY',
  'POSITIONAL_OR_KEYWORD',
  'VAR_POSITIONAL',
  'KEYWORD_ONLY',
  'VAR_KEYWORD',
] as const;
const kindNumbers = { positional: 1, splat: 2, 'keyword-only': 3, 'dictionary-splat': 4 } as const;

/** The function behind those that `wraps` it. */
function unwrapped(value: PyValue, depth = 0): PyValue {
  const wrapped = value.kind === 'function' && depth < 20 ? value.attributes.get('__wrapped__') : undefined;
  return wrapped === undefined ? value : unwrapped(wrapped, depth + 1);
}

/** The parameters that a callable shows: behind `wraps`, of a class those of its constructor. */
function parametersOf(value: PyValue | undefined, depth = 0): readonly ShownParameter[] | undefined {
  if (value === undefined || depth > 20) return undefined;
  switch (value.kind) {
    case 'function': {
      const wrapped = value.attributes.get('__wrapped__');
      const own = value.parameters.map(({ name, kind }) => ({ name, kind, default: value.defaults.get(name) }));
      return (wrapped && parametersOf(wrapped, depth + 1)) ?? own;
    }
    case 'builtin':
      return value.parameters;
    case 'bound-method':
      return value.function.kind === 'function' ? parametersOf(value.function)?.slice(1) : value.function.parameters;
    case 'partial':
      return parametersOf(value.function, depth + 1);
    case 'class': {
      const init = value.mro.map((type) => type.attributes.get('__init__')).find((found) => found !== undefined);
      return init?.kind === 'function' ? parametersOf(init)?.slice(1) : parametersOf(init);
    }
    default:
      return undefined;
  }
}

function signatureOf(signatureClass: ClassValue, parameterClass: ClassValue, empty: PyValue): LibraryFunction {
  return (_, args, span) => {
    const parameters = parametersOf(args.positional[0]);
    if (parameters === undefined) return unknown('The parameters of this function are not known', span);
    const made = parameters.map((parameter) => {
      const value: PyValue = {
        kind: 'instance',
        class: parameterClass,
        site: { span, callChain: [] },
        attributes: new Map<string, PyValue>([
          ['name', string(parameter.name)],
          ['kind', int(kindNumbers[parameter.kind])],
          ['default', parameter.default ?? empty],
          ['annotation', empty],
        ]),
      };
      return [string(parameter.name), value] as const;
    });
    return {
      kind: 'instance',
      class: signatureClass,
      site: { span, callChain: [] },
      attributes: new Map<string, PyValue>([
        ['parameters', dict(made)],
        ['return_annotation', empty],
      ]),
    };
  };
}

/** `inspect.getsource` of modules, which libraries search for names. */
const sourceOf: LibraryFunction = (machine, args, span) => {
  const [value] = args.positional;
  const text = value?.kind === 'module' ? machine.reader.read(value.document) : undefined;
  return text === undefined ? unknown('Only the source of modules is known here', span) : string(text);
};

export const inspectModule: ModuleTable = () => {
  const empty = nativeClass('_empty', []);
  const kinds = parameterKinds.map((name, i): [string, PyValue] => [name, int(i)]);
  const parameterClass = nativeClass('Parameter', [], [...kinds, ['empty', empty]]);
  const signatureClass = nativeClass('Signature', [], [['empty', empty]]);
  const isKind =
    (...accepted: readonly PyValue['kind'][]): LibraryFunction =>
    (_, { positional: [value = none] }) =>
      value.kind === 'unknown' ? value : bool(accepted.includes(value.kind));
  return new Map<string, PyValue>([
    ...functionValues({
      signature: signatureOf(signatureClass, parameterClass, empty),
      isfunction: isKind('function'),
      isclass: isKind('class'),
      ismodule: isKind('module'),
      ismethod: isKind('bound-method'),
      isroutine: isKind('function', 'builtin', 'bound-method'),
      getmro: (_, { positional: [value = none] }) =>
        value.kind === 'unknown' ? value : tuple(value.kind === 'class' ? value.mro : []),
      unwrap: (_, args) => unwrapped(args.positional[0] ?? none),
      getsource: sourceOf,
      getfullargspec: argumentsOf,
      getmembers: (_, args, span) => {
        const [value] = args.positional;
        // Of a module its own names; what all objects have is not listed.
        if (value?.kind !== 'module' && args.positional.length < 2)
          return unknown('All that this has is not listed', span);
        const names =
          value?.kind === 'module'
            ? value.names
            : value?.kind === 'class' || value?.kind === 'instance'
              ? value.attributes
              : undefined;
        if (names === undefined) return unknown('All that this has is not listed', span);
        return list([...names].map(([name, member]) => tuple([string(name), member])));
      },
    }),
    ['Parameter', parameterClass],
    ['Signature', signatureClass],
    ['_empty', empty],
  ]);
};

/** `inspect.getfullargspec`; of a class and of what is bound, with the instance that they are called with. */
const argumentsOf: LibraryFunction = (_, { positional: [value] }, span) => {
  const parameters = parametersOf(value);
  if (parameters === undefined) return unknown('The parameters of this function are not known', span);
  const named = (kind: ShownParameter['kind']): readonly ShownParameter[] =>
    parameters.filter((parameter) => parameter.kind === kind);
  const first = (kind: ShownParameter['kind']): PyValue => named(kind).map(({ name }) => string(name))[0] ?? none;
  const names = (kind: ShownParameter['kind']): PyValue[] => named(kind).map(({ name }) => string(name));
  const isBound = value?.kind === 'class' || value?.kind === 'bound-method';
  const attributes = new Map<string, PyValue>([
    ['args', list([...(isBound ? [string('self')] : []), ...names('positional')])],
    ['varargs', first('splat')],
    ['varkw', first('dictionary-splat')],
    ['defaults', tuple(named('positional').flatMap((parameter) => parameter.default ?? []))],
    ['kwonlyargs', list(names('keyword-only'))],
    [
      'kwonlydefaults',
      dict(
        named('keyword-only').flatMap(({ name, default: value }) => (value ? [[string(name), value] as const] : [])),
      ),
    ],
    ['annotations', dict()],
  ]);
  return { kind: 'instance', class: argumentsClass, attributes, site: { span, callChain: [] } };
};

const argumentsClass = nativeClass('FullArgSpec', []);
