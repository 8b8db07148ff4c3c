// What the server's thread and the analysis thread say to each other: inputs, questions, answers and news. Plain data only;
// every question comes with the settings of the document that it is about.

import type {
  CodeAction,
  CodeActionParams,
  CodeLens,
  CodeLensParams,
  CompletionItem,
  CompletionParams,
  Diagnostic,
  Hover,
  HoverParams,
  InlayHint,
  InlayHintParams,
} from 'vscode-languageserver/node';
import type { AttachedProposal } from '../analysis/analysis-session.ts';
import type { NetworkGraph } from '../network/network-graph.ts';
import type {
  DeviceSummary,
  FileModels,
  ModelSummary,
  Refusal,
  RunDraft,
  ServerRequests,
  WireDocumentEdits,
} from '../protocol/lsp-extensions.ts';
import type { RunConfig } from '../protocol/run-config.ts';
import type { Settings } from '../protocol/settings.ts';
import type { CostGraphBoxes } from './cost-graph.ts';

/** What may be asked, with what it takes and gives. */
export interface AnalysisQuestions {
  readonly 'inlay-hints': { readonly params: InlayHintParams; readonly answer: InlayHint[] };
  /** A hint with its tooltip and the place of its width. */
  readonly 'inlay-hint': { readonly params: InlayHint; readonly answer: InlayHint };
  readonly hover: { readonly params: HoverParams; readonly answer: Hover | null };
  /** Words of the format at the cursor: known by the text alone. */
  readonly completion: { readonly params: CompletionParams; readonly answer: CompletionItem[] };
  readonly 'code-lenses': { readonly params: CodeLensParams; readonly answer: CodeLens[] };
  /** An action that was chosen, with its proven edit. */
  readonly 'code-action': { readonly params: CodeAction; readonly answer: CodeAction | Refusal };
  readonly 'code-actions': { readonly params: CodeActionParams; readonly answer: CodeAction[] };
  /** Reads the other models that edits of a document may reach, so that a proof need not. */
  readonly siblings: { readonly params: { readonly uri: string }; readonly answer: null };
  /** Reads the models of a document as they were at the last commit. */
  readonly committed: { readonly params: { readonly uri: string }; readonly answer: { readonly isNews: boolean } };
  readonly diagnostics: { readonly params: AboutDocument; readonly answer: Diagnostic[] };
  /** Which models files offer, by their text alone. */
  readonly entries: { readonly params: { readonly uris: readonly string[] }; readonly answer: readonly FileModels[] };
  /** The devices that latencies can be estimated for; of an empty URI those of the user. */
  readonly devices: { readonly params: { readonly uri: string }; readonly answer: readonly DeviceSummary[] };
  readonly models: { readonly params: { readonly uri: string }; readonly answer: readonly ModelSummary[] };
  /** The edit of `morphnet.json` that chooses a model or its input. */
  readonly 'project-edit': {
    readonly params: ServerRequests['morphnet/projectEdit']['params'];
    readonly answer: ServerRequests['morphnet/projectEdit']['result'];
  };
  readonly 'cost-table': {
    readonly params: { readonly uri: string; readonly entry?: string; readonly revision?: string };
    readonly answer: ServerRequests['morphnet/costTable']['result'];
  };
  readonly 'cost-graph': {
    readonly params: { readonly uri: string; readonly entry?: string };
    readonly answer: CostGraphBoxes | Refusal;
  };
  readonly 'try-widths': {
    readonly params: ServerRequests['morphnet/tryWidths']['params'];
    readonly answer: ServerRequests['morphnet/tryWidths']['result'];
  };
  readonly 'width-edits': {
    readonly params: ServerRequests['morphnet/widthEdits']['params'];
    readonly answer: ServerRequests['morphnet/widthEdits']['result'];
  };
  readonly 'own-widths': {
    readonly params: ServerRequests['morphnet/ownWidths']['params'];
    readonly answer: ServerRequests['morphnet/ownWidths']['result'];
  };
  /** A run's settings as far as they are known before anybody is asked. */
  readonly 'draft-run': {
    readonly params: { readonly uri: string; readonly entry?: string };
    readonly answer: RunDraft | Refusal;
  };
  /** The network that a run is to train, as it stands now; with `input`, only if it is still read at that. */
  readonly 'run-network': {
    readonly params: Pick<RunConfig['model'], 'document' | 'entry'> & { readonly input?: RunConfig['model']['input'] };
    readonly answer: { readonly network: NetworkGraph } | Refusal;
  };
  /** MorphNet's lines in a training script, or why they are to be written by hand. */
  readonly 'script-lines': {
    readonly params: { readonly model: RunConfig['model']; readonly uri: string; readonly structure: string };
    readonly answer: readonly WireDocumentEdits[] | Refusal;
  };
  readonly 'proposal-edits': {
    readonly params: ProposalQuestion & { readonly layer?: string };
    readonly answer: ServerRequests['morphnet/proposalEdits']['result'];
  };
  readonly 'slim-model': {
    readonly params: ProposalQuestion;
    readonly answer: ServerRequests['morphnet/slimModel']['result'];
  };
  /** Where a layer of a model stands. */
  readonly 'layer-location': {
    readonly params: { readonly document: string; readonly entry: string; readonly layer: string };
    readonly answer: ServerRequests['morphnet/layerLocation']['result'];
  };
}

