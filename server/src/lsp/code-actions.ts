// Quick-fixes that set proposed widths or give batch norms a scale carry their proven edits at once; refactorings are worked out and
// proven when one of them is chosen.

import type {
  CodeAction,
  CodeActionContext,
  CodeActionParams,
  Diagnostic,
  WorkspaceEdit,
} from 'vscode-languageserver/node';
import * as v from 'valibot';
import {
  codeActions,
  resolveRefactoring,
  type RefactoringAction,
  type ScaleAction,
  type SlimFileAction,
  type WidthAction,
} from '../analysis/code-actions.ts';
import { settableLayers, type SettableLayers } from '../analysis/settable-layers.ts';
import type { ProposalEdits } from '../analysis/proposal-edits.ts';
import type { Cancellation } from '../common/cancellation.ts';
import type { CommandId } from '../protocol/commands.ts';
import type { Refusal } from '../protocol/lsp-extensions.ts';
import { refuse } from './refusal.ts';
import { diagnosticSource } from './diagnostics.ts';
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
  return settable === undefined ? fixes : [...fixes, setWidthAction(settable)];
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
  return codeActions(context.session, uri, offsets, cancellation).map((action): CodeAction => {
    if (action.kind === 'write-slim-model') return slimFileAction(action);
    if (action.kind === 'refactor') return refactoringAction(action);
    const fixed = asked.diagnostics.filter((diagnostic) =>
      isFixedBy(action, diagnostic, uri, positions.offset.bind(positions)),
    );
    return {
      title: action.title,
      kind: quickFix,
      isPreferred: action.isPreferred,
      edit: workspaceEdit(context, action),
      ...(fixed.length > 0 && { diagnostics: fixed }),
    };
  });
}

const quickFix = 'quickfix';
const rewrite = 'refactor.rewrite';

/** Asks for the width, shows what it comes to, and writes it: a command does that. */
function setWidthAction({ document, entry, layers }: SettableLayers): CodeAction {
  const [first] = layers;
  const title =
    layers.length === 1 && first !== undefined
      ? `Set width of ${first.name} (${String(first.width)})…`
      : `Set widths of ${String(layers.length)} layers…`;
  const command: CommandId = 'morphnet.setWidth';
  const given = [document, entry, ...layers.map(({ name }) => name)];
  return { title, kind: rewrite, command: { title, command, arguments: given } };
}

/** What a client gives back of a refactoring that was chosen. */
const chosenRefactoring = v.object({ uri: v.string(), layer: v.optional(v.string()) });

function refactoringAction({ title, document, layer }: RefactoringAction): CodeAction {
  return { title, kind: quickFix, data: { uri: document, ...(layer !== undefined && { layer }) } };
}

/** The document of the model that an action is about; undefined for an action that carries its edit. */
export function uriOfAction({ data }: CodeAction): string | undefined {
  const chosen = v.safeParse(chosenRefactoring, data);
  return chosen.success ? chosen.output.uri : undefined;
}

/** The action with its proven edit; or why there is none. */
export function resolveCodeAction(context: AnalysisContext, action: CodeAction): CodeAction | Refusal {
  const chosen = v.safeParse(chosenRefactoring, action.data);
  if (!chosen.success) return action;
  const { uri, layer } = chosen.output;
  const edits = resolveRefactoring(context.session, { document: uri, ...(layer !== undefined && { layer }) });
  if (!edits.ok) return refuse(edits.error);
  return { ...action, edit: workspaceEdit(context, edits.value) };
}

/** The file is worked out when it is asked for; a command does that. */
function slimFileAction({ title, runId }: SlimFileAction): CodeAction {
  const command: CommandId = 'morphnet.writeSlimModel';
  return { title, kind: quickFix, command: { title, command, arguments: [runId] } };
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

/** An edit that goes beyond the file at hand is previewed, where the client can. */
function workspaceEdit(context: AnalysisContext, action: Pick<ProposalEdits, 'title' | 'documents'>): WorkspaceEdit {
  const documents = toDocumentEdits(context.session, action);
  if (documents.length < 2 || !context.canPreview) {
    return {
      documentChanges: documents.map(({ uri, version, edits }) => ({
        textDocument: { uri, version },
        edits: [...edits],
      })),
    };
  }
  const annotationId = 'morphnet';
  return {
    changeAnnotations: { [annotationId]: { label: action.title, needsConfirmation: true } },
    documentChanges: documents.map(({ uri, version, edits }) => ({
      textDocument: { uri, version },
      edits: edits.map((edit) => ({ ...edit, annotationId })),
    })),
  };
}
