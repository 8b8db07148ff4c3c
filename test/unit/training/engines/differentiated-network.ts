// A network's output and gradients as each engine computes them, for tests that compare them with each other or with finite differences.

import type { NetworkGraph } from '../../../../server/src/network/network-graph.ts';
import type { ValueId } from '../../../../server/src/network/op.ts';
import { batchShapes } from '../../../../server/src/training/engines/batch-shapes.ts';
import { emitBackward, emitForward } from '../../../../server/src/training/engines/onnx/differentiate.ts';
import { GraphEmitter, type Tensor } from '../../../../server/src/training/engines/onnx/graph-emitter.ts';
import { encodeModel } from '../../../../server/src/training/engines/onnx/onnx-model.ts';
import { loadOnnxRuntime } from '../../../../server/src/training/engines/onnx/onnx-runtime.ts';
import type { Emission } from '../../../../server/src/training/engines/onnx/op-rule.ts';
import { forward, type ForwardPass, planWalk } from '../../../../server/src/training/engines/tfjs/differentiate.ts';
import type { Pass } from '../../../../server/src/training/engines/tfjs/op-rule.ts';
import { asPlain, type Placed } from '../../../../server/src/training/engines/tfjs/placed.ts';
import type { Tensor as TfTensor } from '../../../../server/src/training/engines/tfjs/tensorflow.ts';
import { runningStatistics, trainedParameters } from '../../../../server/src/training/engines/training-state.ts';
import { tfjsBackend } from './tfjs-backend.ts';

/** Values by name: `images`, parameters and running statistics by id, dropout masks, and `upstream`, the gradient of the output. */
export type Values = ReadonlyMap<string, Float32Array>;

/** An engine's view of a network: what it reads, and what it computes. */
export interface DifferentiatedNetwork {
  readonly name: string;
  readonly inputs: readonly { readonly name: string; readonly shape: readonly number[] }[];
  /** How many elements of each tensor finite differences are to be taken of: fewer where each costs more. */
  readonly samples?: number;
  output(values: Values): Promise<Float32Array>;
  /** `output`, and the gradients of Σ output·upstream by the names of the inputs. */
  run(values: Values): Promise<Values>;
  dispose(): Promise<void>;
}

const onnxRuntime = loadOnnxRuntime(1);

function endsOf(graph: NetworkGraph): readonly [input: ValueId, output: ValueId] {
  const [input] = graph.inputs;
  const [output] = graph.outputs;
  if (input === undefined || output === undefined) throw new Error('The network has no input or no output');
  return [input, output];
}

function shapeOf(graph: NetworkGraph, value: ValueId, batchSize: number): readonly number[] {
  const found = batchShapes(graph, batchSize);
  if (!found.ok) throw new Error(found.reason);
  return found.shapes.get(value)?.shape ?? [];
}

/** The sizes of channel blocks that the onnx engine knows on this machine; 1 is by plain operators. */
export async function channelBlocks(): Promise<readonly number[]> {
  return [...new Set([1, (await onnxRuntime).channelBlock])];
}

export async function differentiatedByOnnx(
  graph: NetworkGraph,
  batchSize: number,
  channelBlock: number,
): Promise<DifferentiatedNetwork> {
  const emitter = new GraphEmitter(channelBlock);
  const [inputId, outputId] = endsOf(graph);
  const images = emitter.input('images', 'float32', shapeOf(graph, inputId, batchSize));
  const input = (name: string, shape: readonly number[]): [string, Tensor] => [
    name,
    emitter.input(name, 'float32', shape),
  ];
  const parameters = new Map(trainedParameters(graph).map(({ parameter, shape }) => input(parameter.id, shape)));
  const buffers = new Map(runningStatistics(graph).map(({ name, shape }) => input(name, shape)));
  const stepCount = emitter.input('count', 'float32', []);
  const emission: Emission = { graph: emitter, mode: 'training', parameters, buffers, dropoutMasks: [], stepCount };
  const passed = emitForward(graph, [outputId], batchSize, emission, images);
  const output = passed.values.get(outputId);
  if (output === undefined) throw new Error('The output was not emitted');
  const upstream = emitter.input('upstream', 'float32', output.shape);
  const backward = emitBackward(emission, passed, [[outputId, upstream]], [inputId]);
  const outputs = new Map<string, Tensor>([['output', output]]);
  const ofImages = backward.values.get(inputId);
  if (ofImages !== undefined) outputs.set('images', ofImages);
  for (const [id, gradient] of backward.parameters) outputs.set(id, gradient);
  const { model, names } = emitter.finish(outputs);
  const { open, floatTensor } = await onnxRuntime;
  const session = await open(encodeModel(model));
  const run = async (values: Values): Promise<Values> => {
    const feeds = Object.fromEntries(
      model.inputs.map(({ name, shape }) => [name, floatTensor(values.get(name) ?? new Float32Array(), shape)]),
    );
    const results = await session.run(feeds);
    return new Map([...names].map(([role, { name }]) => [role, results[name]?.data as Float32Array]));
  };
  return {
    name: channelBlock === 1 ? 'onnx' : `onnx in blocks of ${String(channelBlock)}`,
    inputs: model.inputs,
    output: async (values) => (await run(values)).get('output') ?? new Float32Array(),
    run,
    dispose: () => session.release(),
  };
}

