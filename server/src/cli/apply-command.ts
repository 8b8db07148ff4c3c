// `morphnet apply`: a run's proposal as edits of the source that were proven on a copy. Prints them as a unified diff;
// `--write` also makes them, each file whole or not at all.

import { existsSync, readFileSync, statSync } from 'node:fs';
import { dirname, resolve } from 'node:path';
import { URI } from 'vscode-uri';
import type { AnalysisSession, AttachedProposal } from '../analysis/analysis-session.ts';
import { countedProposal, parseAliveCounts } from '../analysis/counted-proposal.ts';
import { editedTexts } from '../analysis/edited-texts.ts';
import { chooseDevice } from '../analysis/latency-device.ts';
import { mostEdits } from '../analysis/most-edits.ts';
import { isExact } from '../analysis/proposal-edits.ts';
import { defaultSettings } from '../protocol/settings.ts';
import { liesInside } from '../runs/inner-folder.ts';
import { workspaceOf } from '../runs/portable-config.ts';
import { readExpanded } from '../runs/run-folder.ts';
import { workFailed, wrongArguments } from './cli-failure.ts';
import { unifiedDiff, writeText } from './edited-files.ts';
import { isFile, parseInputArgument, parseModelArgument, shownDocument, shownPath } from './model-argument.ts';
import { openModel, type OpenSession } from './open-model.ts';
import { weightsWithoutFile, writeSlimFile } from './slim-file.ts';
import type { Terminal } from './terminal.ts';
import type { TrainingService } from '../experiments/run-service.ts';

export interface ApplyOptions {
  /** False with `--no-refactor`. */
  readonly refactor?: boolean;
  /** The model that a file of alive counts is about: FILE[::ENTRY]. */
  readonly model?: string;
  /** The model's input, without the batch. */
  readonly input?: string;
  /** What becomes of layers that the file does not name. */
  readonly fallback?: string;
  readonly keepFirst?: boolean;
  readonly removeCommonPrefix?: boolean;
  readonly write?: boolean;
  /** The widths that `morphnet expand` made of the proposal, in its place. */
  readonly expanded?: boolean;
  /** Where to write the slim model out as a module of its own instead. */
  readonly slimFile?: string;
  /** The model's trained weights, of which the slim file gets what is left. */
  readonly weights?: string;
}

/** Whose widths are applied: a model in a session, and what is proposed for it. */
interface Applied {
  readonly session: AnalysisSession;
  readonly document: string;
  readonly attached: AttachedProposal;
  /** The command as it was given, to be repeated with another option. */
  readonly again: string;
  /** Below which files may be edited. */
  readonly workspace: string;
}

export async function applyCommand(
  terminal: Terminal,
  openSession: OpenSession,
  training: TrainingService,
  argument: string,
  options: ApplyOptions,
): Promise<void> {
  const path = resolve(terminal.folder, argument);
  if (!existsSync(path)) {
    throw wrongArguments(
      `There is no run folder ${shownPath(path, terminal.folder)}, and no file of alive counts either.`,
    );
  }
  const applied = isFile(path)
    ? await countsOf(terminal, openSession, path, argument, options)
    : await runOf(terminal, openSession, training, path, argument, options);
  const { session, document, attached } = applied;
  const { slimFile, weights } = options;
  if (slimFile === undefined && weights !== undefined) throw wrongArguments(weightsWithoutFile);
  if (slimFile === undefined) applyEdits(terminal, applied, options);
  else await writeSlimFile(terminal, session, document, attached, { slimFile, weights });
}

/** Alive counts of any run, here or of the published implementation, for the model that `--model` names. */
async function countsOf(
  terminal: Terminal,
  openSession: OpenSession,
  path: string,
  argument: string,
  options: ApplyOptions,
): Promise<Applied> {
  const { fallback = 'pass-through' } = options;
  const shown = shownPath(path, terminal.folder);
  if (options.model === undefined) {
    throw wrongArguments(`${shown} is a file of alive counts. Say which model they are of: --model net.py::ResNet18()`);
  }
  if (fallback !== 'pass-through' && fallback !== 'zero' && fallback !== 'strict') {
    throw wrongArguments(`There is no fallback ${fallback}; known are pass-through, zero and strict.`);
  }
  if (statSync(path).size > largestCounts) throw workFailed(`${shown} is too large to be a file of alive counts.`);
  const counts = parseAliveCounts(readFileSync(path, 'utf8'));
  if (!counts.ok) throw workFailed(`${shown} is no file of alive counts: ${counts.error}.`);
  const file = parseModelArgument(options.model, terminal.folder);
  const input = options.input === undefined ? undefined : parseInputArgument(options.input);
  const { session, model } = await openModel(terminal, openSession, file, input);
  const attached = countedProposal(session, model, counts.value, {
    fallback,
    keepFirst: options.keepFirst === true,
    removeCommonPrefix: options.removeCommonPrefix === true,
    device: chooseDevice(defaultSettings).device,
  });
  if (!attached.ok) throw workFailed(`${shown}: ${attached.error}.`);
  const again = [
    `morphnet apply ${argument} --model ${options.model}`,
    options.input === undefined ? [] : `--input ${options.input}`,
    options.fallback === undefined ? [] : `--fallback ${options.fallback}`,
    options.keepFirst === true ? '--keep-first' : [],
    options.removeCommonPrefix === true ? '--remove-common-prefix' : [],
  ];
  // Who typed the model's path means that file.
  const workspace = liesInside(terminal.folder, file.path) ? terminal.folder : dirname(file.path);
  return { session, document: file.document, attached: attached.value, again: again.flat().join(' '), workspace };
}

