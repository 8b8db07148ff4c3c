// `keras.layers.Layer` and the layers of the table as classes of the evaluator, which source can make, derive from and call.

import type { SourceSpan } from '../../../../common/source-span.ts';
import { kerasLayers, layerAliases } from '../../../shared/keras-layers/layer-table.ts';
import type { LayerRow } from '../../../shared/keras-layers/keras-layer.ts';
import { nativeClass } from '../../evaluator/classes.ts';
import { builtin, dict, int, list, none, pyFalse, pyTrue, string, tuple, unknown } from '../../evaluator/values.ts';
import type { Arguments, ClassValue, InstanceValue, Machine, PyValue, TensorValue } from '../../evaluator/machine.ts';
import { bindSignature, signature } from '../../tracing/signature.ts';
import { weightKey, type KerasParts } from './layer-calls.ts';
import { kerasWeight, runRow, settingsKey, startOf } from './row-calls.ts';
import { shapeValue, tensorsOf } from './symbolic-tensors.ts';

type Method = (self: InstanceValue, args: Arguments, machine: Machine, span: SourceSpan) => PyValue;

/** A method of a class of ours, which is given its instance apart from the other arguments. */
export function method(name: string, run: Method): [string, PyValue] {
  return [
    name,
    builtin(
      name,
      (machine, { positional: [self, ...positional], keywords }, span) =>
        self?.kind === 'instance' ? run(self, { positional, keywords }, machine, span) : none,
      true,
    ),
  ];
}

/** The name of a layer, model or operation. */
export function nameOf({ attributes, class: type }: InstanceValue): string {
  const name = attributes.get('name');
  return name?.kind === 'string' ? name.value : type.name;
}

/** Settings that every layer takes. */
const common =
  /^(name|trainable|dtype|autocast|activity_regularizer|input_shape|batch_input_shape|input_dim|input_length|batch_size|dynamic|weights|implementation|quantization_config)$/;

/** What `Layer.__init__` does: the name, and what it is told of its input. */
export function initLayer(
  { names }: KerasParts,
  machine: Machine,
  self: InstanceValue,
  { keywords }: Arguments,
  className = self.class.name,
): void {
  const given = keywords.get('name');
  const attributes = machine.change(self).attributes;
  const name =
    given?.kind === 'string'
      ? given
      : given === undefined || given.kind === 'none'
        ? string(names.next(machine, className))
        : given;
  attributes.set('name', name);
  attributes.set('trainable', keywords.get('trainable') ?? pyTrue);
  attributes.set('dtype', keywords.get('dtype') ?? string('float32'));
  attributes.set('compute_dtype', string('float32'));
  if (!self.attributes.has('built')) attributes.set('built', pyFalse);
  const whole = keywords.get('batch_input_shape');
  const width = keywords.get('input_dim');
  const stated =
    keywords.get('input_shape') ??
    (whole?.kind === 'tuple' || whole?.kind === 'list'
      ? tuple(whole.items.slice(1))
      : width?.kind === 'int'
        ? tuple([width])
        : undefined);
  if (stated !== undefined && stated.kind !== 'none') attributes.set('<stated shape>', stated);
}

/** `add_weight(shape, initializer)` of Keras 3, or `add_weight(name, shape)` of Keras 2. */
function addWeight(self: InstanceValue, args: Arguments, machine: Machine, span: SourceSpan): PyValue {
  const [first, second] = args.positional;
  const isOlder = first?.kind === 'string';
  const shape = args.keywords.get('shape') ?? (isOlder ? second : first) ?? tuple([]);
  const name = args.keywords.get('name') ?? (isOlder ? first : undefined);
  const items = shape.kind === 'int' ? [shape] : machine.iterate(shape, span);
  if ('kind' in items) {
    machine.loseTrack(items.reason, span);
    return items;
  }
  const sizes = items.map((item) => (item.kind === 'int' ? item.value : undefined));
  const known = sizes.filter((size) => size !== undefined);
  if (known.length !== sizes.length) {
    const lost = unknown(`The shape of a weight of ${self.class.name} is not known`, span);
    machine.loseTrack(lost.reason, span);
    return lost;
  }
  const trainable = args.keywords.get('trainable');
  const start = args.keywords.get('initializer') ?? (isOlder ? args.positional[3] : second) ?? none;
  const isTrained = !(trainable?.kind === 'bool' && !trainable.value);
  const weight = kerasWeight(known, 'other', isTrained, startOf(start, 'other'));
  // Keras lists weights whether or not the source keeps them as attributes.
  const count = [...self.attributes.values()].filter((value) => value.kind === 'tensor' && value.parameter).length;
  const key = name?.kind === 'string' ? name.value : `weight_${String(count)}`;
  if (!self.attributes.has(key)) machine.change(self).attributes.set(weightKey(key), weight);
  return weight;
}

