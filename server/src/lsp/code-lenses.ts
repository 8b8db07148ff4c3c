// Code lenses above a model: its totals, and the commands that start from it.

import type { CodeLens, CodeLensParams, Command } from 'vscode-languageserver/node';
import { codeLenses, type CodeLens as ModelLens } from '../analysis/code-lenses.ts';
import type { Cancellation } from '../common/cancellation.ts';
import { assertUnreachable } from '../common/assert.ts';
import type { CommandArguments, CommandId } from '../protocol/commands.ts';
import { positionsIn, type AnalysisContext } from './analysis-context.ts';

export function provideCodeLenses(
  { session, settings, projects, committed }: AnalysisContext,
  { textDocument: { uri } }: CodeLensParams,
  cancellation: Cancellation,
): CodeLens[] {
  const positions = positionsIn(session, uri);
  if (positions === undefined) return [];
  const attached = session.attachedProposal(uri);
  const since = settings.lens.sinceCommit ? committed : undefined;
  return codeLenses(session, uri, settings, cancellation, projects.budgetsOf(uri), since).map((lens) => ({
    range: positions.range(lens.start, lens.end),
    command: lensCommand(uri, lens, attached?.entry === lens.entry ? attached.runId : undefined),
  }));
}

/** Reads what the models of a document cost at the last commit; whoever shows lenses asks again if there is news. */
export function readCommitted(
  { session, settings, committed }: AnalysisContext,
  { uri }: { readonly uri: string },
  cancellation: Cancellation,
): { readonly isNews: boolean } {
  return { isNews: settings.lens.sinceCommit && committed?.read(session, uri, cancellation) === true };
}

function lensCommand(uri: string, lens: ModelLens, runId: string | undefined): Command {
  switch (lens.action) {
    case 'totals':
      // A lens without a command is text.
      return { title: lens.title, command: '' };
    case 'run-morphnet':
      return command(lens.title, 'morphnet.runMorphNet', [uri, lens.entry]);
    case 'set-input':
      return command(lens.title, 'morphnet.setInput', [uri, lens.entry]);
    case 'set-arguments':
      return command(lens.title, 'morphnet.setArguments', [uri, lens.entry, ...(lens.needs ?? [])]);
    case 'show-costs':
      return command(lens.title, 'morphnet.showCosts', [uri, lens.entry]);
    case 'open-dashboard':
      return command(lens.title, 'morphnet.openDashboard', runId === undefined ? [] : [runId]);
    default:
      return assertUnreachable(lens.action);
  }
}

/** A command of the client's with arguments of its types. */
function command<Id extends CommandId>(title: string, id: Id, rest: CommandArguments[Id]): Command {
  return { title, command: id, arguments: [...rest] };
}
