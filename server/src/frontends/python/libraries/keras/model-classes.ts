// `Model`, `Functional`, `Sequential` and `Input`: how layers are put together.

import type { SourceSpan } from '../../../../common/source-span.ts';
import { nativeClass } from '../../evaluator/classes.ts';
import { integerOf } from '../../evaluator/numbers.ts';
import { builtin, int, list, none, pyTrue, string, tuple } from '../../evaluator/values.ts';
import type { Arguments, ClassValue, InstanceValue, Machine, PyValue, TensorValue } from '../../evaluator/machine.ts';
import { bindSignature, signature } from '../../tracing/signature.ts';
import type { StatedInputs } from '../python-library.ts';
import { functionalGraph, runGraph, type FunctionalGraph } from './functional-graph.ts';
import { callLayer, type KerasParts } from './layer-calls.ts';
import { initLayer, method, nameOf } from './layer-classes.ts';
import { isSymbolic, madeByCall, nodeOf, sizesOf, tensorsOf } from './symbolic-tensors.ts';

/** Where a functional model keeps its ends; no Python text can use the names. */
const inputsKey = '<inputs>';
const outputsKey = '<outputs>';
/** Where a layer keeps the input shape that it was made or built with. */
const statedShapeKey = '<stated shape>';

/** Where a functional model keeps the layers at which it could not be followed any more. */
const lostKey = '<lost layers>';

/** The layers at which a functional model was lost, each with what it is given. */
export function lostLayers(
  model: InstanceValue,
): readonly { readonly layer: InstanceValue; readonly given: readonly TensorValue[] }[] {
  const kept = model.attributes.get(lostKey);
  return (kept?.kind === 'list' ? kept.items : []).flatMap((item) => {
    const [layer, given] = item.kind === 'tuple' ? item.items : [];
    return layer?.kind === 'instance' && given ? [{ layer, given: tensorsOf(given) }] : [];
  });
}

const graphs = new WeakMap<PyValue, FunctionalGraph>();

/** The graph of a functional model; undefined for any other one. */
export function graphOf(model: InstanceValue): FunctionalGraph | undefined {
  const inputs = model.attributes.get(inputsKey);
  const outputs = model.attributes.get(outputsKey);
  if (inputs === undefined || outputs === undefined) return undefined;
  const known = graphs.get(outputs);
  if (known) return known;
  const made = functionalGraph(tensorsOf(inputs), outputs);
  graphs.set(outputs, made);
  return made;
}

/** The layers that a model lists. */
export function layersOf(parts: KerasParts, model: InstanceValue): readonly InstanceValue[] {
  const graph = graphOf(model);
  if (graph) return graph.operations.filter(({ class: type }) => !type.mro.includes(parts.operationClass));
  return (model.items ?? []).filter((item) => item.kind === 'instance');
}

/** `Input(shape=(32, 32, 3))`: a symbolic tensor. */
export function inputTensor(
  parts: KerasParts,
  machine: Machine,
  inputLayer: ClassValue,
  args: Arguments,
  span: SourceSpan,
): PyValue {
  const bound = bindSignature(
    machine,
    'Input',
    signature(
      'shape=None batch_size=None dtype=None sparse=None batch_shape=None name=None tensor=None ragged=None type_spec=None batch_input_shape=None optional=False',
    ),
    args,
    span,
  );
  const whole = bound.isNone('batch_shape') ? bound.value('batch_input_shape') : bound.value('batch_shape');
  const sizes = whole.kind === 'none' ? sizesOf(bound.value('shape')) : sizesOf(whole)?.slice(1);
  if (sizes === undefined) {
    if (bound.value('tensor').kind === 'tensor') return bound.value('tensor');
    const lost = bound.firstUnknown();
    return lost ?? machine.raise('ValueError', 'You must pass a `shape` argument.', span);
  }
  const layer: InstanceValue = {
    kind: 'instance',
    class: inputLayer,
    site: { span, callChain: [...machine.callStack] },
    attributes: new Map<string, PyValue>([
      ['name', string(bound.text('name') ?? parts.names.next(machine, 'InputLayer'))],
      ['built', pyTrue],
      ['trainable', pyTrue],
      ['dtype', bound.text('dtype') === undefined ? string('float32') : bound.value('dtype')],
    ]),
  };
  const dtype = /int/.test(bound.text('dtype') ?? '') ? 'int' : undefined;
  const tensor: TensorValue = {
    kind: 'tensor',
    shape: [
      1,
      ...sizes.map((size) => size ?? ({ kind: 'unknown', reason: 'the input leaves this size open', span } as const)),
    ],
    ...(dtype !== undefined && { dtype }),
  };
  const made = madeByCall(machine, layer, { positional: [], keywords: new Map() }, tensor, span);
  machine.change(layer).attributes.set('<output>', made);
  return made;
}

