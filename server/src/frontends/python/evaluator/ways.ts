// Where it is not known which way a program goes, all ways are followed, each from the same state. What they leave alike stays
// known, what they leave differently is not (joins.ts). A way that ends early, by `return`, `break`, `continue` or an exception,
// waits with the state that it left until the others reach the place where it arrives.

import type { SourceSpan } from '../../../common/source-span.ts';
import type { Effects } from './effects.ts';
import { Join } from './joins.ts';
import type {
  Cause,
  Changes,
  Content,
  End,
  Ending,
  Explored,
  Field,
  Machine,
  Outcome,
  Owner,
  PyValue,
  State,
  Tried,
  UnknownValue,
  Ways,
} from './machine.ts';
import { arrived, exit } from './ends.ts';
import { none } from './values.ts';
import { PythonError } from './python-error.ts';

/** An outcome that has not arrived yet; its state is that of a moment, changed. */
interface Waiting {
  readonly outcome: Outcome;
  readonly since: Changes;
}

/** A loop that has not settled after so many rounds changes ever more: nothing that it changes is known then. */
const mostRounds = 6;
/** What following all ways may take of the limits for one thing that is not known: each way may build a network of its own. */
const shareOfWays = 1 / 4;
/** More places than this of one `try` where something may be raised are taken together. */
const mostRaises = 24;

export class FollowedWays implements Ways {
  readonly #machine: Machine;
  readonly #effects: Effects;
  #waiting: Waiting[] = [];
  #exploring = 0;
  /** What following all ways has taken of the limits, by what is not known. */
  readonly #shares = new Map<string, number>();

  constructor(machine: Machine, effects: Effects) {
    this.#machine = machine;
    this.#effects = effects;
  }

  /** Runs what belongs to no way, whichever is followed now. */
  apart<T>(run: () => T): T {
    const [waiting, exploring] = [this.#waiting, this.#exploring];
    this.#waiting = [];
    this.#exploring = 0;
    try {
      return run();
    } finally {
      this.#waiting = waiting;
      this.#exploring = exploring;
    }
  }

  /** Whether what is done now is done in one of several ways. */
  get isExploring(): boolean {
    return this.#exploring > 0;
  }

  /** A place in the order in which ways wait: those after it began to wait later. */
  get mark(): number {
    return this.#waiting.length;
  }

  /** Runs something and tells how it ended. */
  perform(run: () => End | Ending | undefined): End {
    try {
      return run() ?? arrived;
    } catch (error) {
      if (error instanceof PythonError) return { kind: 'raise', error };
      throw error;
    }
  }

  /** Goes on as something ended. */
  finish(end: End): Ending | undefined {
    switch (end.kind) {
      case 'normal':
      case 'exit':
        return undefined;
      case 'raise':
        throw end.error instanceof PythonError ? end.error : this.#anyError();
      default:
        return end;
    }
  }

  #anyError(): PythonError {
    try {
      return this.#machine.raise('Exception', 'something that is not known', { document: '', start: 0, end: 0 });
    } catch (error) {
      if (error instanceof PythonError) return error;
      throw error;
    }
  }

