// `morphnet join`: a further machine of a run that `morphnet run --nnodes` trains elsewhere.

import { rendezvousForm, type Machines } from '../protocol/torchrun.ts';
import { workFailed, wrongArguments } from './cli-failure.ts';
import { parseCount } from './run-settings.ts';
import type { Terminal } from './terminal.ts';

export interface JoinOptions {
  readonly nnodes: string;
  readonly nodeRank: string;
  readonly nprocPerNode?: string;
  readonly rdzvEndpoint: string;
}

/** Starts the processes of a machine; gives their exit status. */
export type JoinTraining = (processes: number, machines: Machines, say: (text: string) => void) => Promise<number>;

export async function joinCommand(terminal: Terminal, join: JoinTraining, options: JoinOptions): Promise<void> {
  const nodes = parseCount('--nnodes', options.nnodes, 2);
  const node = parseCount('--node-rank', options.nodeRank, 1);
  if (node >= nodes)
    throw wrongArguments(`--node-rank ${String(node)} is none of the further machines 1 to ${String(nodes - 1)}.`);
  if (!rendezvousForm.test(options.rdzvEndpoint))
    throw wrongArguments(`--rdzv-endpoint ${options.rdzvEndpoint} must be the first machine’s host:port.`);
  const processes = options.nprocPerNode === undefined ? 1 : parseCount('--nproc-per-node', options.nprocPerNode, 1);
  const machines = { nodes, node, rendezvous: options.rdzvEndpoint };
  const status = await join(processes, machines, (text) => terminal.note(text));
  if (status !== 0)
    throw workFailed('The processes of this machine ended before the run did. The first machine says why.');
}
