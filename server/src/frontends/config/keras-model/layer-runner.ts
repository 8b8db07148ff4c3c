// Runs one layer of a Keras model that JSON describes: a row of the Keras family's table, an operation, or a layer around
// others. What is none of these is unknown, with the shape that the file states for it.

import type { Problem } from '../../../common/problem.ts';
import type { SourceSpan } from '../../../common/source-span.ts';
import type { GraphBuilder } from '../../../network/graph-builder.ts';
import type { ActivationFunction, OpAttributes, Parameter, ValueId } from '../../../network/op.ts';
import type { Dimension, Shape } from '../../../network/shape.ts';
import type { WidthOrigin } from '../../../network/width-origin.ts';
import { itemsOf, numberOf, textOf, valueAt, type ConfigValue } from '../config-tree.ts';
import { kerasActivations } from '../../shared/keras-layers/activation-names.ts';
import type { LayerCall, LayerEmission, LayerRow, LayerSettings } from '../../shared/keras-layers/keras-layer.ts';
import { kerasLayers, layerAliases } from '../../shared/keras-layers/layer-table.ts';
import { layerSettings, startOf } from './layer-settings.ts';
import { builtSizes, classOf, configOf, nameOf } from './model-parts.ts';
import { operationDefaults, operations } from './operations.ts';

const rows: ReadonlyMap<string, LayerRow> = new Map(kerasLayers.map((row) => [row.name, row]));

const activations: ReadonlyMap<string, ActivationFunction> = new Map(
  Object.entries({ ...kerasActivations, gelu_new: 'gelu-tanh' as const }),
);

/** What is applied to single elements: no cell or wrapper runs deeper than this. */
const deepestWrapper = 8;

/** Under this name a layer's config says why some of it is not known; no file has it. */
export const lostSetting = '<lost>';

export interface LayerInputs {
  /** Unique in the model, with the models that it stands in: `block/conv1`. */
  readonly name: string;
  readonly inputs: readonly ValueId[];
  readonly named: ReadonlyMap<string, ValueId>;
  /** The shape of what the layer gives, where the file states it. */
  readonly stated: Shape | undefined;
}

type Emission = LayerEmission<ValueId, Parameter>;

export class LayerRunner {
  readonly #builder: GraphBuilder;
  readonly #report: (problem: Problem) => void;
  readonly #weights = new Map<string, string>();
  #depth = 0;

  constructor(builder: GraphBuilder, report: (problem: Problem) => void) {
    this.#builder = builder;
    this.#report = report;
  }

  /** An op that takes nothing. */
  source(name: string, label: string, attributes: OpAttributes, span: SourceSpan): ValueId {
    const added = this.#builder.add({ name, label, attributes, inputs: [], site: { span, callChain: [] } });
    const value = added.ok ? added.value[0] : undefined;
    if (value === undefined) throw new Error('An op without inputs always fits');
    return value;
  }

  number(layer: string, value: number, span: SourceSpan): ValueId {
    return this.source(`${layer}/constant`, 'constant', { kind: 'constant', shape: [], value }, span);
  }

