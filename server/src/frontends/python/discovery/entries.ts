// Which models a Python file offers: what the user asked for, a directive, what the file makes when it is run, or what can be
// made without arguments. Only the syntax is looked at.

import type { SourceSpan } from '../../../common/source-span.ts';
import type { ModelEntry } from '../../../network/network-graph.ts';
import { findDirectives, type Directive } from '../../shared/directive.ts';
import type { EntryList, EntryRequest, UnmadeModel } from '../../shared/frontend.ts';
import type { ClassDefinition, Expression, Statement } from '../syntax/ast.ts';
import type { ParsedModule } from '../syntax/python-parser.ts';
import {
  definitionsIn,
  isFactory,
  isModuleClass,
  mayBeModel,
  neededArguments,
  placesGiven,
  usedByOthers,
  type Definitions,
} from './definitions.ts';
import {
  calledGraphs,
  graphFunctions,
  makeableGraphs,
  statedSides,
  type GraphEntry,
  type GraphFunctions,
} from './graph-functions.ts';
import { assumedShape, modelInputs, preparedData, type PreparedData } from './input-shapes.ts';
import { isPart, madeModels, type KeptModel } from './made-models.ts';
import { rankOf } from './secondary-models.ts';
import { whyNoEntries } from './why-no-entries.ts';
import { statedByArguments } from './stated-sizes.ts';
import { blocksOf } from '../syntax/assigned-names.ts';
import { assignmentsIn } from './syntax-search.ts';
import { callForm, describe, writtenCalls } from './written-calls.ts';

interface Candidate {
  readonly name: string;
  readonly span: SourceSpan;
  readonly from: 'call' | 'default';
  /** The variables that keep it, by which its inputs are found. */
  readonly holders: readonly string[];
  /** Whether a layer of the file makes it as a part of itself. */
  readonly isPart?: boolean;
}

