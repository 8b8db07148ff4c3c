// Layers that a program made, as the config that TensorFlow.js would write of them: what reads Keras models reads these too, with the
// places and trails of the program's own numbers.

import type { SourceSpan } from '../../common/source-span.ts';
import type { ConfigEntry, ConfigMap, ConfigValue } from '../config/config-tree.ts';
import type { JsValue, MadeLayer, SymbolicTensor } from './values.ts';

const scalar = (value: string | number | boolean | null, span: SourceSpan): ConfigValue => ({
  kind: 'scalar',
  value,
  span,
});
const list = (items: readonly ConfigValue[], span: SourceSpan): ConfigValue => ({ kind: 'list', items, span });

function map(entries: Iterable<readonly [string, ConfigValue]>, span: SourceSpan): ConfigMap {
  return {
    kind: 'map',
    span,
    entries: [...entries].map(([key, value]): ConfigEntry => ({ key, keySpan: span, value })),
  };
}

/** `kernelSize` as Keras writes it: `kernel_size`. */
export const keyOf = (name: string): string => name.replace(/[A-Z]/g, (letter) => `_${letter.toLowerCase()}`);

/** Settings whose words TensorFlow.js writes in its own way. */
const words = /^(.*activation|data_format|.*_initializer)$/;

/** A setting of a layer; the reason where it is not known, and undefined where it is not given. */
export function settingOf(value: JsValue, key: string, span: SourceSpan): ConfigValue | string | undefined {
  switch (value.kind) {
    case 'undefined':
      return undefined;
    case 'null':
      return scalar(null, span);
    case 'number': {
      const place = value.origin !== undefined && 'span' in value.origin ? (value.origin.span ?? span) : span;
      return { kind: 'scalar', value: value.value, span: place, ...(value.origin && { origin: value.origin }) };
    }
    case 'boolean':
      return scalar(value.value, span);
    case 'string':
      return scalar(words.test(key) ? keyOf(value.value) : value.value, span);
    case 'array': {
      if (value.lost !== undefined) return value.lost;
      const items: ConfigValue[] = [];
      for (const item of value.items) {
        const made = settingOf(item, key, span) ?? scalar(null, span);
        if (typeof made === 'string') return made;
        items.push(made);
      }
      return list(items, span);
    }
    case 'object': {
      const entries: (readonly [string, ConfigValue])[] = [];
      for (const [name, item] of value.entries) {
        const made = settingOf(item, name, span);
        if (typeof made === 'string') return made;
        if (made !== undefined) entries.push([keyOf(name), made]);
      }
      return map(entries, span);
    }
    case 'layer':
      return layerConfig(value.layer);
    case 'unknown':
      return value.reason;
    default:
      return 'it is nothing that a layer is set by';
  }
}

/** A layer as its model's file would have it. */
export function layerConfig(layer: MadeLayer, nodes?: ConfigValue): ConfigMap {
  const { className, name, span, settings, model, lost } = layer;
  const config = new Map<string, ConfigValue>([['name', scalar(name, span)], ...settings]);
  if (lost !== undefined) config.set('<lost>', scalar(lost, span));
  if (model?.kind === 'sequential')
    config.set(
      'layers',
      list(
        model.layers.map((each) => layerConfig(each)),
        span,
      ),
    );
  if (model?.kind === 'functional')
    for (const [key, value] of graphOf(layer, model.inputs, model.outputs)) config.set(key, value);
  const type = model === undefined ? className : model.kind === 'sequential' ? 'Sequential' : 'Functional';
  return map(
    [
      ['class_name', scalar(type, span)],
      ['name', scalar(name, span)],
      ['config', map(config, span)],
      ...(nodes === undefined ? [] : [['inbound_nodes', nodes] as const]),
    ],
    span,
  );
}

const isSame = (one: SymbolicTensor, other: SymbolicTensor): boolean =>
  one.layer === other.layer && one.call === other.call && one.output === other.output;

/** The calls that lead from some tensors to others, layer by layer, each behind what it takes. */
function callsBetween(
  inputs: readonly SymbolicTensor[],
  outputs: readonly SymbolicTensor[],
): ReadonlyMap<MadeLayer, readonly number[]> {
  const calls = new Map<MadeLayer, number[]>();
  const seen = new Map<MadeLayer, Set<number>>();
  const open = outputs.map((tensor) => ({ tensor, isDone: false }));
  for (let next = open.pop(); next !== undefined; next = open.pop()) {
    const { layer, call } = next.tensor;
    if (next.isDone) {
      const known = calls.get(layer) ?? [];
      calls.set(layer, known);
      known.push(call);
      continue;
    }
    const own = seen.get(layer) ?? new Set();
    seen.set(layer, own);
    if (own.has(call) || inputs.some((input) => isSame(input, next.tensor))) continue;
    own.add(call);
    open.push({ tensor: next.tensor, isDone: true });
    for (const tensor of layer.calls[call] ?? []) open.push({ tensor, isDone: false });
  }
  return calls;
}

function graphOf(
  { span }: MadeLayer,
  inputs: readonly SymbolicTensor[],
  outputs: readonly SymbolicTensor[],
): readonly (readonly [string, ConfigValue])[] {
  const calls = callsBetween(inputs, outputs);
  const triple = ({ layer, call, output }: SymbolicTensor): ConfigValue => {
    const place = calls.get(layer)?.indexOf(call) ?? 0;
    return list([scalar(layer.name, span), scalar(Math.max(0, place), span), scalar(output, span)], span);
  };
  const layers = [...calls].map(([layer, own]) =>
    layerConfig(
      layer,
      list(
        own.map((call) => list((layer.calls[call] ?? []).map(triple), span)),
        span,
      ),
    ),
  );
  const given = inputs.map(({ layer }) => layerConfig(layer, list([], span)));
  return [
    ['layers', list([...given, ...layers], span)],
    ['input_layers', list(inputs.map(triple), span)],
    ['output_layers', list(outputs.map(triple), span)],
  ];
}
