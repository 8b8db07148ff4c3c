// From proposed widths to edits that were tried out: the edited copy is evaluated again and must give exactly the network
// that structure rebuilds for these widths. What can't be had that way is refused in words.

import { LineIndex } from '../common/line-index.ts';
import type { Result } from '../common/problem.ts';
import type { NetworkGraph } from '../network/network-graph.ts';
import type { SourceSpan } from '../common/source-span.ts';
import type { EditableLeaf } from '../network/width-origin.ts';
import { constraintsOf, type Constraint, type Rebuild, type SlopesOf, type WidthUnit } from './constraints.ts';
import { applyEdits, byDocument, parseLiteral, writeLiteral, type LiteralEdit } from './literal-text.ts';
import { firstChange, firstDifference } from './prove.ts';
import { refusalReason } from './refusal.ts';
import { solveWidths, type Solution } from './solve.ts';
import { leafKey } from './trail.ts';

/** What a plan is made from. Nothing here writes: `evaluate` works on copies of texts. */
export interface EditSources {
  readonly graph: NetworkGraph;
  readonly rebuild: Rebuild;
  readonly slopes: SlopesOf;
  readonly read: (document: string) => string | undefined;
  /** Whether a document is the user's to edit; library source is not. */
  readonly isEditable: (document: string) => boolean;
  /** The network with these texts in place of the present ones; undefined when none comes out. */
  readonly evaluate: (overlay: ReadonlyMap<string, string>) => NetworkGraph | undefined;
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

/** Plans for one state of the source and one proposal. What the rebuilt networks tell is worked out once. */
export class EditPlanner {
  readonly #sources: EditSources;
  readonly #units: readonly WidthUnit[];
  readonly #constraints: readonly Constraint[];

