// Quick-fixes that give batch norms a scale carry their edits at once. Those that set widths are listed at once and proven when
// one of them is chosen; for an editor that can't ask then, all are proven before they are listed.

import type {
  AnnotatedTextEdit,
  CodeAction,
  CodeActionContext,
  CodeActionParams,
  Diagnostic,
  WorkspaceEdit,
} from 'vscode-languageserver/node';
import * as v from 'valibot';
import {
  codeActions,
  resolveAction,
  type ScaleAction,
  type SlimFileAction,
  type WidthAction,
} from '../analysis/code-actions.ts';
import { modelSharingNumbers } from '../analysis/own-widths.ts';
import { settableLayers, type SettableLayers } from '../analysis/settable-layers.ts';
import type { ProposalEdits } from '../analysis/proposal-edits.ts';
import { modelOfRun } from '../analysis/proposed-changes.ts';
import { isCancelled, type Cancellation } from '../common/cancellation.ts';
import type { ModelEntry } from '../network/network-graph.ts';
import type { CommandId } from '../protocol/commands.ts';
import type { Refusal } from '../protocol/lsp-extensions.ts';
import { refuse } from './refusal.ts';
import { diagnosticSource } from './diagnostic-source.ts';
import { toDocumentEdits } from './document-edits.ts';
import { positionsIn, type AnalysisContext } from './analysis-context.ts';

export function provideCodeActions(
  context: AnalysisContext,
  { textDocument: { uri }, range, context: asked }: CodeActionParams,
  cancellation: Cancellation,
): CodeAction[] {
  const positions = positionsIn(context.session, uri);
  if (positions === undefined) return [];
  const offsets = { start: positions.offset(range.start), end: positions.offset(range.end) };
  const fixes = wants(asked, quickFix) ? quickFixes(context, uri, offsets, asked, cancellation) : [];
  if (!wants(asked, rewrite)) return fixes;
  const settable = settableLayers(context.session, uri, offsets, cancellation);
  const sharing = modelSharingNumbers(context.session, uri, offsets, cancellation);
  return [
    ...fixes,
    ...(settable === undefined ? [] : [setWidthAction(settable)]),
    ...(sharing === undefined ? [] : [ownWidthsAction(sharing.entry)]),
  ];
}

function quickFixes(
  context: AnalysisContext,
  uri: string,
  offsets: { readonly start: number; readonly end: number },
  asked: CodeActionContext,
  cancellation: Cancellation,
): CodeAction[] {
  const positions = positionsIn(context.session, uri);
  if (positions === undefined) return [];
  return codeActions(context.session, uri, offsets, cancellation).flatMap((action): readonly CodeAction[] => {
    if (action.kind === 'write-slim-model') return [slimFileAction(action)];
    const fixed = asked.diagnostics.filter((diagnostic) =>
      isFixedBy(action, diagnostic, uri, positions.offset.bind(positions)),
    );
    const shown = {
      title: action.title,
      kind: quickFix,
      isPreferred: action.isPreferred,
      ...(fixed.length > 0 && { diagnostics: fixed }),
    };
    if (action.kind === 'give-scale') return [{ ...shown, edit: workspaceEdit(context, action) }];
    const { document, layer, by } = action;
    if (context.canResolve) return [{ ...shown, data: { uri: document, by, ...(layer !== undefined && { layer }) } }];
    const edits = resolveAction(context.session, action, cancellation);
    return edits.ok ? [{ ...shown, title: edits.value.title, edit: workspaceEdit(context, edits.value) }] : [];
  });
}

const quickFix = 'quickfix';
const rewrite = 'refactor.rewrite';

/**
 * An action of which a command does all. Its edit is none, so that the editor asks for no other: while it asks it may let go of
 * the list that the action is of, and does not find the command any more.
 */
function commandAction(title: string, kind: string, command: CommandId, given: readonly string[]): CodeAction {
  return { title, kind, edit: {}, command: { title, command, arguments: [...given] } };
}

/** Asks for the width, shows what it comes to, and writes it: a command does that. */
function setWidthAction({ document, entry, layers }: SettableLayers): CodeAction {
  const [first] = layers;
  const title =
    layers.length === 1 && first !== undefined
      ? `Set width of ${first.name} (${String(first.width)})…`
      : `Set widths of ${String(layers.length)} layers…`;
  return commandAction(title, rewrite, 'morphnet.setWidth', [document, entry, ...layers.map(({ name }) => name)]);
}

/** Rewrites the code so that layers can differ; a command does that, after a preview. */
function ownWidthsAction({ document, name }: ModelEntry): CodeAction {
  const title = `Give each block of ${name} its own width…`;
  return commandAction(title, rewrite, 'morphnet.giveOwnWidths', [document, name]);
}