/** The entries of a parsed file, best first. */
export function findEntries(document: string, text: string, parsed: ParsedModule, request?: EntryRequest): EntryList {
  const { directives, problems } = findDirectives(document, text);
  const { body } = parsed;
  const definitions = definitionsIn(body);
  const spanOf = (name: string): SourceSpan =>
    definitions.get(/^\w+/.exec(name)?.[0] ?? '')?.nameSpan ?? { document, start: 0, end: 0 };
  const inputs = modelInputs(body, text);
  let data: PreparedData | undefined;
  // Input sizes rarely differ between the models of one file: a directive for another entry is the next best guess.
  const shared =
    directives.findLast((directive) => directive.entry === undefined && directive.input !== undefined) ??
    directives.find((directive) => directive.input !== undefined);
  const made = madeModels(body, text, definitions);
  const graphs = graphFunctions(body, text, definitions);
  const candidates = [
    ...callsSeen(body, definitions, made),
    ...graphsOf(body, graphs, definitions, spanOf),
    ...makeable(definitions, made),
  ];
  const holdersOf = byCallForm(candidates.map(({ name, holders }) => [name, holders]));
  const directiveOf = byCallForm(directives.flatMap((each) => (each.entry === undefined ? [] : [[each.entry, each]])));
  const sides = statedSides(body);
  const entry = (
    name: string,
    from: ModelEntry['from'],
    directive?: Directive,
    span = spanOf(name),
    holders: readonly string[] = holdersOf.get(callForm(name)) ?? [],
  ): ModelEntry => {
    const common = { document, name, from, span };
    if (request?.input) return { ...common, input: { shapes: request.input, from: request.from } };
    const said = directive?.input ? directive : shared;
    if (said?.input) return { ...common, input: { shapes: said.input, from: 'directive', span: said.span } };
    const maker = /^(\w+)(?=\(|$)/.exec(name)?.[0];
    const seen = inputs.of(holders, maker !== undefined && definitions.has(maker) ? maker : undefined);
    if (seen) {
      const { shapes, span: at, isWhole } = seen;
      return {
        ...common,
        input: { shapes, from: 'call', span: at, ...(isWhole !== true && { isLoose: true as const }) },
      };
    }
    const stated = sides.get(/\w+(?=\)*(\([^()]*\))?$)/.exec(name)?.[0] ?? '');
    if (stated) {
      // Networks for images of digits take them as they are: gray.
      const shape = [stated.side, stated.side, stated.side === 28 ? 1 : 3];
      return { ...common, input: { shapes: [shape], from: 'call', span: stated.value.span } };
    }
    data ??= preparedData(body, text);
    const ownShape = data.shape === undefined ? statedByArguments(name, definitions) : undefined;
    return { ...common, input: { shapes: [ownShape ?? assumedShape(data)], from: 'default' } };
  };
  const byForm = new Map<string, ModelEntry>();
  const add = (one: ModelEntry): void => {
    const form = callForm(one.name);
    if (!byForm.has(form)) byForm.set(form, one);
  };
  if (request?.entry !== undefined && request.entry !== '')
    add(entry(request.entry, request.from, directiveOf.get(callForm(request.entry))));
  for (const directive of directives)
    if (directive.entry !== undefined) add(entry(directive.entry, 'directive', directive));
  const ranked = candidates
    .map((candidate) => ({ candidate, rank: candidate.isPart === true ? 1 : rankOf(candidate.name, definitions) }))
    .sort((left, right) => left.rank - right.rank);
  for (const { candidate } of ranked)
    add(entry(candidate.name, candidate.from, undefined, candidate.span, candidate.holders));
  const entries = [...byForm.values()];
  const offered = new Set(entries.map(({ name }) => /^\w+(?=\()/.exec(name)?.[0]));
  return {
    entries,
    unmade: unmadeModels(definitions).filter(({ name }) => !offered.has(name)),
    problems: entries.length > 0 ? problems : [...problems, whyNoEntries(document, definitions)],
  };
}

/** What is said of calls, by the form of each; the first of several counts. */
function byCallForm<Said>(said: readonly (readonly [name: string, said: Said])[]): ReadonlyMap<string, Said> {
  return new Map(said.toReversed().map(([name, each]) => [callForm(name), each]));
}

/** Classes that need arguments and stand for themselves: no other definition of the file makes one. */
function unmadeModels(definitions: Definitions): readonly UnmadeModel[] {
  const isPartOfOther = usedByOthers(definitions.values());
  return [...definitions.values()].flatMap((definition): readonly UnmadeModel[] => {
    const { kind, name, nameSpan: span } = definition;
    if (kind !== 'class' || name.startsWith('_') || !isModuleClass(definition, definitions)) return [];
    const needs = neededArguments(definition, definitions);
    return needs.length === 0 || isPartOfOther(definition) ? [] : [{ name, span, needs }];
  });
}

/** Models that the file itself makes: named by the call, or by the variable where it takes more than one call. */
function callsSeen(
  body: readonly Statement[],
  definitions: Definitions,
  made: readonly KeptModel[],
): readonly Candidate[] {
  const found: { readonly at: number; readonly candidate: Candidate }[] = [];
  // What a factory gives back is the factory's model.
  const given = new Set([...definitions.values()].filter(isFactory).flatMap((definition) => placesGiven(definition)));
  const named = new Set(given);
  const changed = new Set(made.filter(({ isChanged }) => isChanged).map(({ span }) => span.start));
  const isFixed = fixedNames(body, definitions);
  for (const { value, target, hidden, isPart: isInner } of writtenCalls(body)) {
    const { callee } = value;
    const definition = callee.kind === 'name' ? definitions.get(callee.name) : undefined;
    if (definition === undefined || !mayBeModel(definition, definitions)) continue;
    const text = describe(value, hidden, isFixed);
    const at = target?.span.start ?? value.span.start;
    if (text === undefined || changed.has(at) || given.has(at)) continue;
    named.add(at);
    const holders = target === undefined ? [] : [nameOf(target)];
    found.push({ at, candidate: { name: text, span: definition.nameSpan, from: 'call', holders, isPart: isInner } });
  }
  for (const model of made) {
    const { name, span, holder } = model;
    if (!named.has(span.start) && !isPart(model))
      found.push({ at: span.start, candidate: { name, span, from: 'call', holders: [nameOf(holder)] } });
  }
  return found.sort((left, right) => left.at - right.at).map(({ candidate }) => candidate);
}

/** Functions of tensors, as TensorFlow 1 writes models: those that the file calls, then those that can be called. */
function graphsOf(
  body: readonly Statement[],
  graphs: GraphFunctions,
  definitions: Definitions,
  spanOf: (name: string) => SourceSpan,
): readonly Candidate[] {
  const isFixed = fixedNames(body, definitions);
  const called = calledGraphs(body, graphs, definitions, isFixed);
  const isCalled = new Set(called.map(({ definition }) => definition));
  const free = makeableGraphs(body, graphs, definitions).filter(({ definition }) => !isCalled.has(definition));
  const candidate =
    (from: Candidate['from']) =>
    ({ name, definition }: GraphEntry): Candidate => ({
      name,
      span: definition?.nameSpan ?? spanOf(name),
      from,
      holders: [],
    });
  return [...called.map(candidate('call')), ...free.map(candidate('default'))];
}

function nameOf(holder: Expression): string {
  if (holder.kind === 'name' || holder.kind === 'attribute') return holder.name;
  return holder.kind === 'subscript' ? nameOf(holder.object) : '';
}

/** Names that settings go by, which are changed from elsewhere before a model is made with them. */
const settings = /(^|_)(cfg|config|conf|args?|opts?|options|flags|hparams|params|settings)$/i;

/**
 * Which names mean the same wherever in a file they stand: definitions, imports, and constants that are assigned once.
 */
function fixedNames(body: readonly Statement[], definitions: Definitions): (name: string) => boolean {
  const assigned = new Map<string, number>();
  const visit = (statement: Statement, isInside: boolean): void => {
    for (const { target, value } of assignmentsIn(statement))
      if (target.kind === 'name') {
        const isConstant =
          !isInside && (value.kind === 'number' || value.kind === 'string' || value.kind === 'constant');
        assigned.set(target.name, (assigned.get(target.name) ?? 0) + (isConstant ? 1 : 2));
      }
    if (statement.kind === 'augmented' && statement.target.kind === 'name') assigned.set(statement.target.name, 2);
    if (statement.kind === 'for' && statement.target.kind === 'name') assigned.set(statement.target.name, 2);
    for (const block of blocksOf(statement)) for (const each of block) visit(each, true);
  };
  for (const statement of body) visit(statement, false);
  return (name) =>
    definitions.has(name) || ((assigned.get(name) ?? 0) === (assigned.has(name) ? 1 : 0) && !settings.test(name));
}

/** Factories and classes that can be made without arguments: factories first, then classes that no other one uses. */
function makeable(definitions: Definitions, made: readonly KeptModel[]): readonly Candidate[] {
  const factories: Candidate[] = [];
  const classes: { candidate: Candidate; definition: ClassDefinition }[] = [];
  for (const definition of definitions.values()) {
    if (definition.name.startsWith('_')) continue;
    const candidate = {
      name: `${definition.name}()`,
      span: definition.nameSpan,
      from: 'default',
      holders: [],
    } as const;
    if (definition.kind === 'function') {
      const places = placesGiven(definition);
      const gives = made.some(
        ({ within, span, isLikely }) => isLikely && within === definition && places.includes(span.start),
      );
      if (isFactory(definition) && (gives || mayBeModel(definition, definitions))) factories.push(candidate);
    } else if (isModuleClass(definition, definitions) && neededArguments(definition, definitions).length === 0) {
      classes.push({ definition, candidate });
    }
  }
  const isPartOfOther = usedByOthers(classes.map(({ definition }) => definition));
  const free = classes.filter(({ definition }) => !isPartOfOther(definition));
  return [...factories, ...(free.length > 0 ? free : classes).map(({ candidate }) => candidate)];
}
