// From proposed widths to edits that were tried out: the edited copy is evaluated again and must give exactly the network
// that structure rebuilds for these widths. What can't be had that way is refused in words.

import { LineIndex } from '../common/line-index.ts';
import type { Result } from '../common/problem.ts';
import type { NumberDialect } from '../frontends/shared/number-dialect.ts';
import type { NetworkGraph } from '../network/network-graph.ts';
import type { Op } from '../network/op.ts';
import type { SourceSpan } from '../common/source-span.ts';
import type { EditableLeaf } from '../network/width-origin.ts';
import {
  constraintsOf,
  widthEnds,
  type Constraint,
  type Rebuild,
  type SlopesOf,
  type WidthUnit,
} from './constraints.ts';
import { applyEdits, byDocument, type LiteralEdit } from './literal-text.ts';
import { differenceOf, firstChange } from './prove.ts';
import { refusalReason } from './refusal.ts';
import { Savings } from './saving.ts';
import { staleComments } from './stale-comments.ts';
import { solveWidths, SourceNumbers, type Solution } from './solve.ts';
import { leafKey } from './trail.ts';

/** What a plan is made from. Nothing here writes: `evaluate` works on copies of texts. */
export interface EditSources {
  readonly graph: NetworkGraph;
  readonly rebuild: Rebuild;
  readonly slopes: SlopesOf;
  /** How the model's language writes numbers and computes with them. */
  readonly numbers: NumberDialect;
  readonly read: (document: string) => string | undefined;
  /** Whether a document is the user's to edit; library source is not. */
  readonly isEditable: (document: string) => boolean;
  /** Edits as they are made for this model, where its file can have the last word over those that it builds on. */
  readonly inOwnFile?: (edits: readonly LiteralEdit[]) => readonly LiteralEdit[];
  /** The network with these texts in place of the present ones; undefined when none comes out. */
  readonly evaluate: (overlay: ReadonlyMap<string, string>) => NetworkGraph | undefined;
  /** Whether nobody waits for the answer any more: what is planned from then on is a part only. */
  readonly isCancelled?: () => boolean;
  /** The other models that are made from these documents. */
  readonly siblings: (documents: readonly string[]) => readonly SiblingModel[];
}

/** Another model of the file or of one that reads it. */
export interface SiblingModel {
  /** As the user knows it: `vgg19`, or `net of train.py`. */
  readonly name: string;
  /** Whether an edit at these places can reach it; where that is not known it can. */
  readonly isReached: (edits: readonly LiteralEdit[]) => boolean;
  /** Whether it runs the function that is defined here; where that is not known it does. */
  readonly runs: (definition: SourceSpan) => boolean;
  /** Its network as it is; undefined when it could not be read before either. */
  readonly present: () => NetworkGraph | undefined;
  readonly evaluate: (overlay: ReadonlyMap<string, string>) => NetworkGraph | undefined;
}

/** What becomes of tied layers. `after` is above `wanted` where a literal is shared or the source rounds. */
interface PlannedWidth {
  readonly layers: readonly string[];
  readonly before: number;
  readonly wanted: number;
  readonly after: number;
}

interface RefusedWidth {
  readonly layers: readonly string[];
  readonly before: number;
  readonly wanted: number;
  readonly reason: string;
}

/** Edits that were proven together. */
export interface EditPlan {
  readonly edits: readonly LiteralEdit[];
  /** The widths that change. */
  readonly widths: readonly PlannedWidth[];
  /** The widths that should change and don't. */
  readonly refused: readonly RefusedWidth[];
  /** Why some widths are not the proposed ones: one sentence for each literal that several layers share. */
  readonly notes: readonly string[];
  /** The other models that the edits change too, by name. They were read with them and hold together. */
  readonly alsoChanges: readonly string[];
  /** What is rewritten first, in words; absent where only numbers change. */
  readonly refactoring?: string;
  /** The network with the edits; undefined where nothing changes. */
  readonly graph: NetworkGraph | undefined;
}