interface AboutDocument {
  readonly textDocument: { readonly uri: string };
}

/** A proposal for a model of a document; where it is the one that the document shows, its plans are known already. */
interface ProposalQuestion {
  readonly document: string;
  readonly attached: AttachedProposal;
  readonly isExpanded: boolean;
}

export type QuestionName = keyof AnalysisQuestions;

/** What analysis works on. Inputs are heard in the order in which they were told; each ends an evaluation under way. */
export type AnalysisInput =
  /** An open document's text. */
  | { readonly kind: 'text'; readonly uri: string; readonly text: string; readonly version: number }
  | { readonly kind: 'close'; readonly uri: string }
  /** Files or folders that were made, changed or removed on disk. */
  | { readonly kind: 'disk'; readonly uris: readonly string[] }
  /** URIs without a trailing slash: the workspace's folders, and folders of installed libraries that may be read. */
  | { readonly kind: 'folders'; readonly workspace: readonly string[]; readonly libraries: readonly string[] }
  /** A file that the user opened by hand, from wherever; told again when it has changed. */
  | { readonly kind: 'file'; readonly uri: string }
  /** The proposal that a document shows; undefined takes it back. */
  | { readonly kind: 'proposal'; readonly uri: string; readonly proposal: AttachedProposal | undefined }
  /** What the client can do, once. */
  | {
      readonly kind: 'client';
      readonly canPreview: boolean;
      readonly canResolve: boolean;
      readonly refreshesHints: boolean;
    };

/** One question under way. */
export interface Asked<Name extends QuestionName = QuestionName> {
  readonly kind: 'question';
  /** Unique; its cancellation stands under it in shared memory. */
  readonly id: number;
  readonly name: Name;
  readonly params: AnalysisQuestions[Name]['params'];
  readonly settings: Settings;
}

/** To the analysis thread. */
export type ToAnalysis = AnalysisInput | Asked;

/** From the analysis thread. */
export type FromAnalysis =
  | { readonly kind: 'answer'; readonly id: number; readonly answer: unknown }
  /** No answer: a newer text of the document came in, or the question was cancelled. */
  | { readonly kind: 'outdated' | 'cancelled'; readonly id: number }
  /** A bug of ours, described. */
  | { readonly kind: 'failure'; readonly id: number; readonly reason: string }
  /** What is shown of these documents may have changed for a reason that the client does not know. */
  | { readonly kind: 'changed'; readonly uris: readonly string[] };