/** The shape that a model's input has by what the model itself says, without the batch. */
export function statedInputs(parts: KerasParts, model: InstanceValue): StatedInputs | undefined {
  const graph = graphOf(model);
  if (graph) {
    const shapes = graph.inputs.map(({ shape }) =>
      shape.slice(1).map((size) => (typeof size === 'number' ? size : undefined)),
    );
    return { shapes, span: (graph.inputs[0] && nodeOf(graph.inputs[0])?.span) ?? model.site.span };
  }
  const stated = model.attributes.get(statedShapeKey);
  const sizes = stated && sizesOf(stated);
  if (sizes) return { shapes: [sizes], span: model.site.span };
  const [first] = layersOf(parts, model);
  if (first === undefined) return undefined;
  const inner = statedInputs(parts, first);
  return inner && { shapes: inner.shapes, span: first.site.span };
}

/** The classes of models, by name. */
export function modelClasses(parts: KerasParts, inputLayer: ClassValue): ReadonlyMap<string, ClassValue> {
  const functionalInit = (self: InstanceValue, args: Arguments, machine: Machine): PyValue => {
    const [first, second] = args.positional;
    const inputs = args.keywords.get('inputs') ?? args.keywords.get('input') ?? first;
    const outputs = args.keywords.get('outputs') ?? args.keywords.get('output') ?? second;
    const isFunctional =
      inputs !== undefined && outputs !== undefined && outputs.kind !== 'unknown' && tensorsOf(inputs).some(isSymbolic);
    const own = isFunctional && self.class.span === undefined ? 'Functional' : self.class.name;
    initLayer(parts, machine, self, isFunctional ? withoutEnds(args) : args, own);
    if (isFunctional) {
      const attributes = machine.change(self).attributes;
      attributes.set(inputsKey, inputs);
      attributes.set(outputsKey, outputs);
      attributes.set('<input>', inputs);
      attributes.set('<output>', outputs);
      attributes.set('built', pyTrue);
    } else if (inputs?.kind === 'unknown' || outputs?.kind === 'unknown') {
      const lost = inputs?.kind === 'unknown' ? inputs : outputs;
      if (lost?.kind === 'unknown') machine.loseTrack(lost.reason, lost.span);
      if (inputs !== undefined && tensorsOf(inputs).some(isSymbolic)) upToLost(parts, machine, self, inputs);
    }
    return none;
  };
  const call = (self: InstanceValue, args: Arguments, machine: Machine, span: SourceSpan): PyValue => {
    const graph = graphOf(self);
    const given = args.positional[0] ?? args.keywords.get('inputs') ?? none;
    if (graph) {
      const result = runGraph(machine, graph, inOrderOf(graph, given), span);
      const [lost] = lostLayers(self);
      if (lost === undefined) return result;
      // What is known ends where each of these begins.
      const reached = tensorsOf(result);
      return callLayer(parts, machine, lost.layer, { positional: reached.slice(0, 1), keywords: new Map() }, span);
    }
    let current = given;
    for (const layer of self.items ?? []) {
      if (current.kind === 'unknown') return current;
      if (layer.kind === 'instance' && layer.class.mro.includes(inputLayer)) continue;
      current = machine.callWith(layer, span, current);
    }
    return current;
  };
  const model = nativeClass(
    'Model',
    [parts.layerClass],
    [
      method('__init__', functionalInit),
      method('call', (self, args, machine, span) =>
        graphOf(self)
          ? call(self, args, machine, span)
          : machine.raise('NotImplementedError', `${self.class.name} has no call`, span),
      ),
      method('get_layer', (self, args, machine, span) => {
        const name = args.keywords.get('name') ?? args.positional[0] ?? none;
        const index = args.keywords.get('index') ?? args.positional[1];
        const layers = layersOf(parts, self);
        const place = index && integerOf(index);
        const found =
          place === undefined
            ? layers.find((layer) => name.kind === 'string' && nameOf(layer) === name.value)
            : layers.at(place);
        return (
          found ??
          (layers.length === 0
            ? { kind: 'unknown', reason: 'The layers of this model are not known before it is called', span }
            : machine.raise('ValueError', `No such layer: ${name.kind === 'string' ? name.value : 'by index'}`, span))
        );
      }),
      ['layers', property((self) => list(ownLayers(parts, self)))],
      ['inputs', property((self) => list(graphOf(self)?.inputs ?? []))],
      ['outputs', property((self) => list(tensorsOf(graphOf(self)?.outputs ?? none)))],
      method('build', (self, { positional: [shape = none], keywords }, machine) => {
        const stated = keywords.get('input_shape') ?? shape;
        if (stated.kind === 'tuple' || stated.kind === 'list')
          machine.change(self).attributes.set(statedShapeKey, tuple(stated.items.slice(1)));
        return none;
      }),
      ...[
        'compile',
        'summary',
        'load_weights',
        'save',
        'save_weights',
        'export',
        'reset_states',
        'make_predict_function',
      ].map((name): [string, PyValue] => method(name, () => none)),
      ...['fit', 'evaluate', 'predict', 'train_on_batch', 'test_on_batch', 'predict_on_batch', 'fit_generator'].map(
        (name): [string, PyValue] =>
          method(name, (self, _, machine, span) => ({
            kind: 'unknown',
            reason: `What ${nameOf(self)}.${name} gives is known only by running it`,
            span: machine.callStack.at(-1) ?? span,
          })),
      ),
    ],
  );
  const functional = nativeClass('Functional', [model]);
  const sequential = nativeClass(
    'Sequential',
    [model],
    [
      method('__init__', (self, args, machine, span) => {
        const layers = args.keywords.get('layers') ?? args.positional[0] ?? none;
        const keywords = new Map([...args.keywords].filter(([name]) => name !== 'layers'));
        initLayer(parts, machine, self, { positional: args.positional.slice(1), keywords });
        machine.change(self).items = [];
        if (layers.kind === 'none') return none;
        const items = machine.iterate(layers, span);
        if ('kind' in items) machine.undecided(items, span);
        else for (const item of items) addLayer(parts, inputLayer, machine, self, item, span);
        return none;
      }),
      method('add', (self, { positional: [layer = none], keywords }, machine, span) => {
        addLayer(parts, inputLayer, machine, self, keywords.get('layer') ?? layer, span);
        return none;
      }),
      method('pop', (self, _, machine) => {
        if (self.items) machine.change(self).items = self.items.slice(0, -1);
        return none;
      }),
      method('call', call),
      ['output', property((self, machine, span) => ends(parts, inputLayer, machine, self, span).output)],
      ['input', property((self, machine, span) => ends(parts, inputLayer, machine, self, span).input)],
      ['outputs', property((self, machine, span) => list([ends(parts, inputLayer, machine, self, span).output]))],
      ['inputs', property((self, machine, span) => list([ends(parts, inputLayer, machine, self, span).input]))],
    ],
  );
  return new Map([
    ['Model', model],
    ['Functional', functional],
    ['Sequential', sequential],
  ]);
}

