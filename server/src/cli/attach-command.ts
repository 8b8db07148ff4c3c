// `morphnet attach`: what a training loop of the user's own needs to learn the widths of a model: the structure as read from the
// source, morphnet-torch as one file, and the lines of the script: written with `--write`, shown otherwise.

import { mkdirSync, writeFileSync } from 'node:fs';
import { dirname, join, resolve } from 'node:path';
import { editedTexts, type EditedText } from '../analysis/edited-texts.ts';
import { scriptLines } from '../analysis/script-lines.ts';
import type { Result } from '../common/problem.ts';
import { linesToCopy, nameInScript } from '../experiments/attach-files.ts';
import type { RunNetworkService } from '../experiments/run-network-service.ts';
import { workspaceFor } from '../runs/portable-config.ts';
import { workFailed, wrongArguments } from './cli-failure.ts';
import { unifiedDiff, writeText } from './edited-files.ts';
import { isFile, parseModelArgument, shownPath } from './model-argument.ts';
import type { OpenSession } from './open-model.ts';
import { prepareRun, type PreparedRun } from './run-command.ts';
import type { RunOptions } from './run-settings.ts';
import type { Terminal } from './terminal.ts';

export interface AttachOptions extends Omit<RunOptions, 'out'> {
  /** Where the structure is written; `structure.json` beside the script, or the model, unless given. */
  readonly out?: string;
  /** False leaves morphnet_torch.py out: the package is installed. */
  readonly package?: boolean;
  /** The training script that gets the lines; true: the model's own file. */
  readonly write?: string | true;
}

export async function attachCommand(
  terminal: Terminal,
  openSession: OpenSession,
  networks: RunNetworkService,
  torchModule: () => string,
  argument: string,
  options: AttachOptions,
): Promise<void> {
  const { out, package: withModule = true, write, ...runOptions } = options;
  const model = argument.split('::')[0] ?? '';
  if (!model.endsWith('.py')) throw wrongArguments(`${argument} is no Python file.`);
  const script = resolve(terminal.folder, typeof write === 'string' ? write : model);
  if (!isFile(script)) throw wrongArguments(`There is no script ${shownPath(script, terminal.folder)}.`);
  const prepared = await prepareRun(terminal, openSession, argument, {
    ...runOptions,
    data: `own:${dirname(resolve(terminal.folder, model))}`,
  });
  const { config, network } = prepared;
  const structure = resolve(terminal.folder, out ?? join(dirname(script), 'structure.json'));
  const folder = typeof write === 'string' ? dirname(script) : dirname(structure);
  const files = networks.attach({
    config,
    network,
    workspace: workspaceFor(config, terminal.folder),
    structure,
    command: ['morphnet attach', argument, ...optionWords(runOptions)].join(' '),
    ...(withModule && { package: { folder, text: torchModule() } }),
  });
  if (!files.ok) throw workFailed(`${files.error}. Choose another place with --out`);
  const lines = linesOf(terminal, prepared, script, structure);
  // Nothing is written where a script was to get its lines and can not.
  if (write !== undefined && !lines.ok)
    throw workFailed(`${lines.error}. Write the lines yourself:\n\n${linesToCopy(nameInScript(structure, script))}`);
  for (const { path, text } of files.value) {
    mkdirSync(dirname(path), { recursive: true });
    writeFileSync(path, text);
  }
  const shown = files.value.map(({ path }) => shownPath(path, terminal.folder)).join(' and ');
  if (!lines.ok) {
    terminal.note(`Wrote ${shown}. Three lines in your training script (${lines.error}):\n`);
    terminal.write(linesToCopy(nameInScript(structure, script)));
  } else if (write === undefined) {
    terminal.note(`Wrote ${shown}. The lines of your training script; --write writes them:\n`);
    terminal.write(lines.value.map((text) => unifiedDiff(text, terminal.folder)).join(''));
  } else {
    for (const text of lines.value) writeText(text, terminal.folder);
    terminal.note(`Wrote ${shown}, and the lines of ${shownPath(script, terminal.folder)}.\n`);
    terminal.write(lines.value.map((text) => unifiedDiff(text, terminal.folder)).join(''));
  }
}

function linesOf(
  terminal: Terminal,
  { session, model }: PreparedRun,
  script: string,
  structure: string,
): Result<readonly EditedText[]> {
  const { document } = parseModelArgument(script, terminal.folder);
  const lines = scriptLines(session, model, document, nameInScript(structure, script));
  return lines.ok ? { ok: true, value: editedTexts(session, lines.value) } : lines;
}

/** The options as they were given. */
function optionWords(options: object): readonly string[] {
  return Object.entries(options).flatMap(([name, value]: readonly [string, unknown]) => [
    `--${name.replace(/[A-Z]/g, (letter) => `-${letter.toLowerCase()}`)}`,
    ...wordsOf(value),
  ]);
}

/** Switches have no word of their own. */
function wordsOf(value: unknown): readonly string[] {
  if (Array.isArray(value)) return value.map(String);
  return typeof value === 'string' ? [value] : [];
}