export async function differentiatedByTfjs(graph: NetworkGraph, batchSize: number): Promise<DifferentiatedNetwork> {
  const backend = await tfjsBackend;
  const { tf } = backend;
  const tensorsBefore = tf.memory().numTensors;
  const [inputId, outputId] = endsOf(graph);
  const plan = planWalk(graph, [outputId], batchSize, [inputId]);
  const imageShape = shapeOf(graph, inputId, batchSize);
  const upstreamShape = shapeOf(graph, outputId, batchSize);
  const trained = trainedParameters(graph);
  const buffers = runningStatistics(graph);
  const masks = plan.ops.flatMap((op) =>
    op.attributes.kind === 'dropout'
      ? [{ name: `dropout/${op.name}`, shape: plan.shapes.get(op.outputs[0] ?? -1) ?? [] }]
      : [],
  );
  const tensor = (values: Values, name: string, shape: readonly number[]): TfTensor =>
    tf.tensor(values.get(name) ?? new Float32Array(), [...shape]);
  /** Computes forwards, hands the result on, and frees what it was computed from. */
  const compute = async <T>(values: Values, use: (passed: ForwardPass) => Promise<T>): Promise<T> => {
    const updated: TfTensor[] = [];
    const images = tensor(values, 'images', imageShape);
    const statistics = new Map(buffers.map(({ name, initial }) => [name, tf.tensor(initial())]));
    const pass: Pass = {
      backend,
      mode: 'training',
      parameters: new Map(trained.map(({ parameter: { id }, shape }) => [id, tensor(values, id, shape)])),
      buffers: statistics,
      updateBuffer: (_, value) => updated.push(value),
      dropoutMask: (op) => values.get(`dropout/${op.name}`) ?? new Float32Array(),
      stepCount: 1,
    };
    const result = await use(forward(plan, pass, images));
    tf.dispose([images, ...pass.parameters.values(), ...statistics.values(), ...updated]);
    return result;
  };
  const read = async (placed: Placed): Promise<Float32Array> => {
    const own = asPlain(tf, placed);
    const data = Float32Array.from(await own.data());
    if (own !== placed.tensor) own.dispose();
    return data;
  };
  const readOutput = async ({ targets: [output] }: ForwardPass): Promise<Float32Array> => {
    if (output === undefined) throw new Error('The network has no output');
    return read(output);
  };
  return {
    name: 'tfjs',
    ...(backend.native === undefined && { samples: 2 }),
    inputs: [
      { name: 'images', shape: imageShape },
      ...trained.map(({ parameter, shape }) => ({ name: parameter.id, shape })),
      ...masks,
      { name: 'upstream', shape: upstreamShape },
    ],
    output: (values) =>
      compute(values, async (passed) => {
        const output = await readOutput(passed);
        passed.dispose();
        return output;
      }),
    run: (values) =>
      compute(values, async (passed) => {
        const results = new Map([['output', await readOutput(passed)]]);
        const { parameters, values: gradients } = passed.backward([tensor(values, 'upstream', upstreamShape)]);
        const ofImages = gradients.get(inputId);
        if (ofImages !== undefined) results.set('images', await read(ofImages));
        for (const [id, gradient] of parameters) results.set(id, Float32Array.from(await gradient.data()));
        tf.dispose([...parameters.values(), ...[...gradients.values()].map((gradient) => gradient.tensor)]);
        return results;
      }),
    dispose: () => {
      const left = tf.memory().numTensors - tensorsBefore;
      return left === 0 ? Promise.resolve() : Promise.reject(new Error(`${String(left)} tensors are left`));
    },
  };
}
