// VS Code's server with the extension installed, as a process of its own with settings, extensions and folders of its own.

import { spawn, spawnSync, type ChildProcess } from 'node:child_process';
import { mkdirSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import type { Installation } from './install.ts';

/** As a new user has it, but for what asks or reaches out while tests look. */
const settings = {
  'security.workspace.trust.enabled': false,
  'workbench.startupEditor': 'none',
  'telemetry.telemetryLevel': 'off',
  // As on a desktop; in a browser the editor saves by itself.
  'files.autoSave': 'off',
  'workbench.enableExperiments': false,
  'extensions.autoUpdate': false,
  'extensions.ignoreRecommendations': true,
  'chat.disableAIFeatures': true,
  'workbench.secondarySideBar.defaultVisibility': 'hidden',
};

export class CodeServer {
  readonly #process: ChildProcess;
  readonly #address: string;

  private constructor(child: ChildProcess, address: string) {
    this.#process = child;
    this.#address = address;
  }

  /** Installs extensions into fresh folders below `home` and starts; `variables` go into the extensions' environment. */
  static async start(
    { node, codeServer }: Installation,
    home: string,
    extensions: readonly string[],
    variables: Readonly<Record<string, string>>,
  ): Promise<CodeServer> {
    const userData = join(home, 'user-data');
    mkdirSync(join(userData, 'User'), { recursive: true });
    writeFileSync(join(userData, 'User/settings.json'), JSON.stringify(settings));
    const folders = ['--config', join(home, 'config.yaml'), '--user-data-dir', userData];
    folders.push('--extensions-dir', join(home, 'extensions'));
    const env = { ...environment(), ...variables };
    for (const vsix of extensions) {
      const command = [codeServer, ...folders, '--install-extension', vsix];
      const { status, stdout, stderr } = spawnSync(node, command, { env, encoding: 'utf8' });
      if (status !== 0) throw new Error(`${vsix} cannot be installed:\n${stdout}${stderr}`);
    }
    const child = spawn(
      node,
      [
        codeServer,
        ...folders,
        ...['--auth', 'none', '--bind-addr', '127.0.0.1:0', '--disable-telemetry', '--disable-update-check'],
        '--disable-workspace-trust',
      ],
      { env, stdio: ['ignore', 'pipe', 'pipe'] },
    );
    return new CodeServer(child, await address(child));
  }

  /** Where the workbench opens a folder. */
  url(folder: string): string {
    return `${this.#address}?folder=${encodeURIComponent(folder)}`;
  }

  async stop(): Promise<void> {
    if (this.#process.exitCode !== null) return;
    const ended = new Promise((resolve) => this.#process.once('exit', resolve));
    this.#process.kill();
    await ended;
  }
}

/** The server's first words say where it listens. */
function address(child: ChildProcess): Promise<string> {
  return new Promise((resolve, reject) => {
    let said = '';
    const listen = (chunk: Buffer): void => {
      said += chunk.toString();
      const found = /HTTP server listening on (http:\/\/\S+)/.exec(said)?.[1];
      if (found !== undefined) resolve(found);
    };
    child.stdout?.on('data', listen);
    child.stderr?.on('data', listen);
    child.once('exit', (code) => reject(new Error(`code-server ended with ${String(code)}:\n${said}`)));
    child.once('error', reject);
  });
}

/** Without what belongs to the process that runs the tests. */
function environment(): NodeJS.ProcessEnv {
  return Object.fromEntries(
    Object.entries(process.env).filter(([name]) => !/^(NODE_OPTIONS|VSCODE_.*|ELECTRON_.*|npm_.*)$/.test(name)),
  );
}
