// How fast engines are here, in a second each: training steps on a small convolutional network that needs no file.

import { neverCancelled } from '../../common/cancellation.ts';
import { GraphBuilder } from '../../network/graph-builder.ts';
import type { NetworkGraph } from '../../network/network-graph.ts';
import type { OpAttributes, Parameter, ValueId } from '../../network/op.ts';
import type { EngineReport } from '../../protocol/engine-report.ts';
import { type EngineOptions, listEngines } from './choose-engine.ts';
import type { Engine } from './engine.ts';
import { timeSteps } from './time-steps.ts';

const batchSize = 32;
const imageShape: readonly number[] = [3, 32, 32];
const classes = 10;
/** Steps before the clock starts: the first ones allocate. */
const warmUpSteps = 2;

/** Three convolutions of 16, 32 and 64 channels, each with a batch norm and a ReLU, and a dense layer. */
function measuredNetwork(): NetworkGraph {
  const builder = new GraphBuilder();
  const span = { document: 'morphnet:measured', start: 0, end: 0 };
  const add = (
    name: string,
    attributes: OpAttributes,
    inputs: readonly ValueId[],
    parameters: readonly Parameter[] = [],
  ): ValueId => {
    const added = builder.add({
      name,
      label: labelOf(attributes),
      attributes,
      inputs,
      parameters,
      site: { span, callChain: [] },
    });
    const output = added.ok ? added.value[0] : undefined;
    if (output === undefined) throw new Error(`The measured network is wrong at ${name}`);
    return output;
  };
  const both = <T>(value: T): readonly [T, T] => [value, value];
  let x = add('input', { kind: 'input', shape: [1, ...imageShape] }, []);
  let [inChannels = 1] = imageShape;
  for (const [index, outChannels] of [16, 32, 64].entries()) {
    const own = (suffix: string, role: Parameter['role'], shape: readonly number[]): Parameter => ({
      id: `${String(index)}.${suffix}`,
      role,
      shape,
    });
    const convolution: OpAttributes = {
      kind: 'convolution',
      inChannels,
      outChannels,
      kernel: both(3),
      stride: both(index === 0 ? 1 : 2),
      padding: both({ before: 1, after: 1 }),
      paddingMode: 'zeros',
      dilation: both(1),
      groups: 1,
      channelAxis: 1,
    };
    x = add(`conv${String(index)}`, convolution, [x], [own('conv', 'weight', [outChannels, inChannels, 3, 3])]);
    x = add(
      `norm${String(index)}`,
      {
        kind: 'batch-norm',
        channels: outChannels,
        epsilon: 1e-5,
        momentum: 0.1,
        hasScale: true,
        hasShift: true,
        channelAxis: 1,
      },
      [x],
      [
        own('scale', 'scale', [outChannels]),
        own('shift', 'shift', [outChannels]),
        own('mean', 'running-mean', [outChannels]),
        own('variance', 'running-variance', [outChannels]),
      ],
    );
    x = add(`relu${String(index)}`, { kind: 'activation', function: 'relu', channelAxis: 1 }, [x]);
    inChannels = outChannels;
  }
  const vector = add('mean', { kind: 'reduce', reducer: 'mean', axes: [2, 3], keepDimensions: false }, [x]);
  const scores = add(
    'head',
    { kind: 'dense', inFeatures: inChannels, outFeatures: classes },
    [vector],
    [{ id: 'head', role: 'weight', shape: [classes, inChannels] }],
  );
  const entry = {
    document: span.document,
    name: 'measured',
    from: 'default',
    span,
    input: { shapes: [imageShape], from: 'default' },
  } as const;
  return builder.build('pytorch', entry, [scores]);
}

/** As PyTorch calls it. */
function labelOf(attributes: OpAttributes): string {
  switch (attributes.kind) {
    case 'activation':
      return attributes.function;
    case 'reduce':
      return attributes.reducer;
    default:
      return attributes.kind;
  }
}

/** Training steps a second over about a second; `now` is in milliseconds. */
async function stepsPerSecond(engine: Engine, now: () => number): Promise<number> {
  const optimizer = { kind: 'sgd', momentum: 0.9, weightDecay: 1e-4 } as const;
  const work = { graph: measuredNetwork(), batchSize, optimizer, labelSmoothing: 0, warmUpSteps, milliseconds: 1000 };
  const times = await timeSteps(engine, work, now, neverCancelled);
  return (times.length * 1000) / times.reduce((sum, time) => sum + time, 0);
}

/** Loads and measures every engine, one after the other. */
export async function reportEngines(options: EngineOptions, cores: number, now: () => number): Promise<EngineReport> {
  const engines: EngineReport['engines'] = [];
  for (const found of await listEngines(options, cores)) {
    if (found.engine === undefined) {
      engines.push({ name: found.name, available: false, reason: found.reason, remedy: found.remedy });
      continue;
    }
    const { name, ...info } = found.engine.info;
    const figure = await stepsPerSecond(found.engine, now);
    engines.push({ name, available: true, ...info, stepsPerSecond: figure });
  }
  // As `chooseEngine` has it: PyTorch on the CPU is never taken by itself.
  const measured = engines.flatMap((engine) =>
    engine.available && (engine.name !== 'torch' || engine.device === 'gpu') ? [engine] : [],
  );
  const auto = measured.sort((left, right) => right.stepsPerSecond - left.stepsPerSecond)[0]?.name;
  return { version: 1, engines, ...(auto && { auto }) };
}
