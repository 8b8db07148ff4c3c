// Layers that wrap others, and those that source gives a function: TimeDistributed, Bidirectional, Lambda and their kin.

import { nativeClass } from '../../evaluator/classes.ts';
import { list, none, pyFalse, pyTrue, unknown } from '../../evaluator/values.ts';
import type { ClassValue, InstanceValue, Machine, PyValue, TensorValue } from '../../evaluator/machine.ts';
import type { SourceSpan } from '../../../../common/source-span.ts';
import { callLayer, type KerasParts } from './layer-calls.ts';
import { initLayer, method, nameOf } from './layer-classes.ts';
import { settingsKey } from './row-calls.ts';
import { tensorsOf } from './symbolic-tensors.ts';

const oneArgument = (value: PyValue): { positional: readonly PyValue[]; keywords: ReadonlyMap<string, PyValue> } => ({
  positional: [value],
  keywords: new Map(),
});

function innerOf(self: InstanceValue, machine: Machine, span: SourceSpan): InstanceValue {
  const layer = self.attributes.get('layer');
  return layer?.kind === 'instance' ? layer : machine.raise('ValueError', `${self.class.name} wraps no layer`, span);
}

/** A layer's constructor that keeps the layer that it wraps. */
function wrapping(parts: KerasParts): [string, PyValue] {
  return method('__init__', (self, args, machine) => {
    initLayer(parts, machine, self, args);
    machine.change(self).attributes.set('layer', args.positional[0] ?? args.keywords.get('layer') ?? none);
    for (const [name, value] of args.keywords) if (name !== 'name') machine.change(self).attributes.set(name, value);
    return none;
  });
}

/** Steps become elements of the batch, and steps again behind the layer. */
function timeDistributed(parts: KerasParts): ClassValue {
  const { network } = parts;
  return nativeClass(
    'TimeDistributed',
    [parts.layerClass],
    [
      wrapping(parts),
      method('call', (self, args, machine, span) => {
        const [input] = tensorsOf(args.positional[0] ?? none);
        if (!input) return unknown('What this layer is given is not known', span);
        const [batch = 1, steps = 1, ...rest] = input.shape;
        if (typeof batch !== 'number' || typeof steps !== 'number')
          return lost(machine, 'How many steps this layer works through is not known', span);
        const reshaped = (tensor: TensorValue, shape: TensorValue['shape']): PyValue =>
          network.emit(machine, {
            label: 'TimeDistributed',
            attributes: { kind: 'reshape', shape },
            inputs: [tensor],
            span,
            part: 'reshape',
          });
        const joined = reshaped(input, [batch * steps, ...rest]);
        if (joined.kind !== 'tensor') return joined;
        const result = callLayer(parts, machine, innerOf(self, machine, span), oneArgument(joined), span);
        if (result.kind !== 'tensor') return result;
        return reshaped(result, [batch, steps, ...result.shape.slice(1)]);
      }),
    ],
  );
}

function lost(machine: Machine, reason: string, span: SourceSpan): PyValue {
  machine.loseTrack(reason, span);
  return unknown(reason, span);
}

/** A copy of a layer with weights of its own. */
function copyOf(layer: InstanceValue, name: string): InstanceValue {
  const attributes = new Map(
    [...layer.attributes].filter(([, value]) => !(value.kind === 'tensor' && value.parameter)),
  );
  attributes.set('name', { kind: 'string', value: name });
  return { ...layer, attributes };
}

