// The models that a program in JavaScript or TypeScript makes: by itself, in what it hands over to be called later, and in
// functions that nothing in the file calls.

import type { Cancellation } from '../../common/cancellation.ts';
import type { Problem } from '../../common/problem.ts';
import type { SourceSpan } from '../../common/source-span.ts';
import type { ModelEntry } from '../../network/network-graph.ts';
import type { Shape } from '../../network/shape.ts';
import { assumedShapes, inputShapes } from '../config/keras-model/input-shapes.ts';
import { ModelReader } from '../config/keras-model/model-reader.ts';
import { limitMessage, type EvaluationLimits, type SourceReader } from '../shared/frontend.ts';
import { Interpreter } from './interpreter.ts';
import type { JavaScriptParser, ParsedProgram, SyntaxNode } from './javascript-parser.ts';
import { LimitReached } from './machine.ts';
import { layerConfig } from './layer-config.ts';
import type { MadeLayer, SymbolicTensor } from './values.ts';

/** A model of a program. */
export interface FoundModel {
  /** How the program calls it: `createModel()`, or `model` where a variable keeps it. */
  readonly name: string;
  readonly layer: MadeLayer;
}

export interface FoundModels {
  readonly models: readonly FoundModel[];
  readonly problems: readonly Problem[];
  readonly dependencies: readonly string[];
}

/** How the name of an imported file may go on. */
const endings = ['', '.ts', '.js', '.mjs', '.tsx', '.jsx', '/index.ts', '/index.js'];

/** The document that an import names; `./model.js` may be written for `./model.ts`. */
function candidates(from: string, specifier: string): readonly string[] {
  if (!/^\.{1,2}(\/|$)/.test(specifier)) return [];
  const folder = from.slice(0, from.lastIndexOf('/'));
  const parts = folder.split('/');
  for (const part of specifier.split('/')) {
    if (part === '..') parts.pop();
    else if (part !== '.' && part !== '') parts.push(encodeURIComponent(decodeURIComponent(part)));
  }
  const whole = parts.join('/');
  return [...endings.map((ending) => whole + ending), whole.replace(/\.(m?)jsx?$/, '.ts')];
}

/** A program that makes a network takes a few thousand steps; one without an end stops here, in less than half a second. */
const mostSteps = 200_000;

/** Shapes are worked out on small networks only while a program runs. */
const mostOps = 5_000;

export function findModels(
  document: string,
  text: string,
  parser: JavaScriptParser,
  reader: SourceReader,
  limits: EvaluationLimits,
  cancellation: Cancellation,
): FoundModels {
  const dependencies = new Set([document]);
  const problems: Problem[] = [];
  const parsed = new Map<string, ParsedProgram>();
  const parse = (wanted: string, written: string): ParsedProgram => {
    const known = parsed.get(wanted) ?? parser.parse(wanted, written);
    parsed.set(wanted, known);
    return known;
  };
  const load = (from: string, specifier: string): { document: string; program: ParsedProgram } | undefined => {
    for (const candidate of candidates(from, specifier)) {
      dependencies.add(candidate);
      if (!/\.[mc]?[jt]sx?$/.test(candidate)) continue;
      const found = reader.read(candidate);
      if (found !== undefined && found.length <= limits.sourceLength)
        return { document: candidate, program: parse(candidate, found) };
    }
    return undefined;
  };
  const shapes = new Map<MadeLayer, Map<string, Shape | undefined>>();
  const shapeOf = (tensor: SymbolicTensor): Shape | undefined => {
    const own = shapes.get(tensor.layer) ?? new Map<string, Shape | undefined>();
    shapes.set(tensor.layer, own);
    const key = `${String(tensor.call)}:${String(tensor.output)}`;
    if (!own.has(key)) own.set(key, shapeAt(document, tensor, { ...limits, ops: mostOps }, cancellation));
    return own.get(key);
  };
  const interpreter = new Interpreter({
    load,
    shapeOf,
    steps: Math.min(limits.steps, mostSteps),
    callDepth: limits.callDepth,
    isCancelled: () => cancellation.isCancellationRequested,
  });
  const names = new Map<MadeLayer, string>();
  const program = parse(document, text);
  const span: SourceSpan = { document, start: 0, end: Math.min(1, text.length) };
  if (program.broken !== undefined)
    problems.push({
      code: 'javascript-syntax',
      severity: 'information',
      message: 'This part of the program is not whole; what is around it is read',
      span: program.broken,
    });
  try {
    const values = interpreter.runProgram(document, program);
    for (const [name, value] of values)
      if (value.kind === 'layer' && value.layer.model !== undefined) names.set(value.layer, name);
    const done = new Set<SyntaxNode>();
    for (;;) {
      const definition = interpreter.uncalled(program, values, done);
      if (definition === undefined) break;
      done.add(definition.value.node);
      const result = interpreter.callBlindly(definition, span);
      if (result.kind === 'layer' && !names.has(result.layer)) names.set(result.layer, `${definition.name}()`);
    }
  } catch (error) {
    if (!(error instanceof LimitReached)) throw error;
    const code = error.message === 'depth' ? 'limit-depth' : 'limit-steps';
    const what =
      code === 'limit-depth'
        ? 'The program calls its functions too deep in each other'
        : 'The program takes too many steps';
    problems.push({ code, severity: 'warning', message: limitMessage(code, what), span });
  }
  const { models, parts } = interpreter.library;
  return {
    models: distinct(
      models.filter((layer) => !parts.has(layer) && isShown(layer)),
      document,
      names,
    ),
    problems,
    dependencies: [...dependencies],
  };
}

