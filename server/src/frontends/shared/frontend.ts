// What every frontend offers: text in, entries and a network out. Frontends get text and a reader, never the file system.

import type { Cancellation } from '../../common/cancellation.ts';
import type { Problem, Result } from '../../common/problem.ts';
import type { SourceSpan } from '../../common/source-span.ts';
import type { Framework, KnownFrom, ModelEntry, NetworkGraph } from '../../network/network-graph.ts';
import type { Shape } from '../../network/shape.ts';
import type { NumberDialect } from './number-dialect.ts';
import type { ModuleWriter } from './module-writer.ts';
import type { WidthOrigin } from '../../network/width-origin.ts';
import type { NamedNumbers, NamingRequest, TextEdit } from './named-numbers.ts';
import type { NumberPassing, TracedCall } from './traced-calls.ts';
import type { WordsHere } from './words.ts';
import type { TrainingLines, TrainingLinesRequest } from './training-lines.ts';

/** A file whose bytes are read as they are needed. */
export interface FileBytes {
  readonly size: number;
  /** So many bytes from a place on; fewer where the file ends before, or has become shorter. */
  read(start: number, length: number): Uint8Array;
}

/** Gives the text of documents by URI: open editors first, then disk; the caller keeps paths inside its roots. */
export interface SourceReader {
  /** Undefined when there is no such document. */
  read(document: string): string | undefined;
  /** The bytes of a file that is no text; undefined when there is no such file. Absent where only texts can be had. */
  bytes?(document: string): FileBytes | undefined;
  /** Folders (URIs without a trailing slash) that absolute imports are looked up in, in order. */
  readonly roots: readonly string[];
}

/**
 * Bounds that make every evaluation end, on work and never on time: a file is read as far on a busy machine as on an idle one.
 * Reaching one is reported as a problem that names it, its place and a remedy.
 */
export interface EvaluationLimits {
  /** Statements, calls, operators and iterations, each by what it takes, and work inside library functions by its size. */
  readonly steps: number;
  readonly callDepth: number;
  /** Items that lists, texts and their kin hold at once, counted as they are made; eight characters are one item. */
  readonly items: number;
  readonly ops: number;
  /** Characters of one document. */
  readonly sourceLength: number;
}

/**
 * Of the published models of torchvision and timm all but two stay below 600,000 steps, and all below 5,000 ops. What stays below these bounds takes a fraction of a
 * second.
 */
export const defaultLimits: EvaluationLimits = {
  steps: 1_200_000,
  callDepth: 200,
  items: 2_000_000,
  ops: 10_000,
  sourceLength: 500_000,
};

/** What a file's other models get once one of them has used its limits up. */
const shareOfOthers = 1 / 8;

/** Limits on work for the models of a file in which one did not end: each gets this share, so the whole file is bounded by little more than two. */
export function reducedLimits(limits: EvaluationLimits): EvaluationLimits {
  return {
    ...limits,
    steps: Math.ceil(limits.steps * shareOfOthers),
    items: Math.ceil(limits.items * shareOfOthers),
  };
}

/** Whether a problem says that a limit ended an evaluation. */
export function isLimit({ code }: Problem): boolean {
  return code.startsWith('limit-');
}

/** The limits that end an evaluation where it stands. */
export type StoppingLimit = 'limit-steps' | 'limit-memory' | 'limit-depth' | 'limit-ops';

const remedies: Readonly<Record<StoppingLimit, string>> = {
  'limit-steps': 'End the loop, or name the model that is meant in a comment: # morphnet: entry=Model()',
  'limit-memory': 'Make shorter sequences: the widths and shapes of a network need no long ones.',
  'limit-depth': 'End the recursion, or nest less deeply.',
  'limit-ops': 'Give the loop in forward an end, or split the network into models of their own.',
};

/** What was too much, what that means, and what to do about it. */
export function limitMessage(code: StoppingLimit, what: string): string {
  return `${what}; what follows is not read, and costs are lower bounds. ${remedies[code]}`;
}

/** That too much depends on what is not known, and what to do about it. */
export function undecidedMessage(reason: string): string {
  return `${reason}, and what depends on it is too much to be followed every way. Name the model that is meant in a comment: # morphnet: entry=Model()`;
}

/** The problem of a text that is too long, or undefined. */
export function overlongText(document: string, text: string, limits: EvaluationLimits): Problem | undefined {
  if (text.length <= limits.sourceLength) return undefined;
  const most = limits.sourceLength.toLocaleString('en');
  return {
    code: 'limit-source',
    severity: 'warning',
    message: `This file has ${text.length.toLocaleString('en')} characters, more than the ${most} that are read of one file, so none of it is. Keep data in a file of its own.`,
    span: { document, start: 0, end: Math.min(text.length, 1) },
  };
}