function bidirectional(parts: KerasParts): ClassValue {
  const { network } = parts;
  return nativeClass(
    'Bidirectional',
    [parts.layerClass],
    [
      method('__init__', (self, args, machine, span) => {
        initLayer(parts, machine, self, args);
        const [layer = args.keywords.get('layer') ?? none, mode] = args.positional;
        if (layer.kind !== 'instance') return machine.raise('ValueError', 'Bidirectional wraps no layer', span);
        const backward = args.keywords.get('backward_layer');
        const attributes = machine.change(self).attributes;
        const name = nameOf(layer);
        attributes.set('merge_mode', args.keywords.get('merge_mode') ?? mode ?? { kind: 'string', value: 'concat' });
        attributes.set('forward_layer', copyOf(layer, `forward_${name}`));
        attributes.set('backward_layer', backward?.kind === 'instance' ? backward : copyOf(layer, `backward_${name}`));
        return none;
      }),
      method('call', (self, args, machine, span) => {
        const results = ['forward_layer', 'backward_layer'].map((name) => {
          const layer = self.attributes.get(name);
          return layer?.kind === 'instance'
            ? callLayer(parts, machine, layer, { positional: args.positional.slice(0, 1), keywords: new Map() }, span)
            : none;
        });
        const [one = none, other = none] = results.map((result) =>
          result.kind === 'tuple' ? (result.items[0] ?? none) : result,
        );
        const states = results.flatMap((result) => (result.kind === 'tuple' ? result.items.slice(1) : []));
        if (one.kind !== 'tensor' || other.kind !== 'tensor') return one.kind === 'tensor' ? other : one;
        const mode = self.attributes.get('merge_mode');
        const word = mode?.kind === 'string' ? mode.value : 'none';
        const operators = { sum: 'add', mul: 'multiply', ave: 'add' } as const;
        const operator = word === 'sum' || word === 'mul' || word === 'ave' ? operators[word] : undefined;
        if (word === 'none') return { kind: 'list', items: [one, other, ...states] };
        const merged = network.emit(machine, {
          label: self.class.name,
          attributes: operator ? { kind: 'elementwise', operator } : { kind: 'concat', axis: one.shape.length - 1 },
          inputs: [one, other],
          span,
        });
        return states.length > 0 ? { kind: 'tuple', items: [merged, ...states] } : merged;
      }),
    ],
  );
}

/** A layer that runs a function of the source. */
function lambda(parts: KerasParts): ClassValue {
  return nativeClass(
    'Lambda',
    [parts.layerClass],
    [
      method('__init__', (self, args, machine) => {
        initLayer(parts, machine, self, args);
        const attributes = machine.change(self).attributes;
        attributes.set('function', args.positional[0] ?? args.keywords.get('function') ?? none);
        attributes.set('arguments', args.keywords.get('arguments') ?? args.positional[3] ?? none);
        return none;
      }),
      method('call', (self, args, machine, span) => {
        const given = self.attributes.get('arguments');
        const named = given?.kind === 'dict' ? [...given.entries.values()] : [];
        const keywords = new Map(
          named.map(({ key, value }) => [key.kind === 'string' ? key.value : '', value] as const),
        );
        return machine.call(
          self.attributes.get('function') ?? none,
          { positional: args.positional.slice(0, 1), keywords },
          span,
        );
      }),
    ],
  );
}

/** A layer whose power iteration does not matter here: it runs the layer that it wraps. */
function transparent(parts: KerasParts, name: string): ClassValue {
  return nativeClass(
    name,
    [parts.layerClass],
    [
      wrapping(parts),
      method('call', (self, args, machine, span) =>
        callLayer(
          parts,
          machine,
          innerOf(self, machine, span),
          { positional: args.positional.slice(0, 1), keywords: new Map() },
          span,
        ),
      ),
    ],
  );
}

/** What a cell runs as, at every step. */
const layersOfCells: Readonly<Record<string, string>> = {
  SimpleRNNCell: 'SimpleRNN',
  GRUCell: 'GRU',
  LSTMCell: 'LSTM',
};

/** Where a cell keeps the layer that runs it over a sequence; no Python text can use the name. */
const overSequence = '<over a sequence>';

/** A cell: the recurrent layer of its kind, which gives its whole sequence unless a layer around it wants the end alone. */
function cellClass(parts: KerasParts, name: string, layerClass: ClassValue): ClassValue {
  return nativeClass(
    name,
    [parts.layerClass],
    [
      method('__init__', (self, args, machine, span) => {
        initLayer(parts, machine, self, args);
        const own = { kind: 'string', value: nameOf(self) } as const;
        const keywords = new Map<string, PyValue>([...args.keywords, ['name', own], ['return_sequences', pyTrue]]);
        const layer = machine.call(layerClass, { positional: args.positional, keywords }, span);
        machine.change(self).attributes.set(overSequence, layer);
        machine.change(self).attributes.set('units', args.positional[0] ?? args.keywords.get('units') ?? none);
        return none;
      }),
      method('call', (self, _, machine, span) => lost(machine, `One step of ${nameOf(self)} is not followed`, span)),
    ],
  );
}

