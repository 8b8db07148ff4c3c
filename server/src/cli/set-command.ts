// `morphnet set`: widths that are asked for by hand, brought into the source by edits that were proven on a copy.

import type { AnalysisSession } from '../analysis/analysis-session.ts';
import type { AnalyzedModel } from '../analysis/analyzed-model.ts';
import { askedProposal, parseAskedWidth, type AskedWidth } from '../analysis/asked-widths.ts';
import { editedTexts } from '../analysis/edited-texts.ts';
import { ownWidthEdits } from '../analysis/own-widths.ts';
import { editsOfPlan, isExact } from '../analysis/proposal-edits.ts';
import type { ProposedWidths } from '../analysis/proposal-plans.ts';
import { readOnlyReason } from '../analysis/read-only-models.ts';
import { slimModel } from '../analysis/slim-model.ts';
import { changeNotes, widthChange, type NetworkSize, type WidthChange } from '../analysis/width-change.ts';
import { formatAmount } from '../common/number-format.ts';
import { workFailed, wrongArguments } from './cli-failure.ts';
import { unifiedDiff, writeText } from './edited-files.ts';
import { parseInputArgument, parseModelArgument, shownDocument } from './model-argument.ts';
import { openModel, type OpenSession } from './open-model.ts';
import { weightsWithoutFile, writeSlimFile } from './slim-file.ts';
import type { Terminal } from './terminal.ts';

export interface SetOptions {
  readonly scale?: string;
  readonly input?: string;
  /** False with `--no-refactor`. */
  readonly refactor: boolean;
  readonly slimFile?: string;
  /** The model's trained weights, of which the slim file gets what is left. */
  readonly weights?: string;
  /** Only the rewriting by which all layers can differ. */
  readonly ownWidths?: boolean;
  readonly write?: boolean;
  readonly json?: boolean;
}

export async function setCommand(
  terminal: Terminal,
  openSession: OpenSession,
  argument: string,
  assignments: readonly string[],
  options: SetOptions,
): Promise<void> {
  if (options.slimFile === undefined && options.weights !== undefined) throw wrongArguments(weightsWithoutFile);
  const file = parseModelArgument(argument, terminal.folder);
  const layers = new Map(assignments.map(parseAssignment));
  const scale = options.scale === undefined ? undefined : parseScale(options.scale);
  if (options.ownWidths === true) {
    if (layers.size > 0 || scale !== undefined || options.slimFile !== undefined || options.json === true)
      throw wrongArguments('--own-widths sets no widths: give it the model alone, and --write to make the edit');
    await giveOwnWidths(terminal, openSession, file, options);
    return;
  }
  if (layers.size === 0 && scale === undefined) {
    throw wrongArguments('Name a layer and its width, as in conv1=41, or a factor for all: --scale 0.75');
  }
  const input = options.input === undefined ? undefined : parseInputArgument(options.input);
  const { session, model } = await openModel(terminal, openSession, file, input);
  const asked = askedProposal(session.grouping(model.graph), { layers, scale });
  if (!asked.ok) throw workFailed(asked.error);
  const { slimFile, weights } = options;
  if (slimFile !== undefined) {
    const attached = { runId: '', entry: model.entry.name, proposal: asked.value };
    await writeSlimFile(terminal, session, model.entry.document, attached, { slimFile, weights });
    return;
  }
  const readOnly = readOnlyReason(model.graph);
  if (readOnly !== undefined) throw workFailed(readOnly);
  const change = widthChange(session, model, asked.value, { refactor: options.refactor });
  const edits = editsOfPlan(session, change.plan);
  const texts = editedTexts(session, edits);
  const isOffered = change.plan.edits.length > 0;
  if (options.write === true) for (const text of texts) writeText(text, terminal.folder);
  if (options.json === true) {
    const files = texts.map((text) => ({ file: shownDocument(text.document, terminal.folder), after: text.after }));
    terminal.write(
      `${JSON.stringify({ ...report(session, model, asked.value, change), files, written: options.write === true }, undefined, 2)}\n`,
    );
    return;
  }
  if (options.write !== true) for (const text of texts) terminal.write(unifiedDiff(text, terminal.folder));
  for (const line of lines(change)) terminal.note(`${line}\n`);
  const slimHint =
    file.path.endsWith('.py') && !isExact(change.plan)
      ? 'As a file of its own, with every width as asked: add --slim-file NEW.py\n'
      : '';
  if (!isOffered) throw workFailed(`None of these widths can be set in the source.\n${slimHint}`.trimEnd());
  terminal.note(slimHint);
  const names = texts.map((text) => shownDocument(text.document, terminal.folder)).join(', ');
  terminal.note(
    options.write === true
      ? `${edits.title}: wrote ${names}.\n`
      : `${edits.title}: proven, not written. Write it with --write\n`,
  );
}

