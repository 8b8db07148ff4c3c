// The machine itself: the state of one evaluation, its fuel, errors, truth and iteration, and the parts put together.
// What Python means stands in the files beside; what the frameworks mean stands in ../libraries.

import type { Cancellation } from '../../../common/cancellation.ts';
import type { Problem } from '../../../common/problem.ts';
import type { SourceSpan } from '../../../common/source-span.ts';
import type { UnknownPart } from '../../../network/network-graph.ts';
import {
  limitMessage,
  undecidedMessage,
  type EvaluationLimits,
  type SourceReader,
  type StoppingLimit,
} from '../../shared/frontend.ts';
import type { BinaryOperator, ComparisonOperator, Expression, Statement } from '../syntax/ast.ts';
import type { PythonParser } from '../syntax/python-parser.ts';
import { getAttribute } from './attributes.ts';
import { evaluateExpression } from './expressions.ts';
import { runModule } from './run-module.ts';
import { runBlock } from './statements.ts';
import { callValue } from './calls.ts';
import { findMethod, isContainerOfOurs, isWhollyWritten, unknownBaseOf } from './classes.ts';
import { truthOfMember } from './enums.ts';
import { equal } from './operators.ts';
import { HandedOver } from './handed-over.ts';
import { FollowedWays } from './ways.ts';
import { Effects } from './effects.ts';
import { EvaluationStopped, PythonError } from './python-error.ts';
import { isUnhashable } from './argument-kinds.ts';
import { hasKey, isMaybe, lostIn, partial } from './partial-dictionary.ts';
import { describe } from './text.ts';
import type { ValueFlow } from './value-flow.ts';
import { int, isCertainKey, keyOf, string, tuple, typeName, unknown, rangeLength, plainOf } from './values.ts';
import type {
  Changing,
  Ways,
  Owner,
  Arguments,
  BoundMethodValue,
  ClassValue,
  InstanceValue,
  ModuleValue,
  PyValue,
  Scope,
  UnknownValue,
  Machine,
  Library,
  Ending,
} from './machine.ts';

/** Of what is not proven. */
function weaker(severity: Problem['severity']): Problem['severity'] {
  return severity === 'hint' ? severity : 'information';
}

/** How many items a step of fuel copies: far less work than a statement, but work. */
const itemsPerStep = 8;
/** Characters that weigh as much as one item. */
const charactersPerItem = 8;
/** Cancellation is asked for once in so many steps. */
const stepsPerLook = 256;
/** A question of the disk whether a file is there takes as long as some statements. */
const stepsPerLookup = 10;
/** Imported source is read and parsed, or found parsed: the same is charged in both cases. */
const charactersReadPerStep = 20;
/** More places than this that were lost say nothing new. */
const mostLostParts = 1_000;

