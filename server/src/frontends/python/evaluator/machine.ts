// The values of Python and the machine that works on them, as types: a built-in function is a value that takes the
// machine, so they are one family. The parts of the evaluator take the machine and know nothing of what it is made of.

import type { Problem } from '../../../common/problem.ts';
import type { SourceSpan } from '../../../common/source-span.ts';
import type { Framework, UnknownPart } from '../../../network/network-graph.ts';
import type { Initializer, Parameter, ValueId } from '../../../network/op.ts';
import type { Shape } from '../../../network/shape.ts';
import type { WidthOrigin } from '../../../network/width-origin.ts';
import type { EvaluationLimits, SourceReader, StoppingLimit } from '../../shared/frontend.ts';
import type {
  BinaryOperator,
  ComparisonOperator,
  Expression,
  FunctionDefinition,
  ParameterDeclaration,
  Statement,
  StatementOf,
} from '../syntax/ast.ts';
import type { PythonParser } from '../syntax/python-parser.ts';

/** Names of one function call, comprehension, class body or module. */
export interface Scope {
  readonly names: ReadonlyMap<string, PyValue>;
  readonly parent: Scope | undefined;
  readonly module: ModuleValue;
  /** The class whose method this is and its first argument, for `super()`. */
  readonly method?: { readonly owner: ClassValue; readonly self: PyValue };
  readonly globals?: Set<string>;
  readonly nonlocals?: Set<string>;
  /** The class whose body this is. Class bodies are not seen from the functions inside them. */
  readonly classBody?: ClassValue;
  /** Values that a generator function has yielded so far; `lost` where they are not known. */
  readonly yielded?: readonly PyValue[];
  readonly lost?: UnknownValue;
  /** The function whose call this is. */
  readonly code?: FunctionDefinition | Expression;
}

