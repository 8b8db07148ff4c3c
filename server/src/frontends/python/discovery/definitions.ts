// What the classes and functions of a file make, as far as their text tells: modules, factories of modules, neither.

import type {
  ClassDefinition,
  Expression,
  FunctionDefinition,
  ParameterDeclaration,
  Statement,
} from '../syntax/ast.ts';
import { blocksOf } from '../syntax/assigned-names.ts';
import { namesInBody } from '../syntax/mentioned-names.ts';
import { assignmentsIn, isCalled } from './syntax-search.ts';
import { isModelBase, isModelMaker } from './vocabulary.ts';

export type Definition = ClassDefinition | FunctionDefinition;
/** Those of a file's top level, by name. */
export type Definitions = ReadonlyMap<string, Definition>;

/** The definitions of a file; those in its `if` and `try` count, as one of them is what the name means. */
export function definitionsIn(body: readonly Statement[]): Definitions {
  const found = new Map<string, Definition>();
  const visit = (statement: Statement): void => {
    if (statement.kind === 'class' || statement.kind === 'function') found.set(statement.name, statement);
    for (const block of blocksOf(statement)) block.forEach(visit);
  };
  body.forEach(visit);
  return found;
}

/** Which of some definitions the body of another one of them mentions; the answer to all takes one look at each. */
export function usedByOthers(definitions: Iterable<Definition>): (definition: Definition) => boolean {
  const users = new Map<string, Definition | 'several'>();
  for (const user of definitions)
    for (const name of namesInBody(user)) users.set(name, users.has(name) ? 'several' : user);
  return (definition) => {
    const user = users.get(definition.name);
    return user !== undefined && user !== definition;
  };
}

/** Bases that make something else of a class with a `forward`. */
const noModel = /^(|object|ABC|Protocol|Generic|Function|InplaceFunction|Enum|NamedTuple|Exception)$/;

export function isModuleClass(definition: Definition, definitions: Definitions, depth = 0): boolean {
  if (definition.kind !== 'class') return false;
  return definition.bases.some(({ value }) => {
    const name = value.kind === 'attribute' ? value.name : value.kind === 'name' ? value.name : '';
    if (isModelBase(name)) return true;
    const base = definitions.get(name);
    // A base of another file: what has a `forward` of its own is called like a layer.
    if (base === undefined) return !noModel.test(name) && isCalled(definition.body);
    return depth < 20 && base !== definition && isModuleClass(base, definitions, depth + 1);
  });
}

/** A class that makes modules, or a function that returns one, as far as its text tells. */
export function mayBeModel(definition: Definition, definitions: Definitions): boolean {
  if (definition.kind === 'class') return isModuleClass(definition, definitions);
  return returned(definition.body).some((returnedValue) => {
    const value = assignedTo(returnedValue, definition);
    const callee = value.kind === 'call' ? value.callee : undefined;
    if (callee?.kind === 'attribute') return isModelMaker(callee.name);
    if (callee?.kind === 'name' && !definitions.has(callee.name) && isModelMaker(callee.name)) return true;
    const target = callee?.kind === 'name' ? definitions.get(callee.name) : undefined;
    return target?.kind === 'class'
      ? isModuleClass(target, definitions)
      : target !== undefined && target !== definition;
  });
}

/** What a returned variable was given, as far as it is a call. */
function assignedTo(value: Expression, { body }: FunctionDefinition): Expression {
  if (value.kind !== 'name') return value;
  return (
    assignmentsWithin(body).find(
      ({ target, value: given }) => target.kind === 'name' && target.name === value.name && given.kind === 'call',
    )?.value ?? value
  );
}

function assignmentsWithin(
  block: readonly Statement[],
): readonly { readonly target: Expression; readonly value: Expression }[] {
  return block.flatMap((statement) => [
    ...assignmentsIn(statement),
    ...blocksOf(statement).flatMap((inner) => assignmentsWithin(inner)),
  ]);
}

/** Where a function assigns the variables that it returns. */
export function placesGiven({ body }: FunctionDefinition): readonly number[] {
  const names = returned(body).flatMap((value) => (value.kind === 'name' ? [value.name] : []));
  return assignmentsWithin(body).flatMap(({ target, value }) =>
    target.kind === 'name' && names.includes(target.name) && value.kind === 'call' ? [target.span.start] : [],
  );
}

/** A function that can be called without arguments, and means to be. */
export const isFactory = (definition: Definition): definition is FunctionDefinition =>
  definition.kind === 'function' && !definition.name.startsWith('_') && !definition.parameters.some(isNeeded);

/** What a function returns in its own blocks. */
export function returned(body: readonly Statement[]): readonly Expression[] {
  return body.flatMap((statement) =>
    statement.kind === 'return' && statement.value
      ? [statement.value]
      : blocksOf(statement).flatMap((block) => returned(block)),
  );
}

/** Whether a call has to give the parameter. */
export const isNeeded = ({ kind, default: value }: ParameterDeclaration): boolean =>
  !kind.endsWith('splat') && value === undefined;

/** A class's own constructor, or that of the first base in the file. */
export function constructorOf(
  definition: ClassDefinition,
  definitions: Definitions,
  depth = 0,
): FunctionDefinition | undefined {
  const own = definition.body.find((statement) => statement.kind === 'function' && statement.name === '__init__');
  if (own?.kind === 'function') return own;
  const base = definition.bases[0]?.value;
  const parent = base?.kind === 'name' ? definitions.get(base.name) : undefined;
  return parent?.kind === 'class' && depth < 20 ? constructorOf(parent, definitions, depth + 1) : undefined;
}

/** The arguments without which a class or function makes nothing. */
export function neededArguments(definition: Definition, definitions: Definitions): readonly string[] {
  const parameters =
    definition.kind === 'function'
      ? definition.parameters
      : (constructorOf(definition, definitions)?.parameters.slice(1) ?? []);
  return parameters.filter(isNeeded).map(({ name }) => name);
}
