// Requests and notifications beyond the LSP, both directions. Names and types only: neither LSP package is imported here.

import type { CostGraphPicture } from './cost-graph.ts';
import type { AskedWidthTexts, CostTable, TriedCosts } from './cost-table.ts';
import type { ExpansionRequest } from './expansion-request.ts';
import type { ExperimentKind, ExperimentSummary, ExperimentTask } from './experiment-messages.ts';
import type { PytorchChoice } from './machine-profile.ts';
import type { ModelMeasurement } from './model-measurement.ts';
import type { RunConfig } from './run-config.ts';
import type { RunTime } from './run-time.ts';
import type { SweepFile } from './sweep-file.ts';
import type { RunEvent } from './run-events.ts';
import type { ExpandedProposal, RunProposal, RunSnapshot, RunStatus, RunStructure, RunSummary } from './run-files.ts';

/** Zero-based, as LSP has it. */
export interface WirePosition {
  readonly line: number;
  readonly character: number;
}

export interface WireRange {
  readonly start: WirePosition;
  readonly end: WirePosition;
}

/** A failure that the user can mend; `message` names the file, the place and the remedy. */
export interface Refusal {
  readonly refused: true;
  readonly message: string;
}

/** A file that offers models, with the place of each; found in its text alone. */
export interface FileModels {
  readonly uri: string;
  readonly models: readonly { readonly entry: string; readonly range: WireRange }[];
}

export interface ModelSummary {
  readonly uri: string;
  readonly entry: string;
  /** Whether the user named this entry (in `morphnet.json` or by a directive), so that nobody need ask. */
  readonly chosen: boolean;
  readonly range: WireRange;
  readonly input: readonly (readonly number[])[];
  /** Whether nothing in the project tells the input. */
  readonly isInputAssumed: boolean;
  /** `1.2 MMACs · 44.4 k params · 0.10 ms on V100`, ready to show. */
  readonly totals: string;
}

/** A run's settings as far as known before asking: `missing` names what the user must still say. */
export interface RunDraft {
  readonly config: Omit<RunConfig, 'data'> & { readonly data?: RunConfig['data'] };
  readonly missing: readonly 'data'[];
  /** The data set was found in the workspace, by what the script says; nobody chose it yet. */
  readonly isDataFound?: true;
  /** Where the defaults come from: the `morphnet.json` used, if any. */
  readonly configFile?: string;
}

interface WireTextEdit {
  readonly range: WireRange;
  /** What stands there: an edit of a document that is not open has no version to tell whether it still fits. */
  readonly oldText: string;
  readonly newText: string;
}

/** A device that latency can be estimated for. */
export interface DeviceSummary {
  readonly name: string;
  /** How its latencies came to be known: `fitted, ±8 %, float32; …`. */
  readonly description: string;
  /** False for those of the setting `morphnet.devices`. */
  readonly builtIn: boolean;
}

/** Proven edits, for the client to apply as one undoable step. `version` is the document's that they fit. */
export interface WireDocumentEdits {
  readonly uri: string;
  readonly version: number | null;
  readonly edits: readonly WireTextEdit[];
}

/** Proven edits that give a model other widths, or let its layers have some. */
interface WireWidthEdits {
  readonly title: string;
  readonly documents: readonly WireDocumentEdits[];
  /** Whether every width comes out just as it is wanted. */
  readonly isExact: boolean;
  /** What is rewritten, what it saves, siblings, and what could not be had: sentences, the most important first. */
  readonly sentences: readonly string[];
}