export interface IntValue {
  readonly kind: 'int';
  readonly value: number;
  readonly origin?: WidthOrigin | undefined;
  /** Whether it is a size as TensorFlow 1 has them, which programs ask for their `value`. */
  readonly isDimension?: true;
}
export interface FloatValue {
  readonly kind: 'float';
  readonly value: number;
  readonly origin?: WidthOrigin | undefined;
}
export interface StringValue {
  readonly kind: 'string';
  readonly value: string;
  /** Whether it stands in the source: Python keeps one object of each such text. */
  readonly isWritten?: true;
}
export interface ListValue {
  readonly kind: 'list';
  readonly items: readonly PyValue[];
  /** The keys of a dictionary, which compare and combine as a set. */
  readonly isKeys?: boolean;
}
export interface TupleValue {
  readonly kind: 'tuple';
  readonly items: readonly PyValue[];
  /** A named tuple's class, with its fields. */
  readonly fields?: readonly string[];
  readonly class?: ClassValue;
  /** A tensor's size, which frameworks tell apart from a tuple of numbers; so are parts of it. */
  readonly isSize?: true;
}
export interface DictValue {
  readonly kind: 'dict';
  /** By the key's identity text; insertion order is Python's. */
  readonly entries: ReadonlyMap<string, { readonly key: PyValue; readonly value: PyValue }>;
  /** A defaultdict's factory. */
  readonly missing?: PyValue;
  /** Whose names these are, where it is `vars(…)` of something. */
  readonly viewOf?: InstanceValue | ModuleValue;
}
/** A dictionary that ways which the program may go have left with other keys; see partial-dictionary.ts. */
export interface PartialDictValue {
  readonly kind: 'partial-dict';
  /** Every key that it may have; a value that `isMaybe` is there in some ways only. The order is not known. */
  readonly entries: DictValue['entries'];
  readonly missing?: PyValue;
  readonly viewOf?: DictValue['viewOf'];
  readonly reason: string;
  readonly span: SourceSpan;
}
export interface SetValue {
  readonly kind: 'set';
  readonly isFrozen?: true;
  readonly entries: ReadonlyMap<string, PyValue>;
}
export interface FunctionValue {
  readonly kind: 'function';
  readonly name: string;
  readonly parameters: readonly ParameterDeclaration[];
  readonly body: FunctionDefinition | Expression;
  /** Evaluated once, when the function was defined. */
  readonly defaults: ReadonlyMap<string, PyValue>;
  readonly scope: Scope;
  readonly attributes: ReadonlyMap<string, PyValue>;
}
/** Arguments of a call, evaluated. */
export interface Arguments {
  readonly positional: readonly PyValue[];
  readonly keywords: ReadonlyMap<string, PyValue>;
}
/** Something that we model in TypeScript. */
export interface BuiltinValue {
  readonly kind: 'builtin';
  readonly name: string;
  readonly call: (machine: Machine, args: Arguments, span: SourceSpan) => PyValue;
  /** Whether it takes the instance when read through one. */
  readonly bindsSelf?: boolean;
  /** What `inspect.signature` shows, without the instance. */
  readonly parameters?: readonly ShownParameter[];
}
/** A parameter as introspection sees it. */
export interface ShownParameter {
  readonly name: string;
  readonly kind: ParameterDeclaration['kind'];
  readonly default?: PyValue | undefined;
}
export interface ClassValue {
  readonly kind: 'class';
  readonly name: string;
  readonly bases: readonly ClassValue[];
  /** Method resolution order, the class itself first. */
  readonly mro: readonly ClassValue[];
  readonly attributes: ReadonlyMap<string, PyValue>;
  readonly span?: SourceSpan | undefined;
  /** Fields in order, for dataclasses and named tuples. */
  readonly fields?: readonly { readonly name: string; readonly default?: PyValue }[];
  /** Classes that make something else than an instance (`int`, `list`, `dict`). */
  readonly construct?: (machine: Machine, args: Arguments, span: SourceSpan) => PyValue;
  /** All names that a class of a library itself has, described here or not; absent where not all of them are known. */
  readonly allNames?: ReadonlySet<string>;
  /** Whether nothing can change its instances. */
  readonly isImmutable?: true;
  /** The class of the class, where one is written. */
  readonly metaclass?: ClassValue | undefined;
  /** A base that could not be resolved: lookups that fail are unknown instead of errors. */
  readonly unknownBase?: string | undefined;
}
export interface InstanceValue {
  readonly kind: 'instance';
  readonly class: ClassValue;
  readonly attributes: ReadonlyMap<string, PyValue>;
  /** Where it was constructed. */
  readonly site: { readonly span: SourceSpan; readonly callChain: readonly SourceSpan[] };
  /** What a native base keeps: items of a container module. */
  readonly items?: readonly PyValue[];
  /** A dict subclass's entries. */
  readonly dictionary?: DictValue | PartialDictValue;
  /** Where a file writes the settings that it keeps, when what is made of them is to be found there. */
  readonly writtenAt?: SourceSpan;
  /** Why it may have other attributes than those that are known. */
  readonly mayHaveMore?: string;
}
export interface BoundMethodValue {
  readonly kind: 'bound-method';
  readonly self: PyValue;
  readonly function: FunctionValue | BuiltinValue;
}
export interface PropertyValue {
  readonly kind: 'property';
  readonly getter: PyValue;
  readonly setter?: PyValue;
}
export interface WrappedMethodValue {
  readonly kind: 'static-method' | 'class-method';
  readonly function: PyValue;
}
export interface PartialValue {
  readonly kind: 'partial';
  readonly function: PyValue;
  readonly args: Arguments;
}
export interface ModuleValue {
  readonly kind: 'module';
  readonly name: string;
  readonly document: string;
  readonly names: ReadonlyMap<string, PyValue>;
  /** For library modules that we model: what is not in the table is unknown, not an error. */
  readonly isModelled: boolean;
  readonly isPackage?: boolean;
  /** Imported names that nobody has asked for yet. */
  readonly deferred?: ReadonlyMap<string, () => PyValue>;
  /** What a package that puts another module in its place imports for those who only look at it. */
  readonly lookedAt?: readonly StatementOf<'import-from'>[];
}
export interface SuperValue {
  readonly kind: 'super';
  readonly self: PyValue;
  /** Lookups start behind this class in the instance's order. */
  readonly after: ClassValue;
}
/** Operations in place change a tensor for everyone who holds it; only tracing/tensor-writes.ts does so. */
export interface TensorValue {
  readonly kind: 'tensor';
  readonly shape: Shape;
  /** Set once the tensor is part of the graph. */
  readonly id?: ValueId | undefined;
  /** For parameters and buffers: identity and role; the id is given when modules are named. */
  readonly parameter?:
    | {
        id: string;
        readonly role: Parameter['role'];
        readonly trainable: boolean;
        /** How training starts it, where a framework or the source says. */
        readonly initializer?: Initializer;
        readonly width?: WidthOrigin | undefined;
        /** Another parameter that counts with it: the length where it is a direction only. */
        length?: TensorValue;
      }
    | undefined;
  /** Elements of a small constant vector, or the one value of a uniform tensor. */
  readonly elements?: readonly number[] | undefined;
  readonly fill?: number | undefined;
  /** The framework whose tensor it is, where that is not the one that shares its tensors with NumPy. */
  readonly owner?: Framework;
  /** The element type where it is not real: `int`, `bool`. */
  readonly dtype?: string;
  /** What source noted on the tensor. */
  readonly own?: ReadonlyMap<string, PyValue>;
}
/** Iterators are read ahead: their items are known, `next` moves on. */
export interface IteratorValue {
  readonly kind: 'iterator';
  readonly items: readonly PyValue[];
  readonly position: number;
}
export interface UnknownValue {
  readonly kind: 'unknown';
  readonly reason: string;
  readonly span: SourceSpan;
  /** Whether it may be that there is nothing at all: a name that only one of two ways binds. */
  readonly isMaybe?: true;
  /** The dotted name that it was read from, where it comes from a module that is not there. */
  readonly path?: string;
  /** Known things of which it may be one, or which it may hold or change: what is done to it may be done to any of them. */
  readonly among?: readonly PyValue[];
  /** Whether a layer may stand here in some way that the program may go. */
  readonly mayHide?: true;
}

