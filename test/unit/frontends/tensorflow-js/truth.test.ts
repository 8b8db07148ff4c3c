// Programs in the manner of TensorFlow.js's examples, read, and run with TensorFlow.js: parameters, and of each layer what it gives.

import * as tf from '@tensorflow/tfjs';
import { transformSync } from 'esbuild';
import { readdirSync, readFileSync } from 'node:fs';
import { fileURLToPath } from 'node:url';
import { compileFunction } from 'node:vm';
import { expect, test } from 'vitest';
import type { NetworkGraph } from '../../../../server/src/network/network-graph.ts';
import { sessionOver, uriOf } from '../../../support/analysis-session.ts';
import { tensorflowJsFrontend } from '../../../support/tensorflow-js-frontend.ts';

const folder = fileURLToPath(new URL('../../../fixtures/tensorflow-js/', import.meta.url));

/** What a program exports, run with the real library. */
function run(name: string, text: string): unknown {
  const { code } = transformSync(text, { loader: name.endsWith('x') ? 'tsx' : 'ts', format: 'cjs' });
  const module = { exports: {} as Record<string, unknown> };
  const own = (specifier: string): unknown => (specifier.startsWith('@tensorflow/tfjs') ? tf : {});
  const program = compileFunction(code, ['require', 'module', 'exports']) as (...args: readonly unknown[]) => void;
  program(own, module, module.exports);
  return module.exports;
}

/** The model that a program exports, or that a function gives which it exports. */
async function modelOf(exported: object): Promise<tf.LayersModel> {
  for (const value of Object.values(exported)) {
    if (value instanceof tf.LayersModel) return value;
    if (typeof value !== 'function') continue;
    try {
      const made: unknown = await (value as () => unknown)();
      if (made instanceof tf.LayersModel) return made;
    } catch {
      // A function that takes what only the program knows.
    }
  }
  throw new Error('The program exports no model');
}

interface LayerFacts {
  readonly type: string;
  readonly params: number;
  readonly shape: string;
}

/** The layers of a model and of those in it. */
function layersOf(model: tf.LayersModel): readonly LayerFacts[] {
  const found = new Map<tf.layers.Layer, LayerFacts>();
  const visit = (each: tf.LayersModel): void => {
    for (const layer of each.layers) {
      if (layer instanceof tf.LayersModel) {
        visit(layer);
        continue;
      }
      const output = layer.getOutputAt(0);
      const [, ...sizes] = (Array.isArray(output) ? output[0]! : output).shape;
      found.set(layer, { type: layer.getClassName(), params: layer.countParams(), shape: sizes.join('×') });
    }
  };
  visit(model);
  return [...found.values()].filter(({ type }) => type !== 'InputLayer');
}

/** Layers around others have no weights of their own. */
const wrappers = ['Bidirectional', 'TimeDistributed'];

/** Class and parameters of every layer that has some, but for those in wrappers. */
function weightedLayers({ ops }: NetworkGraph): readonly string[] {
  const layers = new Map<string, { readonly label: string; readonly weights: Map<string, number> }>();
  for (const { label, parameters } of ops)
    for (const { id, shape } of parameters) {
      const name = id.slice(0, id.lastIndexOf('/'));
      const layer = layers.get(name) ?? { label, weights: new Map<string, number>() };
      layers.set(name, layer);
      layer.weights.set(id, sizeOf(shape));
    }
  return [...layers]
    .filter(([name]) => !/bidirectional_|time_distributed_/.test(name))
    .map(([, { label, weights }]) => `${label} ${String([...weights.values()].reduce((sum, size) => sum + size, 0))}`)
    .toSorted();
}

const sizeOf = (shape: readonly unknown[]): number => shape.reduce<number>((all, size) => all * Number(size), 1);

function countParams({ ops }: NetworkGraph): number {
  const weights = new Map(
    ops.flatMap(({ parameters }) => parameters.map(({ id, shape }) => [id, sizeOf(shape)] as const)),
  );
  return [...weights.values()].reduce((sum, size) => sum + size, 0);
}

/** Shapes that layers of a class give, each once, in order. */
function shapesOf(graph: NetworkGraph): readonly string[] {
  const last = new Map<string, string>();
  for (const { name, label, attributes, outputs } of graph.ops) {
    if (['input', 'constant'].includes(attributes.kind)) continue;
    const shape = graph.values[outputs[0]!]!.shape.slice(1).map(String).join('×');
    last.set(`${label} ${baseOf(name, graph)}`, `${label} ${shape}`);
  }
  return [...new Set(last.values())].toSorted();
}

/** The layer that an op belongs to: ops of a layer have its name and a part of their own. */
function baseOf(name: string, { ops }: NetworkGraph): string {
  const parent = name.slice(0, name.lastIndexOf('/'));
  return ops.some((op) => op.name === parent) ? parent : name;
}

test.for(readdirSync(folder))('%s', async (name) => {
  await tf.setBackend('cpu');
  const text = readFileSync(folder + name, 'utf8');
  const truth = await modelOf(run(name, text) as object);
  const document = uriOf(name);
  const session = sessionOver(new Map([[name, text]]), [tensorflowJsFrontend]);
  const { models, problems } = session.analyze(document);
  expect(problems.map(({ message }) => message)).toEqual([]);
  const { graph } = models[0]!;
  expect(countParams(graph)).toBe(truth.countParams());
  expect(graph.outputs.map((output) => graph.values[output]!.shape.slice(1))).toEqual(
    truth.outputs.map(({ shape }) => shape.slice(1)),
  );
  const facts = layersOf(truth);
  expect(facts.length).toBeGreaterThan(0);
  const weighted = facts.filter(({ type, params }) => params > 0 && !wrappers.includes(type));
  expect(weightedLayers(graph)).toEqual(weighted.map(({ type, params }) => `${type} ${String(params)}`).toSorted());
  const own = shapesOf(graph);
  for (const { type, shape } of facts) expect(own, type).toContain(`${type} ${shape}`);
});

test('there are enough of them', () => {
  expect(readdirSync(folder).length).toBeGreaterThanOrEqual(20);
});