function property(get: (self: InstanceValue, machine: Machine, span: SourceSpan) => PyValue): PyValue {
  const getter = builtin('property', (machine, { positional: [self] }, span) =>
    self?.kind === 'instance' ? get(self, machine, span) : none,
  );
  return { kind: 'property', getter };
}

/** What a model of any kind lists; of a subclassed one the layers that it keeps. */
function ownLayers(parts: KerasParts, model: InstanceValue): readonly InstanceValue[] {
  const listed = layersOf(parts, model);
  return listed.length > 0 || model.items ? listed : parts.network.childrenOf(model).map(([, child]) => child);
}

/** A model whose output is not known is known up to the first layer that could not be followed. */
function upToLost(parts: KerasParts, machine: Machine, self: InstanceValue, inputs: PyValue): void {
  const [first] = parts.lostCalls.items;
  const given = first?.kind === 'tuple' ? first.items[1] : undefined;
  if (first === undefined || given === undefined) return;
  const attributes = machine.change(self).attributes;
  attributes.set(inputsKey, inputs);
  attributes.set(outputsKey, given);
  attributes.set(lostKey, list([first]));
  attributes.set('built', pyTrue);
}

function withoutEnds({ positional, keywords }: Arguments): Arguments {
  const left = new Map([...keywords].filter(([name]) => !/^(inputs?|outputs?)$/.test(name)));
  const named = keywords.has('inputs') || keywords.has('input') ? 0 : 1;
  const others = keywords.has('outputs') || keywords.has('output') ? 0 : 1;
  return { positional: positional.slice(named + others), keywords: left };
}