function property(get: (self: InstanceValue, machine: Machine, span: SourceSpan) => PyValue): PyValue {
  const getter = builtin('property', (machine, { positional: [self] }, span) =>
    self?.kind === 'instance' ? get(self, machine, span) : none,
  );
  return { kind: 'property', getter };
}

/** What was kept of a layer's first call on symbolic tensors. */
const kept = (key: string): PyValue =>
  property((self, _, span) => self.attributes.get(key) ?? unknown(`${nameOf(self)} was not called yet`, span));

/** The shape of a layer's only input or output, or a list of several. */
const shapeOfKept = (key: string): PyValue =>
  property((self, machine, span) => {
    const value = machine.attribute(self, key === '<input>' ? 'input' : 'output', span);
    if (value.kind === 'unknown') return value;
    return value.kind === 'tensor' ? shapeValue(value) : list(tensorsOf(value).map(shapeValue));
  });

function weightsOf(parts: KerasParts, self: InstanceValue, wanted: (weight: TensorValue) => boolean): PyValue {
  const found = new Set<TensorValue>();
  const visit = (layer: InstanceValue, depth: number): void => {
    for (const [, tensor] of parts.network.parametersOf(layer)) if (wanted(tensor)) found.add(tensor);
    if (depth < 30) for (const [, child] of parts.network.childrenOf(layer)) visit(child, depth + 1);
  };
  visit(self, 0);
  return list([...found]);
}

/** The class `Layer`. */
export function baseLayerClass(parts: () => KerasParts): ClassValue {
  return nativeClass(
    'Layer',
    [],
    [
      method('__init__', (self, args, machine) => {
        initLayer(parts(), machine, self, args);
        return none;
      }),
      method('add_weight', addWeight),
      method('add_variable', addWeight),
      method('build', () => none),
      method('get_config', (self) => {
        const settings = self.attributes.get(settingsKey);
        const name: readonly [PyValue, PyValue] = [string('name'), string(nameOf(self))];
        return dict([
          name,
          ...(settings?.kind === 'dict'
            ? [...settings.entries.values()].map(({ key, value }) => [key, value] as const)
            : []),
        ]);
      }),
      method('count_params', (self, _, _machine, span) => {
        const weights = weightsOf(parts(), self, () => true);
        if (weights.kind !== 'list') return unknown('The weights are not known', span);
        const counts = tensorsOf(weights).map(({ shape }) =>
          shape.reduce<number>((total, size) => total * (typeof size === 'number' ? size : NaN), 1),
        );
        return int(counts.reduce((sum, count) => sum + count, 0));
      }),
      ...['add_loss', 'add_metric', 'add_update', 'set_weights', 'build_from_config', 'quantize', 'enable_lora'].map(
        (name): [string, PyValue] => method(name, () => none),
      ),
      ['output', kept('<output>')],
      ['input', kept('<input>')],
      ['output_shape', shapeOfKept('<output>')],
      ['input_shape', shapeOfKept('<input>')],
      ['weights', property((self) => weightsOf(parts(), self, () => true))],
      ['variables', property((self) => weightsOf(parts(), self, () => true))],
      [
        'trainable_weights',
        property((self) => weightsOf(parts(), self, ({ parameter }) => parameter?.trainable === true)),
      ],
      [
        'trainable_variables',
        property((self) => weightsOf(parts(), self, ({ parameter }) => parameter?.trainable === true)),
      ],
      [
        'non_trainable_weights',
        property((self) => weightsOf(parts(), self, ({ parameter }) => parameter?.trainable !== true)),
      ],
      ['losses', property(() => list([]))],
      ['metrics', property(() => list([]))],
    ],
  );
}

