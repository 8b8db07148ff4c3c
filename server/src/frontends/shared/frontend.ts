// What every frontend offers: text in, entries and a network out. Frontends get text and a reader, never the file system.

import type { Cancellation } from '../../common/cancellation.ts';
import type { Problem } from '../../common/problem.ts';
import type { KnownFrom, ModelEntry, NetworkGraph } from '../../network/network-graph.ts';

/** Gives the text of documents by URI: open editors first, then disk; the caller keeps paths inside its roots. */
export interface SourceReader {
  /** Undefined when there is no such document. */
  read(document: string): string | undefined;
  /** Folders (URIs without a trailing slash) that absolute imports are looked up in, in order. */
  readonly roots: readonly string[];
}

/** Bounds that make every evaluation end. Reaching one is reported as a problem that names it. */
export interface EvaluationLimits {
  readonly steps: number;
  readonly callDepth: number;
  readonly ops: number;
  readonly sourceLength: number;
  /** Wall clock in ms since an origin of the caller's choice; absent means no deadline. */
  readonly now?: () => number;
  readonly deadlineMs?: number;
}

export const defaultLimits: EvaluationLimits = {
  steps: 2_000_000,
  callDepth: 200,
  ops: 50_000,
  sourceLength: 4_000_000,
};

/** What the user said from outside the file: `morphnet.json`, a setting, or `--input` on the command line. */
export interface EntryRequest {
  readonly entry?: string | undefined;
  /** Input shapes without the batch. */
  readonly input?: readonly (readonly number[])[] | undefined;
  readonly from: Extract<KnownFrom, 'request' | 'config'>;
}

export interface EntryList {
  /** Best first: `entries[0]` is what hints show unless the user picks another. */
  readonly entries: readonly ModelEntry[];
  readonly problems: readonly Problem[];
}

export interface Evaluation {
  /** Undefined only when not even a partial network came out; `problems` then says why. */
  readonly graph: NetworkGraph | undefined;
  readonly problems: readonly Problem[];
  /** Every document that was read or looked for; a change in one of them makes this evaluation stale. */
  readonly dependencies: readonly string[];
}

/** One source format. Pure: the same texts give the same answers. */
export interface Frontend {
  /** LSP language id: `python`, `darknet`. */
  readonly languageId: string;
  /** Cheap test by name and content: can this file hold a model? */
  accepts(document: string, text: string): boolean;
  entries(document: string, reader: SourceReader, request?: EntryRequest): EntryList;
  evaluate(entry: ModelEntry, reader: SourceReader, limits: EvaluationLimits, cancellation: Cancellation): Evaluation;
}
