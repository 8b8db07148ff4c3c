// The layers of a net, in their order, to a network. Layers have the names that they have in the file; what a layer adds beside
// itself has a part behind its name. Blobs are rebound where a layer writes what it reads.

import type { Cancellation } from '../../common/cancellation.ts';
import type { Problem } from '../../common/problem.ts';
import { GraphBuilder } from '../../network/graph-builder.ts';
import type { ModelEntry, NetworkGraph } from '../../network/network-graph.ts';
import type { ValueId } from '../../network/op.ts';
import type { Shape } from '../../network/shape.ts';
import { limitMessage, type EvaluationLimits } from '../shared/frontend.ts';
import type { LayerDefinition } from './layer-definition.ts';
import { LayerContext, type Blob, type NetKnowledge } from './layer-context.ts';
import { findLayerModel, partOf } from './layers/layer-table.ts';
import type { NetSources } from './net-inputs.ts';

export class NetReader {
  readonly #entry: ModelEntry;
  readonly #layers: readonly LayerDefinition[];
  readonly #sources: NetSources;
  readonly #report: (problem: Problem) => void;
  readonly #builder = new GraphBuilder();
  readonly #blobs = new Map<string, Blob>();
  /** The layer that wrote a blob last. */
  readonly #writers = new Map<string, LayerDefinition>();
  /** Values that nothing has read yet, and those that leave the network at a loss. */
  readonly #open = new Set<ValueId>();
  readonly #leaving: ValueId[] = [];
  readonly #namedTensors = new Map<string, Shape>();
  readonly #readers: ReadonlyMap<LayerDefinition, readonly LayerDefinition[]>;

  constructor(
    entry: ModelEntry,
    layers: readonly LayerDefinition[],
    sources: NetSources,
    report: (problem: Problem) => void,
  ) {
    this.#entry = entry;
    this.#layers = layers;
    this.#sources = sources;
    this.#report = report;
    this.#readers = readersOf(layers);
  }

