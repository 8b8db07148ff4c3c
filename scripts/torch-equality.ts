// Numbers that morphnet-torch has to come to, from the product itself: random networks by every algorithm and target, their
// regularizer at random weights, proposals of random structures, and the controller's decisions on a made-up training.

import fc from 'fast-check';
import type { NetworkGraph } from '../server/src/network/network-graph.ts';
import { opOf } from '../server/src/network/network-graph.ts';
import { analyzeStructure, type StructureAnalysis } from '../server/src/structure/analyze-structure.ts';
import { attachedStructure } from '../server/src/structure/attached-structure.ts';
import { evaluateRegularizer } from '../server/src/structure/evaluate-regularizer.ts';
import { regularizationGradient, regularizationVector } from '../server/src/structure/op-regularizers.ts';
import { proposeWidths } from '../server/src/structure/propose-widths.ts';
import { settledCost } from '../server/src/structure/settled-cost.ts';
import { StrengthController } from '../server/src/structure/strength-controller.ts';
import { randomStream } from '../server/src/training/engines/random.ts';
import { findDevice } from '../server/src/costs/device-profile.ts';
import { randomNetwork } from '../test/support/random-network.ts';

const algorithms = ['gamma', 'group-lasso', 'logistic-sigmoid'] as const;
const resources = ['flops', 'params', 'activations', 'latency', 'memory'] as const;
const combinations = [undefined, { kind: 'l2' }] as const;
const decorator = { factor: 0.5, exponent: 1.5 };

/** One case as text a line: plain JSON, so that Python reads one after the other. */
export function* equalityCases(networks: number, seed: number): Generator<string> {
  const device = findDevice('P100');
  if (!device.ok) throw new Error(device.error);
  const graphs = fc.sample(randomNetwork(), { numRuns: networks, seed });
  for (const [index, graph] of graphs.entries()) {
    for (const algorithm of algorithms) {
      for (const resource of resources) {
        const combination = algorithm === 'logistic-sigmoid' ? undefined : combinations[index % combinations.length];
        const isDecorated = index % 3 === 0;
        const analysis = analyzeStructure(graph, {
          algorithm,
          resource,
          threshold: 0.3,
          device: device.value,
          l1Fraction: algorithm === 'group-lasso' && index % 2 === 0 ? 0.25 : 0,
          ...(combination && { combination }),
          ...(isDecorated && {
            decorator: {
              value: (r: number) => decorator.factor * r ** decorator.exponent,
              slope: (r: number) => decorator.factor * decorator.exponent * r ** (decorator.exponent - 1),
            },
          }),
        });
        if (!analysis.ok) continue;
        yield JSON.stringify({
          name: `network ${String(index)}, ${algorithm}, ${resource}`,
          structure: {
            ...attachedStructure(analysis.value, device.value),
            ...(isDecorated && { decorator }),
            target: { resource, fraction: 0.5 },
          },
          ...expectations(graph, analysis.value, device.value, index),
        });
      }
    }
  }
}

