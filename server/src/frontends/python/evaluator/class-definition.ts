// `class` statements: the body is run, and bases and the metaclass make of it what they do.

import { findMethod, namedTuple, resolutionOrder } from './classes.ts';
import { unshared } from './effects.ts';
import { isEnum, makeEnum } from './enums.ts';
import { evaluateArguments, evaluateExpression } from './expressions.ts';
import { amongOf, none, string, unknown } from './values.ts';
import type { Arguments, ClassValue, Machine, PyValue, Scope } from './machine.ts';
import type { ClassDefinition, Statement } from '../syntax/ast.ts';

/** A metaclass whose making of classes or instances is not followed, as a value that is not known; none otherwise. */
function unknownMetaclass(machine: Machine, meta: PyValue): PyValue {
  if (meta.kind === 'unknown') return meta;
  if (meta.kind !== 'class' || meta.span === undefined) return none;
  const own = ['__new__', '__init__', '__call__', '__prepare__', '__getattribute__', '__getattr__', '__setattr__'].find(
    (name) => findMethod(meta, name) !== undefined,
  );
  return own === undefined
    ? none
    : unknown(`What ${own} of the metaclass ${meta.name} does is not followed`, meta.span);
}

/** Whether what stands for the metaclass makes something that need be no class at all. */
function makesNoClass(meta: PyValue): boolean {
  if (meta.kind !== 'class') return meta.kind !== 'unknown' && meta.kind !== 'builtin';
  const isWritten = meta.span !== undefined && meta.unknownBase === undefined;
  return (
    isWritten &&
    meta.mro.every((type) => type.span !== undefined || /^(int|str|float|tuple|list|dict|object)$/.test(type.name))
  );
}

/** Tells what stands in a class its name there (`__set_name__`), and the bases of the class (`__init_subclass__`). */
function tellParts(
  machine: Machine,
  made: ClassValue,
  keywords: ReadonlyMap<string, PyValue>,
  span: ClassDefinition['nameSpan'],
): void {
  for (const [name, value] of [...made.attributes]) {
    const told = value.kind === 'instance' ? machine.method(value, '__set_name__', span) : undefined;
    if (told) machine.callWith(told, span, made, string(name));
  }
  const method = made.mro.slice(1).flatMap(({ attributes }) => attributes.get('__init_subclass__') ?? [])[0];
  const callee = method?.kind === 'class-method' ? method.function : method;
  if (callee) machine.call(callee, { positional: [made], keywords }, span);
}

/** Runs a class's body and makes the class of it, as its bases and its metaclass have it. */
export function defineClass(machine: Machine, scope: Scope, definition: ClassDefinition): PyValue {
  const args = evaluateArguments(
    machine,
    scope,
    definition.bases.filter((base) => base.kind !== 'keyword'),
  );
  const given = 'kind' in args ? [args] : args.positional;
  const bases = given.filter((base): base is ClassValue => base.kind === 'class');
  const meta = definition.bases.find(({ kind, name }) => kind === 'keyword' && name === 'metaclass');
  const metaclass = meta && evaluateExpression(machine, scope, meta.value);
  const keywords = new Map<string, PyValue>();
  for (const { kind, name, value } of definition.bases)
    if (kind === 'keyword' && name !== undefined && name !== 'metaclass')
      keywords.set(name, evaluateExpression(machine, scope, value));
  // A metaclass may be among what is given in a dictionary.
  const isOther =
    definition.bases.some(({ kind }) => kind === 'dictionary-splat') ||
    (metaclass !== undefined && makesNoClass(metaclass));
  if (isOther || given.some((base) => base.kind !== 'class' && base.kind !== 'unknown' && base.kind !== 'builtin'))
    return {
      ...unknown(`What the class statement of ${definition.name} makes is not followed`, definition.nameSpan),
      ...amongOf(given),
    };
  const lost = [...given, ...(metaclass ? [unknownMetaclass(machine, metaclass)] : [])].find(
    (base) => base.kind === 'unknown',
  );
  const made: ClassValue = {
    kind: 'class',
    name: definition.name,
    bases,
    mro: [],
    attributes: new Map(),
    span: definition.span,
    ...(metaclass?.kind === 'class' && { metaclass }),
    ...(lost?.kind === 'unknown' && { unknownBase: lost.reason }),
  };
  unshared(made).mro = resolutionOrder(made);
  machine.noteMade(made);
  machine.change(made).attributes.set('__module__', string(scope.module.name));
  const body: Scope = { names: made.attributes, parent: scope, module: scope.module, classBody: made };
  machine.runBlock(body, definition.body);
  const fields = definition.body.flatMap((statement) => {
    if (statement.kind !== 'annotated' || statement.target.kind !== 'name') return [];
    const value = made.attributes.get(statement.target.name);
    return [{ name: statement.target.name, ...(value && { default: value }) }];
  });
  unshared(made).fields = fields;
  tellParts(machine, made, keywords, definition.span);
  if (isEnum(made)) makeEnum(machine, made, definition.span);
  if (bases.some((base) => base.name === 'NamedTuple')) {
    const type = namedTuple(machine, definition.name, fields);
    for (const [name, value] of made.attributes)
      if (!fields.some((field) => field.name === name)) machine.change(type).attributes.set(name, value);
    return type;
  }
  // What derives from a named tuple is one, with methods.
  const record = bases.find((base) => base.construct !== undefined && base.attributes.has('_fields'));
  if (record?.construct && !made.attributes.has('__new__')) {
    const { construct } = record;
    unshared(made).construct = (inner: Machine, given: Arguments, span: Statement['span']) => {
      const items = construct(inner, given, span);
      return items.kind === 'tuple' ? { ...items, class: made } : items;
    };
  }
  return made;
}
