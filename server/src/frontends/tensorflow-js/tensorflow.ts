// TensorFlow.js as a program sees it: its layers, models, and what they are made with. Whatever else it has is not known.

import type { SourceSpan } from '../../common/source-span.ts';
import type { Shape } from '../../network/shape.ts';
import type { ConfigValue } from '../config/config-tree.ts';
import { kerasLayers, layerAliases } from '../shared/keras-layers/layer-table.ts';
import { keyOf, settingOf } from './layer-config.ts';
import type { CallFunction } from './members.ts';
import {
  array,
  native,
  none,
  nothing,
  number,
  object,
  text,
  textOf,
  unknown,
  type JsValue,
  type LayerValue,
  type MadeLayer,
  type ObjectValue,
  type SymbolicTensor,
} from './values.ts';

/** Classes of layers by the names of the functions that make them, in small letters: `maxpooling2d`. */
const classes: ReadonlyMap<string, string> = new Map(
  [
    ...kerasLayers.map(({ name }) => name),
    ...Object.keys(layerAliases),
    ...['Bidirectional', 'TimeDistributed', 'RNN', 'LSTMCell', 'GRUCell', 'SimpleRNNCell', 'StackedRNNCells'],
    ...['ThresholdedReLU', 'ConvLSTM2D', 'ConvLSTM2DCell', 'CategoryEncoding', 'RandomWidth', 'Masking'],
  ].map((name) => [name.toLowerCase(), layerAliases[name] ?? name]),
);

/** Settings that change neither shapes nor what is counted. */
const harmless =
  /initializer$|regularizer$|constraint$|^(trainable|dtype|seed|weights|momentum|epsilon|dropout|recurrent_dropout|rate|stddev|updatable|mask_zero|implementation|alpha|max_value|theta)$/;

/** Where TensorFlow.js starts weights differently from Keras. */
function usualSettings(className: string, span: SourceSpan): readonly (readonly [string, ConfigValue])[] {
  const start: ConfigValue = { kind: 'scalar', value: 'glorot_normal', span };
  const no: ConfigValue = { kind: 'scalar', value: false, span };
  if (className === 'GRU')
    return [
      ['kernel_initializer', start],
      ['reset_after', no],
    ];
  if (className === 'DepthwiseConv2D') return [['depthwise_initializer', start]];
  return /^(Conv\d|Dense$|LSTM$|SimpleRNN$)/.test(className) ? [['kernel_initializer', start]] : [];
}

/** As TensorFlow.js names layers: `max_pooling2d_MaxPooling2D1`. */
const snakeOf = (className: string): string =>
  className
    .replace(/(.)([A-Z][a-z0-9]+)/g, '$1_$2')
    .replace(/([a-z])([A-Z])/g, '$1_$2')
    .toLowerCase();

export interface Library {
  /** `tf` itself. */
  readonly namespace: ObjectValue;
  /** All models that were made, in order. */
  readonly models: readonly MadeLayer[];
  /** Models that stand in others. */
  readonly parts: ReadonlySet<MadeLayer>;
  member(value: LayerValue, name: string): JsValue;
  tensorMember(tensor: SymbolicTensor, name: string): JsValue;
  /** An own class that derives from a layer: what it does is not known. */
  ownLayer(className: string, span: SourceSpan): LayerValue;
}