function expectations(
  graph: NetworkGraph,
  analysis: StructureAnalysis,
  device: Parameters<typeof attachedStructure>[1],
  index: number,
): object {
  const random = randomStream(index, 'equality');
  const values = new Map<string, Float32Array>();
  const vectors = new Map<number, Float32Array>();
  for (const source of analysis.sources) {
    const op = opOf(graph, source.op);
    if (source.kind === 'gate') {
      vectors.set(
        source.op,
        Float32Array.from({ length: source.channels }, () => random.uniform()),
      );
      continue;
    }
    const role = source.kind === 'gamma' ? 'scale' : 'weight';
    const parameter = op.parameters.find((one) => one.role === role);
    if (parameter === undefined) throw new Error(`${op.name} has no ${role}`);
    const shape = parameter.shape.map(Number);
    const drawn =
      values.get(parameter.id) ??
      Float32Array.from({ length: shape.reduce((all, size) => all * size, 1) }, () => 0.4 * random.normal());
    values.set(parameter.id, drawn);
    vectors.set(source.op, regularizationVector(op, source, shape, drawn));
  }
  const evaluation = evaluateRegularizer(analysis, vectors);
  const gradients = new Map<string, Float32Array>();
  for (const source of analysis.sources) {
    const op = opOf(graph, source.op);
    const slopes = evaluation.gradients.get(source.op) ?? new Float32Array(0);
    const parameter = op.parameters.find((one) => one.role === (source.kind === 'gamma' ? 'scale' : 'weight'));
    if (source.kind === 'gate') gradients.set(op.name, slopes);
    else if (parameter !== undefined) {
      const own = regularizationGradient(
        op,
        source,
        parameter.shape.map(Number),
        values.get(parameter.id) ?? new Float32Array(0),
        slopes,
      );
      const known = gradients.get(parameter.id);
      gradients.set(parameter.id, known === undefined ? own : own.map((value, at) => value + (known[at] ?? 0)));
    }
  }
  return {
    parameters: Object.fromEntries([...values].map(([id, data]) => [id, [...data]])),
    vectors: Object.fromEntries([...vectors].map(([op, vector]) => [opOf(graph, op).name, [...vector]])),
    loss: evaluation.loss,
    cost: evaluation.cost,
    aliveCounts: [...evaluation.aliveCounts],
    gradients: Object.fromEntries([...gradients].map(([id, data]) => [id, [...data]])),
    proposals: proposals(analysis, device, index),
    decisions: decisions(analysis, vectors),
  };
}

/** Structures at random, some with whole groups dead: totals, widths and settled cost; null where they cut the network. */
function proposals(
  analysis: StructureAnalysis,
  device: Parameters<typeof attachedStructure>[1],
  index: number,
): readonly object[] {
  const { grouping, groups } = analysis;
  const random = randomStream(index, 'proposals');
  return Array.from({ length: 3 }, () => {
    const dead = new Set(groups.filter(() => random.uniform() < 0.15).map(({ id }) => id));
    const alive = Array.from(grouping.groupOfChannel, (group): number => {
      const isStaying = groups[group]?.fixed !== undefined;
      return isStaying || (!dead.has(group) && random.uniform() < 0.7) ? 1 : 0;
    });
    const counts = groups.map(({ id, size }) => {
      const start = grouping.offsets[id] ?? 0;
      return alive.slice(start, start + size).reduce((sum, one) => sum + one, 0);
    });
    const proposed = proposeWidths(grouping, alive, device, 0);
    return {
      alive,
      settled: settledCost(analysis, counts),
      proposal: proposed.ok
        ? {
            totals: proposed.value.proposal.totals,
            widths: Object.fromEntries(proposed.value.proposal.layers.map(({ name, width }) => [name, width.after])),
          }
        : null,
    };
  });
}

/** Forty steps in which r falls by the coefficients of the step before: phase, strength and alive channels of each. */
function decisions(analysis: StructureAnalysis, first: ReadonlyMap<number, Float32Array>): readonly object[] {
  const steps = 40;
  const controller = new StrengthController(analysis, { fraction: 0.5, totalSteps: steps });
  let vectors = first;
  return Array.from({ length: steps }, (_, step) => {
    const evaluation = evaluateRegularizer(analysis, vectors);
    const { phase, strength, alive } = controller.next(evaluation, step);
    const given = [...vectors].map(([op, vector]) => [opOf(analysis.graph, op).name, [...vector]] as const);
    vectors = new Map(
      [...vectors].map(([op, vector]) => [
        op,
        vector.map((r, place) => Math.max(0, r * (0.985 - 0.0004 * (place % 7) - (step > 4 ? 0.01 : 0)))),
      ]),
    );
    return { phase, strength, alive: [...alive], vectors: Object.fromEntries(given) };
  });
}