  read(limits: EvaluationLimits, cancellation: Cancellation): NetworkGraph {
    this.#addInputs();
    for (const layer of this.#layers) {
      if (cancellation.isCancellationRequested) {
        this.#builder.addUnknown({ reason: 'reading was cancelled', span: layer.span });
        break;
      }
      if (this.#builder.opCount >= limits.ops) {
        const most = limits.ops.toLocaleString('en');
        const message = limitMessage('limit-ops', `The network has more than ${most} operations`);
        this.#report({ code: 'limit-ops', severity: 'warning', message, span: layer.span });
        this.#builder.addUnknown({ reason: message, span: layer.span });
        break;
      }
      this.#layer(layer);
    }
    const outputs = [...new Set([...this.#leaving, ...this.#open])];
    return this.#builder.build('caffe', this.#entry, outputs);
  }

  #addInputs(): void {
    for (const blob of this.#sources.beside) this.#blobs.set(blob, 'beside');
    for (const [i, { blob, span, layer }] of this.#sources.inputs.entries()) {
      const added = this.#builder.add({
        name: layer?.name ?? blob,
        label: layer?.type ?? 'input',
        attributes: { kind: 'input', shape: [1, ...(this.#entry.input.shapes[i] ?? [])], channelAxis: 1 },
        inputs: [],
        site: { span, callChain: [] },
      });
      if (!added.ok || added.value[0] === undefined) throw new Error('An input op always fits');
      this.#blobs.set(blob, added.value[0]);
    }
  }

  #layer(layer: LayerDefinition): void {
    const part = partOf(layer);
    if (part === 'source') return;
    const bottoms = this.#bottomsOf(layer);
    const values = bottoms.filter((bottom) => bottom !== 'beside');
    if (part === 'loss' || part === 'detection') {
      this.#leaving.push(...(part === 'loss' ? values.slice(0, 1) : values));
      for (const value of values) this.#open.delete(value);
    }
    if (part !== undefined) {
      for (const top of layer.tops) this.#write(layer, top, 'beside');
      return;
    }
    if (bottoms.length > 0 && values.length === 0) {
      // What is made of labels alone is none of the network's.
      for (const top of layer.tops) this.#write(layer, top, 'beside');
      return;
    }
    for (const value of values) this.#open.delete(value);
    const context = new LayerContext(this.#builder, layer, bottoms, this.#knowledgeOf(layer), this.#report);
    const given = this.#compute(context);
    const outputs = typeof given === 'number' ? [given] : given;
    const [first] = outputs;
    if (layer.tops.length === 0 && first !== undefined) this.#open.add(first);
    for (const [i, top] of layer.tops.entries()) {
      const value = outputs[i] ?? first;
      if (value === undefined) continue;
      this.#write(layer, top, value);
      this.#open.add(value);
    }
  }

  #compute(context: LayerContext): ValueId | readonly ValueId[] {
    const { layer } = context;
    const model = findLayerModel(layer.type);
    if (model !== undefined && context.inputs.length > 0) return model(context);
    if (model !== undefined) return context.misfit('it reads nothing; add a bottom');
    const shown = layer.type === '' ? 'A layer without a type' : `A layer of the type ${layer.type}`;
    context.problem(
      'caffe-unknown-layer',
      'warning',
      `${context.name}: ${shown} is not understood here, so its cost is not known`,
    );
    const reason = `${shown} is not understood`;
    return layer.tops.length < 2 ? context.opaque(reason) : layer.tops.map(() => context.opaque(reason));
  }

  /** What a layer reads; a blob that no layer before it writes is reported and left out. */
  #bottomsOf(layer: LayerDefinition): readonly Blob[] {
    return layer.bottoms.flatMap((name): readonly Blob[] => {
      const blob = this.#blobs.get(name);
      if (blob !== undefined) return [blob];
      const reason = `no layer before it writes ${name}`;
      this.#report({
        code: 'caffe-blob',
        severity: 'error',
        message: `${layer.name} reads ${name}, but ${reason}; name the top of an earlier layer`,
        span: layer.span,
      });
      const unknown = { kind: 'unknown', reason, span: layer.span } as const;
      const added = this.#builder.add({
        name,
        label: 'missing',
        attributes: { kind: 'opaque', operation: 'missing', reason, shapes: [[1, unknown, unknown, unknown]] },
        inputs: [],
        site: { span: layer.span, callChain: [] },
      });
      const value = added.ok ? added.value[0] : undefined;
      if (value === undefined) return [];
      this.#blobs.set(name, value);
      return [value];
    });
  }

  #write(layer: LayerDefinition, top: string, blob: Blob): void {
    this.#blobs.set(top, blob);
    this.#writers.set(top, layer);
  }

  #knowledgeOf(layer: LayerDefinition): NetKnowledge {
    const readers = this.#readers.get(layer) ?? [];
    const before = this.#writers.get(layer.bottoms[0] ?? '');
    const isAlone = before?.type === 'BatchNorm' && this.#readers.get(before)?.length === 1;
    return {
      onlyReader: readers.length === 1 ? readers[0] : undefined,
      normBefore: isAlone ? before : undefined,
      namedTensors: this.#namedTensors,
    };
  }
}

/** Which layers read what each layer writes, until another writes over it. */
function readersOf(layers: readonly LayerDefinition[]): ReadonlyMap<LayerDefinition, readonly LayerDefinition[]> {
  const readers = new Map<LayerDefinition, LayerDefinition[]>();
  const writers = new Map<string, LayerDefinition>();
  for (const layer of layers) {
    for (const writer of new Set(layer.bottoms.flatMap((bottom) => writers.get(bottom) ?? [])))
      readers.get(writer)?.push(layer);
    readers.set(layer, []);
    for (const top of layer.tops) writers.set(top, layer);
  }
  return readers;
}