export function createLibrary(call: CallFunction, shapeOf: (tensor: SymbolicTensor) => Shape | undefined): Library {
  const counts = new Map<string, number>();
  const models: MadeLayer[] = [];
  const parts = new Set<MadeLayer>();

  const nameFor = (className: string, given: JsValue | undefined): string => {
    const count = (counts.get(className) ?? 0) + 1;
    const own = given === undefined || given.kind === 'undefined' || given.kind === 'null' ? undefined : textOf(given);
    if (own !== undefined) return own;
    counts.set(className, count);
    return `${snakeOf(className)}_${className}${String(count)}`;
  };

  const makeLayer = (className: string, given: JsValue | undefined, span: SourceSpan): LayerValue => {
    const settings = new Map<string, ConfigValue>(usualSettings(className, span));
    let lost: string | undefined = given?.kind === 'unknown' ? given.reason : undefined;
    const entries = given?.kind === 'object' ? given.entries : new Map<string, JsValue>();
    for (const [name, value] of entries) {
      if (name === 'name') continue;
      const key = keyOf(name);
      const made = settingOf(value, key, span);
      if (typeof made === 'string') {
        if (!harmless.test(key)) lost ??= `its ${name} is not known: ${made}`;
        continue;
      }
      if (made === undefined) continue;
      if (name === 'inputShape' || (name === 'inputDim' && className !== 'Embedding')) {
        const batch: ConfigValue = { kind: 'scalar', value: null, span };
        const sizes = made.kind === 'list' ? made.items : [made];
        settings.set('batch_input_shape', { kind: 'list', items: [batch, ...sizes], span });
      } else settings.set(key, made);
    }
    if (className === 'Embedding' && !settings.has('batch_input_shape')) {
      const open: ConfigValue = { kind: 'scalar', value: null, span };
      const length = settings.get('input_length') ?? open;
      settings.set('batch_input_shape', {
        kind: 'list',
        items: [open, ...(length.kind === 'list' ? length.items : [length])],
        span,
      });
    }
    const layer: MadeLayer = { className, name: nameFor(className, entries.get('name')), span, settings, calls: [] };
    if (lost !== undefined) layer.lost = lost;
    return { kind: 'layer', layer };
  };

  const inputTensor = (given: JsValue | undefined, span: SourceSpan): JsValue => {
    const entries = given?.kind === 'object' ? given.entries : new Map<string, JsValue>();
    const whole = entries.get('batchShape');
    const made =
      whole === undefined || whole.kind === 'undefined'
        ? makeLayer(
            'InputLayer',
            object([
              ['inputShape', entries.get('shape') ?? nothing],
              ['name', entries.get('name') ?? nothing],
            ]),
            span,
          )
        : makeLayer(
            'InputLayer',
            object([
              ['batchInputShape', whole],
              ['name', entries.get('name') ?? nothing],
            ]),
            span,
          );
    if (made.layer.lost !== undefined) return unknown(made.layer.lost);
    return { kind: 'tensor', tensor: { layer: made.layer, call: 0, output: 0 } };
  };

  const tensorsIn = (value: JsValue | undefined): readonly SymbolicTensor[] | string => {
    if (value === undefined) return 'it is given no tensor';
    if (value.kind === 'tensor') return [value.tensor];
    if (value.kind === 'array') {
      if (value.lost !== undefined) return value.lost;
      const found: SymbolicTensor[] = [];
      for (const item of value.items) {
        const own = tensorsIn(item);
        if (typeof own === 'string') return own;
        found.push(...own);
      }
      return found;
    }
    if (value.kind === 'object') return tensorsIn(array([...value.entries.values()]));
    return value.kind === 'unknown' ? value.reason : 'it is given something that is no tensor';
  };

  const outputCount = ({ className, settings, model }: MadeLayer): number => {
    if (model?.kind === 'functional') return model.outputs.length;
    const state = settings.get('return_state');
    if (state?.kind !== 'scalar' || state.value !== true) return 1;
    return className === 'LSTM' ? 3 : 2;
  };

  const apply = (layer: MadeLayer, inputs: readonly SymbolicTensor[]): JsValue => {
    const index = layer.calls.push(inputs) - 1;
    if (layer.model !== undefined) parts.add(layer);
    const made = Array.from({ length: outputCount(layer) }, (_, output): JsValue => ({
      kind: 'tensor',
      tensor: { layer, call: index, output },
    }));
    return made.length === 1 ? (made[0] ?? nothing) : array(made);
  };

  /** The input that a sequential model has by its first layer. */
  const inputOf = (layer: MadeLayer, span: SourceSpan): SymbolicTensor | undefined => {
    const shape = layer.settings.get('batch_input_shape');
    if (shape !== undefined) {
      const settings = new Map([['batch_input_shape', shape]]);
      const made: MadeLayer = { className: 'InputLayer', name: `${layer.name}_input`, span, settings, calls: [] };
      return { layer: made, call: 0, output: 0 };
    }
    const { model } = layer;
    if (model?.kind === 'functional') return model.inputs[0];
    const [first] = model?.layers ?? [];
    return first && inputOf(first, span);
  };

  const addTo = (model: MadeLayer, value: JsValue | undefined): void => {
    if (model.model?.kind !== 'sequential') return;
    if (value?.kind !== 'layer') {
      model.lost ??= value?.kind === 'unknown' ? value.reason : 'something is added to it that is no layer';
      return;
    }
    const { layer } = value;
    if (layer.model !== undefined) parts.add(layer);
    const { layers } = model.model;
    layers.push(layer);
    const before = layers.length === 1 ? inputOf(layer, layer.span) : model.model.own;
    if (before === undefined) return;
    model.model.own = { layer, call: layer.calls.push([before]) - 1, output: 0 };
  };

  const sequential = (given: JsValue | undefined, span: SourceSpan): JsValue => {
    const entries = given?.kind === 'object' ? given.entries : new Map<string, JsValue>();
    const name = nameFor('Sequential', entries.get('name'));
    const layer: MadeLayer = {
      className: 'Sequential',
      name,
      span,
      settings: new Map(),
      calls: [],
      model: { kind: 'sequential', layers: [] },
    };
    models.push(layer);
    const listed = entries.get('layers');
    if (given?.kind === 'unknown') layer.lost = given.reason;
    if (listed?.kind === 'array' && listed.lost === undefined) for (const each of listed.items) addTo(layer, each);
    else if (listed !== undefined && listed.kind !== 'undefined')
      layer.lost = listed.kind === 'unknown' ? listed.reason : 'its layers are not known';
    return { kind: 'layer', layer };
  };

  const functional = (given: JsValue | undefined, span: SourceSpan): JsValue => {
    const entries = given?.kind === 'object' ? given.entries : new Map<string, JsValue>();
    const [inputs, outputs] = [tensorsIn(entries.get('inputs')), tensorsIn(entries.get('outputs'))];
    if (typeof inputs === 'string') return unknown(inputs);
    if (typeof outputs === 'string') return unknown(outputs);
    const name = nameFor('Model', entries.get('name'));
    const layer: MadeLayer = {
      className: 'Functional',
      name,
      span,
      settings: new Map(),
      calls: [],
      model: { kind: 'functional', inputs, outputs },
    };
    models.push(layer);
    return { kind: 'layer', layer };
  };

  const ends = ({ model }: MadeLayer, name: string): JsValue => {
    const tensors =
      model?.kind === 'functional'
        ? name.startsWith('input')
          ? model.inputs
          : model.outputs
        : model?.kind === 'sequential' && name.startsWith('output')
          ? model.own && [model.own]
          : model?.kind === 'sequential'
            ? model.layers[0] && model.layers[0].calls[0]
            : undefined;
    if (tensors === undefined) return unknown(`the ${name} of a model that is not built is not known`);
    const values = tensors.map((tensor): JsValue => ({ kind: 'tensor', tensor }));
    return name.endsWith('s') || values.length > 1 ? array(values) : (values[0] ?? nothing);
  };

  const layersIn = (layer: MadeLayer): readonly MadeLayer[] => {
    const { model } = layer;
    if (model?.kind === 'sequential') return model.layers;
    if (model === undefined) return [];
    const found = new Set<MadeLayer>();
    const open = model.outputs.map((tensor) => tensor.layer);
    for (let next = open.pop(); next !== undefined; next = open.pop()) {
      if (found.has(next)) continue;
      found.add(next);
      open.push(...next.calls.flat().map((tensor) => tensor.layer));
    }
    return [...found].reverse();
  };

  const member = ({ layer }: LayerValue, name: string): JsValue => {
    const { model } = layer;
    switch (name) {
      case 'apply':
      case 'call':
        return native(name, ([given]) => {
          const tensors = tensorsIn(given);
          return typeof tensors === 'string' ? unknown(tensors) : apply(layer, tensors);
        });
      case 'name':
        return text(layer.name);
      case 'trainable':
        return { kind: 'boolean', value: true };
      case 'input':
      case 'inputs':
      case 'output':
      case 'outputs': {
        if (model !== undefined) return ends(layer, name);
        const tensors = name.startsWith('output') ? [{ layer, call: 0, output: 0 }] : layer.calls[0];
        if (layer.calls.length === 0 || tensors === undefined)
          return unknown(`the ${name} of a layer that is not called is not known`);
        const [first] = tensors;
        return first === undefined ? nothing : { kind: 'tensor', tensor: first };
      }
      case 'outputShape': {
        const own =
          model?.kind === 'sequential'
            ? model.own
            : model?.kind === 'functional'
              ? model.outputs[0]
              : { layer, call: 0, output: 0 };
        return own === undefined
          ? unknown('the shape of a model that is not built is not known')
          : tensorMember(own, 'shape');
      }
      case 'layers':
        return model === undefined
          ? nothing
          : array(layersIn(layer).map((each): JsValue => ({ kind: 'layer', layer: each })));
      case 'getLayer':
        return native(name, ([wanted, place]) => {
          const index = wanted?.kind === 'number' ? wanted.value : place?.kind === 'number' ? place.value : undefined;
          const found = layersIn(layer).find((each, i) =>
            index === undefined ? each.name === textOf(wanted ?? nothing) : i === index,
          );
          return found === undefined ? unknown('which layer is taken is not known') : { kind: 'layer', layer: found };
        });
      case 'add':
        return native(name, ([added]) => {
          addTo(layer, added);
          return nothing;
        });
      case 'pop':
        return native(name, () => {
          if (model?.kind !== 'sequential') return nothing;
          model.layers.pop();
          const last = model.layers.at(-1);
          if (last === undefined || last.calls.length === 0) delete model.own;
          else model.own = { layer: last, call: last.calls.length - 1, output: 0 };
          return nothing;
        });
      case 'compile':
      case 'summary':
      case 'build':
      case 'setWeights':
      case 'dispose':
        return native(name, () => nothing);
      default:
        return unknown(`${name} of a ${model === undefined ? 'layer' : 'model'} is not followed`);
    }
  };

  const tensorMember = (tensor: SymbolicTensor, name: string): JsValue => {
    if (name === 'shape' || name === 'rank') {
      const shape = shapeOf(tensor);
      if (shape === undefined) return unknown('the shape of a tensor is not known');
      if (name === 'rank') return number(shape.length);
      return array(
        shape.map((size, axis): JsValue =>
          axis === 0
            ? none
            : typeof size === 'number'
              ? number(size, { kind: 'shape', value: size, of: tensor.layer.name })
              : unknown(size.reason),
        ),
      );
    }
    if (name === 'sourceLayer') return { kind: 'layer', layer: tensor.layer };
    return unknown(`${name} of a tensor is not followed`);
  };

  const layers: ObjectValue = {
    kind: 'object',
    entries: new Map(),
    missing: (name) => {
      if (name === 'Layer') return native('Layer', (_, span) => ownLayer('Layer', span));
      if (name === 'input') return native(name, ([given], span) => inputTensor(given, span));
      const className = name === 'inputLayer' ? 'InputLayer' : classes.get(name.toLowerCase());
      if (className === undefined) return native(name, (_, span) => ownLayer(name, span));
      return native(name, ([given], span) => makeLayer(className, given, span));
    },
  };

  /** What makes initializers and their kin: a class and its settings. */
  const makers: ObjectValue = {
    kind: 'object',
    entries: new Map(),
    missing: (name) =>
      native(name, ([given]) =>
        object([
          ['class_name', text(keyOf(name))],
          ['config', given?.kind === 'object' ? given : object([])],
        ]),
      ),
  };

  const ownLayer = (className: string, span: SourceSpan): LayerValue => {
    const layer: MadeLayer = { className, name: nameFor(className, undefined), span, settings: new Map(), calls: [] };
    return { kind: 'layer', layer };
  };

  const namespace: ObjectValue = {
    kind: 'object',
    entries: new Map<string, JsValue>([
      ['layers', layers],
      ['initializers', makers],
      ['regularizers', makers],
      ['constraints', makers],
      ['sequential', native('sequential', ([given], span) => sequential(given, span))],
      ['Sequential', native('Sequential', ([given], span) => sequential(given, span))],
      ['model', native('model', ([given], span) => functional(given, span))],
      ['LayersModel', native('LayersModel', ([given], span) => functional(given, span))],
      ['Model', native('Model', ([given], span) => functional(given, span))],
      ['input', native('input', ([given], span) => inputTensor(given, span))],
      ['Input', native('Input', ([given], span) => inputTensor(given, span))],
      ['tidy', native('tidy', ([run, other], span) => call(other ?? run ?? nothing, [], span))],
    ]),
    // Nothing of the library changes a model but the model's own methods.
    missing: (name) =>
      name === 'default' ? namespace : { ...unknown(`tf.${name} is not followed`), isHarmless: true },
  };

  return { namespace, models, parts, member, tensorMember, ownLayer };
}