export class Interpreter implements Machine {
  readonly parser: PythonParser;
  readonly reader: SourceReader;
  readonly limits: EvaluationLimits;
  readonly library: Library;
  readonly problems: Problem[] = [];
  readonly dependencies = new Set<string>();
  readonly modules = new Map<string, ModuleValue>();
  /** Calls under way, outermost first: the call sites in the source. */
  readonly callStack: SourceSpan[] = [];
  /** The names of every call on it. */
  readonly scopes: Scope[] = [];
  readonly builtins: Map<string, PyValue>;
  /** Exceptions whose handlers are running, for a bare `raise`. */
  readonly handling: PythonError[] = [];
  /** How many ops the network has so far. */
  countOps: () => number = () => 0;
  flow: ValueFlow | undefined;
  /** Exceptions that ended a top-level statement, by document. */
  readonly moduleFailures = new Map<string, PythonError[]>();
  /** What could not be followed while the model was made and run: the network may hold more than was found. */
  readonly lostParts: UnknownPart[] = [];
  /** Modules whose text is being run; what fails there is only kept in `moduleFailures`. */
  importDepth = 0;
  readonly #effects = new Effects((items) => {
    // The next step looks whether there is fuel: what is undone is undone whole.
    this.#steps += items / itemsPerStep;
  });
  readonly ways: Ways = new FollowedWays(this, this.#effects);
  readonly #handed = new HandedOver(this);
  #guards = 0;
  /** Where the bodies of `try` under way begin in the order in which ways wait. */
  #tries: number[] = [];
  readonly #cancellation: Cancellation;
  #steps = 0;
  /** In which stretch of steps cancellation was asked for last. */
  #looked = 0;
  #items = 0;
  /** What may be burnt and held now, where that is less than the limits of the whole. */
  #most: { readonly steps: number; readonly items: number } | undefined;

  constructor(
    parser: PythonParser,
    reader: SourceReader,
    limits: EvaluationLimits,
    library: Library,
    builtins: (machine: Machine) => Map<string, PyValue>,
    cancellation: Cancellation,
  ) {
    this.parser = parser;
    this.reader = reader;
    this.limits = limits;
    this.library = library;
    this.#cancellation = cancellation;
    this.builtins = builtins(this);
  }

  /** Fuel burnt so far. */
  get steps(): number {
    return this.#steps;
  }

  tick(span: SourceSpan, amount = 1): void {
    this.#steps += amount;
    if (this.#steps > this.limits.steps)
      this.stop('limit-steps', `Reading this model takes more than ${counted(this.limits.steps)} steps`, span);
    if (this.#most && this.#steps > this.#most.steps)
      this.stop('limit-steps', `This takes more than a part of ${counted(this.limits.steps)} steps`, span);
    const stretch = Math.floor(this.#steps / stepsPerLook);
    if (stretch !== this.#looked) {
      this.#looked = stretch;
      if (this.#cancellation.isCancellationRequested) throw new EvaluationStopped('cancelled', 'Cancelled', span);
    }
  }

  readDocument(document: string, span: SourceSpan): string | undefined {
    this.dependencies.add(document);
    this.tick(span, stepsPerLookup);
    const text = this.reader.read(document);
    if (text !== undefined)
      this.tick(span, Math.ceil(Math.min(text.length, this.limits.sourceLength) / charactersReadPerStep));
    return text;
  }

  /** Burns fuel for looking at or copying so many items. */
  walk(count: number, span: SourceSpan): void {
    if (count >= itemsPerStep) this.tick(span, Math.floor(count / itemsPerStep));
  }

  /** Makes room for so many items, before they are made. */
  hold(count: number, span: SourceSpan): void {
    this.#items += count;
    if (!(this.#items <= this.limits.items)) {
      const sum = count > this.limits.items ? `This has ${counted(count)} items` : 'What this model holds grows here';
      this.stop('limit-memory', `${sum}; all that is made for one model may have ${counted(this.limits.items)}`, span);
    }
    if (this.#most && !(this.#items <= this.#most.items))
      this.stop('limit-memory', `This holds more than a part of ${counted(this.limits.items)} items`, span);
    this.walk(count, span);
  }

  /** Runs a part with a share of the limits; where that does not suffice, as if it had never begun, and false. */
  runWithin(share: number, run: () => void): boolean {
    const [most, items, calls, scopes, handling, depth] = [
      this.#most,
      this.#items,
      this.callStack.length,
      this.scopes.length,
      this.handling.length,
      this.importDepth,
    ];
    const own = { steps: this.#steps + share * this.limits.steps, items: items + share * this.limits.items };
    this.#most = {
      steps: Math.min(own.steps, most?.steps ?? Infinity),
      items: Math.min(own.items, most?.items ?? Infinity),
    };
    // A limit of the whole, or of what this is a part of, is not this part's to handle.
    const isOwn = (error: unknown): boolean =>
      error instanceof EvaluationStopped &&
      /^limit-(steps|memory)$/.test(error.code) &&
      this.#steps <= Math.min(this.limits.steps, most?.steps ?? Infinity) &&
      this.#items <= Math.min(this.limits.items, most?.items ?? Infinity);
    try {
      if (this.ways.unless(isOwn, run)) return true;
    } finally {
      this.#most = most;
    }
    this.#items = items;
    this.callStack.length = calls;
    this.scopes.length = scopes;
    this.handling.length = handling;
    this.importDepth = depth;
    return false;
  }

  /** Makes room for items that are gone as soon as they were looked at. */
  expand(count: number, span: SourceSpan): void {
    if (!(count <= this.limits.items)) this.hold(count, span);
    this.walk(count, span);
  }

  /** Makes room for a text, before it is made. */
  holdText(length: number, span: SourceSpan): void {
    if (length >= charactersPerItem) this.hold(Math.floor(length / charactersPerItem), span);
  }

  change<T extends Owner>(target: T): Changing<T> {
    return this.#effects.change(target);
  }

  /** Ends the evaluation: the next one finds the libraries as this one did. */
  end(): void {
    this.#effects.leaveLibraries();
  }

  noteMade(thing: object): void {
    this.#effects.noteMade(thing);
  }

  unrecorded<T>(run: () => T): T {
    return this.#effects.unrecorded(() => this.ways.apart(run));
  }

  loading<T>(run: () => T): T {
    return this.#effects.keepingNew(run);
  }

  mayRaise(): void {
    const mark = this.#tries.at(-1);
    if (mark !== undefined) this.ways.mayRaise(mark);
  }

  trying<T>(run: () => T): T {
    this.#tries.push(this.ways.mark);
    try {
      return this.guarded(run);
    } finally {
      this.#tries.pop();
    }
  }

  handOver(values: readonly PyValue[], to: UnknownValue): void {
    this.#handed.give(values, to);
  }

  loseAmong(value: UnknownValue, span: SourceSpan): void {
    if (value.among) this.#handed.give([value], unknown(value.reason, span));
  }

  /** Ends the evaluation at a limit: `what` is too much, in words without a full stop. */
  stop(code: StoppingLimit, what: string, span: SourceSpan): never {
    throw new EvaluationStopped(code, limitMessage(code, what), span);
  }

  stopUndecided(reason: string, span: SourceSpan): never {
    throw new EvaluationStopped('limit-steps', undecidedMessage(reason), span);
  }

  /** Ends this path with a Python exception of a class, which may be named where it is built in. */
  raise(thrown: string | ClassValue, message: string, span: SourceSpan, ends?: Scope): never {
    const className = typeof thrown === 'string' ? thrown : thrown.name;
    const found = typeof thrown === 'string' ? this.builtins.get(thrown) : thrown;
    const type: ClassValue =
      found?.kind === 'class' ? found : { kind: 'class', name: className, bases: [], mro: [], attributes: new Map() };
    const exception: InstanceValue = {
      kind: 'instance',
      class: type,
      attributes: new Map([['args', tuple([string(message)])]]),
      site: { span, callChain: [...this.callStack] },
    };
    throw new PythonError(exception, `${className}: ${message}`, span, ends);
  }

  /**
   * Reports a problem once a place and sentence. Behind something that was lost nothing is proven: what would be an error is
   * information there, as other values than those that are known may flow.
   */
  report(found: Problem): void {
    const isProven = this.lostParts.length === 0 || found.code.startsWith('limit-');
    const problem: Problem = isProven ? found : { ...found, severity: weaker(found.severity) };
    const known = this.problems.some(
      (other) =>
        other.code === problem.code &&
        other.message === problem.message &&
        other.span?.start === problem.span?.start &&
        other.span?.document === problem.span?.document,
    );
    if (!known && this.problems.length < 200) this.problems.push(problem);
  }

  /** Keeps an exception that ended a statement of a module's text. */
  noteFailure(document: string, error: PythonError): void {
    const known = this.moduleFailures.get(document);
    if (known) known.push(error);
    else this.moduleFailures.set(document, [error]);
  }

  /** Says that something could not be followed; the totals of the network become lower bounds. */
  loseTrack(reason: string, span: SourceSpan): void {
    if (this.importDepth > 0 || this.lostParts.length >= mostLostParts) return;
    const known = this.lostParts.findIndex(
      (other) => other.span?.start === span.start && other.span.document === span.document && other.reason === reason,
    );
    const now = this.countOps();
    const first = this.lostParts[known]?.during?.first ?? now;
    const part = { reason, span, during: { first, last: now } };
    if (known < 0) this.lostParts.push(part);
    else this.lostParts[known] = part;
  }

  /** A branch depends on something unknown; the branch not taken may change the network. */
  undecided(test: PyValue, span: SourceSpan): void {
    this.loseTrack(
      test.kind === 'unknown' ? test.reason : 'Which branch is taken here depends on the contents of a tensor',
      span,
    );
  }

  /** Runs something whose Python exceptions the caller handles, so that nothing inside goes on behind them. */
  guarded<T>(run: () => T): T {
    this.#guards++;
    try {
      return run();
    } finally {
      this.#guards--;
    }
  }

  /** Runs what keeps its exceptions to itself, such as a module's text, whoever asked for it. */
  unguarded<T>(run: () => T): T {
    const [guards, tries] = [this.#guards, this.#tries];
    this.#guards = 0;
    this.#tries = [];
    try {
      return run();
    } finally {
      this.#guards = guards;
      this.#tries = tries;
    }
  }

  /** Whether an exception would be handled by somebody. */
  get isGuarded(): boolean {
    return this.#guards > 0;
  }

  /** Reports an exception that nobody handles. What it would have computed is not known from here on. */
  recoverFrom(error: PythonError): UnknownValue {
    const { message, span } = error;
    this.report({ code: 'python-raises', severity: 'error', message: `This raises ${message}`, span });
    this.loseTrack(message, span);
    return unknown(message, span);
  }

  evaluate(scope: Scope, expression: Expression): PyValue {
    return evaluateExpression(this, scope, expression);
  }

  runBlock(scope: Scope, statements: readonly Statement[]): Ending | undefined {
    return runBlock(this, scope, statements);
  }

  runModule(scope: Scope, statements: readonly Statement[]): void {
    runModule(this, scope, statements);
  }

  call(callee: PyValue, args: Arguments, span: SourceSpan): PyValue {
    return callValue(this, callee, args, span);
  }

  /** Calls with positional arguments only. */
  callWith(callee: PyValue, span: SourceSpan, ...positional: readonly PyValue[]): PyValue {
    return callValue(this, callee, { positional, keywords: new Map() }, span);
  }

  attribute(object: PyValue, name: string, span: SourceSpan): PyValue {
    return getAttribute(this, object, name, span);
  }

  /** A method of an instance's class, bound; undefined when the class has none. */
  method(instance: InstanceValue, name: string, span: SourceSpan): PyValue | undefined {
    const found = findMethod(instance.class, name);
    if (found === undefined) return undefined;
    if (found.kind === 'function' || (found.kind === 'builtin' && found.bindsSelf === true)) {
      return { kind: 'bound-method', self: instance, function: found } satisfies BoundMethodValue;
    }
    return getAttribute(this, instance, name, span);
  }

  tensorOperator(
    operator: BinaryOperator | ComparisonOperator,
    left: PyValue,
    right: PyValue,
    span: SourceSpan,
  ): PyValue {
    return this.library.tensorOperator(this, operator, left, right, span);
  }

  /** Python's truth of a value; undefined when it is not known. */
  truth(value: PyValue, span: SourceSpan): boolean | undefined {
    switch (value.kind) {
      case 'none':
        return false;
      case 'bool':
        return value.value;
      case 'int':
      case 'float':
        return value.value !== 0;
      case 'string':
        return value.value !== '';
      case 'list':
      case 'tuple':
        return value.items.length > 0;
      case 'dict':
      case 'partial-dict':
        return (
          [...value.entries.values()].some((entry) => !isMaybe(entry.value)) ||
          (value.entries.size > 0 ? undefined : false)
        );
      case 'set':
        return value.entries.size > 0;
      case 'range':
        return rangeLength(value) > 0;
      case 'unknown':
      case 'tensor':
        return undefined;
      case 'instance': {
        const method = this.method(value, '__bool__', span) ?? this.method(value, '__len__', span);
        if (method) return this.truth(this.callWith(method, span), span);
        if (value.class.attributes.has('__members__')) return truthOfMember(value);
        if (value.dictionary) return this.truth(value.dictionary, span);
        if (unknownBaseOf(value.class) !== undefined && !this.library.isLayer(value)) return undefined;
        return isContainerOfOurs(value.class) ? undefined : true;
      }
      default:
        return true;
    }
  }

  /** The items of an iterable, read ahead; unknown when they are not known. */
  iterate(value: PyValue, span: SourceSpan): readonly PyValue[] | UnknownValue {
    switch (value.kind) {
      case 'list':
      case 'tuple':
        return value.items;
      case 'iterator': {
        const rest = value.items.slice(value.position);
        this.walk(rest.length, span);
        this.change(value).position = value.items.length;
        return rest;
      }
      case 'range': {
        const length = rangeLength(value);
        this.expand(length, span);
        return Array.from({ length }, (_, i) => int(value.start + i * value.step));
      }
      case 'string':
        this.expand(value.value.length, span);
        return Array.from(value.value, string);
      case 'partial-dict':
        return lostIn(value);
      case 'dict':
        if (value.viewOf && partial(value)) return unknown('Not all of these attributes are known', span);
        this.walk(value.entries.size, span);
        return [...value.entries.values()].map(({ key }) => key);
      case 'set':
        this.walk(value.entries.size, span);
        return [...value.entries.values()];
      case 'unknown':
        return value;
      case 'class': {
        const members = value.attributes.get('__members__');
        return members?.kind === 'dict'
          ? // An alias is no member of its own.
            [...new Set([...members.entries.values()].map((entry) => entry.value))]
          : value.mro.some(({ metaclass }) => metaclass !== undefined) || unknownBaseOf(value) !== undefined
            ? unknown(`What walking ${value.name} gives is not followed`, span)
            : this.#notIterable(value, span);
      }
      case 'tensor':
        return this.#iterateTensor(value, span);
      case 'instance':
        return this.#iterateInstance(value, span);
      default:
        return this.#notIterable(value, span);
    }
  }

  #notIterable(value: PyValue, span: SourceSpan): never {
    return this.raise('TypeError', `'${typeName(value)}' object is not iterable`, span);
  }

  #iterateTensor(value: Extract<PyValue, { kind: 'tensor' }>, span: SourceSpan): readonly PyValue[] | UnknownValue {
    const [length] = value.shape;
    if (typeof length !== 'number') return unknown('The length of this tensor is not known', span);
    this.tick(span, length);
    this.hold(length, span);
    const items = Array.from({ length }, (_, i) => this.library.tensorItem(this, value, int(i), span));
    // Numbers that are known are taken as numbers, as NumPy's are.
    return items.map((item) => {
      const number = item.kind === 'tensor' && item.shape.length === 0 ? this.library.numberOf(item, span) : undefined;
      return number ?? item;
    });
  }

  #iterateInstance(value: InstanceValue, span: SourceSpan): readonly PyValue[] | UnknownValue {
    const iterator = this.method(value, '__iter__', span);
    if (iterator) {
      const result = this.callWith(iterator, span);
      return result === value ? this.#drain(value, span) : this.iterate(result, span);
    }
    if (value.dictionary) return this.iterate(value.dictionary, span);
    const item = this.method(value, '__getitem__', span);
    const length = this.method(value, '__len__', span);
    if (item && length) {
      const count = this.callWith(length, span);
      if (count.kind === 'int') {
        this.hold(Math.max(0, count.value), span);
        return Array.from({ length: Math.max(0, count.value) }, (_, i) => this.callWith(item, span, int(i)));
      }
    }
    if (value.class.unknownBase !== undefined) return unknown(`${value.class.unknownBase} is not known`, span);
    if (!isWhollyWritten(value) || item) return unknown(`How a ${value.class.name} is walked is not followed`, span);
    return this.#notIterable(value, span);
  }

  #drain(value: InstanceValue, span: SourceSpan): readonly PyValue[] | UnknownValue {
    const next = this.method(value, '__next__', span);
    if (!next) return this.#notIterable(value, span);
    const items: PyValue[] = [];
    for (;;) {
      this.tick(span);
      try {
        items.push(this.guarded(() => this.callWith(next, span)));
      } catch (error) {
        if (error instanceof PythonError && error.exception.class.name === 'StopIteration') return items;
        throw error;
      }
    }
  }

  /** `item in container`; undefined when it is not known. */
  contains(container: PyValue, item: PyValue, span: SourceSpan): boolean | undefined {
    if (container.kind === 'string') {
      const part = plainOf(item);
      if (part.kind === 'string') return container.value.includes(part.value);
      if (part.kind === 'unknown' || part.kind === 'instance') return undefined;
      this.raise('TypeError', `'in <string>' requires string as left operand, not ${typeName(item)}`, span);
    }
    const isKeyed = container.kind === 'dict' || container.kind === 'partial-dict' || container.kind === 'set';
    if (container.kind === 'set' && item.kind === 'set') return undefined;
    if (isKeyed && isUnhashable(item)) this.raise('TypeError', `unhashable type: '${typeName(item)}'`, span);
    if (container.kind === 'dict' || container.kind === 'partial-dict') return hasKey(container, item);
    if (container.kind === 'set') return isCertainKey(item) ? container.entries.has(keyOf(item)) : undefined;
    if (container.kind === 'instance') {
      const method = this.method(container, '__contains__', span);
      if (method) return this.truth(this.callWith(method, span, item), span);
      if (container.dictionary) return this.contains(container.dictionary, item, span);
    }
    if (container.kind === 'range' && item.kind === 'int') {
      const place = (item.value - container.start) / container.step;
      return Number.isInteger(place) && place >= 0 && place < rangeLength(container);
    }
    const items = this.iterate(container, span);
    if ('kind' in items) return undefined;
    this.walk(items.length, span);
    let sure: boolean | undefined = false;
    for (const candidate of items) {
      const same = candidate === item && item.kind !== 'unknown' ? true : equal(this, candidate, item, span);
      if (same === true) return true;
      if (same === undefined) sure = undefined;
    }
    return sure;
  }

  /** What a message says of a value: `str(value)`, as far as it is known. */
  text(value: PyValue, span: SourceSpan): string {
    return describe(this, value, span);
  }

  nameOfType(value: PyValue): string {
    return typeName(value);
  }
}

function counted(number: number): string {
  return number.toLocaleString('en');
}