export type PyValue =
  | { readonly kind: 'none' }
  | { readonly kind: 'ellipsis' }
  | { readonly kind: 'not-implemented' }
  | { readonly kind: 'bool'; readonly value: boolean }
  | IntValue
  | FloatValue
  | StringValue
  | ListValue
  | TupleValue
  | DictValue
  | PartialDictValue
  | SetValue
  | { readonly kind: 'range'; readonly start: number; readonly stop: number; readonly step: number }
  | { readonly kind: 'slice'; readonly lower: PyValue; readonly upper: PyValue; readonly step: PyValue }
  | IteratorValue
  | FunctionValue
  | BuiltinValue
  | ClassValue
  | InstanceValue
  | BoundMethodValue
  | PropertyValue
  | WrappedMethodValue
  | PartialValue
  | ModuleValue
  | SuperValue
  | TensorValue
  | UnknownValue;

/** What the frameworks add to Python: modules by dotted name, and what operators and attributes mean for tensors. */
export interface Library {
  /** A modelled module (`torch.nn.functional`), or undefined. */
  module(machine: Machine, name: string): ModuleValue | undefined;
  /** A module that is modelled where its source is not there. */
  standIn(machine: Machine, name: string): ModuleValue | undefined;
  /** Whether a module is modelled though a package of source takes in its own beside it. */
  isModelledWithin(name: string): boolean;
  tensorOperator(
    machine: Machine,
    operator: BinaryOperator | ComparisonOperator,
    left: PyValue,
    right: PyValue,
    span: SourceSpan,
  ): PyValue;
  tensorAttribute(machine: Machine, tensor: PyValue, name: string, span: SourceSpan): PyValue | undefined;
  tensorItem(machine: Machine, tensor: PyValue, index: PyValue, span: SourceSpan): PyValue;
  /** The number that a constant without dimensions is. */
  numberOf(tensor: TensorValue, span: SourceSpan): PyValue | undefined;
  /** `tensor[index] = value`. */
  writeTensorItem(machine: Machine, tensor: TensorValue, index: PyValue, value: PyValue, span: SourceSpan): void;
  /** `tensor += value` and its kin: everyone who holds the tensor then sees the result. */
  overwriteTensor(machine: Machine, tensor: TensorValue, result: PyValue): PyValue;
  /** Calls an instance that has a framework's base class; undefined when it has none. */
  callInstance(machine: Machine, instance: InstanceValue, args: Arguments, span: SourceSpan): PyValue | undefined;
  /** The method by which a framework's layer is called, where it is one. */
  runMethod(instance: InstanceValue): string | undefined;
  /** Something that is not known is called: where it is given parts of the network, that is a loss. */
  callUnknown(machine: Machine, callee: UnknownValue, args: Arguments, span: SourceSpan): void;
  /** The network as it is now, and the way back to it. */
  moment(): NetworkMoment;
  isLayer(value: PyValue): boolean;
  /** A layer was handed to code that is not known. */
  noteHanded(layer: InstanceValue, to: UnknownValue): void;
  /** A statement gave a value a name, or handed it back. */
  noteFlow(value: PyValue, statement: SourceSpan): void;
  /** An item of a framework's container; undefined when the instance is none. */
  instanceItem(machine: Machine, instance: InstanceValue, index: PyValue, span: SourceSpan): PyValue | undefined;
}

