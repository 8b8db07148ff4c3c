// The engine on the user's own PyTorch: the network as it was read, written as a module, trained in a Python process.

import { execFile } from 'node:child_process';
import { promisify } from 'node:util';
import type { Result } from '../../../common/problem.ts';
import { opOf, valueOf, type NetworkGraph } from '../../../network/network-graph.ts';
import { channelAxisOf } from '../../../network/op-traits.ts';
import type { OpId } from '../../../network/op.ts';
import type { CompileRequest, Engine, OutputLoss, TrainingSession, Untrainable } from '../engine.ts';
import { EngineUnavailable } from '../engine-unavailable.ts';
import { stateEntries } from '../training-state.ts';
import { type LossTerm, lossTerms } from '../loss-terms.ts';
import type { Machines } from '../../../protocol/torchrun.ts';
import { TorchTrainingSession, type ImportedModel, type NetworkText } from './torch-session.ts';
import { Worker } from './worker.ts';

export interface TorchOptions {
  readonly python: string;
  /** torch_engine.py, with morphnet_torch.py beside it. */
  readonly script: string;
  /** Threads of all processes together. */
  readonly threads: number;
  /** On each machine. */
  readonly processes: number;
  /** Where further machines take part. */
  readonly machines?: Machines;
  /** The user's own class, in place of the network as it was read. */
  readonly imported?: ImportedModel;
  readonly precision: string;
  /** The network as text, or which operation can't be written, and why. */
  readonly writeNetwork: (graph: NetworkGraph) => Result<NetworkText>;
}

interface About {
  readonly version: string;
  readonly device: string;
}

const remedy = 'Name a Python with PyTorch in the setting morphnet.training.python, or in MORPHNET_PYTHON.';

/** Rejects with `EngineUnavailable` when there is no PyTorch to be had. */
export async function createTorchEngine(options: TorchOptions): Promise<Engine> {
  const { version, device } = await aboutPyTorch(options);
  const { threads, processes, machines, imported } = options;
  const shares = processes * (machines?.nodes ?? 1);
  return {
    info: { name: 'torch', version, threads, device },
    untrainable: (graph, losses) => untrainable(graph, losses, options),
    async compile(request): Promise<TrainingSession> {
      const { batchSize } = request;
      if (batchSize % shares !== 0)
        throw new Error(
          `A batch of ${String(batchSize)} images has no equal shares for ${String(shares)} processes. Set the batch size to a multiple of ${String(shares)}`,
        );
      const found = lossTerms(request.graph, request.losses);
      if (!found.ok) throw new Error(found.reason);
      const network = imported
        ? importedNetwork(request, found.terms, imported)
        : options.writeNetwork(upTo(request.graph, found.terms));
      if (!network.ok) throw new Error(network.error);
      const { script, python } = options;
      const share = Math.max(1, Math.floor(threads / processes));
      const worker = await Worker.start({ python, script, threads: share, processes, machines });
      return TorchTrainingSession.open(worker, {
        request,
        terms: found.terms,
        network: network.value,
        imageShape: imageShapeOf(request),
        axisOf: (op) => gatedAxis(request.graph, op),
        precision: options.precision,
      });
    },
  };
}

async function aboutPyTorch({ python, script }: TorchOptions): Promise<About> {
  try {
    const { stdout } = await promisify(execFile)(python, [script, '--about'], {
      timeout: 120_000,
      env: { ...process.env, PYTHONDONTWRITEBYTECODE: '1' },
    });
    const found: unknown = JSON.parse(stdout.trim().split('\n').at(-1) ?? '');
    if (typeof found === 'object' && found !== null && 'version' in found && 'device' in found)
      return { version: String(found.version), device: String(found.device) };
  } catch (error) {
    const said = error instanceof Error && 'stderr' in error ? String(error.stderr).trim().split('\n').at(-1) : '';
    const reason = said === undefined || said === '' ? (error instanceof Error ? error.message : String(error)) : said;
    throw new EngineUnavailable(`${python}: ${reason}`, remedy);
  }
  throw new EngineUnavailable(`${python} did not say which PyTorch it has`, remedy);
}

/** The network up to what the losses are taken of. */
function upTo(graph: NetworkGraph, terms: readonly LossTerm[]): NetworkGraph {
  return { ...graph, outputs: terms.map(({ value }) => value) };
}

function untrainable(
  graph: NetworkGraph,
  losses: readonly OutputLoss[] | undefined,
  { writeNetwork, imported }: TorchOptions,
): readonly Untrainable[] {
  const found = lossTerms(graph, losses);
  if (!found.ok) return [{ op: found.op, reason: found.reason }];
  // What stands in the way of an own class is told when it is made.
  if (imported) return [];
  const written = writeNetwork(upTo(graph, found.terms));
  return written.ok ? [] : [{ op: valueOf(graph, graph.outputs[0] ?? 0).producer, reason: written.error }];
}

/** The user's own class as it stands, or why it can't take the place of the network as it was read. */
function importedNetwork(
  request: CompileRequest,
  terms: readonly LossTerm[],
  imported: ImportedModel,
): Result<NetworkText> {
  const { graph } = request;
  if (request.sources.some(({ kind }) => kind === 'gate'))
    return {
      ok: false,
      error: 'Gates stand in the network as it was read, not in a class that is imported. Leave --import out',
    };
  const outputs = terms.map(({ value }) => graph.outputs.indexOf(value));
  if (outputs.includes(-1))
    return {
      ok: false,
      error:
        'The model ends in a softmax or sigmoid, which the loss has itself. Leave --import out, or end the model before it',
    };
  const names = stateEntries({ ...request, optimizer: { kind: 'sgd', momentum: 0, weightDecay: 0 } });
  const tensors = Object.fromEntries(names.map(({ name }) => [name, name]));
  return {
    ok: true,
    value: { text: '', className: '', tensors, modules: new Map(), imported: { ...imported, outputs } },
  };
}

/** The axis of a gated op's channels. */
function gatedAxis(graph: NetworkGraph, id: OpId): number {
  const op = opOf(graph, id);
  return channelAxisOf(op, valueOf(graph, op.outputs[0] ?? -1).shape.length) ?? 1;
}

function imageShapeOf({ graph }: CompileRequest): readonly number[] {
  const [input = -1] = graph.inputs;
  return valueOf(graph, input).shape.slice(1).map(Number);
}