/** What a functional model is given, in the order of its inputs; a dictionary by the names of the input layers. */
function inOrderOf({ inputs }: FunctionalGraph, given: PyValue): readonly TensorValue[] {
  if (given.kind !== 'dict') return tensorsOf(given);
  return inputs.flatMap((input) => {
    const node = nodeOf(input);
    const name = node && nameOf(node.callee);
    const entry = [...given.entries.values()].find(({ key }) => key.kind === 'string' && key.value === name);
    return entry?.value.kind === 'tensor' ? [entry.value] : [];
  });
}

function addLayer(
  parts: KerasParts,
  inputLayer: ClassValue,
  machine: Machine,
  self: InstanceValue,
  item: PyValue,
  span: SourceSpan,
): void {
  if (item.kind === 'tensor') {
    // `Input(...)` as the first item: what it says is the shape.
    const node = nodeOf(item);
    if (node) machine.change(self).items = [...(self.items ?? []), node.callee];
    machine
      .change(self)
      .attributes.set(
        statedShapeKey,
        tuple(item.shape.slice(1).map((size) => (typeof size === 'number' ? int(size) : none))),
      );
    return;
  }
  if (item.kind !== 'instance') {
    if (item.kind === 'unknown') machine.loseTrack(item.reason, item.span);
    else if (item.kind !== 'none')
      machine.raise('ValueError', `Only layers can be added to a Sequential, not ${machine.nameOfType(item)}`, span);
    return;
  }
  if (item.class.mro.includes(inputLayer)) {
    const output = item.attributes.get('<output>');
    if (output) addLayer(parts, inputLayer, machine, self, output, span);
    return;
  }
  machine.change(self).items = [...(self.items ?? []), item];
}

/** The ends of a sequential model whose input is known: it is then a functional one. */
function ends(
  parts: KerasParts,
  inputLayer: ClassValue,
  machine: Machine,
  self: InstanceValue,
  span: SourceSpan,
): { readonly input: PyValue; readonly output: PyValue } {
  const [known, made] = ['<input>', '<output>'].map((name) => self.attributes.get(name));
  if (known && made) return { input: known, output: made };
  const stated = statedInputs(parts, self);
  if (stated === undefined) {
    const lost: PyValue = { kind: 'unknown', reason: `${nameOf(self)} was not called and names no input`, span };
    return { input: lost, output: lost };
  }
  const first = self.items?.[0];
  const isGiven = first?.kind === 'instance' && first.class.mro.includes(inputLayer);
  const shape = tuple((stated.shapes[0] ?? []).map((size) => (size === undefined ? none : int(size))));
  const input =
    (isGiven ? first.attributes.get('<output>') : undefined) ??
    inputTensor(parts, machine, inputLayer, { positional: [shape], keywords: new Map() }, span);
  let output = input;
  for (const layer of self.items ?? [])
    if (layer.kind === 'instance' && !layer.class.mro.includes(inputLayer))
      output = callLayer(parts, machine, layer, { positional: [output], keywords: new Map() }, span);
  const attributes = machine.change(self).attributes;
  attributes.set('<input>', input);
  attributes.set('<output>', output);
  return { input, output };
}