/** An empty model is one that is filled where it cannot be seen. */
function isShown({ model, lost }: MadeLayer): boolean {
  return model?.kind !== 'sequential' || model.layers.length > 0 || lost !== undefined;
}

/** One model of each place that makes them: the first of which most is known. Those of other files belong to these. */
function distinct(
  models: readonly MadeLayer[],
  document: string,
  names: ReadonlyMap<MadeLayer, string>,
): readonly FoundModel[] {
  const byPlace = new Map<string, MadeLayer>();
  const taken = new Map<string, number>();
  const lostOf = (layer: MadeLayer): number =>
    (layer.lost === undefined ? 0 : 1000) +
    (layer.model?.kind === 'sequential' ? layer.model.layers.filter(({ lost }) => lost !== undefined).length : 0);
  for (const layer of models) {
    const key = `${layer.span.document}:${String(layer.span.start)}`;
    const known = byPlace.get(key);
    if (known === undefined || lostOf(layer) < lostOf(known)) byPlace.set(key, layer);
  }
  const own = [...byPlace.values()].filter(({ span }) => span.document === document);
  const all = own.length > 0 ? own : [...byPlace.values()];
  // What a variable keeps or a function gives back is meant before what is only a step on the way.
  const shown = [...all.filter((layer) => names.has(layer)), ...all.filter((layer) => !names.has(layer))];
  return shown.map((layer): FoundModel => {
    const name = names.get(layer) ?? layer.name;
    const count = (taken.get(name) ?? 0) + 1;
    taken.set(name, count);
    return { name: count === 1 ? name : `${name} (${String(count)})`, layer };
  });
}

/** The shape of a tensor inside a model that is being made. */
function shapeAt(
  document: string,
  tensor: SymbolicTensor,
  limits: EvaluationLimits,
  cancellation: Cancellation,
): Shape | undefined {
  const inputs = new Set<SymbolicTensor>();
  const seen = new Set<string>();
  const open = [tensor];
  for (let next = open.pop(); next !== undefined; next = open.pop()) {
    const { layer, call } = next;
    const key = `${layer.name}:${String(call)}`;
    if (seen.has(key)) continue;
    seen.add(key);
    if (layer.className === 'InputLayer') inputs.add(next);
    else open.push(...(layer.calls[call] ?? []));
  }
  const { span } = tensor.layer;
  const model: MadeLayer = {
    className: 'Functional',
    name: 'part',
    span,
    settings: new Map(),
    calls: [],
    model: { kind: 'functional', inputs: [...inputs], outputs: [tensor] },
  };
  const config = layerConfig(model);
  const shapes = assumedShapes(inputShapes(config));
  const entry: ModelEntry = { document, name: '', from: 'call', span, input: { shapes, from: 'call' } };
  const graph = new ModelReader(entry, limits, cancellation, () => undefined).read(config);
  const [output] = graph.outputs;
  const written = inputShapes(config).flat().includes(undefined);
  return output === undefined || written ? undefined : graph.values[output]?.shape;
}
