// A plan that may rewrite code: first numbers that feed several layers get names of their own, which must change no network at
// all, then the names get the wanted numbers, which must give just the wanted network. Both are proven before either is offered.

import type { Result } from '../common/problem.ts';
import type { SourceSpan } from '../common/source-span.ts';
import type { TracedEvaluation } from '../frontends/shared/frontend.ts';
import type { NamedNumbers, NamingRequest } from '../frontends/shared/named-numbers.ts';
import type { Op } from '../network/op.ts';
import { editableLeaves } from '../network/width-origin.ts';
import { widthEnds, type WidthEnd, type WidthUnit } from './constraints.ts';
import { applyEdits, byDocument, type LiteralEdit } from './literal-text.ts';
import { placesToName, type WidthsToName } from './name-widths.ts';
import { proveSiblings, type EditPlan, type EditSources } from './plan.ts';
import { differenceOf, firstChange } from './prove.ts';
import { leafKey } from './trail.ts';
import { staleComments } from './stale-comments.ts';

/** What refactorings need beyond a plan's sources. */
export interface RefactoringSources extends EditSources {
  /** The model's own evaluation with how its numbers came about; undefined where its format does not tell. */
  readonly trace: () => TracedEvaluation | undefined;
  readonly functionsIn: (document: string) => readonly SourceSpan[];
  readonly nameNumbers: (document: string, request: NamingRequest) => Result<NamedNumbers>;
  /** The unit that the channels at an op's end belong to; several are joined. */
  readonly unitAt: (op: Op, end: WidthEnd) => string;
}

/** More groups that can't be told apart are not left out one by one, and fewer where each has to be tried out. */
const mostLeftOut = 24;
const mostProofs = 4;

/** The refactored plan of all units, as far as it goes; or why there is none. */
export function refactoredPlan(sources: RefactoringSources, units: readonly WidthUnit[]): Result<EditPlan> {
  const found = mostProven(sources, units, false);
  return found.ok ? { ok: true, value: planOf(sources, found.value.proven, units, found.value.leftOut) } : found;
}

/**
 * The rewriting alone by which every unit that is to change can have any width: new parameters whose defaults are what stands there
 * today. It changes no model. Or why there is none.
 */
export function ownWidthsPlan(sources: RefactoringSources, units: readonly WidthUnit[]): Result<EditPlan> {
  const sharing = unitsThatShare(sources);
  // Wherever two widths differ, their numbers are told apart.
  const asked = units.map((unit, index) => {
    const { key, before, target } = unit;
    const isOpen = target !== before && before > 1 && sharing.has(key);
    return { ...unit, target: isOpen ? before - 1 - (index % (before - 1)) : before };
  });
  if (asked.every(({ before, target }) => before === target)) return { ok: false, error: allAreOwn };
  const found = mostProven(sources, asked, true);
  if (!found.ok) return found;
  const { proven, leftOut } = found.value;
  if (proven.refactoring.length === 0) return { ok: false, error: allAreOwn };
  return {
    ok: true,
    value: {
      edits: inTextOrder(proven.refactoring),
      widths: [],
      refused: refusedOf(asked, leftOut),
      notes: [],
      alsoChanges: [],
      refactoring:
        'Numbers that several layers share become parameters with the same defaults, which changes no model.',
      graph: sources.graph,
    },
  };
}

const allAreOwn = 'every layer that may have another width has a number of its own already';

/** The units whose number another one is written with, too. */
function unitsThatShare({ graph, unitAt }: RefactoringSources): ReadonlySet<string> {
  const unitsOf = new Map<string, Set<string>>();
  for (const op of graph.ops) {
    if (op.outWidth === undefined) continue;
    for (const leaf of editableLeaves(op.outWidth)) {
      const known = unitsOf.get(leafKey(leaf)) ?? new Set();
      unitsOf.set(leafKey(leaf), known.add(unitAt(op, 'out')));
    }
  }
  return new Set([...unitsOf.values()].flatMap((units) => (units.size > 1 ? [...units] : [])));
}

interface MostProven {
  readonly proven: Proven;
  readonly leftOut: ReadonlyMap<string, string>;
}

