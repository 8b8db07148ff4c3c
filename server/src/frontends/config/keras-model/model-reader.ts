// A Keras model as its JSON describes it: layers by name with their settings, and the calls that join them. Layers are rows of
// the Keras family's table; what no row describes keeps the shape that the file states.

import type { Cancellation } from '../../../common/cancellation.ts';
import type { Problem } from '../../../common/problem.ts';
import type { SourceSpan } from '../../../common/source-span.ts';
import { GraphBuilder } from '../../../network/graph-builder.ts';
import type { Framework, ModelEntry, NetworkGraph } from '../../../network/network-graph.ts';
import type { ValueId } from '../../../network/op.ts';
import type { Shape } from '../../../network/shape.ts';
import { textOf, valueAt, type ConfigValue } from '../config-tree.ts';
import { limitMessage, type EvaluationLimits } from '../../shared/frontend.ts';
import { LayerRunner, lostSetting } from './layer-runner.ts';
import {
  classOf,
  configOf,
  isModel,
  layersOf,
  nameOf,
  nodesOf,
  outputKey,
  statedShapes,
  tensorsIn,
  type LayerNode,
  type TensorKey,
} from './model-parts.ts';

const deepestModel = 16;
/** Models in models may be run again and again without an op of their own: each layer that is come to counts. */
const visitsForOp = 4;

interface FunctionalModel {
  /** Each call of a layer, with which one of the layer's it is. */
  readonly calls: readonly { readonly node: LayerNode; readonly call: number }[];
  readonly stated: ReadonlyMap<TensorKey, Shape>;
}

export class ModelReader {
  readonly #entry: ModelEntry;
  readonly #limits: EvaluationLimits;
  readonly #cancellation: Cancellation;
  readonly #report: (problem: Problem) => void;
  readonly #framework: Framework;
  readonly #builder = new GraphBuilder();
  readonly #runner: LayerRunner;
  /** What is read of a functional model once, however often it is run. */
  readonly #read = new Map<ConfigValue, FunctionalModel>();
  #depth = 0;
  #visits = 0;

  constructor(
    entry: ModelEntry,
    limits: EvaluationLimits,
    cancellation: Cancellation,
    report: (problem: Problem) => void,
    framework: Framework = 'keras',
  ) {
    this.#entry = entry;
    this.#framework = framework;
    this.#limits = limits;
    this.#cancellation = cancellation;
    this.#report = report;
    this.#runner = new LayerRunner(this.#builder, report);
  }