/** `RNN(cell)`, `RNN([cell, …])` and `RNN(StackedRNNCells([…]))`. */
function recurrence(parts: KerasParts): ClassValue {
  const { network } = parts;
  return nativeClass(
    'RNN',
    [parts.layerClass],
    [
      method('__init__', (self, args, machine) => {
        initLayer(parts, machine, self, args);
        const cell = args.positional[0] ?? args.keywords.get('cell') ?? none;
        const stacked = cell.kind === 'instance' ? cell.attributes.get('cells') : undefined;
        const cells = stacked ?? cell;
        const attributes = machine.change(self).attributes;
        attributes.set('cells', cells.kind === 'list' || cells.kind === 'tuple' ? cells : list([cells]));
        for (const [i, name] of ['return_sequences', 'return_state'].entries())
          attributes.set(name, args.keywords.get(name) ?? args.positional[i + 1] ?? pyFalse);
        return none;
      }),
      method('call', (self, args, machine, span) => {
        const cells = self.attributes.get('cells');
        const [wantsAll, wantsState] = ['return_sequences', 'return_state'].map((name) => {
          const value = self.attributes.get(name);
          return value?.kind === 'bool' && value.value;
        });
        let current: PyValue = args.positional[0] ?? none;
        for (const cell of cells?.kind === 'list' ? cells.items : []) {
          const layer = cell.kind === 'instance' ? cell.attributes.get(overSequence) : undefined;
          if (layer?.kind !== 'instance' || wantsState === true)
            return lost(machine, `The steps of ${nameOf(self)} are not followed`, span);
          current = callLayer(parts, machine, layer, oneArgument(current), span);
          if (current.kind !== 'tensor') return current;
        }
        if (wantsAll === true || current.kind !== 'tensor') return current;
        const [batch = 1, , ...rest] = current.shape;
        return network.emit(machine, {
          label: 'RNN',
          attributes: { kind: 'rearrange', operation: 'last', shape: [batch, ...rest] },
          inputs: [current],
          span,
          part: 'last',
        });
      }),
    ],
  );
}

/** `StackedRNNCells([…])`: what `RNN` runs one behind the other. */
function stackedCells(parts: KerasParts): ClassValue {
  return nativeClass(
    'StackedRNNCells',
    [parts.layerClass],
    [
      method('__init__', (self, args, machine) => {
        initLayer(parts, machine, self, args);
        machine.change(self).attributes.set('cells', args.positional[0] ?? args.keywords.get('cells') ?? list([]));
        return none;
      }),
    ],
  );
}

/** Layers of which nothing is known but that they have weights or change shapes. */
const opaque =
  'ConvLSTM1D ConvLSTM2D ConvLSTM3D ReversibleEmbedding CategoryEncoding Discretization Hashing HashedCrossing IntegerLookup StringLookup TextVectorization MelSpectrogram STFTSpectrogram TorchModuleWrapper JaxLayer FlaxLayer TFSMLayer CategoricalCrossing';

function unmodelled(parts: KerasParts, name: string): ClassValue {
  return nativeClass(
    name,
    [parts.layerClass],
    [
      method('__init__', (self, args, machine) => {
        initLayer(parts, machine, self, args);
        machine.change(self).attributes.set(settingsKey, none);
        return none;
      }),
      method('call', (self, args, machine, span) => {
        const reason = `The layer ${self.class.name} is not modelled`;
        parts.network.opaque(
          machine,
          self.class.name,
          reason,
          args.positional.flatMap((value) => tensorsOf(value)),
          span,
        );
        return lost(machine, reason, span);
      }),
    ],
  );
}

/** The classes of these layers, by name. */
export function wrapperClasses(
  parts: KerasParts,
  tables: ReadonlyMap<string, ClassValue>,
): ReadonlyMap<string, ClassValue> {
  const cells = Object.entries(layersOfCells).flatMap(([name, layer]) => {
    const type = tables.get(layer);
    return type ? [[name, cellClass(parts, name, type)] as const] : [];
  });
  return new Map([
    ...cells,
    ['RNN', recurrence(parts)],
    ['StackedRNNCells', stackedCells(parts)],
    ['TimeDistributed', timeDistributed(parts)],
    ['Bidirectional', bidirectional(parts)],
    ['Lambda', lambda(parts)],
    ['SpectralNormalization', transparent(parts, 'SpectralNormalization')],
    ['Wrapper', transparent(parts, 'Wrapper')],
    ...opaque.split(' ').map((name) => [name, unmodelled(parts, name)] as const),
  ]);
}