  run(layer: ConfigValue, given: LayerInputs): readonly ValueId[] {
    if (this.#depth >= deepestWrapper) return [this.#opaque(layer, given, 'layers around layers go too deep')];
    this.#depth++;
    const made = this.#runKind(layer, given);
    this.#depth--;
    return made;
  }

  /** Runs what is given with steps as elements of the batch, and has them as steps again behind it. */
  overSteps(
    layer: ConfigValue,
    name: string,
    [input]: readonly ValueId[],
    run: (inputs: readonly ValueId[]) => readonly ValueId[],
  ): readonly ValueId[] {
    const lost = (reason: string): readonly ValueId[] => [
      this.#opaque(
        layer,
        { name, inputs: input === undefined ? [] : [input], named: new Map(), stated: undefined },
        reason,
      ),
    ];
    if (input === undefined) return lost('it is given no tensor');
    const [batch = 1, steps = 1, ...rest] = this.#builder.shapeOf(input);
    if (typeof batch !== 'number' || typeof steps !== 'number') return lost('how many steps there are is not known');
    const reshaped = (value: ValueId, shape: Shape): ValueId | undefined =>
      this.#add(layer, name, { attributes: { kind: 'reshape', shape }, inputs: [value], part: 'reshape' });
    const joined = reshaped(input, [batch * steps, ...rest]);
    if (joined === undefined) return lost('its steps cannot be joined');
    const [made] = run([joined]);
    if (made === undefined) return lost('what it runs gives nothing');
    const apart = reshaped(made, [batch, steps, ...this.#builder.shapeOf(made).slice(1)]);
    return apart === undefined ? lost('its steps cannot be taken apart') : [apart];
  }

  #runKind(layer: ConfigValue, given: LayerInputs): readonly ValueId[] {
    const type = classOf(layer);
    const config = configOf(layer);
    const lost = textOf(valueAt(config, lostSetting));
    if (lost !== undefined) return [this.#opaque(layer, given, lost)];
    const inner = valueAt(config, 'layer');
    if ((textOf(valueAt(layer, 'module')) ?? '').includes('.ops.')) return this.#operation(layer, given);
    switch (type) {
      case 'TimeDistributed':
        if (inner === undefined) return [this.#opaque(layer, given, 'it wraps no layer')];
        return this.overSteps(layer, given.name, given.inputs, (inputs) =>
          this.run(inner, { name: `${given.name}/${nameOf(inner)}`, inputs, named: new Map(), stated: undefined }),
        );
      case 'SpectralNormalization':
      case 'Wrapper':
        if (inner === undefined) return [this.#opaque(layer, given, 'it wraps no layer')];
        return this.run(inner, { ...given, name: `${given.name}/${nameOf(inner)}` });
      case 'Bidirectional':
        return this.#bothWays(layer, given);
      case 'RNN':
        return this.#cells(layer, given);
      case 'CustomScaleLayer':
        return this.#scaledSum(layer, given);
      case 'LayerScale':
        return this.#layerScale(layer, given);
      default: {
        const row = rows.get(layerAliases[type] ?? type);
        return row === undefined
          ? [this.#opaque(layer, given, `the layer ${type === '' ? 'without a class' : type} is not modelled`)]
          : this.#row(row, layer, given);
      }
    }
  }

  #row(row: LayerRow, layer: ConfigValue, given: LayerInputs): readonly ValueId[] {
    const { name } = given;
    const config = configOf(layer);
    const settings = layerSettings(config, row.parameters);
    const inputs = [...given.inputs, ...ordered(given.named)];
    let reason: string | undefined;
    const emit = (emission: Emission): ValueId | undefined => {
      const widths = this.#builtWidths(layer, emission, inputs[0]);
      return this.#add(layer, name, { ...emission, ...widths }, (why) => (reason ??= why));
    };
    const call: LayerCall<ValueId, Parameter> = {
      settings,
      inputs,
      usualDataFormat: 'channels_last',
      shapeOf: (value) => this.#builder.shapeOf(value),
      weight: (weight, shape, role) => {
        const id = `${name}/${weight}`;
        const [text, known] = [shape.join('×'), this.#weights.get(id)];
        this.#weights.set(id, text);
        if (known !== undefined && known !== text)
          reason ??= `it is called again with an input that would need its ${weight} to be ${text} in place of ${known}`;
        const initializer = startOf(config, weight, role);
        return { id, role, shape, ...(initializer !== undefined && { initializer }) };
      },
      emit,
      constant: (value) => this.number(name, value, spanOf(layer)),
      activate: (value, setting) => this.#activate(layer, given, settings, value, setting),
      refuse: (why) => {
        reason ??= why;
        return undefined;
      },
    };
    const made = row.run(call);
    if (made === undefined || reason !== undefined)
      return [this.#opaque(layer, given, reason ?? 'it could not be read')];
    if (!settings.flag('return_state')) return [made];
    const [batch = 1] = this.#builder.shapeOf(made);
    const state = (): ValueId =>
      this.#add(layer, name, {
        attributes: {
          kind: 'rearrange',
          operation: 'state',
          shape: [batch, settings.integer('units') ?? this.#builder.shapeOf(made).at(-1) ?? 1],
        },
        inputs: [made],
        part: 'state',
      }) ?? made;
    return [made, ...Array.from({ length: row.name === 'LSTM' ? 2 : 1 }, state)];
  }

  /** Keras 3 builds a layer with the sizes of `build_config` before it calls it, so they are widths that the file names. */
  #builtWidths(
    layer: ConfigValue,
    { attributes, inputs: [input], weights = [] }: Emission,
    own: ValueId | undefined,
  ): { readonly inWidth?: WidthOrigin; readonly outWidth?: WidthOrigin } {
    if (input === undefined || input !== own || weights.length === 0) return {};
    const rank = this.#builder.shapeOf(input).length;
    const axis = builtAxis(attributes);
    const built = axis === undefined ? undefined : builtSizes(layer).at(axis);
    const [value, actual] = [numberOf(built), axis === undefined ? undefined : this.#builder.shapeOf(input).at(axis)];
    if (built === undefined || value === undefined || builtSizes(layer).length !== rank) return {};
    if (value !== actual && typeof actual === 'number') {
      const message = `${nameOf(layer)} is built for a width of ${String(value)} and is given ${String(actual)}: Keras does not load this file. Write ${String(actual)} here.`;
      this.#report({ code: 'keras-json-built', severity: 'error', message, span: built.span });
      return {};
    }
    const origin: WidthOrigin = { kind: 'config', value, span: built.span, key: 'build_config' };
    const isOwnWidth = ['batch-norm', 'layer-norm', 'group-norm', 'activation'].includes(attributes.kind);
    return isOwnWidth ? { outWidth: origin } : { inWidth: origin };
  }

  #activate(
    layer: ConfigValue,
    given: LayerInputs,
    settings: LayerSettings,
    value: ValueId,
    setting: string,
  ): ValueId | undefined {
    const written = valueAt(configOf(layer), setting);
    // An activation may be a layer of its own.
    if (written?.kind === 'map' && configOf(written)?.kind === 'map') {
      const [made] = this.run(written, {
        ...given,
        name: `${given.name}/${nameOf(written)}`,
        inputs: [value],
        named: new Map(),
      });
      return made;
    }
    const wanted = settings.isNone(setting) ? 'linear' : (settings.text(setting) ?? 'an activation');
    if (wanted === 'linear') return value;
    const part = classOf(layer) === 'Activation' ? {} : { part: wanted };
    const attributes: OpAttributes =
      wanted === 'softmax' || wanted === 'log_softmax'
        ? { kind: 'softmax', axis: this.#builder.shapeOf(value).length - 1, log: wanted === 'log_softmax' }
        : { kind: 'activation', function: activations.get(wanted) ?? 'other', channelAxis: -1 };
    return this.#add(layer, given.name, { attributes, inputs: [value], ...part });
  }

  #operation(layer: ConfigValue, given: LayerInputs): readonly ValueId[] {
    const type = classOf(layer);
    const row = Object.hasOwn(operations, type) ? operations[type] : undefined;
    if (row === undefined) return [this.#opaque(layer, given, `the operation ${type} is not modelled`)];
    const inputs = [...given.inputs, ...given.named.values()];
    const attributes = row({
      settings: layerSettings(configOf(layer), operationDefaults),
      shapes: inputs.map((input) => this.#builder.shapeOf(input)),
    });
    if (attributes === undefined) return [this.#opaque(layer, given, 'what it does is not known')];
    let reason = '';
    const made = this.#add(layer, given.name, { attributes, inputs }, (why) => (reason = why));
    return [made ?? this.#opaque(layer, given, reason)];
  }

  #bothWays(layer: ConfigValue, given: LayerInputs): readonly ValueId[] {
    const config = configOf(layer);
    const forward = valueAt(config, 'layer');
    if (forward === undefined) return [this.#opaque(layer, given, 'it wraps no layer')];
    const [one, other] = [forward, valueAt(config, 'backward_layer') ?? forward].map((each, i) => {
      const name = `${given.name}/${i === 0 ? 'forward' : 'backward'}`;
      return this.run(each, { ...given, name, named: new Map(), stated: undefined });
    });
    const [first, second] = [one?.[0], other?.[0]];
    if (first === undefined || second === undefined) return [this.#opaque(layer, given, 'what it wraps gives nothing')];
    const mode = textOf(valueAt(config, 'merge_mode')) ?? 'none';
    const states = [...(one ?? []).slice(1), ...(other ?? []).slice(1)];
    if (mode === 'none') return [first, second, ...states];
    const operators = { sum: 'add', mul: 'multiply', ave: 'add' } as const;
    const operator = mode === 'sum' || mode === 'mul' || mode === 'ave' ? operators[mode] : undefined;
    const merged = this.#add(layer, given.name, {
      attributes: operator
        ? { kind: 'elementwise', operator }
        : { kind: 'concat', axis: this.#builder.shapeOf(first).length - 1 },
      inputs: [first, second],
    });
    return merged === undefined ? [this.#opaque(layer, given, 'its two ways do not fit')] : [merged, ...states];
  }

  /** `RNN` around cells, one behind the other. */
  #cells(layer: ConfigValue, given: LayerInputs): readonly ValueId[] {
    const config = configOf(layer);
    const cell = valueAt(config, 'cell');
    const stacked = itemsOf(valueAt(configOf(cell), 'cells'));
    const cells = stacked.length > 0 ? stacked : cell === undefined ? [] : [cell];
    let current = given.inputs[0];
    for (const [i, each] of cells.entries()) {
      const row = rows.get(classOf(each).replace(/Cell$/, ''));
      if (row === undefined || !classOf(each).endsWith('Cell') || current === undefined)
        return [this.#opaque(layer, given, `steps of ${classOf(each)} are not modelled`)];
      const name = cells.length > 1 ? `${given.name}/${String(i)}` : given.name;
      [current] = this.#row(row, asSequence(each), {
        ...given,
        name,
        inputs: [current],
        named: new Map(),
      });
    }
    if (current === undefined) return [this.#opaque(layer, given, 'it has no cell')];
    const settings = layerSettings(config, 'return_sequences=False return_state=False');
    if (settings.flag('return_state')) return [this.#opaque(layer, given, 'states of cells are not followed')];
    if (settings.flag('return_sequences')) return [current];
    const [batch = 1, , ...rest] = this.#builder.shapeOf(current);
    const last = this.#add(layer, given.name, {
      attributes: { kind: 'rearrange', operation: 'last', shape: [batch, ...rest] },
      inputs: [current],
      part: 'last',
    });
    return [last ?? current];
  }

  /** What Inception-ResNet calls its own: the first tensor and a share of the second. */
  #scaledSum(layer: ConfigValue, given: LayerInputs): readonly ValueId[] {
    const [one, other] = given.inputs;
    const scale = numberOf(valueAt(configOf(layer), 'scale'));
    if (one === undefined || other === undefined || scale === undefined)
      return [this.#opaque(layer, given, 'what it adds up is not known')];
    const share = this.number(given.name, scale, spanOf(layer));
    const scaled = this.#add(layer, given.name, {
      attributes: { kind: 'elementwise', operator: 'multiply' },
      inputs: [other, share],
      part: 'scale',
    });
    const sum =
      scaled === undefined
        ? undefined
        : this.#add(layer, given.name, { attributes: { kind: 'elementwise', operator: 'add' }, inputs: [one, scaled] });
    return [sum ?? this.#opaque(layer, given, 'what it adds up does not fit')];
  }

  /** A factor for each channel, which some networks learn. */
  #layerScale(layer: ConfigValue, given: LayerInputs): readonly ValueId[] {
    const [input] = given.inputs;
    const width = numberOf(valueAt(configOf(layer), 'projection_dim'));
    if (input === undefined || width === undefined) return [this.#opaque(layer, given, 'its width is not known')];
    const start = numberOf(valueAt(configOf(layer), 'init_values'));
    const gamma: Parameter = {
      id: `${given.name}/gamma`,
      role: 'other',
      shape: [width],
      ...(start !== undefined && { initializer: { kind: 'constant', value: start } }),
    };
    let reason = 'its factors do not fit';
    const factors = this.#add(layer, given.name, {
      attributes: { kind: 'constant', shape: [width] },
      inputs: [],
      weights: [gamma],
      part: 'gamma',
    });
    const scaled =
      factors === undefined
        ? undefined
        : this.#add(
            layer,
            given.name,
            { attributes: { kind: 'elementwise', operator: 'multiply' }, inputs: [input, factors] },
            (why) => (reason = why),
          );
    return [scaled ?? this.#opaque(layer, given, reason)];
  }

  #add(
    layer: ConfigValue,
    name: string,
    {
      attributes,
      inputs,
      weights = [],
      part,
      outWidth,
      inWidth,
    }: Emission & { readonly inWidth?: WidthOrigin | undefined },
    refuse: (reason: string) => void = () => undefined,
  ): ValueId | undefined {
    const added = this.#builder.add({
      name: part === undefined ? name : `${name}/${part}`,
      label: classOf(layer),
      attributes,
      inputs,
      parameters: weights.filter((weight) => weight !== undefined),
      site: { span: spanOf(layer), callChain: [] },
      outWidth,
      inWidth,
    });
    if (added.ok) return added.value[0];
    refuse(added.error);
    return undefined;
  }

  /** Of what is not understood the file may state the shape; its cost is not known. */
  #opaque(layer: ConfigValue, { name, inputs, stated }: LayerInputs, why: string): ValueId {
    const span = spanOf(layer);
    const message = `${name} (${classOf(layer)}): ${why}; its cost is not known`;
    this.#report({ code: 'keras-json-unsupported', severity: 'warning', message, span });
    const rank = inputs[0] === undefined ? 2 : this.#builder.shapeOf(inputs[0]).length;
    const unknown: Dimension = { kind: 'unknown', reason: why, span };
    const shape = stated ?? [1, ...Array.from({ length: Math.max(0, rank - 1) }, () => unknown)];
    const attributes = { kind: 'opaque', operation: classOf(layer), reason: why, shapes: [shape] } as const;
    const added = this.#builder.add({ name, label: classOf(layer), attributes, inputs, site: { span, callChain: [] } });
    const value = added.ok ? added.value[0] : undefined;
    if (value === undefined) throw new Error('An op that is not understood always fits');
    return value;
  }
}

