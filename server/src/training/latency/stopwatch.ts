// What times networks on this machine: ONNX Runtime, or the user's PyTorch.

import type { Result } from '../../common/problem.ts';
import type { Execution } from '../../costs/latency/execution.ts';
import type { NetworkGraph } from '../../network/network-graph.ts';
import type { MachineProfile } from '../../protocol/machine-profile.ts';
import { loadOnnxRuntime } from '../engines/onnx/onnx-runtime.ts';
import { timeNetwork, type Patience, type TimedStep } from './time-network.ts';

export interface Stopwatch {
  /** How it runs networks. */
  readonly execution: Omit<Execution, 'batch'>;
  /** Its version, as a profile keeps it. */
  readonly runtime: string;
  /** Where it is PyTorch. */
  readonly pytorch?: NonNullable<MachineProfile['pytorch']>;
  time(network: NetworkGraph, batch: number, patience: Patience): Promise<Result<TimedStep>>;
  close(): void;
}

/** How ONNX Runtime runs networks here. */
const onnxExecution: Stopwatch['execution'] = {
  precision: 'fp32',
  fusion: 'after-products',
  channelsLast: false,
  processor: 'cpu',
};

export async function onnxStopwatch(threads: number, now: () => number): Promise<Stopwatch> {
  const runtime = await loadOnnxRuntime(threads);
  return {
    execution: onnxExecution,
    runtime: runtime.version,
    time: (network, batch, patience) => timeNetwork(runtime, network, batch, patience, now),
    close: () => undefined,
  };
}