/** A file says within so many characters what it is, comments and a licence in front included. */
const headLength = 100_000;

/** The part of a text by which a frontend takes it or not. */
export function headOf(text: string): string {
  return text.slice(0, headLength);
}

/** What the user said from outside the file: `morphnet.json`, a setting, or `--input` on the command line. */
export interface EntryRequest {
  readonly entry?: string | undefined;
  /** Input shapes without the batch. */
  readonly input?: readonly (readonly number[])[] | undefined;
  readonly from: Extract<KnownFrom, 'request' | 'config'>;
}

/** A model of which no entry can be made: nothing says with which arguments. */
export interface UnmadeModel {
  readonly name: string;
  /** Where it is defined. */
  readonly span: SourceSpan;
  /** The arguments without which it makes nothing. */
  readonly needs: readonly string[];
}

export interface EntryList {
  /** Best first: `entries[0]` is what hints show unless the user picks another. */
  readonly entries: readonly ModelEntry[];
  /** In text order; absent where a format has none. */
  readonly unmade?: readonly UnmadeModel[];
  readonly problems: readonly Problem[];
}

/** A statement that gave tensors of the network a name, or handed them back, once: `x = self.conv1(x)`, `return x`. */
export interface DataFlow {
  readonly span: SourceSpan;
  /** The layer whose forward it stands in; empty for the model itself. */
  readonly within: string;
  /** With the batch, one a tensor. */
  readonly shapes: readonly Shape[];
}

export interface Evaluation {
  /** Undefined only when not even a partial network came out; `problems` then says why. */
  readonly graph: NetworkGraph | undefined;
  /** Where tensors of the network get names, in the order in which that happened; absent where a format has no statements. */
  readonly flows?: readonly DataFlow[];
  readonly problems: readonly Problem[];
  /** Every document that was read or looked for; a change in one of them makes this evaluation stale. */
  readonly dependencies: readonly string[];
}

/**
 * An evaluation that remembers how its numbers came about: in the trails of its widths an operator `int` with one operand
 * stands for each argument and assignment that a number went through, and `passings` says when that was.
 */
export interface TracedEvaluation extends Evaluation {
  readonly calls: readonly TracedCall[];
  readonly passings: ReadonlyMap<WidthOrigin, NumberPassing>;
}

/** One source format. Pure: the same texts give the same answers. */
export interface Frontend {
  /** LSP language id: `python`, `darknet`. */
  readonly languageId: string;
  /** How its language writes numbers and computes with them. */
  readonly numbers: NumberDialect;
  /** Characters that are read of one document, where machines write them; without it the usual limit. */
  readonly sourceLength?: number;
  /** Whether a document by that name is no text: it is then read by its bytes, and its text counts as empty. */
  isBinary?(document: string): boolean;
  /** Cheap test by name and the text's beginning (see `headOf`): can this file hold a model? */
  accepts(document: string, head: string): boolean;
  entries(document: string, reader: SourceReader, request?: EntryRequest): EntryList;
  evaluate(entry: ModelEntry, reader: SourceReader, limits: EvaluationLimits, cancellation: Cancellation): Evaluation;
  /** How slim files are written, by framework; absent where widths can always be set in the file itself. */
  readonly writers?: Readonly<Partial<Record<Framework, ModuleWriter>>>;
  /** The setting that is `True` where a batch norm has a scale, by framework. */
  readonly scaleSettings?: Readonly<Partial<Record<Framework, string>>>;
  /** Words that can stand at an offset of a text, completed and told; absent where an editor knows them by itself. */
  words?(text: string, offset: number): WordsHere | undefined;
  /** The definitions of functions in a document; absent where a format has none. */
  functions?(document: string, reader: SourceReader): readonly SourceSpan[];
  /** Edits of files that a document builds on, as edits of the document where its format lets it have the last word. */
  inOwnFile?(document: string, edits: readonly TextEdit[], reader: SourceReader): readonly TextEdit[];
  /**
   * Why a text is no program in its language although it can be read here, as what is being typed is forgiven; absent where
   * whatever can be read is one. Edits must not lead to such a text.
   */
  refusalOf?(document: string, text: string): string | undefined;
  /** Gives numbers names of their own; see `NamingRequest`. */
  nameNumbers?(request: NamingRequest, reader: SourceReader): Result<NamedNumbers>;
  /** The lines that make a training script learn widths; absent where a format has no training scripts. */
  trainingLines?(request: TrainingLinesRequest, reader: SourceReader): Result<TrainingLines>;
  /** An evaluation with how its numbers came about; absent where a format has no calls. */
  trace?(
    entry: ModelEntry,
    reader: SourceReader,
    limits: EvaluationLimits,
    cancellation: Cancellation,
  ): TracedEvaluation;
}