/** Request names with their parameter and result types, client to server. */
export interface ServerRequests {
  /** Those of the files that offer models; nothing is evaluated. */
  'morphnet/entries': { params: { uris: readonly string[] }; result: readonly FileModels[] };
  /** The document's models, the chosen one first. */
  'morphnet/models': { params: { uri: string }; result: readonly ModelSummary[] };
  /** A model's costs, layer by layer; without an entry the chosen model's; `revision`: as it was at a git revision. */
  'morphnet/costTable': { params: { uri: string; entry?: string; revision?: string }; result: CostTable | Refusal };
  /** A model's network as boxes and links with their places; of networks that are too large, a refusal. */
  'morphnet/costGraph': { params: { uri: string; entry?: string }; result: CostGraphPicture | Refusal };
  /** A model's costs at other widths; nothing is written or proven. */
  'morphnet/tryWidths': {
    params: { uri: string; entry?: string; asked: AskedWidthTexts };
    result: TriedCosts | Refusal;
  };
  /** Other widths of a model as proven edits. */
  'morphnet/widthEdits': {
    params: { uri: string; entry?: string; asked: AskedWidthTexts };
    result: WireWidthEdits | Refusal;
  };
  /** Code of a model rewritten so that every layer can have a width of its own; it changes no model. */
  'morphnet/ownWidths': { params: { uri: string; entry?: string }; result: WireWidthEdits | Refusal };
  /**
   * The edit of `morphnet.json` that chooses a document's model, and its input if one is given (`3x32x32`). `startsAs` is the
   * text that the edits fit where there is no such file yet.
   */
  /** The user has opened a model file by hand, or it has changed since: it may be read wherever it lies. */
  'morphnet/openModelFile': { params: { uri: string }; result: null };
  'morphnet/projectEdit': {
    params: { uri: string; entry: string; input?: string };
    result: { uri: string; startsAs: string | null; edits: readonly WireTextEdit[] } | Refusal;
  };
  /** Times a model here, as a whole and layer by layer; the entry's name is empty where a file is one model. */
  'morphnet/measureModel': { params: { uri: string; entry: string }; result: ModelMeasurement | Refusal };
  /** Measures this machine and keeps its profile; half a minute. `error`: the median relative error on what was not fitted. */
  'morphnet/measureMachine': {
    /** With a precision in the user's PyTorch, on its GPU if it has one; else in ONNX Runtime. */
    params: { precision?: PytorchChoice['precision'] };
    result: { processor: string; threads: number; error: number; path: string } | Refusal;
  };
  /** Those of the user, and of the project that a document belongs to; an empty URI is of no project. */
  'morphnet/devices': { params: { uri: string }; result: readonly DeviceSummary[] };
  'morphnet/draftRun': { params: { uri: string; entry?: string }; result: RunDraft | Refusal };
  /** The files and the lines that a training script gets; nothing is written. `byHand`: the lines can't be placed, and why. */
  'morphnet/attachScript': {
    params: { config: RunConfig; script: string; withPackage: boolean };
    result:
      | {
          files: readonly { uri: string; text: string; isThere: boolean }[];
          documents: readonly WireDocumentEdits[];
          byHand: { reason: string; lines: string } | null;
        }
      | Refusal;
  };
  /** Times a few steps of a run that has not begun; a request that is cancelled ends them. */
  'morphnet/timeRun': { params: { config: RunConfig }; result: RunTime | Refusal };
  'morphnet/startRun': { params: { config: RunConfig }; result: RunSummary | Refusal };
  /** Asks for a checkpoint and the end. `alreadyStopping`: it was asked for before; only `atOnce` ends the process now. */
  'morphnet/stopRun': { params: { id: string; atOnce?: boolean }; result: { alreadyStopping: boolean } | Refusal };
  /** Asks for a checkpoint and the end of the process, so that others may train; the run keeps its place among those that wait. */
  'morphnet/pauseRun': { params: { id: string }; result: { alreadyStopping: boolean } | Refusal };
  'morphnet/resumeRun': { params: { id: string }; result: RunSummary | Refusal };
  'morphnet/runs': { params: Record<string, never>; result: readonly RunSummary[] };
  /** One sweep; null while it has no file yet. */
  'morphnet/sweep': { params: { id: string }; result: SweepFile | null };
  /** Every sweep of the workspace, newest first. */
  'morphnet/sweeps': { params: Record<string, never>; result: readonly { id: string; sweep: SweepFile }[] };
  'morphnet/runSnapshot': { params: { id: string }; result: RunSnapshot | Refusal };
  /** Scales all widths that the run proposes by one factor to a budget; the answer is kept in the run's folder. */
  'morphnet/expandRun': { params: { id: string; request: ExpansionRequest }; result: ExpandedProposal | Refusal };
  /** Starts a command of several trainings in the queue, or goes on with one. */
  'morphnet/startExperiment': { params: { task: ExperimentTask }; result: ExperimentSummary | Refusal };
  /** As `morphnet/stopRun`. */
  'morphnet/stopExperiment': {
    params: { id: string; kind: ExperimentKind; atOnce?: boolean };
    result: { alreadyStopping: boolean } | Refusal;
  };
  /** All widths of the run's proposal or, `expanded`, of what it was expanded to (`layer` absent) or of one layer, as proven edits. */
  'morphnet/proposalEdits': {
    params: { id: string; layer?: string; expanded?: boolean };
    result: WireWidthEdits | Refusal;
  };
  /** The proposed network as a module in a file that is not there yet; proven, not written. */
  'morphnet/slimModel': { params: { id: string; expanded?: boolean }; result: { uri: string; text: string } | Refusal };
  /** Where a layer of a run stands in the source. */
  'morphnet/layerLocation': {
    params: { id: string; layer: string };
    result: { uri: string; range: WireRange } | Refusal;
  };
}

/** Notifications, server to client. */
export interface ServerNotifications {
  /** The run's folder grew by these events; `structure` comes with `started`, `proposal` is the latest when it changed. */
  'morphnet/runGrew': {
    id: string;
    status: RunStatus;
    events: readonly RunEvent[];
    structure?: RunStructure;
    proposal?: RunProposal;
    /** It could not begin and left no folder; the last event says why. */
    removed?: true;
  };
  /** How far the measuring under way is, from 0 to 1. */
  'morphnet/measuring': { share: number };
  /** A command of several trainings went on or ended. */
  'morphnet/experimentGrew': ExperimentSummary;
}

export type ServerRequestName = keyof ServerRequests;
export type ServerNotificationName = keyof ServerNotifications;