/** Leaves out what can't be told apart, until the rest is proven. */
function mostProven(sources: RefactoringSources, units: readonly WidthUnit[], isForLater: boolean): Result<MostProven> {
  const traced = sources.trace();
  if (traced?.graph === undefined) return { ok: false, error: 'its source is not code that can be rewritten' };
  const leftOut = new Map<string, string>();
  for (let proofs = 0; ;) {
    const asked = units.filter((unit) => unit.target !== unit.before && !leftOut.has(unit.key));
    if (asked.length === 0) return { ok: false, error: [...leftOut.values()][0] ?? 'nothing is asked' };
    const attempt = attemptWith(sources, traced, asked, isForLater);
    if (attempt.ok) return { ok: true, value: { proven: attempt.value, leftOut } };
    const { group, error } = attempt;
    if (attempt.wasTried) proofs += 1;
    if (proofs >= mostProofs || sources.isCancelled?.() === true) return { ok: false, error };
    const culprits = asked.filter(({ key }) => group?.split(' + ').includes(key) === true);
    if (culprits.length > 0 && leftOut.size < mostLeftOut) {
      for (const { key } of culprits) leftOut.set(key, error);
      continue;
    }
    const others = attempt.wasTried ? tiedOf(sources, asked, error) : unnamedOf(sources, traced, asked, isForLater);
    if (others.size === 0 || others.size === asked.length) return { ok: false, error };
    for (const [key, reason] of others) leftOut.set(key, reason);
  }
}

/** The units that can't be told apart even alone, each with the reason. Nothing is read anew for it. */
function unnamedOf(
  sources: RefactoringSources,
  traced: TracedEvaluation,
  asked: readonly WidthUnit[],
  isForLater: boolean,
): ReadonlyMap<string, string> {
  const found = new Map<string, string>();
  for (const unit of asked) {
    if (sources.isCancelled?.() === true) break;
    const inner = namedWidths(sources, traced, [unit], { first: 'inner', isForLater });
    if (inner.ok || namedWidths(sources, traced, [unit], { first: 'outer', isForLater }).ok) continue;
    found.set(unit.key, inner.error);
  }
  return found;
}

/**
 * What an edited copy that can't be read is most likely owed to: units of several layers, which something behind them holds together,
 * and parts of layers. Layers that work on each channel by itself only follow another one.
 */
function tiedOf(
  { graph }: RefactoringSources,
  asked: readonly WidthUnit[],
  error: string,
): ReadonlyMap<string, string> {
  const following = new Set(graph.ops.flatMap((op) => (mixesChannels(op) ? [] : [op.name])));
  const parts = new Map<string, number>();
  for (const layer of asked.flatMap(({ layers }) => layers)) parts.set(layer, (parts.get(layer) ?? 0) + 1);
  const isTied = ({ layers }: WidthUnit): boolean =>
    layers.filter((layer) => !following.has(layer)).length > 1 || layers.some((layer) => (parts.get(layer) ?? 0) > 1);
  return new Map(asked.filter(isTied).map(({ key }) => [key, error]));
}

function mixesChannels({ attributes }: Op): boolean {
  if (attributes.kind === 'dense') return true;
  const isConvolution = attributes.kind === 'convolution' || attributes.kind === 'transposed-convolution';
  return isConvolution && attributes.groups < attributes.inChannels;
}

interface Proven {
  readonly edits: readonly LiteralEdit[];
  readonly refactoring: readonly LiteralEdit[];
  readonly alsoChanges: readonly string[];
  readonly graph: EditPlan['graph'];
}

type Attempt =
  | { readonly ok: true; readonly value: Proven }
  | {
      readonly ok: false;
      readonly error: string;
      readonly group?: string | undefined;
      /** Whether an edited copy was read, which takes its time. */
      readonly wasTried?: true;
    };

function attemptWith(
  sources: RefactoringSources,
  traced: TracedEvaluation,
  asked: readonly WidthUnit[],
  isForLater: boolean,
): Attempt {
  const inner = attemptInOrder(sources, traced, asked, { first: 'inner', isForLater });
  if (inner.ok) return inner;
  const outer = attemptInOrder(sources, traced, asked, { first: 'outer', isForLater });
  return outer.ok ? outer : inner;
}

type Order = Pick<WidthsToName, 'first'> & Pick<NamingRequest, 'isForLater'>;

function attemptInOrder(
  sources: RefactoringSources,
  traced: TracedEvaluation,
  asked: readonly WidthUnit[],
  order: Order,
): Attempt {
  const named = namedWidths(sources, traced, asked, order);
  return named.ok ? prove(sources, named.named, named.wanted, named.siblings) : named;
}

/** The code with names for all widths that are to change, not proven yet; or the group that can't be told apart, and why. */
type NamedWidths =
  | {
      readonly ok: true;
      readonly named: NamedNumbers;
      readonly wanted: NonNullable<TracedEvaluation['graph']>;
      readonly siblings: ReturnType<EditSources['siblings']>;
    }
  | Extract<Attempt, { readonly ok: false }>;