/** An exception of the evaluated program on its way to whoever handles it. */
export interface RaisedException {
  readonly exception: InstanceValue;
  readonly message: string;
  readonly span: SourceSpan;
}

/** How a block ended before its last statement. */
export type Ending =
  { readonly kind: 'return'; readonly value: PyValue } | { readonly kind: 'break' } | { readonly kind: 'continue' };

/** What can be changed. */
export type Owner =
  | Scope
  | ListValue
  | DictValue
  | PartialDictValue
  | SetValue
  | IteratorValue
  | InstanceValue
  | ClassValue
  | FunctionValue
  | ModuleValue
  | TensorValue;

type Open<T, K> =
  T extends ReadonlyMap<infer Key, infer V>
    ? Map<Key, V>
    : T extends readonly (infer V)[]
      ? K extends 'items' | 'yielded'
        ? V[]
        : T
      : T;

/** The same thing, open for writing: its fields, and the maps and the items that it keeps. */
export type Changing<T> = { -readonly [K in keyof T]: Open<T[K], K> };

/** What an owner held, one level deep: each field with what stood in the map or sequence that it is. */
export type Content = ReadonlyMap<string, Field>;
export interface Field {
  readonly value: unknown;
  readonly entries?: ReadonlyMap<string, Kept> | undefined;
  readonly items?: readonly PyValue[] | undefined;
}

/** What stands under a name or key: a value, an entry with its key, or what gives a value when it is asked for. */
export type Kept = PyValue | { readonly key: PyValue; readonly value: PyValue } | (() => PyValue);

/** Owners with what they hold at some moment. */
export type State = ReadonlyMap<Owner, Content>;

/** What was changed since a moment, with what it held then. */
export type Changes = Map<Owner, Content>;

/** How a way ended: at its end, early, or with an exception, which is absent where any may be raised. */
export type End =
  | { readonly kind: 'normal'; readonly value: PyValue }
  | Ending
  /** A loop whose condition no longer holds. */
  | { readonly kind: 'exit' }
  | { readonly kind: 'raise'; readonly error?: RaisedException | undefined };

/** The network at some moment, to go back to. */
export interface NetworkMoment {
  readonly ops: number;
  readonly restore: () => void;
}

/** A way that was followed to its end, and what it left behind. */
export interface Outcome {
  readonly end: End;
  readonly state: State;
  readonly network: NetworkMoment;
  /** The size of the network where it parted from the others. */
  readonly opsBefore: number;
  /** How many things had been made then. */
  readonly madeBefore: number;
}

export interface Explored {
  readonly outcome: Outcome;
  /** Of the ways inside it that wait. */
  readonly inner: readonly Outcome[];
}

export interface Tried {
  /** Absent where it certainly raised. */
  readonly ended: Outcome | undefined;
  readonly raised: readonly Outcome[];
  /** Ways that left it otherwise. */
  readonly others: readonly Outcome[];
}

/** Why several ways are followed. */
export interface Cause {
  readonly reason: string;
  readonly span: SourceSpan;
}

