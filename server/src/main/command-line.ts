// The command line's composition root: Node's files and streams, the frontends, and nothing else.

import { existsSync, readFileSync } from 'node:fs';
import { resolve } from 'node:path';
import { fileURLToPath } from 'node:url';
import { URI } from 'vscode-uri';
import { AnalysisSession } from '../analysis/analysis-session.ts';
import type { Result } from '../common/problem.ts';
import type { SourceReader } from '../frontends/shared/frontend.ts';
import { runCommandLine } from '../cli/command-line.ts';
import { createEditorTerminal } from '../cli/editor-terminal.ts';
import type { Terminal } from '../cli/terminal.ts';
import { wrapLines } from '../cli/wrap-lines.ts';
import { createRunService } from '../experiments/local-run-service.ts';
import { createRunNetworks } from '../experiments/run-network-service.ts';
import { editorWord } from '../protocol/experiment-messages.ts';
import { sitePackagesVariable } from '../protocol/settings.ts';
import { DiskReader } from './disk-reader.ts';
import { createFrontends } from './frontends.ts';
import { readerAt } from './git-revision.ts';
import { joinTraining } from '../jobs/join-training.ts';
import { pythonOf } from '../protocol/engine-report.ts';
import { readThisMachine } from './machine-profiles.ts';
import { createMeasuring } from './measuring.ts';
import { torchModule } from './torch-module.ts';
import { findTrainer } from './trainer-program.ts';

async function openSession(
  folders: readonly string[],
  sitePackages: string | undefined,
  readerOf: (disk: DiskReader) => SourceReader = (disk) => disk,
): Promise<AnalysisSession> {
  // What the user named, the editor's setting, or the environment that is active in this shell.
  const { [sitePackagesVariable]: setting, VIRTUAL_ENV: environment, CONDA_PREFIX: conda } = process.env;
  const packages = [sitePackages, setting, environment, conda].find((path) => path !== undefined && path !== '');
  const libraries = packages === undefined ? [] : [URI.file(resolve(packages)).toString()];
  const disk = new DiskReader({ workspace: folders, libraries });
  return new AnalysisSession({
    frontends: await createFrontends(),
    disk: readerOf(disk),
    sourceFiles: () => disk.sourceFiles(),
    workspaceRoots: folders,
  });
}

/** The same over the files of a git revision. */
async function openRevision(folders: readonly string[], revision: string): Promise<Result<AnalysisSession>> {
  let problem: string | undefined;
  const session = await openSession(folders, undefined, (disk) => {
    const reader = readerAt(process.cwd(), revision, disk);
    if (reader.ok) return reader.value;
    problem = reader.error;
    return disk;
  });
  return problem === undefined ? { ok: true, value: session } : { ok: false, error: problem };
}

/** The version in the package's manifest: the nearest one above this file, be it a source or a bundle. */
function packageVersion(): string {
  for (const path of ['../package.json', '../../../package.json']) {
    const manifest = new URL(path, import.meta.url);
    if (!existsSync(manifest)) continue;
    const content: unknown = JSON.parse(readFileSync(manifest, 'utf8'));
    if (typeof content === 'object' && content !== null && 'version' in content) return String(content.version);
  }
  return 'unknown';
}

// A reader that has seen enough (`morphnet cost … | head`) closes the pipe: that is no failure.
process.stdout.on('error', (error: NodeJS.ErrnoException) => {
  if (error.code !== 'EPIPE') throw error;
  process.exit(0);
});

const plainTerminal: Terminal = {
  write: (text) => process.stdout.write(text),
  note: (text) => process.stderr.write(wrapLines(text)),
  isInteractive: process.stderr.isTTY,
  folder: process.cwd(),
  thisMachine: readThisMachine,
  onInterrupt: (listener) => {
    process.on('SIGINT', listener);
    return () => process.off('SIGINT', listener);
  },
};

const trainer = findTrainer();
const torchProgram = {
  script: fileURLToPath(new URL('./torch_engine.py', import.meta.url)),
  python: pythonOf(process.env),
};
const [first, ...others] = process.argv.slice(2);
const editor = first === editorWord ? createEditorTerminal(process.stdin, process.stdout) : undefined;

void runCommandLine(
  {
    terminal: editor === undefined ? plainTerminal : { ...editor.terminal, thisMachine: readThisMachine },
    openSession,
    ...(trainer && {
      training: createRunService(trainer),
      networks: createRunNetworks(process.cwd()),
      measuring: createMeasuring(trainer),
      torchModule,
      joinTraining: (processes, machines, say) => joinTraining(torchProgram, processes, machines, say),
    }),
    openRevision,
    version: packageVersion(),
  },
  editor === undefined ? process.argv.slice(2) : others,
).then((status) => {
  process.exitCode = status;
  editor?.end(status === 0);
});