  read(model: ConfigValue): NetworkGraph {
    const inputs = this.#entry.input.shapes.map((shape, i) =>
      this.#runner.source(
        i === 0 ? 'input' : `input_${String(i)}`,
        'InputLayer',
        { kind: 'input', shape: [1, ...shape], ...(shape.length > 1 && { channelAxis: -1 }) },
        this.#entry.span,
      ),
    );
    const outputs = this.#model(model, inputs, '');
    return this.#builder.build(this.#framework, this.#entry, [...new Set(outputs)]);
  }

  #model(model: ConfigValue, inputs: readonly ValueId[], prefix: string): readonly ValueId[] {
    if (this.#depth >= deepestModel) {
      const message = `Models stand more than ${String(deepestModel)} deep in each other here; what is deeper is not read`;
      this.#stop('keras-json-depth', message, model.span);
      return [];
    }
    this.#depth++;
    const outputs =
      classOf(model) === 'Sequential' ? this.#sequence(model, inputs, prefix) : this.#functional(model, inputs, prefix);
    this.#depth--;
    return outputs;
  }

  #sequence(model: ConfigValue, inputs: readonly ValueId[], prefix: string): readonly ValueId[] {
    let values = inputs;
    const lost = textOf(valueAt(configOf(model), lostSetting));
    if (lost !== undefined) this.#stop('model-not-followed', lost, valueAt(model, 'class_name')?.span ?? model.span);
    for (const layer of layersOf(model)) {
      if (this.#isStopped(layer.span)) break;
      if (classOf(layer) !== 'InputLayer') values = this.#layer(layer, values, new Map(), prefix, undefined);
    }
    return values;
  }

  #functional(model: ConfigValue, inputs: readonly ValueId[], prefix: string): readonly ValueId[] {
    const config = configOf(model);
    const known = new Map<TensorKey, ValueId>();
    for (const [i, key] of tensorsIn(valueAt(config, 'input_layers')).entries()) {
      const value = inputs[i];
      if (value !== undefined) known.set(key, value);
    }
    const { calls, stated } = this.#functionalModel(model);
    const nodes = calls.map((call) => ({ ...call, isRun: false }));
    /** Calls that stand before what they are given, by the tensor that they wait for. */
    const waiting = new Map<TensorKey, (typeof nodes)[number][]>();
    for (const first of nodes) {
      const ready = [first];
      for (let next = ready.pop(); next !== undefined; next = ready.pop()) {
        const { node, call } = next;
        const missing = tensorsOf(node).find((key) => !known.has(key));
        if (missing !== undefined) {
          waiting.set(missing, [...(waiting.get(missing) ?? []), next]);
          continue;
        }
        if (this.#isStopped(node.layer.span)) return [...known.values()].slice(-1);
        next.isRun = true;
        const outputs = this.#call(node, known, prefix, stated.get(outputKey(node, call, 0)));
        for (const [i, value] of outputs.entries()) {
          const key = outputKey(node, call, i);
          known.set(key, value);
          ready.push(...(waiting.get(key) ?? []).reverse());
          waiting.delete(key);
        }
      }
    }
    const left = nodes.find(({ isRun }) => !isRun);
    if (left !== undefined) {
      const { layer, name } = left.node;
      const missing = tensorsOf(left.node).find((key) => !known.has(key)) ?? '';
      const message = `The layer ${name} takes the output ${missing.split(':').slice(2).join('')} of ${missing.split(':')[0] ?? ''}, which is not there before it; it and what follows are not read`;
      this.#stop('keras-json-inputs', message, valueAt(layer, 'class_name')?.span ?? layer.span);
    }
    return tensorsIn(valueAt(config, 'output_layers')).flatMap((key) => known.get(key) ?? []);
  }

  #functionalModel(model: ConfigValue): FunctionalModel {
    const known = this.#read.get(model);
    if (known !== undefined) return known;
    const counts = new Map<string, number>();
    const calls = nodesOf(model).map((node) => {
      const call = counts.get(node.name) ?? 0;
      counts.set(node.name, call + 1);
      return { node, call };
    });
    const made = { calls, stated: statedShapes(model) };
    this.#read.set(model, made);
    return made;
  }

  #call(
    { layer, given }: LayerNode,
    known: ReadonlyMap<TensorKey, ValueId>,
    prefix: string,
    stated: Shape | undefined,
  ): readonly ValueId[] {
    const valueOf = (source: TensorKey | number): ValueId => {
      if (typeof source === 'number') return this.#runner.number(`${prefix}${nameOf(layer)}`, source, layer.span);
      const value = known.get(source);
      if (value === undefined) throw new Error('A call is run when what it is given is known');
      return value;
    };
    const named = new Map([...given.named].map(([name, source]) => [name, valueOf(source)] as const));
    return this.#layer(layer, given.positional.map(valueOf), named, prefix, stated);
  }

  #layer(
    layer: ConfigValue,
    inputs: readonly ValueId[],
    named: ReadonlyMap<string, ValueId>,
    prefix: string,
    stated: Shape | undefined,
  ): readonly ValueId[] {
    const name = `${prefix}${nameOf(layer)}`;
    if (isModel(layer)) return this.#model(layer, inputs, `${name}/`);
    const inner = valueAt(configOf(layer), 'layer');
    // What is done at every step may be a whole model.
    if (classOf(layer) === 'TimeDistributed' && isModel(inner))
      return this.#runner.overSteps(layer, name, inputs, (values) => this.#model(inner, values, `${name}/`));
    return this.#runner.run(layer, { name, inputs, named, stated });
  }

  #isStopped(span: SourceSpan): boolean {
    if (this.#cancellation.isCancellationRequested) {
      this.#builder.addUnknown({ reason: 'reading was cancelled', span });
      return true;
    }
    this.#visits++;
    if (this.#builder.opCount < this.#limits.ops && this.#visits < visitsForOp * this.#limits.ops) return false;
    const what = `The network has more than ${this.#limits.ops.toLocaleString('en')} operations`;
    this.#stop('limit-ops', limitMessage('limit-ops', what), span);
    return true;
  }

  /** Says once that what follows is missing. */
  #stop(code: string, message: string, span: SourceSpan): void {
    if (!this.#builder.isLostFor(message)) this.#report({ code, severity: 'warning', message, span });
    this.#builder.addUnknown({ reason: message, span });
  }
}

function tensorsOf({ given }: LayerNode): readonly TensorKey[] {
  return [...given.positional, ...given.named.values()].filter((source) => typeof source === 'string');
}