function namedWidths(
  sources: RefactoringSources,
  traced: TracedEvaluation,
  asked: readonly WidthUnit[],
  { first, isForLater }: Order,
): NamedWidths {
  const wanted = sources.rebuild(new Map(asked.map((unit) => [unit.key, unit.target])));
  if (wanted === undefined) return { ok: false, error: 'there is no network with these widths' };
  const functions = new Map<string, ReadonlySet<string>>();
  const isFunction = ({ document, start, end }: SourceSpan): boolean => {
    const known =
      functions.get(document) ??
      new Set(sources.functionsIn(document).map((one) => `${String(one.start)}:${String(one.end)}`));
    functions.set(document, known);
    return known.has(`${String(start)}:${String(end)}`);
  };
  const places = placesToName({
    traced,
    numbers: sources.numbers,
    wanted,
    first,
    groupOf: sources.unitAt,
    isChangeable: (definition, place) =>
      place.document === definition.document && sources.isEditable(place.document) && isFunction(definition),
  });
  if (!places.ok) return places;
  const documents = [...new Set(places.value.map(({ span }) => span.document))];
  const siblings = sources.siblings(documents);
  const named = sources.nameNumbers(documents[0] ?? '', {
    places: places.value,
    calls: traced.calls,
    isForLater,
    isEditable: (document) => sources.isEditable(document),
    isOnlyOurs: (definition) => !siblings.some((sibling) => sibling.runs(definition)),
  });
  return named.ok ? { ok: true, named: named.value, wanted, siblings } : named;
}

function prove(
  sources: RefactoringSources,
  { refactoring, edits }: NamedNumbers,
  wanted: NonNullable<TracedEvaluation['graph']>,
  siblings: ReturnType<EditSources['siblings']>,
): Attempt {
  const overlayOf = (edits: readonly LiteralEdit[]): ReadonlyMap<string, string> =>
    new Map([...byDocument(edits)].map(([document, own]) => [document, applyEdits(sources.read(document) ?? '', own)]));
  if (refactoring.length > 0) {
    const overlay = overlayOf(refactoring);
    const same = sources.evaluate(overlay);
    const change = same === undefined ? 'the model could not be read' : firstChange(sources.graph, same);
    if (change !== undefined) return { ok: false, error: `after the refactoring alone ${change}` };
    const others = proveSiblings(siblings, refactoring, overlay);
    if (!others.ok) return { ok: false, error: `after the refactoring alone ${others.error}` };
    if (others.value.length > 0)
      return { ok: false, error: `the refactoring alone changes ${others.value.join(', ')}` };
  }
  const overlay = overlayOf(edits);
  const graph = sources.evaluate(overlay);
  if (graph === undefined) return { ok: false, error: 'with the edit the model could not be read' };
  const difference = differenceOf(wanted, graph);
  if (difference !== undefined) {
    const own = sources.graph.ops.find(({ name }) => name === difference.op?.name);
    const group = own && [...new Set(widthEnds.map((end) => sources.unitAt(own, end)))].join(' + ');
    return { ok: false, error: `with the edit ${difference.text}`, group, wasTried: true };
  }
  // A model that runs no function in which a number is written is after both steps what it is after the first.
  const numbers = edits.filter((edit) => !refactoring.some((other) => isSameEdit(edit, other)));
  const others = proveSiblings(
    siblings.filter((sibling) => sibling.isReached(numbers)),
    edits,
    overlay,
  );
  if (!others.ok) return { ok: false, error: `with the edit ${others.error}`, wasTried: true };
  return { ok: true, value: { edits, refactoring, alsoChanges: others.value, graph } };
}

function isSameEdit(left: LiteralEdit, right: LiteralEdit): boolean {
  return (
    left.document === right.document &&
    left.start === right.start &&
    left.end === right.end &&
    left.newText === right.newText
  );
}

function planOf(
  sources: RefactoringSources,
  { edits, refactoring, alsoChanges, graph }: Proven,
  units: readonly WidthUnit[],
  leftOut: ReadonlyMap<string, string>,
): EditPlan {
  const asked = units.filter((unit) => unit.target !== unit.before);
  const widths = asked
    .filter(({ key }) => !leftOut.has(key))
    .map(({ layers, before, target: wanted }) => ({ layers, before, wanted, after: wanted }));
  return {
    edits: inTextOrder(edits),
    widths,
    refused: refusedOf(asked, leftOut),
    notes: staleComments({ ...sources, edits, widths }),
    alsoChanges,
    graph,
    ...(refactoring.length > 0 && {
      refactoring:
        'First numbers that several layers share become parameters, which changes no model; then they get their widths.',
    }),
  };
}

function inTextOrder(edits: readonly LiteralEdit[]): readonly LiteralEdit[] {
  return [...edits].sort(
    (left, right) => left.document.localeCompare(right.document) || left.start - right.start || left.end - right.end,
  );
}

function refusedOf(units: readonly WidthUnit[], leftOut: ReadonlyMap<string, string>): EditPlan['refused'] {
  return units.flatMap(({ key, layers, before, target: wanted }) => {
    const reason = leftOut.get(key);
    return reason === undefined
      ? []
      : [{ layers, before, wanted, reason: `${reason.charAt(0).toUpperCase()}${reason.slice(1)}.` }];
  });
}
