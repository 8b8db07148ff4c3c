// Which models a Python file offers: what the user asked for, a directive, a call seen in the file, or what can be made
// without arguments. Only the syntax is looked at.

import type { SourceSpan } from '../../../common/source-span.ts';
import type { ModelEntry } from '../../../network/network-graph.ts';
import type { EntryList, EntryRequest } from '../../shared/frontend.ts';
import { findDirectives, type Directive } from '../../shared/directive.ts';
import type {
  ClassDefinition,
  Expression,
  ExpressionOf,
  FunctionDefinition,
  ParameterDeclaration,
  Statement,
} from '../syntax/ast.ts';
import { assumedShape, preparedData, shapesSeen } from './input-shapes.ts';
import { assignedNames, blocksOf, isMainGuard, madeModels, mentions, type MadeModel } from './made-models.ts';
import type { ParsedModule } from '../syntax/python-parser.ts';

interface Candidate {
  readonly name: string;
  readonly span: SourceSpan;
  readonly from: 'call' | 'default';
}

/** The entries of a parsed file, best first. */
export function findEntries(document: string, text: string, parsed: ParsedModule, request?: EntryRequest): EntryList {
  const { directives, problems } = findDirectives(document, text);
  const definitions = new Map(
    parsed.body.flatMap((statement) =>
      statement.kind === 'class' || statement.kind === 'function' ? [[statement.name, statement] as const] : [],
    ),
  );
  const spanOf = (name: string): SourceSpan =>
    definitions.get(/^\w+/.exec(name)?.[0] ?? '')?.nameSpan ?? { document, start: 0, end: 0 };
  const seen = shapesSeen(parsed.body, text);
  // Input sizes rarely differ between the models of one file: a directive for another entry is the next best guess.
  const shared =
    directives.findLast((directive) => directive.entry === undefined && directive.input !== undefined) ??
    directives.find((directive) => directive.input !== undefined);
  const directiveOf = (name: string): Directive | undefined =>
    directives.find((directive) => directive.entry !== undefined && callForm(directive.entry) === callForm(name));
  const entry = (name: string, from: ModelEntry['from'], directive?: Directive, span = spanOf(name)): ModelEntry => {
    const common = { document, name, from, span };
    if (request?.input) return { ...common, input: { shapes: request.input, from: request.from } };
    const said = directive?.input ? directive : shared;
    if (said?.input) return { ...common, input: { shapes: said.input, from: 'directive', span: said.span } };
    if (seen) return { ...common, input: { shapes: seen.shapes, from: 'call', span: seen.span } };
    return { ...common, input: { shapes: [assumedShape(preparedData(parsed.body, text))], from: 'default' } };
  };
  const entries: ModelEntry[] = [];
  const add = (made: ModelEntry): void => {
    if (!entries.some((known) => callForm(known.name) === callForm(made.name))) entries.push(made);
  };
  if (request?.entry !== undefined && request.entry !== '')
    add(entry(request.entry, request.from, directiveOf(request.entry)));
  for (const directive of directives)
    if (directive.entry !== undefined) add(entry(directive.entry, 'directive', directive));
  const made = madeModels(parsed.body, text);
  for (const candidate of [...callsSeen(parsed.body, definitions, made), ...makeable(definitions, made)])
    add(entry(candidate.name, candidate.from, undefined, candidate.span));
  return { entries, problems };
}

/** `LeNet` and `LeNet()` are the same entry. */
function callForm(name: string): string {
  return /^\w+$/.test(name) ? `${name}()` : name.replace(/\s+/g, '');
}

type Definitions = ReadonlyMap<string, ClassDefinition | FunctionDefinition>;

function isModuleClass(definition: ClassDefinition, definitions: Definitions, depth = 0): boolean {
  return definition.bases.some(({ value }) => {
    const name = value.kind === 'attribute' ? value.name : value.kind === 'name' ? value.name : '';
    if (/^(Module|Sequential|LightningModule)$/.test(name)) return true;
    const base = definitions.get(name);
    return depth < 20 && base?.kind === 'class' && base !== definition && isModuleClass(base, definitions, depth + 1);
  });
}

/** Methods that give the module itself. */
const keepsLayers = /^(to|cuda|cpu|train|eval|float|half|double|requires_grad_)$/;

