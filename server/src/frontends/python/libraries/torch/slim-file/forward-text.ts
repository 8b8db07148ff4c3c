// The statements of a generated forward: calls are nested while one feeds only the next, and a variable is used again as
// soon as nothing needs what it held.

import { valueOf, type NetworkGraph } from '../../../../../network/network-graph.ts';
import { isKind, type Op, type ValueId } from '../../../../../network/op.ts';
import { pythonName } from '../../../python-text.ts';
import type { ExpressionForm } from './written-op.ts';

/** Longer statements are cut into several. */
const longestLine = 88;
const mostNested = 4;

interface Text {
  readonly text: string;
  /** How many calls are nested in it. */
  readonly depth: number;
  readonly isOperator: boolean;
}

type Holder = { readonly kind: 'variable'; readonly name: string } | ({ readonly kind: 'pending' } & Text);

export class ForwardText {
  readonly #graph: NetworkGraph;
  readonly #holders = new Map<ValueId, Holder>();
  /** How often a value is still needed. */
  readonly #uses = new Map<ValueId, number>();
  readonly #free: string[];
  readonly #lines: string[] = [];
  readonly inputNames: readonly string[];

  constructor(graph: NetworkGraph) {
    this.#graph = graph;
    for (const used of [...graph.ops.flatMap(({ inputs }) => inputs), ...graph.outputs]) {
      this.#uses.set(used, (this.#uses.get(used) ?? 0) + 1);
    }
    const several = graph.inputs.length > 1;
    this.inputNames = graph.inputs.map((value, index) => {
      const name = several ? `${pythonName(this.#producer(value).name)}_${String(index)}` : 'x';
      this.#holders.set(value, { kind: 'variable', name });
      return name;
    });
    this.#free = several ? ['x', 'y', 'z'] : ['y', 'z'];
  }

  /** Adds an op in network order; `text` makes its expression from those of its inputs. */
  add(op: Op, form: ExpressionForm, text: (inputs: readonly string[]) => string): void {
    const [output] = op.outputs;
    if (output === undefined) return;
    const parts = op.inputs.map((value) => this.#expressionOf(value));
    const written = text(parts.map((part) => (part.isOperator && form !== 'call' ? `(${part.text})` : part.text)));
    const depth = 1 + Math.max(0, ...parts.map((part) => part.depth));
    const dying = this.#release(op.inputs);
    const made: Text = { text: written, depth, isOperator: form === 'operator' };
    const isShort = depth < mostNested && written.length < longestLine;
    if (isKind(op, 'constant') || (isShort && this.#feedsNextOnly(op, output, form))) {
      this.#holders.set(output, { kind: 'pending', ...made });
      for (const name of dying) this.#held.set(name, output);
      return;
    }
    this.#assign(output, made.text, dying);
  }

  /** All statements, with the return at the end. */
  finish(): readonly string[] {
    const results = this.#graph.outputs.map((value) => this.#expressionOf(value).text);
    return [...this.#lines, `return ${results.join(', ')}`];
  }

  /** Variables that nothing needs but an expression not yet written. */
  readonly #held = new Map<string, ValueId>();

  #producer(value: ValueId): Op {
    const op = this.#graph.ops[valueOf(this.#graph, value).producer];
    if (op === undefined) throw new Error(`Value ${String(value)} has no producer`);
    return op;
  }

  #expressionOf(value: ValueId): Text {
    const holder = this.#holders.get(value);
    if (holder === undefined) throw new Error(`Value ${String(value)} is used before it is made`);
    if (holder.kind === 'pending') return holder;
    return { text: holder.name, depth: 0, isOperator: false };
  }

  /** Whether nothing but the next operation takes the value, and that once. A sum goes into an activation, say, not a method. */
  #feedsNextOnly(op: Op, value: ValueId, form: ExpressionForm): boolean {
    const next = this.#graph.ops.slice(op.id + 1).find((other) => !isKind(other, 'constant'));
    const { outputs } = this.#graph;
    if (next === undefined) return this.#uses.get(value) === 1 && outputs.length === 1 && outputs[0] === value;
    if (form === 'operator' && !isKind(next, 'activation')) return false;
    return this.#uses.get(value) === 1 && next.inputs.includes(value);
  }

  /** Counts the inputs as used; gives the variables that nothing needs any more. */
  #release(inputs: readonly ValueId[]): readonly string[] {
    const dying: string[] = [];
    for (const value of inputs) {
      const left = (this.#uses.get(value) ?? 0) - 1;
      this.#uses.set(value, left);
      if (left > 0) continue;
      const holder = this.#holders.get(value);
      if (holder?.kind === 'variable') dying.push(holder.name);
      for (const [name, holding] of this.#held) {
        if (holding !== value) continue;
        this.#held.delete(name);
        dying.push(name);
      }
    }
    return dying;
  }

  #assign(output: ValueId, text: string, dying: readonly string[]): void {
    const names = [...new Set([...this.#free, ...dying])].sort(byPreference);
    // The path that goes on keeps the first name: a sum is `x` again, and so is what has only one input.
    const [own] = [...dying].sort(byPreference);
    const name = own ?? names[0] ?? this.#newName();
    const isNeeded = (this.#uses.get(output) ?? 0) > 0;
    this.#lines.push(`${name} = ${text}`);
    this.#holders.set(output, { kind: 'variable', name });
    this.#free.splice(0, this.#free.length, ...names.filter((one) => !isNeeded || one !== name));
  }

  #made = 0;

  #newName(): string {
    this.#made += 1;
    return `x${String(this.#made)}`;
  }
}

/** `x`, `y`, `z`, then the numbered ones. */
function byPreference(left: string, right: string): number {
  return left.length - right.length || left.localeCompare(right, 'en', { numeric: true });
}