/** Where a layer is shown: the line that names its class. */
function spanOf(layer: ConfigValue): SourceSpan {
  return valueAt(layer, 'class_name')?.span ?? layer.span;
}

/** Query, value and key in this order; what else is given by name as it is written. */
function ordered(named: ReadonlyMap<string, ValueId>): readonly ValueId[] {
  const first = ['query', 'value', 'key'];
  const rank = (name: string): number => (first.includes(name) ? first.indexOf(name) : first.length);
  return [...named].sort(([one], [other]) => rank(one) - rank(other)).map(([, value]) => value);
}

/** The axis along which a layer's weights are as long as its input. */
function builtAxis(attributes: OpAttributes): number | undefined {
  switch (attributes.kind) {
    case 'convolution':
    case 'transposed-convolution':
    case 'batch-norm':
    case 'group-norm':
      return attributes.channelAxis;
    case 'dense':
    case 'activation':
      return -1;
    case 'layer-norm':
      return attributes.normalizedAxes.length === 1 ? attributes.normalizedAxes[0] : undefined;
    default:
      return undefined;
  }
}

/** A cell as the layer that runs it at every step. */
function asSequence(cell: ConfigValue): ConfigValue {
  const config = configOf(cell);
  if (config?.kind !== 'map' || cell.kind !== 'map') return cell;
  const flag = {
    key: 'return_sequences',
    keySpan: config.span,
    value: { kind: 'scalar', value: true, span: config.span },
  } as const;
  const sequence = { ...config, entries: [flag, ...config.entries] };
  return {
    ...cell,
    entries: cell.entries.map((entry) => (entry.key === 'config' ? { ...entry, value: sequence } : entry)),
  };
}