/** A call whose result is assigned, and the names that only its own function or guard knows. */
interface WrittenCall {
  readonly value: ExpressionOf<'call'>;
  readonly target: Expression | undefined;
  readonly hidden: ReadonlySet<string>;
}

/** `Net()` of `Net().to(device)` and its kin. */
function unwrapped(value: Expression): Expression {
  if (value.kind !== 'call' || value.callee.kind !== 'attribute') return value;
  const { name, object } = value.callee;
  return keepsLayers.test(name) && object.kind === 'call' ? unwrapped(object) : value;
}

/** The assigned calls of a file, in the order of its text: at its top level, under the main guard, in its functions. */
function writtenCalls(body: readonly Statement[]): readonly WrittenCall[] {
  const found: WrittenCall[] = [];
  const visit = (statement: Statement, hidden: ReadonlySet<string>): void => {
    const value = statement.kind === 'assignment' ? unwrapped(statement.value) : undefined;
    if (statement.kind === 'assignment' && value?.kind === 'call')
      found.push({ value, target: statement.targets[0], hidden });
    const inner =
      statement.kind === 'function'
        ? new Set([...statement.parameters.map(({ name }) => name), ...assignedNames(statement.body)])
        : statement.kind === 'if' && isMainGuard(statement)
          ? assignedNames(statement.body)
          : hidden;
    const blocks = statement.kind === 'function' ? [statement.body] : blocksOf(statement);
    for (const block of blocks) for (const each of block) visit(each, inner);
  };
  for (const statement of body) visit(statement, new Set());
  return found;
}

/** Models that the file itself makes: named by the call, or by the variable where it takes more than one call. */
function callsSeen(
  body: readonly Statement[],
  definitions: Definitions,
  made: readonly MadeModel[],
): readonly Candidate[] {
  const found: { readonly at: number; readonly candidate: Candidate }[] = [];
  // What a factory gives back is the factory's model.
  const given = new Set([...definitions.values()].filter(isFactory).flatMap((definition) => placesGiven(definition)));
  const named = new Set(given);
  const changed = new Set(made.filter(({ isChanged }) => isChanged).map(({ span }) => span.start));
  for (const { value, target, hidden } of writtenCalls(body)) {
    const { callee } = value;
    const definition = callee.kind === 'name' ? definitions.get(callee.name) : undefined;
    if (definition === undefined || (definition.kind === 'class' && !isModuleClass(definition, definitions))) continue;
    const text = describe(value, hidden);
    const at = target?.span.start ?? value.span.start;
    if (text === undefined || changed.has(at) || given.has(at) || !mayBeModel(definition, definitions)) continue;
    named.add(at);
    found.push({ at, candidate: { name: text, span: definition.nameSpan, from: 'call' } });
  }
  for (const { name, span, within, variable } of made) {
    // A part that a function makes for others is no model that a script trains.
    const isPart = within?.kind === 'function' && returned(within.body).some((value) => mentions(value, variable));
    if (!named.has(span.start) && !isPart) found.push({ at: span.start, candidate: { name, span, from: 'call' } });
  }
  return found.sort((left, right) => left.at - right.at).map(({ candidate }) => candidate);
}

/** The call that an entry was named after, as it stands in the file; undefined for an entry that comes from elsewhere. */
export function writtenCall(body: readonly Statement[], name: string): Expression | undefined {
  return writtenCalls(body).find(({ value, hidden }) => {
    const text = describe(value, hidden);
    return text !== undefined && callForm(text) === callForm(name);
  })?.value;
}

/** A function that returns a module, as far as its text tells. */
function mayBeModel(definition: ClassDefinition | FunctionDefinition, definitions: Definitions): boolean {
  if (definition.kind === 'class') return true;
  return returned(definition.body).some((returnedValue) => {
    const value = assignedTo(returnedValue, definition);
    const callee = value.kind === 'call' ? value.callee : undefined;
    if (callee?.kind === 'attribute') return callee.name === 'Sequential';
    const target = callee?.kind === 'name' ? definitions.get(callee.name) : undefined;
    return target?.kind === 'class'
      ? isModuleClass(target, definitions)
      : target !== undefined && target !== definition;
  });
}

/** What a returned variable was given, as far as it is a call. */
function assignedTo(value: Expression, { body }: FunctionDefinition): Expression {
  if (value.kind !== 'name') return value;
  return writtenCalls(body).find(({ target }) => target?.kind === 'name' && target.name === value.name)?.value ?? value;
}