  constructor(sources: EditSources, units: readonly WidthUnit[]) {
    this.#sources = sources;
    this.#units = units;
    this.#constraints = constraintsOf(sources.graph, sources.slopes);
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
    const all = new Set(this.#units.map((unit) => unit.key));
    const whole = this.#attempt(all, models);
    if (whole.failure === undefined) return { attempt: whole, failures: new Map() };
    const failures = new Map<string, string>();
    const good = new Set<string>();
    let best: Attempt | undefined;
    for (const part of this.#components(whole.solution)) {
      const alone = this.#attempt(part, models);
      const together =
        alone.failure === undefined && good.size > 0 ? this.#attempt(new Set([...good, ...part]), models) : alone;
      if (together.failure === undefined) {
        for (const key of part) good.add(key);
        best = together;
        continue;
      }
      for (const key of part) failures.set(key, together.failure);
      // Of what hangs together a part may still be possible.
      for (const key of part.size > 1 ? part : []) {
        const more = this.#attempt(new Set([...good, key]), models);
        if (more.failure !== undefined) continue;
        good.add(key);
        best = more;
      }
    }
    return { attempt: best ?? { solution: this.#solve(new Set()), edits: [], ...unchanged }, failures };
  }

  /** One unit, with the units that must change with it because they share its literals; or why it can't be changed. */
  unit(key: string): Result<EditPlan> {
    const unit = this.#units.find((one) => one.key === key);
    if (unit === undefined) return { ok: false, error: 'The layer has no width of its own in the source.' };
    const chosen = new Set([key]);
    for (;;) {
      const attempt = this.#attempt(chosen, 'all');
      const after = attempt.solution.widths.get(key) ?? unit.before;
      if (attempt.failure === undefined && after < unit.before) {
        return { ok: true, value: this.#planOf(attempt, new Map(), chosen) };
      }
      const before = chosen.size;
      if (after >= unit.before) for (const sharer of this.#sharers(attempt.solution, chosen)) chosen.add(sharer);
      if (chosen.size === before) {
        return { ok: false, error: this.#reason(unit, attempt.solution, attempt.failure) };
      }
    }
  }

  /** All units just as wanted, or nothing: far less work than finding out which part of them is possible. */
  exact(): EditPlan | undefined {
    const solution = this.#solve(new Set(this.#units.map((unit) => unit.key)));
    if (this.#units.some((unit) => solution.widths.get(unit.key) !== unit.wanted)) return undefined;
    const edits = this.#editsOf(solution);
    const attempt = this.#withSiblings({ solution, edits, ...this.#prove(solution, edits) });
    return attempt.failure === undefined ? this.#planOf(attempt, new Map()) : undefined;
  }

  /** Why a unit's width can't be had as wanted, from the numbers alone: no edit is tried out. */
  obstacles(key: string): readonly string[] {
    const unit = this.#units.find((one) => one.key === key);
    if (unit === undefined) return [];
    const chosen = new Set([key]);
    const isNamed = this.#constraints.some(({ end, slopes }) => end === 'out' && slopes.has(key));
    if (!isNamed) return [this.#reason(unit, this.#solve(chosen), undefined)];
    for (;;) {
      const solution = this.#solve(chosen);
      if ((solution.widths.get(key) ?? unit.before) < unit.before) return this.#notes(solution);
      const before = chosen.size;
      for (const sharer of this.#sharers(solution, chosen)) chosen.add(sharer);
      if (chosen.size === before) return [this.#reason(unit, solution, undefined)];
    }
  }

  #solve(chosen: ReadonlySet<string>): Solution {
    const units = this.#units.map((unit) => (chosen.has(unit.key) ? unit : { ...unit, wanted: unit.before }));
    return solveWidths(units, this.#constraints, (leaf) => this.#literalText(leaf) !== undefined);
  }

  #attempt(chosen: ReadonlySet<string>, models: ProvenModels): Attempt {
    const solution = this.#solve(chosen);
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
    return text !== undefined && parseLiteral(text) === leaf.value ? text : undefined;
  }

  #editsOf(solution: Solution): readonly LiteralEdit[] {
    return [...solution.values]
      .flatMap(([key, value]): readonly LiteralEdit[] => {
        const leaf = solution.leaves.get(key);
        const oldText = leaf && this.#literalText(leaf);
        if (leaf === undefined || oldText === undefined) return [];
        return [{ ...leaf.span, oldText, newText: writeLiteral(value, oldText) }];
      })
      .sort((left, right) => left.document.localeCompare(right.document) || left.start - right.start);
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
    const difference = firstDifference(expected, actual);
    return difference === undefined ? { ...unchanged, graph: actual } : failed(difference);
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
      const { layers, before, wanted } = unit;
      const after = solution.widths.get(unit.key) ?? before;
      if (after !== before) widths.push({ layers, before, wanted, after });
      else if (wanted !== before && (chosen?.has(unit.key) ?? true)) {
        const reason = this.#reason(unit, solution, failures.get(unit.key));
        refused.push({ layers, before, wanted, reason });
      }
    }
    const { alsoChanges, graph } = attempt;
    return { edits, widths, refused, notes: this.#notes(solution), alsoChanges, graph };
  }

  #reason(unit: WidthUnit, solution: Solution, failure: string | undefined): string {
    return refusalReason(unit, this.#constraints, solution, failure, {
      isEditable: (document) => this.#sources.isEditable(document),
      placeOf: (leaf) => this.#placeOf(leaf),
      isPlain: (leaf) => this.#literalText(leaf) !== undefined,
    });
  }

  /** For every shared literal: whom it feeds, what they want and what they get. Nothing is explained twice. */
  #notes(solution: Solution): readonly string[] {
    const explained = new Set<string>();
    const isRaised = (unit: WidthUnit): boolean => (solution.widths.get(unit.key) ?? unit.before) > unit.wanted;
    const changesFirst = [...solution.conflicts].sort(
      (left, right) =>
        Number(solution.values.has(leafKey(right.leaf))) - Number(solution.values.has(leafKey(left.leaf))),
    );
    return changesFirst.flatMap(({ leaf, constraints }) => {
      const keys = new Set(constraints.flatMap((constraint) => [...constraint.slopes.keys()]));
      const units = this.#units.filter(({ key }) => keys.has(key));
      const raised = units.filter((unit) => isRaised(unit) && !explained.has(unit.key));
      if (raised.length === 0) return [];
      for (const { key } of raised) explained.add(key);
      const wanted = range(units.map((unit) => unit.wanted));
      const after = range(units.map((unit) => solution.widths.get(unit.key) ?? unit.before));
      const names = nameSome(units.flatMap(({ layers }) => layers));
      return [
        `${this.#placeOf(leaf)} sets ${names}: ${wanted} wanted, ${after}${units.length > 1 && /^\d+$/.test(after) ? ' for all' : ' possible'}.`,
      ];
    });
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
  readonly alsoChanges: readonly string[];
  readonly graph: NetworkGraph | undefined;
}

const unchanged: Proof = { failure: undefined, alsoChanges: [], graph: undefined };

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