/** What a client gives back of an action that was chosen. */
const chosenAction = v.object({
  uri: v.string(),
  by: v.picklist(['numbers', 'rewriting']),
  layer: v.optional(v.string()),
});

/** The document of the model that an action is about; undefined for an action that carries its edit. */
export function uriOfAction({ data }: CodeAction): string | undefined {
  const chosen = v.safeParse(chosenAction, data);
  return chosen.success ? chosen.output.uri : undefined;
}

/** The action with its proven edit; or why there is none. */
export function resolveCodeAction(
  context: AnalysisContext,
  action: CodeAction,
  cancellation: Cancellation,
): CodeAction | Refusal {
  const chosen = v.safeParse(chosenAction, action.data);
  if (!chosen.success) return action;
  const { uri, layer, by } = chosen.output;
  const asked = { document: uri, by, ...(layer !== undefined && { layer }) };
  const edits = resolveAction(context.session, asked, cancellation);
  if (!edits.ok) return refuse(edits.error);
  return { ...action, edit: workspaceEdit(context, edits.value) };
}

/** Reads what the proof of an action will compare: the other models of a document and of those that import it. */
export function readSiblings(
  { session }: AnalysisContext,
  { uri }: { readonly uri: string },
  cancellation: Cancellation,
): null {
  const attached = session.attachedProposal(uri);
  const model = attached && modelOfRun(session, uri, attached.entry);
  const siblings = model === undefined ? [] : session.siblings.of(model.graph.entry, [uri], cancellation);
  for (const sibling of siblings) {
    if (isCancelled(cancellation)) break;
    sibling.present();
  }
  return null;
}

/** The file is worked out when it is asked for; a command does that. */
function slimFileAction({ title, runId }: SlimFileAction): CodeAction {
  return commandAction(title, quickFix, 'morphnet.writeSlimModel', [runId]);
}

/** Whether actions of a kind are asked for: all are, or that kind, or one that it is part of. */
function wants({ only }: CodeActionContext, kind: string): boolean {
  return only === undefined || only.some((asked) => asked === '' || kind === asked || kind.startsWith(`${asked}.`));
}

/** The findings that go away with an action: those of its line, or every proposal's where all of it is applied. */
function isFixedBy(
  action: WidthAction | ScaleAction,
  { source, code, range }: Diagnostic,
  uri: string,
  offset: (position: Diagnostic['range']['start']) => number,
): boolean {
  const fixes = action.kind === 'give-scale' ? 'batch-norm-without-scale' : 'proposed-width';
  if (source !== diagnosticSource || code !== fixes) return false;
  if (action.kind === 'apply-all') return true;
  return action.site?.document === uri && offset(range.start) === action.site.start;
}

/** The annotation of what is edited, and of an edit that asks for the preview. */
const [changing, asking] = ['morphnet', 'morphnet.preview'];

/**
 * An editor shows its preview where an edit asks for it, and leaves those that ask unchecked. So that all of a change is applied
 * by one press, an edit asks that changes nothing, at the end of a document.
 */
function changeOfNothing({ session }: AnalysisContext, uri: string): readonly AnnotatedTextEdit[] {
  const end = positionsIn(session, uri)?.position(session.textOf(uri)?.length ?? 0);
  return end === undefined ? [] : [{ range: { start: end, end }, newText: '', annotationId: asking }];
}

/** An edit that goes beyond the file at hand, rewrites code or changes other models is previewed, where the client can. */
function workspaceEdit(
  context: AnalysisContext,
  {
    title,
    documents: changed,
    plan,
  }: Pick<ProposalEdits, 'title' | 'documents'> & { readonly plan?: ProposalEdits['plan'] },
): WorkspaceEdit {
  const documents = toDocumentEdits(context.session, { documents: changed });
  const goesFar =
    documents.length > 1 || plan?.refactoring !== undefined || (plan !== undefined && plan.alsoChanges.length > 0);
  if (!goesFar || !context.canPreview) {
    return {
      documentChanges: documents.map(({ uri, version, edits }) => ({
        textDocument: { uri, version },
        edits: [...edits],
      })),
    };
  }
  const words = { label: title, ...(plan?.refactoring !== undefined && { description: plan.refactoring }) };
  return {
    changeAnnotations: {
      [changing]: { ...words, needsConfirmation: false },
      [asking]: { ...words, needsConfirmation: true },
    },
    documentChanges: documents.map(({ uri, version, edits }, index) => ({
      textDocument: { uri, version },
      edits: [
        ...edits.map((edit) => ({ ...edit, annotationId: changing })),
        ...(index === 0 ? changeOfNothing(context, uri) : []),
      ],
    })),
  };
}