/** Follows every way that a program may go where that is not known; see ways.ts. */
export interface Ways {
  readonly mark: number;
  readonly isExploring: boolean;
  perform(run: () => End | Ending | undefined): End;
  finish(end: End): Ending | undefined;
  follow(cause: Cause, runs: readonly (() => End | Ending | undefined)[]): End;
  explore(run: () => End | Ending | undefined): Explored;
  exploreFrom(outcome: Outcome, run: () => End | Ending | undefined): Explored;
  settle(cause: Cause, outcomes: readonly Outcome[], inner?: readonly Outcome[]): End;
  arrive(cause: Cause, mark: number, end: End, arrives: (end: End) => PyValue | undefined): End;
  isWaited(mark: number, wanted: (end: End) => boolean): boolean;
  countWaiting(mark: number, kind: End['kind']): number;
  mayRaise(mark: number): void;
  begin(): Changes;
  close(record: Changes): void;
  leaveTry(cause: Cause, mark: number, record: Changes, end: End, before: Outcome): Tried;
  now(end: End): Outcome;
  merged(cause: Cause, outcomes: readonly Outcome[], end: End): Outcome;
  repeat(cause: Cause, mayExit: boolean, round: () => End | Ending | undefined): End;
  hasEffects(run: () => undefined): boolean;
  leaveBroken(mark: number): void;
  unless(isGivenUp: (error: unknown) => boolean, run: () => void): boolean;
  loseOwner(owner: Owner, reason: string, span: SourceSpan): void;
  apart<T>(run: () => T): T;
}

/** One evaluation: its state, and the operations that everything else is written in. */
/** Hears of calls, and gives numbers that remember the expressions which they went through. */
export interface NumberFlow {
  enter(site: SourceSpan, callee: FunctionValue): void;
  leave(): void;
  /** An expression made a function, whose text is part of the call under way. */
  made(lambda: FunctionValue): void;
  /** A loop begins in the call under way: `at` says which round it is in, from 0. */
  loop(): { at(round: number): void; end(): void };
  passed(value: PyValue, span: SourceSpan): PyValue;
}

