// A network as a module that PyTorch trains: the text of its class, and under which name the class has each of the network's
// parameters and buffers.

import type { Result } from '../../../../common/problem.ts';
import type { NetworkGraph } from '../../../../network/network-graph.ts';
import type { Op, OpId } from '../../../../network/op.ts';
import { writtenModule } from './slim-file/write-module.ts';

export interface TrainableModule {
  readonly text: string;
  readonly className: string;
  /** By the network's names of parameters and running statistics: those of the class's `named_parameters` and `named_buffers`. */
  readonly tensors: Readonly<Record<string, string>>;
  /** The submodule of each op that is one. */
  readonly modules: ReadonlyMap<OpId, string>;
}

const className = 'Network';

/** `sourceOf`: the text that an op comes from. The failure names what can't be written, and why. */
export function trainableModule(graph: NetworkGraph, sourceOf: (op: Op) => string): Result<TrainableModule> {
  if (graph.framework !== 'pytorch') return { ok: false, error: 'PyTorch trains PyTorch models; this is none' };
  const written = writtenModule({ graph, name: className, description: ['The network as it was read.'], sourceOf });
  if (!written.ok) return written;
  const { text, attributes, tensors } = written.value;
  return { ok: true, value: { text, className, tensors: Object.fromEntries(tensors), modules: attributes } };
}
