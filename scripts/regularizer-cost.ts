// What the MorphNet regulariser adds to a training step: the step of a run, with vectors read, costs evaluated and
// coefficients given, against one that knows nothing of it, on the same network by turns.

import { findDevice, defaultDeviceName } from '../server/src/costs/device-profile.ts';
import type { NetworkGraph } from '../server/src/network/network-graph.ts';
import { analyzeStructure } from '../server/src/structure/analyze-structure.ts';
import { evaluateRegularizer, seedCost } from '../server/src/structure/evaluate-regularizer.ts';
import { scaledGradients, suggestedStrength } from '../server/src/structure/strength-controller.ts';
import type { Batch, CompileRequest, Engine, StepRequest } from '../server/src/training/engines/engine.ts';

/** Milliseconds of each step, in pairs. */
export interface RegularizerTimes {
  readonly plain: readonly number[];
  readonly regularized: readonly number[];
}

const warmUpSteps = 2;

/** Makes so many pairs of steps, the one that comes first changing from pair to pair. */
export async function timeRegularizer(
  engine: Engine,
  request: Omit<CompileRequest, 'sources'>,
  batch: Batch,
  pairs: number,
): Promise<RegularizerTimes> {
  const step = { ...batch, learningRate: 0.01 };
  const plain = await plainStep(engine, request, step);
  const regularized = await regularizedStep(engine, request, step);
  const times: { readonly plain: number[]; readonly regularized: number[] } = { plain: [], regularized: [] };
  for (let pair = -warmUpSteps; pair < pairs; pair += 1) {
    const turns = [
      { run: plain, to: times.plain },
      { run: regularized, to: times.regularized },
    ];
    for (const { run, to } of pair % 2 === 0 ? turns : turns.reverse()) {
      const began = performance.now();
      await run();
      if (pair >= 0) to.push(performance.now() - began);
    }
  }
  return times;
}

type Step = () => Promise<void>;
type PlainStep = Omit<StepRequest, 'coefficients'>;

async function plainStep(engine: Engine, request: Omit<CompileRequest, 'sources'>, step: PlainStep): Promise<Step> {
  const session = await engine.compile({ ...request, sources: [] });
  return async () => {
    await session.step({ ...step, coefficients: new Map() });
  };
}

/** What the loop of a run does at each step (server/src/training/loop/learn-structure.ts). */
async function regularizedStep(
  engine: Engine,
  request: Omit<CompileRequest, 'sources'>,
  step: PlainStep,
): Promise<Step> {
  const analysis = analysisOf(request.graph);
  const strength = suggestedStrength(seedCost(analysis));
  const session = await engine.compile({ ...request, sources: analysis.sources });
  return async () => {
    const { gradients } = evaluateRegularizer(analysis, session.regularizationVectors());
    await session.step({ ...step, coefficients: scaledGradients(gradients, strength) });
  };
}

function analysisOf(graph: NetworkGraph) {
  const device = findDevice(defaultDeviceName);
  if (!device.ok) throw new Error(device.error);
  const threshold = { gamma: 0.01, 'group-lasso': 0.01, gate: 0.5 };
  const analysis = analyzeStructure(graph, { algorithm: 'gamma', resource: 'flops', threshold, device: device.value });
  if (!analysis.ok) throw new Error(analysis.error);
  return analysis.value;
}