/** Larger files are not read: one name and count a layer. */
const largestCounts = 8 * 2 ** 20;

async function runOf(
  terminal: Terminal,
  openSession: OpenSession,
  training: TrainingService,
  folder: string,
  argument: string,
  options: ApplyOptions,
): Promise<Applied> {
  const run = await training.read(folder);
  if (!run.ok) throw workFailed(run.error);
  const { config, id } = run.value;
  const expanded = options.expanded === true ? readExpanded(folder) : undefined;
  if (expanded?.ok === false) throw workFailed(expanded.error);
  if (expanded !== undefined && expanded.value === undefined) {
    throw workFailed(
      `The proposal in ${shownPath(folder, terminal.folder)} was not expanded yet: morphnet expand ${argument}`,
    );
  }
  const proposal = expanded?.value ?? run.value.proposal;
  const { document, entry, input } = config.model;
  if (proposal === undefined) {
    throw workFailed(
      `The run in ${shownPath(folder, terminal.folder)} has proposed no widths yet. Go on with it: morphnet run ${argument}`,
    );
  }
  const path = URI.parse(document).fsPath;
  if (!existsSync(path))
    throw workFailed(
      `The run’s model was in ${shownPath(path, terminal.folder)}, which is not there any more. Put it back, or name its new place in config.json of the run`,
    );
  // Its own workspace and nothing else: that is what may be edited.
  const workspace = workspaceOf(folder, terminal.folder);
  const session = await openSession([URI.file(workspace).toString()]);
  session.requestEntry(document, { entry, input, from: 'request' });
  const attached = { runId: id, entry, input, proposal };
  const again = `morphnet apply ${argument}${options.expanded === true ? ' --expanded' : ''}`;
  return { session, document, attached, again, workspace };
}

function applyEdits(
  terminal: Terminal,
  { session, document, attached, again, workspace }: Applied,
  options: ApplyOptions,
): void {
  const { proposal } = attached;
  const edits = mostEdits(session, document, attached, { refactor: options.refactor !== false });
  const shown = shownDocument(document, terminal.folder);
  // Slim files are Python source; in other formats each width stands in the file itself.
  const slimHint = document.endsWith('.py')
    ? `As a file of its own, with every width as proposed: ${again} --slim-file NEW.py\n`
    : '';
  if (!edits.ok && edits.isApplied === true) {
    terminal.note(`${shown}: ${edits.error} There is nothing to change.\n`);
    return;
  }
  if (!edits.ok) throw workFailed(`${shown}: ${edits.error}\n${slimHint}`.trimEnd());
  const { plan, title } = edits.value;
  const texts = editedTexts(session, edits.value);
  for (const text of texts) terminal.write(unifiedDiff(text, terminal.folder));
  const notes = plan.refused.map(
    ({ layers, before, wanted, reason }) =>
      `${layers.join(', ')} stays at ${String(before)} (${String(wanted)} proposed): ${reason}`,
  );
  const gone = proposal.layers.filter(({ width }) => width.after === 0).map(({ name }) => name);
  for (const note of [
    ...(plan.refactoring === undefined ? [] : [plan.refactoring]),
    ...plan.notes,
    ...notes,
    ...vanishedNotes(gone),
  ])
    terminal.note(`${note}\n`);
  if (!isExact(plan) || gone.length > 0) terminal.note(slimHint);
  if (options.write !== true) {
    terminal.note(`${title}: proven, not written. Write it with: ${again} --write\n`);
    return;
  }
  // A link in the workspace may lead to another project's file.
  const outside = texts.find((text) => !liesInside(workspace, URI.parse(text.document).fsPath));
  if (outside !== undefined)
    throw workFailed(
      `${shownDocument(outside.document, terminal.folder)} leads outside ${workspace}, which holds the run, so nothing was written. Apply the diff there by hand`,
    );
  for (const text of texts) writeText(text, terminal.folder);
  terminal.note(`${title}: wrote ${texts.map((text) => shownDocument(text.document, terminal.folder)).join(', ')}.\n`);
}

/** Edits change numbers: they can't take a layer out, and no layer has a width of 0. */
function vanishedNotes(names: readonly string[]): readonly string[] {
  if (names.length === 0) return [];
  return [
    `The proposed network is without ${names.join(', ')}. Edits of numbers can’t take layers out and keep a channel at least; take them out by hand`,
  ];
}
