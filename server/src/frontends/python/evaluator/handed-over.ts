// What was given to code that is not known: it may change whatever it reaches, now and whenever code that is not known runs again.

import { isHarmless } from './harmless-calls.ts';
import type { Arguments, FunctionValue, Machine, PyValue, UnknownValue } from './machine.ts';
import { unknown } from './values.ts';

/** So many values are looked at for one call; one that reaches more is given up as a whole, with what was reached. */
const mostReached = 5_000;
/** Functions of source that code which is not known holds and that changed something when they were followed. */
const mostCallbacks = 16;
/** Functions that are handed over by functions that are handed over, and so on. */
const mostNested = 4;

export class HandedOver {
  readonly #machine: Machine;
  readonly #callbacks: PyValue[] = [];
  /** Text of the functions that are followed now, each called by the one before it or by what that calls. */
  readonly #following: unknown[] = [];

  constructor(machine: Machine) {
    this.#machine = machine;
  }

  /** Gives values to what is not known. */
  give(values: readonly PyValue[], to: UnknownValue): void {
    if (to.path !== undefined && isHarmless(to.path)) return;
    const seen = new Set<PyValue>();
    const reason = `${to.reason}; what it is given here may be changed`;
    const lost = unknown(reason, to.span);
    const functions: PyValue[] = [];
    const visit = (value: PyValue): void => {
      if (seen.has(value) || seen.size > mostReached) return;
      seen.add(value);
      if (value.kind === 'dict' && value.viewOf?.kind === 'instance') {
        visit(value.viewOf);
        return;
      }
      switch (value.kind) {
        case 'list':
        case 'set':
        case 'dict':
        case 'partial-dict':
        case 'iterator': {
          const inner =
            value.kind === 'dict' || value.kind === 'partial-dict'
              ? [...value.entries.values()].flatMap((entry) => [entry.key, entry.value])
              : value.kind === 'set'
                ? [...value.entries.values()]
                : value.items;
          for (const item of inner) visit(item);
          this.#machine.ways.loseOwner(value, reason, to.span);
          return;
        }
        case 'tuple':
          for (const item of value.items) visit(item);
          return;
        case 'instance':
          if (this.#machine.library.isLayer(value)) {
            this.#machine.library.noteHanded(value, lost);
            return;
          }
          // Classes of ours give values that nobody can change.
          if (value.class.isImmutable) return;
          if (value.class.mro.every((type) => type.span === undefined) && value.attributes.size === 0) return;
          for (const item of value.attributes.values()) visit(item);
          if (value.dictionary) visit(value.dictionary);
          if (value.class.attributes.has('__members__')) return;
          this.#machine.ways.loseOwner(value, reason, to.span);
          return;
        case 'unknown':
          // A layer that may stand here is noted where it does (`mayHide`).
          for (const item of value.among ?? [])
            if (item.kind !== 'instance' || !this.#machine.library.isLayer(item)) visit(item);
          return;
        case 'bound-method':
          visit(value.self);
          functions.push(value);
          return;
        case 'partial':
          for (const item of [...value.args.positional, ...value.args.keywords.values()]) visit(item);
          visit(value.function);
          return;
        case 'function':
          functions.push(value);
          return;
        default:
          return;
      }
    };
    for (const value of values) visit(value);
    this.#follow(functions, lost);
  }

  /**
   * What may call these functions any number of times, with anything. What these hand over themselves is followed while they are:
   * a function made in one of them is gone when it is undone.
   */
  #follow(functions: readonly PyValue[], lost: UnknownValue): void {
    const all = this.#following.length === 0 ? [...new Set([...this.#callbacks, ...functions])] : functions;
    for (const each of all) {
      const body = bodyOf(each);
      if (body === undefined || this.#following.includes(body) || this.#following.length >= mostNested) continue;
      this.#following.push(body);
      try {
        const hasEffects = this.#mayBeCalled(each, lost);
        if (hasEffects && !this.#callbacks.includes(each) && this.#callbacks.length < mostCallbacks)
          this.#callbacks.push(each);
      } finally {
        this.#following.pop();
      }
    }
  }

  #mayBeCalled(callee: PyValue, lost: UnknownValue): boolean {
    const { ways } = this.#machine;
    const target = callee.kind === 'bound-method' ? callee.function : callee;
    if (target.kind !== 'function') return false;
    const cause = { reason: lost.reason, span: lost.span };
    const args = anyArguments(target, callee.kind === 'bound-method' ? 1 : 0, lost);
    const call = (): undefined => {
      // An exception ends the call, not the program: whoever called may handle it.
      ways.perform(() => {
        this.#machine.call(callee, args, lost.span);
        return undefined;
      });
    };
    if (!ways.hasEffects(call)) return false;
    ways.repeat(cause, true, call);
    return true;
  }
}

/** The text that runs when a value is called, where that is of the source. */
function bodyOf(callee: PyValue): unknown {
  const target = callee.kind === 'bound-method' ? callee.function : callee;
  return target.kind === 'function' ? target.body : undefined;
}

function anyArguments({ parameters }: FunctionValue, bound: number, lost: UnknownValue): Arguments {
  const positional = parameters
    .filter(({ kind }) => kind === 'positional')
    .slice(bound)
    .map(() => lost);
  const named = parameters.filter(({ kind, default: written }) => kind === 'keyword-only' && written === undefined);
  return { positional, keywords: new Map(named.map(({ name }) => [name, lost])) };
}