/** The code rewritten so that every layer can have a width of its own. */
async function giveOwnWidths(
  terminal: Terminal,
  openSession: OpenSession,
  file: ReturnType<typeof parseModelArgument>,
  { input, write }: SetOptions,
): Promise<void> {
  const shape = input === undefined ? undefined : parseInputArgument(input);
  const { session, model } = await openModel(terminal, openSession, file, shape);
  const edits = ownWidthEdits(session, model);
  if (!edits.ok) throw workFailed(edits.error);
  const { plan } = edits.value;
  const texts = editedTexts(session, edits.value);
  for (const text of texts) {
    if (write === true) writeText(text, terminal.folder);
    else terminal.write(unifiedDiff(text, terminal.folder));
  }
  for (const { layers, before, reason } of plan.refused)
    terminal.note(`${layers.join(', ')} (${String(before)}) can't get a number of its own: ${reason}\n`);
  const names = texts.map(({ document }) => shownDocument(document, terminal.folder)).join(', ');
  const done = write === true ? `Wrote ${names}.` : 'Proven, not written. Write it with --write';
  terminal.note(`${plan.refactoring ?? ''} ${done}\n`);
}

function parseAssignment(text: string): readonly [string, AskedWidth] {
  const at = text.lastIndexOf('=');
  const width = at < 1 ? undefined : parseAskedWidth(text.slice(at + 1));
  if (width === undefined)
    throw wrongArguments(`${text} is no width of a layer. Write layer1.0.conv1=41, or =0.5x for half of it.`);
  return [text.slice(0, at), width];
}

function parseScale(text: string): number {
  const scale = Number(text);
  if (!(scale > 0) || scale > 16) throw wrongArguments(`--scale ${text} is no factor between 0 and 16, such as 0.75.`);
  return scale;
}

/** What was planned, for programs. `files` have their whole new texts. */
function report(
  session: AnalysisSession,
  model: AnalyzedModel,
  asked: ProposedWidths,
  { plan, before, wanted, after, notRewritten }: WidthChange,
): object {
  const slim = isExact(plan)
    ? undefined
    : slimModel(session, model.entry.document, { runId: '', entry: model.entry.name, proposal: asked });
  return {
    entry: model.entry.name,
    offered: plan.edits.length > 0,
    kind:
      plan.edits.length === 0
        ? slim?.ok === true
          ? 'slim-file'
          : 'none'
        : plan.refactoring === undefined
          ? 'edit'
          : 'refactor',
    exact: isExact(plan),
    before,
    wanted: wanted ?? null,
    after,
    widths: plan.widths,
    refused: plan.refused,
    notRewritten: notRewritten ?? null,
    notes: plan.notes,
    alsoChanges: plan.alsoChanges,
    slimFile: slim === undefined ? null : slim.ok ? { offered: true } : { offered: false, reason: slim.error },
  };
}

function lines(change: WidthChange): readonly string[] {
  const { before, wanted, after } = change;
  const row = (what: string, size: NetworkSize): string =>
    `${what}: ${size.macs === undefined ? '?' : formatAmount(size.macs)} MACs, ${size.params === undefined ? '?' : formatAmount(size.params)} params`;
  const isShort = wanted !== undefined && (wanted.macs !== after.macs || wanted.params !== after.params);
  return [
    ...changeNotes(change),
    row('before', before),
    row('after', after),
    ...(isShort ? [row('asked', wanted)] : []),
  ];
}
