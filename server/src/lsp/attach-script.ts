// "Add to My Training Script": the files beside the script and the lines in it, planned; the client writes them in one step.

import { dirname, join } from 'node:path';
import { fileURLToPath, pathToFileURL } from 'node:url';
import type { CancellationToken } from 'vscode-languageserver/node';
import { linesToCopy, nameInScript } from '../experiments/attach-files.ts';
import type { ServerRequests } from '../protocol/lsp-extensions.ts';
import { formatTarget } from '../protocol/run-defaults.ts';
import { refuse } from './refusal.ts';
import { askAbout, type ServerContext } from './server-context.ts';

type Request = ServerRequests['morphnet/attachScript'];

export async function attachScript(
  context: ServerContext,
  { config, script, withPackage }: Request['params'],
  token: CancellationToken,
): Promise<Request['result']> {
  const { networks, torchModule } = context;
  const workspace = context.runs.workspaceFolderOf(script);
  if (networks === undefined || torchModule === undefined)
    return refuse('morphnet-torch is missing from this installation. Install the extension for your platform.');
  if (workspace === undefined || !script.startsWith('file:'))
    return refuse('The script lies outside the workspace. Open its folder, which keeps the runs.');
  const found = await askAbout(context, config.model.document, 'run-network', config.model, token);
  if ('refused' in found) return found;
  const path = fileURLToPath(script);
  const structure = join(dirname(path), 'structure.json');
  const { entry } = config.model;
  const strength = config.strength === undefined ? [] : ['--strength', String(config.strength)];
  const files = networks.attach({
    config,
    network: found.network,
    workspace,
    structure,
    command: [
      `morphnet attach "${nameInScript(fileURLToPath(config.model.document), path)}${entry === '' ? '' : `::${entry}`}"`,
      ...['--target', formatTarget(config.target), '--steps', String(config.steps), '--algorithm', config.algorithm],
      ...strength,
    ].join(' '),
    ...(withPackage && { package: { folder: dirname(path), text: torchModule() } }),
  });
  if (!files.ok) return refuse(`${files.error}. Move it away, or give it another name.`);
  const name = nameInScript(structure, path);
  const lines = await askAbout(
    context,
    script,
    'script-lines',
    { model: config.model, uri: script, structure: name },
    token,
  );
  return {
    files: files.value.map((file) => ({
      uri: pathToFileURL(file.path).toString(),
      text: file.text,
      isThere: file.isThere,
    })),
    documents: 'refused' in lines ? [] : lines,
    byHand: 'refused' in lines ? { reason: lines.message, lines: linesToCopy(name) } : null,
  };
}