/** What is planned before anything is proven: numbers that come to these widths. */
export interface NumberPlan {
  readonly widths: readonly PlannedWidth[];
  /** The widths that should change and don't, without the reason. */
  readonly stays: readonly Omit<RefusedWidth, 'reason'>[];
  readonly notes: readonly string[];
}

interface PlannedUnit {
  /** The unit for which it was planned. */
  readonly asked: string;
  /** The units that are asked for together: the one, and those that share its numbers. */
  readonly chosen: ReadonlySet<string>;
  readonly solution: Solution;
}

/** More units than these are not left out one after the other. */
const mostCulprits = 8;
/** More parts of what is wanted are not tried out one after the other: each takes an evaluation. */
const mostTries = 24;

/** Plans for one state of the source and one proposal. What the map of channels tells is worked out once. */
export class EditPlanner {
  readonly #sources: EditSources;
  readonly #units: readonly WidthUnit[];
  readonly #byKey: ReadonlyMap<string, WidthUnit>;
  readonly #constraints: readonly Constraint[];
  readonly #numbers: SourceNumbers;
  #savings: Savings | undefined;
  readonly #plannedUnits = new Map<string, Result<PlannedUnit>>();
  #whole: Solution | undefined;

  constructor(sources: EditSources, units: readonly WidthUnit[]) {
    this.#sources = sources;
    this.#units = units;
    this.#byKey = new Map(units.map((unit) => [unit.key, unit]));
    this.#constraints = constraintsOf(sources.graph, sources.slopes, sources.numbers);
    this.#numbers = new SourceNumbers(
      this.#constraints,
      sources.numbers,
      (leaf) => this.#literalText(leaf) !== undefined,
    );
  }

  /** What numbers alone come to for all units, not proven yet. */
  planned(): NumberPlan {
    return this.#plannedOf(this.#solveAll(), this.#units);
  }

  /** The same for one unit and those that share its numbers; or why numbers can't change it. */
  plannedUnit(key: string): Result<NumberPlan> {
    const planned = this.#planUnit(key);
    if (!planned.ok) return planned;
    const { chosen, solution } = planned.value;
    return {
      ok: true,
      value: this.#plannedOf(
        solution,
        [...chosen].flatMap((one) => this.#byKey.get(one) ?? []),
      ),
    };
  }

  /** The unit that stands for all that are planned together with one. */
  plannedWith(key: string): string {
    const planned = this.#planUnit(key);
    return planned.ok ? planned.value.asked : key;
  }

  /** All units at once: the largest proven part of what is wanted. Without edits when nothing can be changed. */
  all(): EditPlan {
    // Most edits leave the other models alone or take them along, so these are asked at the end, and at each step only
    // where one of them would break.
    const { attempt, failures } = this.#most('own');
    const whole = this.#withSiblings(attempt);
    if (whole.failure === undefined) return this.#planOf(whole, failures);
    const careful = this.#most('all');
    return this.#planOf(careful.attempt, careful.failures);
  }

  /** The largest part of what is wanted that the proof lets through. */
  #most(models: ProvenModels): { readonly attempt: Attempt; readonly failures: ReadonlyMap<string, string> } {
    const whole = this.#attempt(this.#solveAll(), models);
    if (whole.failure === undefined) return { attempt: whole, failures: new Map() };
    const failures = new Map<string, string>();
    const without = this.#withoutCulprits(whole, models, failures);
    if (without !== undefined) return { attempt: without, failures };
    failures.clear();
    const good = new Set<string>();
    let best: Attempt | undefined;
    let tries = 0;
    const mayTry = (): boolean => tries < mostTries && this.#sources.isCancelled?.() !== true;
    for (const part of this.#components(whole.solution)) {
      if (![...part].some((key) => whole.solution.widths.get(key) !== this.#byKey.get(key)?.before)) continue;
      if (!mayTry()) {
        for (const key of part) failures.set(key, whole.failure);
        continue;
      }
      tries += 1;
      const alone = this.#attempt(this.#solve(part), models);
      const together =
        alone.failure === undefined && good.size > 0
          ? this.#attempt(this.#solve(new Set([...good, ...part])), models)
          : alone;
      if (together.failure === undefined) {
        for (const key of part) good.add(key);
        best = together;
        continue;
      }
      for (const key of part) failures.set(key, together.failure);
      // Of what hangs together a part may still be possible.
      for (const key of part.size > 1 ? part : []) {
        if (!mayTry()) break;
        tries += 1;
        const more = this.#attempt(this.#solve(new Set([...good, key])), models);
        if (more.failure !== undefined) continue;
        good.add(key);
        best = more;
      }
    }
    return { attempt: best ?? { solution: this.#solve(new Set()), edits: [], ...unchanged }, failures };
  }

  /** Leaves out the units at which a proof fails, one after the other, until it holds: seldom more than a few do. */
  #withoutCulprits(whole: Attempt, models: ProvenModels, failures: Map<string, string>): Attempt | undefined {
    const left = new Set(this.#units.map((unit) => unit.key));
    let attempt = whole;
    for (let tries = 0; tries < mostCulprits && attempt.failure !== undefined; tries += 1) {
      const changing = attempt.culprits.filter(
        (key) => left.has(key) && attempt.solution.widths.get(key) !== this.#byKey.get(key)?.before,
      );
      if (changing.length === 0) return undefined;
      for (const key of changing) {
        left.delete(key);
        failures.set(key, attempt.failure);
      }
      attempt = this.#attempt(this.#solve(left), models);
    }
    return attempt.failure === undefined ? attempt : undefined;
  }

  /** One unit, with the units that must change with it because they share its literals; or why it can't be changed. */
  unit(key: string): Result<EditPlan> {
    const unit = this.#byKey.get(key);
    const planned = this.#planUnit(key);
    if (!planned.ok || unit === undefined) return planned.ok ? noUnit : planned;
    const { chosen, solution } = planned.value;
    const attempt = this.#attempt(solution, 'all');
    if (attempt.failure === undefined) return { ok: true, value: this.#planOf(attempt, new Map(), chosen) };
    return { ok: false, error: this.#reason(unit, solution, attempt.failure) };
  }

  /** All units just as wanted, or nothing: far less work than finding out which part of them is possible. */
  exact(): EditPlan | undefined {
    const solution = this.#solveAll();
    if (!this.#isExact(solution, this.#units)) return undefined;
    const attempt = this.#attempt(solution, 'all');
    return attempt.failure === undefined ? this.#planOf(attempt, new Map()) : undefined;
  }

  /** Why a unit's width can't be had as wanted, from the numbers alone: no edit is tried out. */
  obstacles(key: string): readonly string[] {
    const planned = this.plannedUnit(key);
    return planned.ok ? planned.value.notes : [planned.error];
  }

  #planUnit(key: string): Result<PlannedUnit> {
    const known = this.#plannedUnits.get(key);
    if (known !== undefined) return known;
    const made = this.#choose(key);
    this.#plannedUnits.set(key, made);
    // Layers that share a number change together, whichever of them was asked for.
    for (const other of made.ok ? made.value.chosen : []) {
      const before = this.#byKey.get(other)?.before;
      if (made.ok && made.value.solution.widths.get(other) !== before && !this.#plannedUnits.has(other))
        this.#plannedUnits.set(other, made);
    }
    return made;
  }

  /** Asks for a unit, and with it for those that keep it from changing, as long as there are such. */
  #choose(key: string): Result<PlannedUnit> {
    const unit = this.#byKey.get(key);
    if (unit === undefined) return noUnit;
    const chosen = new Set([key]);
    const isNamed = this.#constraints.some(({ end, slopes }) => end === 'out' && slopes.has(key));
    for (;;) {
      const solution = this.#solve(chosen);
      if (!isNamed) return { ok: false, error: this.#reason(unit, solution, undefined) };
      const after = solution.widths.get(key) ?? unit.before;
      if (unit.target > unit.before ? after > unit.before : after < unit.before)
        return { ok: true, value: { asked: key, chosen, solution } };
      const before = chosen.size;
      for (const sharer of this.#sharers(solution, chosen)) chosen.add(sharer);
      if (chosen.size === before) return { ok: false, error: this.#reason(unit, solution, undefined) };
    }
  }

  #plannedOf(solution: Solution, units: readonly WidthUnit[]): NumberPlan {
    const rows = units.map(({ key, layers, before, target: wanted }) => ({
      layers,
      before,
      wanted,
      after: solution.widths.get(key) ?? before,
    }));
    return {
      widths: rows.filter(({ before, after }) => before !== after),
      stays: rows.filter(({ before, wanted, after }) => before === after && wanted !== before),
      notes: this.#notes(solution),
    };
  }

  #solveAll(): Solution {
    this.#whole ??= this.#solve(new Set(this.#units.map((unit) => unit.key)));
    return this.#whole;
  }

  #isExact({ widths }: Solution, units: readonly WidthUnit[]): boolean {
    return units.every(({ key, target }) => widths.get(key) === target);
  }

  /**
   * Multipliers and divisors that several widths share are kept; they are solved for only where that is exact and keeping
   * them is not, or saves more.
   */
  #solve(chosen: ReadonlySet<string>): Solution {
    const units = this.#units.map((unit) => (chosen.has(unit.key) ? unit : { ...unit, target: unit.before }));
    const { factors } = this.#numbers;
    const kept = solveWidths(units, this.#numbers, factors);
    if (factors.size === 0 || this.#isExact(kept, units)) return kept;
    const free = solveWidths(units, this.#numbers);
    if (![...free.values.keys()].some((key) => factors.has(key))) return free;
    if (this.#isExact(free, units)) return free;
    this.#savings ??= new Savings(this.#sources.graph, this.#sources.slopes, this.#units);
    return this.#savings.left(free.widths) < this.#savings.left(kept.widths) ? free : kept;
  }

  #attempt(solution: Solution, models: ProvenModels): Attempt {
    const edits = this.#editsOf(solution);
    const attempt = { solution, edits, ...this.#prove(solution, edits) };
    return models === 'all' ? this.#withSiblings(attempt) : attempt;
  }

  /** The same attempt, if the other models that are made of the edited documents go along with it. */
  #withSiblings(attempt: Attempt): Attempt {
    const { edits, failure } = attempt;
    if (failure !== undefined || edits.length === 0) return attempt;
    const overlay = this.#overlay(edits);
    const others = proveSiblings(this.#sources.siblings([...overlay.keys()]), edits, overlay);
    return others.ok ? { ...attempt, alsoChanges: others.value } : { ...attempt, failure: others.error };
  }

  #overlay(edits: readonly LiteralEdit[]): ReadonlyMap<string, string> {
    return new Map(
      [...byDocument(edits)].map(([document, own]) => [document, applyEdits(this.#sources.read(document) ?? '', own)]),
    );
  }

  /** The text of a literal that may be changed. */
  #literalText(leaf: EditableLeaf): string | undefined {
    if (!this.#sources.isEditable(leaf.span.document)) return undefined;
    const text = this.#sources.read(leaf.span.document)?.slice(leaf.span.start, leaf.span.end);
    return text !== undefined && this.#sources.numbers.parse(text) === leaf.value ? text : undefined;
  }

  #editsOf(solution: Solution): readonly LiteralEdit[] {
    const edits = [...solution.values].flatMap(([key, value]): readonly LiteralEdit[] => {
      const leaf = solution.leaves.get(key);
      const oldText = leaf && this.#literalText(leaf);
      if (leaf === undefined || oldText === undefined) return [];
      return [{ ...leaf.span, oldText, newText: this.#sources.numbers.write(value, oldText) }];
    });
    return [...(this.#sources.inOwnFile?.(edits) ?? edits)].sort(
      (left, right) => left.document.localeCompare(right.document) || left.start - right.start,
    );
  }

  /** The units that should change and that an op's widths depend on. */
  #unitsAt(op: Op | undefined): readonly string[] {
    // The rebuilt network's ops are others than the seed's, by the same names.
    const own = op && this.#sources.graph.ops.find(({ name }) => name === op.name);
    const keys = own === undefined ? [] : widthEnds.flatMap((end) => [...this.#sources.slopes(own, end).keys()]);
    return [...new Set(keys)];
  }

  /** Why the edits don't give the wanted network or break another one; or what they give. */
  #prove(solution: Solution, edits: readonly LiteralEdit[]): Proof {
    const changed = this.#units.filter((unit) => solution.widths.get(unit.key) !== unit.before);
    if (changed.length === 0) return unchanged;
    const failed = (failure: string): Proof => ({ ...unchanged, failure });
    const expected = this.#sources.rebuild(solution.widths);
    if (expected === undefined) return failed('there is no network with these widths');
    const actual = this.#sources.evaluate(this.#overlay(edits));
    if (actual === undefined) return failed('the source would give no network');
    const difference = differenceOf(expected, actual);
    if (difference === undefined) return { ...unchanged, graph: actual };
    return { ...failed(difference.text), culprits: this.#unitsAt(difference.op) };
  }

  /** Units that hang together through a literal or a width that is made from several of them. */
  #components(solution: Solution): readonly ReadonlySet<string>[] {
    const parent = new Map<string, string>();
    const find = (node: string): string => {
      const up = parent.get(node);
      return up === undefined || up === node ? node : find(up);
    };
    for (const constraint of this.#constraints) {
      const nodes = [
        ...[...constraint.slopes.keys()].map((key) => `unit ${key}`),
        ...constraint.leaves
          .map((leaf) => `${leaf.span.document}:${String(leaf.span.start)}`)
          .filter((key) => solution.values.has(key)),
      ];
      for (const node of nodes.slice(1)) parent.set(find(node), find(nodes[0] ?? node));
    }
    const parts = new Map<string, Set<string>>();
    for (const unit of this.#units) {
      const root = find(`unit ${unit.key}`);
      const part = parts.get(root) ?? new Set();
      part.add(unit.key);
      parts.set(root, part);
    }
    return [...parts.values()];
  }

  /** The units behind the literals that keep the chosen ones from changing. */
  #sharers(solution: Solution, chosen: ReadonlySet<string>): readonly string[] {
    return solution.conflicts.flatMap(({ constraints }) => {
      const keys = constraints.flatMap((constraint) => [...constraint.slopes.keys()]);
      return keys.some((key) => chosen.has(key)) ? keys : [];
    });
  }

  #planOf(attempt: Attempt, failures: ReadonlyMap<string, string>, chosen?: ReadonlySet<string>): EditPlan {
    const { solution, edits } = attempt;
    const widths: PlannedWidth[] = [];
    const refused: RefusedWidth[] = [];
    for (const unit of this.#units) {
      const { layers, before, target: wanted } = unit;
      const after = solution.widths.get(unit.key) ?? before;
      if (after !== before) widths.push({ layers, before, wanted, after });
      else if (wanted !== before && (chosen?.has(unit.key) ?? true)) {
        const reason = this.#reason(unit, solution, failures.get(unit.key));
        refused.push({ layers, before, wanted, reason });
      }
    }
    const { alsoChanges, graph } = attempt;
    const comments = staleComments({ ...this.#sources, edits, widths });
    return { edits, widths, refused, notes: [...this.#notes(solution), ...comments], alsoChanges, graph };
  }

  #reason(unit: WidthUnit, solution: Solution, failure: string | undefined): string {
    return refusalReason(unit, this.#constraints, solution, failure, {
      isEditable: (document) => this.#sources.isEditable(document),
      placeOf: (leaf) => this.#placeOf(leaf),
      isToChange: (key) => {
        const other = this.#byKey.get(key);
        return other !== undefined && other.target !== other.before;
      },
      isPlain: (leaf) => this.#literalText(leaf) !== undefined,
    });
  }

  /** For every shared literal: whom it feeds, what they want and what they get. Nothing is explained twice. */
  #notes(solution: Solution): readonly string[] {
    const explained = new Set<string>();
    const isRaised = (unit: WidthUnit): boolean => (solution.widths.get(unit.key) ?? unit.before) > unit.target;
    const changesFirst = [...solution.conflicts].sort(
      (left, right) =>
        Number(solution.values.has(leafKey(right.leaf))) - Number(solution.values.has(leafKey(left.leaf))),
    );
    const factors = [...solution.values].flatMap(([key, value]) => {
      const leaf = this.#numbers.factors.has(key) ? solution.leaves.get(key) : undefined;
      if (leaf === undefined) return [];
      return [`${this.#placeOf(leaf)} is a factor of several widths; it becomes ${String(value)}.`];
    });
    const shared = changesFirst.flatMap(({ leaf, constraints }) => {
      const keys = new Set(constraints.flatMap((constraint) => [...constraint.slopes.keys()]));
      const units = this.#units.filter(({ key }) => keys.has(key));
      const raised = units.filter((unit) => isRaised(unit) && !explained.has(unit.key));
      if (raised.length === 0) return [];
      for (const { key } of raised) explained.add(key);
      const wanted = range(units.map((unit) => unit.target));
      const after = range(units.map((unit) => solution.widths.get(unit.key) ?? unit.before));
      const names = nameSome(units.flatMap(({ layers }) => layers));
      return [
        `${this.#placeOf(leaf)} sets ${names}: ${wanted} wanted, ${after}${units.length > 1 && /^\d+$/.test(after) ? ' for all' : ' possible'}.`,
      ];
    });
    return [...factors, ...shared];
  }

  #placeOf(leaf: EditableLeaf): string {
    const text = this.#sources.read(leaf.span.document) ?? '';
    const { line } = new LineIndex(text).positionAt(leaf.span.start);
    const file = leaf.span.document.slice(leaf.span.document.lastIndexOf('/') + 1);
    return `\`${text.slice(leaf.span.start, leaf.span.end)}\` in ${file}:${String(line + 1)}`;
  }
}

/** Whether a proof looks at the edited model alone or at all that are made of the same documents. */
type ProvenModels = 'own' | 'all';

interface Proof {
  readonly failure: string | undefined;
  /** The units at which the outcome differs from what is wanted, where that is seen. */
  readonly culprits: readonly string[];
  readonly alsoChanges: readonly string[];
  readonly graph: NetworkGraph | undefined;
}

const unchanged: Proof = { failure: undefined, culprits: [], alsoChanges: [], graph: undefined };

const noUnit = { ok: false, error: 'The layer has no width of its own in the source.' } as const;

interface Attempt extends Proof {
  readonly solution: Solution;
  readonly edits: readonly LiteralEdit[];
}

/** The names of the other models that edits change; or which of them they would break. */
export function proveSiblings(
  siblings: readonly SiblingModel[],
  edits: readonly LiteralEdit[],
  overlay: ReadonlyMap<string, string>,
): Result<readonly string[]> {
  const changed: string[] = [];
  for (const sibling of siblings) {
    if (!sibling.isReached(edits)) continue;
    const before = sibling.present();
    if (before === undefined) continue;
    const after = sibling.evaluate(overlay);
    if (after === undefined) return { ok: false, error: `${sibling.name} could not be read any more` };
    const lost = after.unknowns[before.unknowns.length];
    if (lost !== undefined) return { ok: false, error: `${sibling.name} would break (${lost.reason})` };
    if (firstChange(before, after) !== undefined) changed.push(sibling.name);
  }
  return { ok: true, value: changed };
}

/** `9`, or `9 to 12`. */
function range(values: readonly number[]): string {
  const low = Math.min(...values);
  const high = Math.max(...values);
  return low === high ? String(low) : `${String(low)} to ${String(high)}`;
}

function nameSome(names: readonly string[]): string {
  if (names.length <= 3) return names.join(', ');
  return `${names.slice(0, 2).join(', ')} and ${String(names.length - 2)} more`;
}
