// `morphnet attach`: what a training loop of the user's own needs to learn the widths of a model: the structure as read from the
// source, and morphnet-torch as one file beside the script.

import { existsSync, mkdirSync, readFileSync, writeFileSync } from 'node:fs';
import { basename, dirname, join, resolve } from 'node:path';
import type { RunNetworkService } from '../experiments/run-network-service.ts';
import { workspaceFor } from '../runs/portable-config.ts';
import { workFailed, wrongArguments } from './cli-failure.ts';
import { shownPath } from './model-argument.ts';
import type { OpenSession } from './open-model.ts';
import { prepareRun } from './run-command.ts';
import type { RunOptions } from './run-settings.ts';
import type { Terminal } from './terminal.ts';

export interface AttachOptions extends Omit<RunOptions, 'out'> {
  /** Where the structure is written; `structure.json` beside the model unless given. */
  readonly out?: string;
  /** False leaves morphnet_torch.py out: the package is installed. */
  readonly package?: boolean;
}

const moduleName = 'morphnet_torch.py';

export async function attachCommand(
  terminal: Terminal,
  openSession: OpenSession,
  networks: RunNetworkService,
  torchModule: () => string,
  argument: string,
  options: AttachOptions,
): Promise<void> {
  const { out, package: withModule = true, ...runOptions } = options;
  if (!argument.split('::')[0]?.endsWith('.py')) throw wrongArguments(`${argument} is no Python file.`);
  const folderOfModel = dirname(resolve(terminal.folder, argument.split('::')[0] ?? ''));
  const { config, network } = await prepareRun(terminal, openSession, argument, {
    ...runOptions,
    data: `own:${folderOfModel}`,
  });
  const path = resolve(terminal.folder, out ?? join(folderOfModel, 'structure.json'));
  const words = Object.entries(runOptions).flatMap(([name, value]: readonly [string, unknown]) => [
    `--${name.replace(/[A-Z]/g, (letter) => `-${letter.toLowerCase()}`)}`,
    ...wordsOf(value),
  ]);
  const command = ['morphnet attach', argument, ...words].join(' ');
  const workspace = workspaceFor(config, terminal.folder);
  const document = networks.attach({ config, network, workspace, folder: dirname(path), command });
  if (!document.ok) throw workFailed(`${document.error}.`);
  const files = [
    { path, text: document.value, isOurs: (text: string) => text.includes('"kind":"morphnet-structure"') },
  ];
  if (withModule) {
    const text = torchModule();
    const isOurs = (found: string): boolean => found.startsWith(text.slice(0, text.indexOf('\n')));
    files.push({ path: join(dirname(path), moduleName), text, isOurs });
  }
  for (const file of files) writeOwn(file, terminal.folder);
  const shown = files.map((file) => shownPath(file.path, terminal.folder));
  terminal.note(`Wrote ${shown.join(' and ')}. Three lines in your training script:\n`);
  terminal.write(threeLines(basename(path)));
}

/** Switches have no word of their own. */
function wordsOf(value: unknown): readonly string[] {
  if (Array.isArray(value)) return value.map(String);
  return typeof value === 'string' ? [value] : [];
}

/** Generated files are replaced; somebody else's file of that name stays as it is. */
function writeOwn(
  { path, text, isOurs }: { readonly path: string; readonly text: string; readonly isOurs: (text: string) => boolean },
  folder: string,
): void {
  if (existsSync(path) && !isOurs(readFileSync(path, 'utf8'))) {
    throw workFailed(
      `${shownPath(path, folder)} is there already and was not written by morphnet. Choose another place with --out`,
    );
  }
  mkdirSync(dirname(path), { recursive: true });
  writeFileSync(path, text);
}

/** What the user's script gets. */
function threeLines(structure: string): string {
  return `from morphnet_torch import MorphNet

morphnet = MorphNet.attach(model, "${structure}")    # before the optimizer is made
loss = criterion(model(x), y) + morphnet.loss()      # in the step, behind the forward pass
morphnet.step(loss=loss)                             # behind optimizer.step()
`;
}