/** Where a function assigns the variables that it returns. */
function placesGiven({ body }: FunctionDefinition): readonly number[] {
  const names = returned(body).flatMap((value) => (value.kind === 'name' ? [value.name] : []));
  return writtenCalls(body).flatMap(({ target }) =>
    target?.kind === 'name' && names.includes(target.name) ? [target.span.start] : [],
  );
}

/** A function that can be called without arguments, and means to be. */
const isFactory = (definition: ClassDefinition | FunctionDefinition): definition is FunctionDefinition =>
  definition.kind === 'function' && !definition.name.startsWith('_') && !definition.parameters.some(needsArgument);

function returned(body: readonly Statement[]): readonly Expression[] {
  return body.flatMap((statement) => {
    if (statement.kind === 'return' && statement.value) return [statement.value];
    if (statement.kind === 'if') return [...returned(statement.body), ...returned(statement.otherwise)];
    return [];
  });
}

const needsArgument = (parameter: ParameterDeclaration): boolean =>
  !parameter.kind.endsWith('splat') && parameter.default === undefined;

/** Factories and classes that can be made without arguments: factories first, then classes that no other one uses. */
function makeable(definitions: Definitions, made: readonly MadeModel[]): readonly Candidate[] {
  const factories: Candidate[] = [];
  const classes: { candidate: Candidate; definition: ClassDefinition }[] = [];
  for (const definition of definitions.values()) {
    if (definition.name.startsWith('_')) continue;
    if (definition.kind === 'function') {
      const places = placesGiven(definition);
      const gives = made.some(({ within, span }) => within === definition && places.includes(span.start));
      if (isFactory(definition) && (gives || mayBeModel(definition, definitions)))
        factories.push({ name: `${definition.name}()`, span: definition.nameSpan, from: 'default' });
    } else if (
      isModuleClass(definition, definitions) &&
      !constructor(definition, definitions)?.parameters.slice(1).some(needsArgument)
    ) {
      classes.push({
        definition,
        candidate: { name: `${definition.name}()`, span: definition.nameSpan, from: 'default' },
      });
    }
  }
  const free = classes.filter(
    ({ definition }) =>
      !classes.some((other) => other.definition !== definition && mentions(other.definition.body, definition.name)),
  );
  return [...factories, ...(free.length > 0 ? free : classes).map(({ candidate }) => candidate)];
}

function constructor(definition: ClassDefinition, definitions: Definitions, depth = 0): FunctionDefinition | undefined {
  const own = definition.body.find((statement) => statement.kind === 'function' && statement.name === '__init__');
  if (own?.kind === 'function') return own;
  const base = definition.bases[0]?.value;
  const parent = base?.kind === 'name' ? definitions.get(base.name) : undefined;
  return parent?.kind === 'class' && depth < 20 ? constructor(parent, definitions, depth + 1) : undefined;
}

/** The call as text, when its arguments are constants or names of the file, none of them hidden in a function. */
function describe(expression: Expression, hidden: ReadonlySet<string>): string | undefined {
  switch (expression.kind) {
    case 'name':
      return hidden.has(expression.name) ? undefined : expression.name;
    case 'number':
      return String(expression.value);
    case 'string':
      return JSON.stringify(expression.value);
    case 'constant':
      return expression.value === null ? 'None' : expression.value ? 'True' : 'False';
    case 'list':
    case 'tuple': {
      const parts = expression.elements.map((element) => describe(element, hidden));
      if (parts.includes(undefined)) return undefined;
      return expression.kind === 'list'
        ? `[${parts.join(', ')}]`
        : `(${parts.join(', ')}${parts.length === 1 ? ',' : ''})`;
    }
    case 'call': {
      const callee = describe(expression.callee, hidden);
      const parts = expression.arguments.map((argument) => {
        const value = describe(argument.value, hidden);
        if (value === undefined || argument.kind.endsWith('splat')) return undefined;
        return argument.kind === 'keyword' ? `${argument.name ?? ''}=${value}` : value;
      });
      return callee === undefined || parts.includes(undefined) ? undefined : `${callee}(${parts.join(', ')})`;
    }
    default:
      return undefined;
  }
}
