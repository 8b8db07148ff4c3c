// Runs the command line in this process as main/cli.ts composes it, and gives what it printed.

import { torchModule } from '../../scripts/torch-module.ts';
import { AnalysisSession } from '../../server/src/analysis/analysis-session.ts';
import { runCommandLine } from '../../server/src/cli/command-line.ts';
import type { RunNetworkService } from '../../server/src/experiments/run-network-service.ts';
import type { TrainingService } from '../../server/src/experiments/run-service.ts';
import { darknetFrontend } from '../../server/src/frontends/darknet/darknet-frontend.ts';
import type { Frontend } from '../../server/src/frontends/shared/frontend.ts';
import { DiskReader } from '../../server/src/main/disk-reader.ts';

/** For commands that must not train. */
export const noTraining: TrainingService = {
  start: () => Promise.reject(new Error('No training was expected')),
  resume: () => Promise.reject(new Error('No training was expected')),
  engines: () => Promise.reject(new Error('No question about engines was expected')),
  read: () => Promise.reject(new Error('No run was expected')),
};

export interface CommandLineRun {
  readonly status: number;
  /** Standard output. */
  readonly output: string;
  /** Standard error. */
  readonly notes: string;
}

/** Runs a command in a folder. */
export async function morphnetIn(
  folder: string,
  words: readonly string[],
  training: TrainingService = noTraining,
  frontends: readonly Frontend[] = [darknetFrontend],
  networks?: RunNetworkService,
): Promise<CommandLineRun> {
  let output = '';
  let notes = '';
  const status = await runCommandLine(
    {
      terminal: {
        write: (text) => (output += text),
        note: (text) => (notes += text),
        isInteractive: false,
        folder,
        onInterrupt: (listener) => {
          interrupts.add(listener);
          return () => interrupts.delete(listener);
        },
      },
      openSession: (folders) =>
        Promise.resolve(
          new AnalysisSession({
            frontends,
            disk: new DiskReader({ workspace: folders, libraries: [] }),
            workspaceRoots: folders,
          }),
        ),
      training,
      ...(networks && { networks }),
      torchModule,
      version: '1.2.3',
    },
    words,
  );
  return { status, output, notes };
}

const interrupts = new Set<() => void>();

/** Ctrl-C for every command that listens. */
export function pressInterrupt(): void {
  if (interrupts.size === 0) throw new Error('Nobody listens to Ctrl-C');
  for (const listener of interrupts) listener();
}