  /** Follows every way and goes on with what they have in common. */
  follow(cause: Cause, runs: readonly (() => End | Ending | undefined)[]): End {
    let explored: readonly Explored[] = [];
    const explore = (): void => {
      explored = runs.map((run) => this.explore(run));
    };
    if (this.#exploring > 0) explore();
    else {
      const { steps, limits } = this.#machine;
      const before = this.#shares.get(cause.reason) ?? 0;
      if (!this.#machine.runWithin(shareOfWays - before, explore))
        this.#machine.stopUndecided(cause.reason, cause.span);
      this.#shares.set(cause.reason, before + (this.#machine.steps - steps) / limits.steps);
    }
    return this.settle(
      cause,
      explored.map(({ outcome }) => outcome),
      explored.flatMap(({ inner }) => inner),
    );
  }

  /** Follows a way, and undoes it: its outcome, and those of the ways inside it that wait. */
  explore(run: () => End | Ending | undefined): Explored {
    const effects = this.#effects;
    const before = this.#machine.library.moment();
    const problems = this.#machine.problems.length;
    const madeBefore = effects.madeSoFar;
    const { mark } = this;
    const record = effects.open();
    this.#exploring++;
    let end: End;
    try {
      end = this.perform(run);
    } finally {
      this.#exploring--;
    }
    const network = this.#machine.library.moment();
    const outcome = { end, state: effects.stateSince(record), network, opsBefore: before.ops, madeBefore };
    const inner = this.#take(mark, record);
    effects.undo(record);
    before.restore();
    // Whether this is what happens is not known, so nothing in it is a mistake for certain.
    this.#machine.problems.length = Math.min(problems, this.#machine.problems.length);
    return { outcome, inner };
  }

  /** Takes the outcomes that wait since a place, with their states told from a moment. */
  #take(mark: number, record: Changes): readonly Outcome[] {
    const effects = this.#effects;
    const waiting = this.#waiting.splice(mark);
    if (waiting.length === 0) return [];
    // What was changed between that moment and the one that an outcome is told from is changed for whoever goes back to the first.
    const changed = [...effects.since(record).keys()];
    return waiting.map(({ outcome, since }): Outcome => {
      const then = effects.since(since);
      const state = new Map<Owner, Content>(outcome.state);
      for (const owner of changed)
        if (!state.has(owner)) state.set(owner, then.get(owner) ?? this.#effects.contentOf(owner));
      return { ...outcome, state };
    });
  }

  /** Goes on from outcomes of the same moment, which is now: joined where they arrive, the others wait. */
  settle(
    cause: Cause,
    outcomes: readonly Outcome[],
    inner: readonly Outcome[] = [],
    arrives: (end: End) => PyValue | undefined = (end) => (end.kind === 'normal' ? end.value : undefined),
    there?: End,
  ): End {
    const isLive = ({ end }: Outcome): boolean => end.kind !== 'raise' || this.#machine.isGuarded;
    const those = outcomes.filter(({ end }) => arrives(end) !== undefined);
    let others = outcomes.filter((outcome) => arrives(outcome.end) === undefined && isLive(outcome));
    let main = those;
    if (those.length === 0) {
      const next = others.findLast(({ end }) => end.kind !== 'raise') ?? others.at(-1) ?? outcomes.at(-1);
      main = next ? [next] : [];
      others = others.filter((other) => other !== next);
    }
    const record = this.#effects.open();
    const end = this.#applyJoined(cause, main, arrives);
    const waiting = [...inner.filter(isLive), ...others].map((outcome) => ({ outcome, since: record }));
    if (waiting.length === 0) this.#effects.close(record);
    else this.#waiting.push(...waiting);
    return those.length > 0 && there !== undefined ? there : end;
  }

  #applyJoined(cause: Cause, outcomes: readonly Outcome[], arrives: (end: End) => PyValue | undefined): End {
    const [first, ...rest] = outcomes;
    if (first === undefined) return arrived;
    let { state } = first;
    let value = arrives(first.end);
    for (const outcome of rest) {
      const made = Math.min(first.madeBefore, outcome.madeBefore);
      const isNew = (thing: object): boolean => this.#effects.isMadeSince(thing, made);
      const join = new Join(state, outcome.state, isNew, cause.reason, cause.span);
      const own = arrives(outcome.end);
      state = join.state(this.#effects.contentOf);
      value = value && own && join.value(value, own);
    }
    const last = rest.at(-1) ?? first;
    this.#effects.apply(state);
    last.network.restore();
    if (rest.length > 0 && outcomes.some(({ network, opsBefore }) => network.ops > opsBefore))
      this.#machine.loseTrack(cause.reason, cause.span);
    return value === undefined ? last.end : { kind: 'normal', value };
  }

  /** Where ways arrive that wait since a place: what was run up to here is one of them. */
  arrive(cause: Cause, mark: number, end: End, arrives: (end: End) => PyValue | undefined): End {
    if (!this.isWaited(mark, (each) => arrives(each) !== undefined)) return end;
    const effects = this.#effects;
    const record = effects.oldest(this.#waiting.slice(mark).map(({ since }) => since));
    if (record === undefined) return end;
    const network = this.#machine.library.moment();
    const state = effects.stateSince(record);
    const waiting = this.#take(mark, record);
    const opsBefore = Math.min(...waiting.map((outcome) => outcome.opsBefore));
    const madeBefore = Math.min(...waiting.map((outcome) => outcome.madeBefore));
    const there = waiting.filter((outcome) => arrives(outcome.end) !== undefined);
    const others = waiting.filter((outcome) => !there.includes(outcome));
    effects.undo(record);
    return this.settle(cause, [...there, { end, state, network, opsBefore, madeBefore }], others, arrives);
  }

  /** Whether a way waits, from a place on. */
  isWaited(mark: number, wanted: (end: End) => boolean): boolean {
    return this.#waiting.slice(mark).some(({ outcome }) => wanted(outcome.end));
  }

  /** How many ways wait since a place that ended in some manner. */
  countWaiting(mark: number, kind: End['kind']): number {
    return this.#waiting.slice(mark).filter(({ outcome }) => outcome.end.kind === kind).length;
  }

  /** Something was done that may have raised any exception: whoever handles it may go on from here. */
  mayRaise(mark: number): void {
    const own = this.#waiting.slice(mark).filter(({ outcome }) => outcome.end.kind === 'raise' && !outcome.end.error);
    if (own.length >= mostRaises) return;
    const last = this.#waiting.at(-1);
    const isKnown = last !== undefined && last === own.at(-1) && last.outcome.state.size === 0;
    if (isKnown && this.#effects.since(last.since).size === 0) return;
    const network = this.#machine.library.moment();
    const since = this.#effects.open();
    const outcome: Outcome = {
      end: { kind: 'raise' },
      state: new Map(),
      network,
      opsBefore: network.ops,
      madeBefore: this.#effects.madeSoFar,
    };
    this.#waiting.push({ outcome, since });
  }

  /**
   * What a `try` of which something may have been raised leaves: the ways in which it ended, told from its beginning, and those
   * in which it was left with an exception. Undone, so that the handlers can be followed from where that was raised.
   */
  leaveTry(cause: Cause, mark: number, record: Changes, end: End, before: Outcome): Tried {
    const effects = this.#effects;
    const raises = (each: End): boolean => each.kind === 'raise';
    const many = this.countWaiting(mark, 'raise') >= mostRaises;
    const lastRaise = this.#waiting.slice(mark).findLast(({ outcome }) => raises(outcome.end));
    const changedLate = many && lastRaise ? effects.since(lastRaise.since) : new Map<Owner, Content>();
    const network = this.#machine.library.moment();
    const main: Outcome = { ...before, end, state: effects.stateSince(record), network };
    const waiting = this.#take(mark, record);
    effects.undo(record);
    before.network.restore();
    const raised = [...waiting, main].filter((outcome) => raises(outcome.end));
    const others = waiting.filter((outcome) => !raises(outcome.end));
    const lost = [...changedLate].map(
      ([owner, content]) => [owner, lostContent(content, cause.reason, cause.span)] as const,
    );
    return {
      ended: raises(end) ? undefined : main,
      raised: raised.map((outcome) => ({ ...outcome, state: new Map([...outcome.state, ...lost]) })),
      others,
    };
  }

  /** A moment to tell states from; `close` or `leaveTry` ends it. */
  begin(): Changes {
    return this.#effects.open();
  }

  close(record: Changes): void {
    this.#effects.close(record);
  }

  /** Ways that broke out of a loop wait behind it from now on. */
  leaveBroken(mark: number): void {
    for (const [i, each] of this.#waiting.entries())
      if (i >= mark && each.outcome.end.kind === 'break')
        this.#waiting[i] = { ...each, outcome: { ...each.outcome, end: exit } };
  }

  /** Runs something; where an error gives it up, it is as if it had never begun, and the answer is false. */
  unless(isGivenUp: (error: unknown) => boolean, run: () => void): boolean {
    const before = this.#machine.library.moment();
    const problems = this.#machine.problems.length;
    const [mark, exploring] = [this.#waiting.length, this.#exploring];
    const record = this.#effects.open();
    try {
      run();
    } catch (error) {
      if (!isGivenUp(error)) {
        this.#effects.close(record);
        throw error;
      }
      this.#waiting.length = mark;
      this.#exploring = exploring;
      this.#effects.undo(record);
      before.restore();
      this.#machine.problems.length = Math.min(problems, this.#machine.problems.length);
      return false;
    }
    this.#effects.close(record);
    return true;
  }

  /** Whether something changes what there was before it. */
  hasEffects(run: () => undefined): boolean {
    const made = this.#effects.madeSoFar;
    const { outcome, inner } = this.explore(run);
    return [outcome, ...inner].some(({ state }) =>
      [...state.keys()].some((owner) => !this.#effects.isMadeSince(owner, made)),
    );
  }

  /** An outcome that has not happened yet: what is now. */
  now(end: End): Outcome {
    const network = this.#machine.library.moment();
    return { end, state: new Map(), network, opsBefore: network.ops, madeBefore: this.#effects.madeSoFar };
  }

  /** Follows a way from an outcome on, and undoes it. */
  exploreFrom(outcome: Outcome, run: () => End | Ending | undefined): Explored {
    const before = this.#machine.library.moment();
    const explored = this.explore(() => {
      this.#effects.apply(outcome.state);
      outcome.network.restore();
      return run();
    });
    before.restore();
    return {
      ...explored,
      outcome: { ...explored.outcome, opsBefore: outcome.opsBefore, madeBefore: outcome.madeBefore },
    };
  }

  /** Outcomes as one, for who goes on from any of them. */
  merged(cause: Cause, outcomes: readonly Outcome[], end: End): Outcome {
    const [first = this.now(end), ...rest] = outcomes;
    let { state } = first;
    for (const outcome of rest)
      state = new Join(state, outcome.state, () => false, cause.reason, cause.span).state(this.#effects.contentOf);
    return { ...first, end, state };
  }

  /**
   * A loop that may run any number of rounds, none as well where `mayExit`. A round says by `exit` that it was the last. Gives how the
   * loop was left; what it changes is known as far as every number of rounds leaves it alike.
   */
  repeat(cause: Cause, mayExit: boolean, round: () => End | Ending | undefined): End {
    const effects = this.#effects;
    for (let rounds = 0; ; rounds++) {
      const { outcome, inner } = this.explore(round);
      if (outcome.network.ops > outcome.opsBefore) this.#machine.loseTrack(cause.reason, cause.span);
      const goesOn = outcome.end.kind === 'normal';
      if (goesOn) {
        const join = new Join(new Map(), outcome.state, () => false, cause.reason, cause.span);
        const next = join.state(this.#effects.contentOf);
        // What a round makes for itself, such as the names of a call, is another thing each time.
        const isOld = ([owner]: readonly [Owner, Content]): boolean => !effects.isMadeSince(owner, outcome.madeBefore);
        if (
          ![...next].filter(isOld).every(([owner, content]) => sameContent(this.#effects.contentOf(owner), content))
        ) {
          if (rounds < mostRounds) effects.apply(next);
          else this.#loseAll(cause, next);
          if (rounds <= 2 * mostRounds) continue;
        }
      }
      // This round started from a state that covers those before it.
      const ends = [...(mayExit ? [this.now(exit)] : []), ...inner, ...(goesOn ? [] : [outcome])];
      if (ends.length === 0) return arrived;
      return this.settle(cause, ends, [], (end) => (end.kind === 'exit' ? none : undefined), exit);
    }
  }

  /** Nothing that these owners hold is known any more. */
  #loseAll({ reason, span }: Cause, state: State): void {
    for (const owner of state.keys()) this.loseOwner(owner, reason, span);
  }

  /** Nothing that an owner holds is known any more. */
  loseOwner(owner: Owner, reason: string, span: SourceSpan): void {
    if ('viewOf' in owner && owner.viewOf) {
      this.loseOwner(owner.viewOf, reason, span);
      return;
    }
    const open = this.#effects.change(owner);
    const lost: UnknownValue = { kind: 'unknown', reason, span };
    const lose = (names: Map<string, PyValue>): void => {
      for (const [name, value] of names) names.set(name, lostValue(value, lost));
    };
    if ('names' in open) lose(open.names);
    else if (open.kind === 'class') {
      // Methods are seldom replaced by who is given the class; what is only data is.
      for (const [name, { kind }] of open.attributes)
        if (!isCode.test(kind) && !name.startsWith('__')) open.attributes.set(name, lost);
    } else if (open.kind === 'instance' && open.items === undefined) {
      // It stays of its class, with the methods of that; its attributes are not known, nor whether it has more of them.
      lose(open.attributes);
      open.mayHaveMore ??= reason;
      // `self.__dict__ = self`: what was lost just now.
      if (open.dictionary && open.dictionary.viewOf !== owner) this.loseOwner(open.dictionary, reason, span);
    } else if (open.kind === 'function') lose(open.attributes);
    else if (open.kind !== 'tensor') {
      if (open.kind === 'dict' || open.kind === 'partial-dict') open.entries.clear();
      Object.assign(open, lost);
    }
  }
}

/** What a class has that is no data. */
const isCode = /^(function|builtin|class|property|static-method|class-method)$/;

/** What stands under a name that is no longer known: perhaps nothing, where that was so before. */
function lostValue(value: PyValue, lost: UnknownValue): UnknownValue {
  return value.kind === 'unknown' && value.isMaybe === true ? { ...lost, isMaybe: true } : lost;
}

/** What an owner holds when nothing of it is known. */
function lostContent(content: Content, reason: string, span: SourceSpan): Content {
  const lost = new Map(content);
  const value: UnknownValue = { kind: 'unknown', reason, span };
  for (const name of ['names', 'attributes', 'entries']) {
    const field = content.get(name);
    if (field?.entries)
      lost.set(name, {
        ...field,
        entries:
          name === 'entries'
            ? new Map()
            : new Map([...field.entries].map(([key, kept]) => [key, 'kind' in kept ? lostValue(kept, value) : value])),
      });
  }
  if (/^(list|dict|partial-dict|set|iterator|instance)$/.test(String(content.get('kind')?.value)))
    for (const [name, part] of Object.entries(value)) lost.set(name, { value: part });
  return lost;
}

function sameContent(one: Content, other: Content): boolean {
  if (one.size !== other.size) return false;
  for (const [name, field] of one) {
    const own = other.get(name);
    if (own === undefined || !sameField(field, own)) return false;
  }
  return true;
}

function sameField(one: Field, other: Field): boolean {
  if (one.entries && other.entries) {
    if (one.entries.size !== other.entries.size) return false;
    for (const [key, value] of one.entries) if (!sameValue(value, other.entries.get(key))) return false;
    return true;
  }
  if (one.items && other.items)
    return one.items.length === other.items.length && one.items.every((item, i) => sameValue(item, other.items?.[i]));
  return one.value === other.value;
}

/** Whether two values say the same: what is unknown is, whatever the reason. */
function sameValue(one: unknown, other: unknown): boolean {
  if (one === other) return true;
  if (typeof one !== 'object' || typeof other !== 'object' || one === null || other === null) return false;
  if ('kind' in one && 'kind' in other) {
    if (one.kind !== other.kind) return false;
    if (one.kind === 'unknown') return 'isMaybe' in one === 'isMaybe' in other;
    if (
      one.kind === 'tuple' &&
      'items' in one &&
      'items' in other &&
      Array.isArray(one.items) &&
      Array.isArray(other.items)
    ) {
      const items: readonly unknown[] = other.items;
      return one.items.length === items.length && one.items.every((item, i) => sameValue(item, items[i]));
    }
    return 'value' in one && 'value' in other && Object.is(one.value, other.value) && !('attributes' in one);
  }
  return 'key' in one && 'value' in one && 'value' in other && sameValue(one.value, other.value);
}