/** The tensors that a layer of the table is given, in order. */
function inputsOf(args: Arguments): readonly TensorValue[] {
  const named = ['inputs', 'query', 'value', 'key'].flatMap((name) => args.keywords.get(name) ?? []);
  const positional = args.positional.filter((value) => value.kind !== 'bool' && value.kind !== 'none');
  return [...positional, ...named].flatMap((value) => tensorsOf(value));
}

/** How many of the tensors that it is given a layer of the table works on: the first, or all. */
const takesAll: ReadonlySet<string> = new Set([
  'Add',
  'Subtract',
  'Multiply',
  'Maximum',
  'Minimum',
  'Average',
  'Concatenate',
  'Dot',
  'MultiHeadAttention',
  'GroupQueryAttention',
  'GroupedQueryAttention',
  'Attention',
  'AdditiveAttention',
]);

/** Layers of the table that give the states they end with, where they are told to. */
const isRecurrent = /^(SimpleRNN|GRU|LSTM)$/;

function rowClass(parts: KerasParts, row: LayerRow): ClassValue {
  const parameters = signature(row.parameters);
  const names = parameters.filter(({ kind }) => kind === 'plain').map(({ name }) => name);
  const init = builtin(
    '__init__',
    (machine, { positional: [self, ...positional], keywords }, span) => {
      if (self?.kind !== 'instance') return none;
      const isOwn = (name: string): boolean => names.includes(name) || !common.test(name);
      const given = { positional, keywords: new Map([...keywords].filter(([name]) => isOwn(name))) };
      initLayer(parts, machine, self, { positional, keywords });
      const bound = bindSignature(machine, row.name, parameters, given, span);
      const attributes = machine.change(self).attributes;
      for (const name of names) attributes.set(name, bound.value(name));
      attributes.set(settingsKey, bound.asDictionary());
      return none;
    },
    true,
  );
  const call: Method = (self, args, machine, span) => {
    const inputs = inputsOf(args);
    const first = args.positional[0] ?? args.keywords.get('inputs');
    if (first?.kind === 'unknown') {
      machine.loseTrack(first.reason, first.span);
      return first;
    }
    const result = runRow(row, {
      machine,
      network: parts.network,
      layer: self,
      inputs: takesAll.has(row.name) ? inputs : inputs.slice(0, 1),
      usualDataFormat: parts.usualDataFormat(),
      span,
    });
    if (result.kind !== 'tensor') return result;
    if (isRecurrent.test(row.name)) return withStates(parts, row, self, result, machine, span);
    const wantsScores = args.keywords.get('return_attention_scores');
    return wantsScores?.kind === 'bool' && wantsScores.value
      ? tuple([result, unknown('Attention scores are not followed', span)])
      : result;
  };
  return nativeClass(
    row.name,
    [parts.layerClass],
    [
      [
        '__init__',
        {
          ...init,
          parameters: parameters.map(({ name, kind, default: value }) => ({
            name,
            kind: kind === 'plain' ? ('positional' as const) : kind,
            default: value,
          })),
        },
      ],
      method('call', call),
    ],
  );
}

/** What a recurrent layer gives: its result, and the states where it is told to give them. */
function withStates(
  { network }: KerasParts,
  row: LayerRow,
  self: InstanceValue,
  result: TensorValue,
  machine: Machine,
  span: SourceSpan,
): PyValue {
  const wanted = self.attributes.get('return_state');
  const units = self.attributes.get('units');
  if (wanted?.kind !== 'bool' || !wanted.value || units?.kind !== 'int') return result;
  const shape = [result.shape[0] ?? 1, units.value];
  const state = (): PyValue =>
    network.emit(machine, {
      label: self.class.name,
      attributes: { kind: 'rearrange', operation: 'state', shape },
      inputs: [result],
      span,
      part: 'state',
    });
  return tuple([result, ...Array.from({ length: row.name === 'LSTM' ? 2 : 1 }, state)]);
}

/** The layers of the table, by every name that they have. */
export function tableClasses(parts: KerasParts): ReadonlyMap<string, ClassValue> {
  const classes = new Map(kerasLayers.map((row) => [row.name, rowClass(parts, row)]));
  for (const [alias, name] of Object.entries(layerAliases)) {
    const known = classes.get(name);
    if (known) classes.set(alias, known);
  }
  return classes;
}
