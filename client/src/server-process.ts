// The language server's process. It speaks over its standard streams, so that it can be started before the library is there that
// speaks to it.

import { fork, type ChildProcess } from 'node:child_process';
import { serverNodeOptions } from './server-node-options.ts';

/** Where its own process is debugged, the server can be too. */
const debugOptions: readonly string[] = process.execArgv.some((option) => option.startsWith('--inspect'))
  ? ['--nolazy', '--inspect=6009']
  : [];

export function startServerProcess(program: string): ChildProcess {
  const server = fork(program, ['--stdio', `--clientProcessId=${String(process.pid)}`], {
    silent: true,
    execArgv: [...serverNodeOptions, ...debugOptions],
    // The editor's executable is Node where it is told so.
    env: { ...process.env, ELECTRON_RUN_AS_NODE: '1', ELECTRON_NO_ASAR: '1' },
  });
  // One that can't be started has closed streams, which the library tells of.
  server.on('error', () => undefined);
  return server;
}