export interface Machine {
  readonly parser: PythonParser;
  readonly reader: SourceReader;
  readonly limits: EvaluationLimits;
  readonly library: Library;
  readonly problems: Problem[];
  readonly dependencies: Set<string>;
  readonly modules: Map<string, ModuleValue>;
  /** Calls under way, outermost first: the call sites in the source. */
  readonly callStack: SourceSpan[];
  /** The names of every call on it. */
  readonly scopes: Scope[];
  readonly builtins: Map<string, PyValue>;
  /** Exceptions whose handlers are running, for a bare `raise`. */
  readonly handling: RaisedException[];
  /** Exceptions that ended a top-level statement, by document. */
  readonly moduleFailures: Map<string, RaisedException[]>;
  /** What could not be followed while the model was made and run: the network may hold more than was found. */
  readonly lostParts: UnknownPart[];
  /** Told where numbers go, where it is asked for. */
  readonly flow: NumberFlow | undefined;
  /** Modules whose text is being run; what fails there is only kept in `moduleFailures`. */
  importDepth: number;
  /** Fuel burnt so far. */
  readonly steps: number;
  /** Burns fuel. Called once a statement, operator and iteration, several times a call, and for work that grows with its input. */
  tick(span: SourceSpan, amount?: number): void;
  /** The text of a document, on which the evaluation then depends, there or not. */
  readDocument(document: string, span: SourceSpan): string | undefined;
  /** Burns fuel for looking at or copying so many items. */
  walk(count: number, span: SourceSpan): void;
  /** Makes room for so many items, before they are made. */
  hold(count: number, span: SourceSpan): void;
  /** Makes room for items that are gone as soon as they were looked at. */
  expand(count: number, span: SourceSpan): void;
  /** Runs a part with a share of the limits; where that does not suffice, as if it had never begun, and false. */
  runWithin(share: number, run: () => void): boolean;
  /** Makes room for a text, before it is made. */
  holdText(length: number, span: SourceSpan): void;
  /**
   * Opens a value, or the map or sequence that it keeps, for writing. What values hold is read-only otherwise, so that no change
   * escapes those who follow a part of the program that may or may not run.
   */
  change<T extends Owner>(target: T): Changing<T>;
  /** Where it is not known which way the program goes. */
  readonly ways: Ways;
  /** Notes that a thing was made just now, by whoever has it alone. */
  noteMade(thing: object): void;
  /** Runs what happened before the program parted into ways, such as an import that had not been asked for: no way undoes it. */
  unrecorded<T>(run: () => T): T;
  /** Runs a module's text: what that makes stays made whichever way is taken, what it changes beyond is undone with the way. */
  loading<T>(run: () => T): T;
  /** Something was done that may raise anything. */
  mayRaise(): void;
  /** Runs the body of a `try`, which handles what may be raised in it. */
  trying<T>(run: () => T): T;
  /** Values are given to code that is not known: nothing that it can change is known any more. */
  handOver(values: readonly PyValue[], to: UnknownValue): void;
  /** Something is done to what is not known: whatever known things it may be are no longer known. */
  loseAmong(value: UnknownValue, span: SourceSpan): void;
  /** Ends the evaluation at a limit: `what` is too much, in words without a full stop. */
  stop(code: StoppingLimit, what: string, span: SourceSpan): never;
  /** Ends the evaluation where too much depends on something that is not known. */
  stopUndecided(reason: string, span: SourceSpan): never;
  /** Ends this path with a Python exception of a built-in class. */
  raise(className: string | ClassValue, message: string, span: SourceSpan, ends?: Scope): never;
  /** Reports a problem once a place and sentence. */
  report(problem: Problem): void;
  /** Keeps an exception that ended a statement of a module's text. */
  noteFailure(document: string, error: RaisedException): void;
  /** Says that something could not be followed; the totals of the network become lower bounds. */
  loseTrack(reason: string, span: SourceSpan): void;
  /** A branch depends on something unknown; the branch not taken may change the network. */
  undecided(test: PyValue, span: SourceSpan): void;
  /** Runs something whose Python exceptions the caller handles, so that nothing inside goes on behind them. */
  guarded<T>(run: () => T): T;
  /** Runs what keeps its exceptions to itself, such as a module's text, whoever asked for it. */
  unguarded<T>(run: () => T): T;
  /** Whether an exception would be handled by somebody. */
  readonly isGuarded: boolean;
  /** Reports an exception that nobody handles. What it would have computed is not known from here on. */
  recoverFrom(error: RaisedException): UnknownValue;
  evaluate(scope: Scope, expression: Expression): PyValue;
  /** Runs statements in order; says how they ended where that was before the last of them. */
  runBlock(scope: Scope, statements: readonly Statement[]): Ending | undefined;
  /** Runs the text of a module, each statement whatever became of the one before it. */
  runModule(scope: Scope, statements: readonly Statement[]): void;
  call(callee: PyValue, args: Arguments, span: SourceSpan): PyValue;
  /** Calls with positional arguments only. */
  callWith(callee: PyValue, span: SourceSpan, ...positional: readonly PyValue[]): PyValue;
  attribute(object: PyValue, name: string, span: SourceSpan): PyValue;
  /** A method of an instance's class, bound; undefined when the class has none. */
  method(instance: InstanceValue, name: string, span: SourceSpan): PyValue | undefined;
  tensorOperator(
    operator: BinaryOperator | ComparisonOperator,
    left: PyValue,
    right: PyValue,
    span: SourceSpan,
  ): PyValue;
  /** Python's truth of a value; undefined when it is not known. */
  truth(value: PyValue, span: SourceSpan): boolean | undefined;
  /** The items of an iterable, read ahead; unknown when they are not known. */
  iterate(value: PyValue, span: SourceSpan): readonly PyValue[] | UnknownValue;
  /** `item in container`; undefined when it is not known. */
  contains(container: PyValue, item: PyValue, span: SourceSpan): boolean | undefined;
  /** What a message says of a value: `str(value)`, as far as it is known. */
  text(value: PyValue, span: SourceSpan): string;
  nameOfType(value: PyValue): string;
}
