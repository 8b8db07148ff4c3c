// A network as one functional Keras model: a statement a layer, with explicit widths and the layers' names.

import type { Result } from '../../../../common/problem.ts';
import { opOf, valueOf, type NetworkGraph } from '../../../../network/network-graph.ts';
import { isKind, type ActivationFunction, type Op, type OpOf, type ValueId } from '../../../../network/op.ts';
import { formatShape, isKnownShape, type Shape } from '../../../../network/shape.ts';
import type { ModuleToWrite, ModuleWriter, WrittenText } from '../../../shared/module-writer.ts';
import { call, option, perAxis, pythonName, tuple } from '../../python-text.ts';

export const kerasModuleWriter: ModuleWriter = {
  frameworkWord: 'Keras',
  nameOf: (entry) => `${pythonName(/^[\w.]*/.exec(entry)?.[0].split('.').at(-1) ?? 'model').toLowerCase()}_slim`,
  isNamedAfter: (written, name) => written === pythonName(name),
  write: writeModel,
};

const text = (value: string): string => JSON.stringify(value);

function writeModel({ graph, name, description }: ModuleToWrite): Result<WrittenText> {
  const body = new ModelText(graph);
  for (const op of graph.ops) {
    const refusal = body.add(op);
    if (refusal !== undefined) return { ok: false, error: refusal };
  }
  const lines = [
    `"""${description.join('\n')}`,
    '"""',
    '',
    `# morphnet: entry=${name}()`,
    '',
    'import keras',
    'from keras import layers',
    '',
    '',
    `def ${name}():`,
    ...body.lines.map((line) => `    ${line}`),
    `    return keras.Model(${body.inputs()}, ${body.outputs()}, name=${text(name)})`,
    '',
  ];
  return { ok: true, value: { text: lines.map((line) => line.trimEnd()).join('\n') } };
}

/** What makes one op, and how it is applied to its inputs. */
type Written =
  | { readonly kind: 'layer'; readonly make: (name: string | undefined, activation?: string) => string }
  | { readonly kind: 'expression'; readonly text: (inputs: readonly string[]) => string }
  | { readonly kind: 'refused'; readonly reason: string };

/** The statements of the function that makes the model. */
class ModelText {
  readonly lines: string[] = [];
  readonly #graph: NetworkGraph;
  readonly #names = new Map<ValueId, string>();
  readonly #variables = new Set<string>();
  /** Variables of layers that are called more than once, by their weights. */
  readonly #shared = new Map<string, string>();

  constructor(graph: NetworkGraph) {
    this.#graph = graph;
  }

  inputs(): string {
    return this.#listed(this.#graph.inputs);
  }

  outputs(): string {
    return this.#listed(this.#graph.outputs);
  }

  #listed(values: readonly ValueId[]): string {
    const names = values.map((value) => this.#names.get(value) ?? '');
    return names.length === 1 ? (names[0] ?? '') : `[${names.join(', ')}]`;
  }

  /** Writes an op; the reason where that is not possible. */
  add(op: Op): string | undefined {
    const [output = -1] = op.outputs;
    if (isKind(op, 'input')) {
      const shape = op.attributes.shape.slice(1);
      if (!isKnownShape(shape)) return `the input ${formatShape(shape)} has no fixed sizes`;
      this.#assign(output, op.name.replace(/^input(?=\d*$)/, 'inputs'), call('keras.Input', `shape=${tuple(shape)}`));
      return undefined;
    }
    if (isKind(op, 'constant')) {
      if (op.parameters.length > 0 || op.attributes.value === undefined)
        return `${op.name} is a tensor of the model's own`;
      this.#names.set(output, String(op.attributes.value));
      return undefined;
    }
    const activated = this.#layerBefore(op);
    if (activated !== undefined) {
      this.#names.set(output, this.#names.get(activated) ?? '');
      return undefined;
    }
    const inputs = op.inputs.map((value) => this.#names.get(value) ?? '');
    const written = writtenOp(op, this.#graph);
    switch (written.kind) {
      case 'refused':
        return written.reason;
      case 'expression':
        this.#assign(output, op.name, written.text(inputs));
        return undefined;
      case 'layer': {
        const given = inputs.length === 1 ? (inputs[0] ?? '') : `[${inputs.join(', ')}]`;
        this.#assign(output, op.name, `${this.#layer(op, written.make)}(${given})`);
        return undefined;
      }
    }
  }

  /** A layer where it is called, or the variable of one that is called again. */
  #layer(op: Op, make: Extract<Written, { kind: 'layer' }>['make']): string {
    const weights = op.parameters.map(({ id }) => id).join();
    const known = this.#shared.get(weights);
    if (weights !== '' && known !== undefined) return known;
    const made = make(op.parameters.length > 0 ? pythonName(op.name) : undefined, this.#activationBehind(op));
    const isShared =
      weights !== '' &&
      this.#graph.ops.some((other) => other.id > op.id && other.parameters.map(({ id }) => id).join() === weights);
    if (!isShared) return made;
    const variable = this.#fresh(`${op.name}_layer`);
    this.lines.push(`${variable} = ${made}`);
    this.#shared.set(weights, variable);
    return variable;
  }

  /** The layer that an activation is a setting of. */
  #layerBefore(op: Op): ValueId | undefined {
    const [input = -1] = op.inputs;
    if (!isKind(op, 'activation') && !isKind(op, 'softmax')) return undefined;
    const layer = opOf(this.#graph, valueOf(this.#graph, input).producer);
    return this.#activationBehind(layer) === undefined || !op.name.startsWith(`${layer.name}/`) ? undefined : input;
  }

  /** The activation that is a setting of a layer with weights. */
  #activationBehind(op: Op): string | undefined {
    if (!isKind(op, 'convolution') && !isKind(op, 'transposed-convolution') && !isKind(op, 'dense')) return undefined;
    const consumers = valueOf(this.#graph, op.outputs[0] ?? -1).consumers;
    const [next] = consumers.map((id) => opOf(this.#graph, id));
    if (consumers.length !== 1 || next === undefined || !next.name.startsWith(`${op.name}/`)) return undefined;
    return activationName(next);
  }

  #assign(value: ValueId, name: string, expression: string): void {
    const variable = this.#fresh(name);
    this.#names.set(value, variable);
    this.lines.push(`${variable} = ${expression}`);
  }

  #fresh(name: string): string {
    let variable = pythonName(name);
    while (this.#variables.has(variable)) variable = `${variable}_`;
    this.#variables.add(variable);
    return variable;
  }
}

const activations: Readonly<Partial<Record<ActivationFunction, string>>> = {
  relu: 'relu',
  relu6: 'relu6',
  elu: 'elu',
  selu: 'selu',
  gelu: 'gelu',
  silu: 'silu',
  mish: 'mish',
  sigmoid: 'sigmoid',
  'hard-sigmoid': 'hard_sigmoid',
  'hard-swish': 'hard_silu',
  tanh: 'tanh',
  softplus: 'softplus',
  softsign: 'softsign',
  exp: 'exponential',
};

/** The word by which a layer is given this op as its activation. */
function activationName({ attributes }: Op): string | undefined {
  if (attributes.kind === 'softmax') return attributes.log ? 'log_softmax' : 'softmax';
  return attributes.kind === 'activation' && attributes.slope === undefined
    ? activations[attributes.function]
    : undefined;
}

const layer = (make: Extract<Written, { kind: 'layer' }>['make']): Written => ({ kind: 'layer', make });
const plain = (callee: string, ...settings: readonly (string | undefined)[]): Written =>
  layer((name) => call(`layers.${callee}`, ...settings, named(name)));
const refused = (reason: string): Written => ({ kind: 'refused', reason });

const named = (name: string | undefined): string | undefined => (name === undefined ? undefined : `name=${text(name)}`);
const activated = (activation: string | undefined): string | undefined =>
  activation === undefined ? undefined : `activation=${text(activation)}`;
const biasSetting = ({ parameters }: Op): string | undefined =>
  option(
    'use_bias',
    parameters.some(({ role }) => role === 'bias'),
    true,
  );
const format = (channelAxis: number): string | undefined =>
  channelAxis === 1 ? 'data_format="channels_first"' : undefined;

/** `2D` for two axes. */
const rankOf = (axes: readonly unknown[]): string => `${String(axes.length)}D`;

function writtenOp(op: Op, graph: NetworkGraph): Written {
  const shape = valueOf(graph, op.inputs[0] ?? op.outputs[0] ?? -1).shape;
  if (isKind(op, 'convolution')) return writtenConvolution(op);
  if (isKind(op, 'transposed-convolution')) return writtenTransposed(op);
  if (isKind(op, 'dense'))
    return layer((name, activation) =>
      call('layers.Dense', op.attributes.outFeatures, activated(activation), biasSetting(op), named(name)),
    );
  if (isKind(op, 'embedding')) return plain('Embedding', String(op.attributes.count), String(op.attributes.width));
  if (isKind(op, 'batch-norm')) return writtenBatchNorm(op);
  if (isKind(op, 'layer-norm')) {
    const { normalizedAxes, epsilon } = op.attributes;
    const [axis] = normalizedAxes;
    const isLast = normalizedAxes.length === 1 && axis === shape.length - 1;
    return plain(
      'LayerNormalization',
      isLast ? undefined : `axis=[${normalizedAxes.join(', ')}]`,
      option('epsilon', epsilon, 0.001),
      ...affine(op),
    );
  }
  if (isKind(op, 'group-norm'))
    return plain(
      'GroupNormalization',
      option('groups', op.attributes.groups, 32),
      option('axis', op.attributes.channelAxis, -1),
      option('epsilon', op.attributes.epsilon, 0.001),
      ...affine(op),
    );
  if (isKind(op, 'activation')) return writtenActivation(op);
  if (isKind(op, 'softmax'))
    return op.attributes.log
      ? plain('Activation', text('log_softmax'))
      : plain('Softmax', option('axis', op.attributes.axis === shape.length - 1 ? -1 : op.attributes.axis, -1));
  if (isKind(op, 'pool')) return writtenPool(op);
  if (isKind(op, 'reduce')) return writtenReduction(op, shape);
  if (isKind(op, 'dropout')) return plain('Dropout', String(op.attributes.rate));
  if (isKind(op, 'identity')) return plain('Identity');
  if (isKind(op, 'elementwise')) return writtenElementwise(op, graph);
  if (isKind(op, 'concat')) {
    const { axis } = op.attributes;
    return plain('Concatenate', option('axis', axis === shape.length - 1 ? -1 : axis, -1));
  }
  return writtenArrangement(op, graph, shape);
}

function writtenConvolution(op: OpOf<'convolution'>): Written {
  const { inChannels, outChannels, kernel, stride, dilation, groups, paddingRule, padding, channelAxis } =
    op.attributes;
  const isPadded = padding.some(({ before, after }) => before !== 0 || after !== 0);
  if (paddingRule === undefined && isPadded && kernel.length > 1)
    return refused(`${op.name} pads by other numbers than Keras does`);
  const rule = paddingRule ?? (isPadded ? 'causal' : 'valid');
  const isDepthwise = groups > 1 && groups === inChannels && kernel.length < 3;
  const settings = [
    option('strides', perAxis(stride), '1'),
    option('padding', text(rule), text('valid')),
    option('dilation_rate', perAxis(dilation), '1'),
    isDepthwise ? option('depth_multiplier', outChannels / groups, 1) : option('groups', groups, 1),
    format(channelAxis),
  ];
  return layer((name, activation) =>
    isDepthwise
      ? call(
          `layers.DepthwiseConv${rankOf(kernel)}`,
          perAxis(kernel),
          ...settings,
          activated(activation),
          biasSetting(op),
          named(name),
        )
      : call(
          `layers.Conv${rankOf(kernel)}`,
          outChannels,
          perAxis(kernel),
          ...settings,
          activated(activation),
          biasSetting(op),
          named(name),
        ),
  );
}

function writtenTransposed(op: OpOf<'transposed-convolution'>): Written {
  const { outChannels, kernel, stride, dilation, groups, paddingRule = 'valid', channelAxis } = op.attributes;
  if (groups !== 1) return refused(`${op.name} has groups, which Keras's transposed convolutions have not`);
  return layer((name, activation) =>
    call(
      `layers.Conv${rankOf(kernel)}Transpose`,
      outChannels,
      perAxis(kernel),
      option('strides', perAxis(stride), '1'),
      option('padding', text(paddingRule), text('valid')),
      option('dilation_rate', perAxis(dilation), '1'),
      format(channelAxis),
      activated(activation),
      biasSetting(op),
      named(name),
    ),
  );
}

function affine({ parameters }: Op): readonly (string | undefined)[] {
  return [
    option(
      'scale',
      parameters.some(({ role }) => role === 'scale'),
      true,
    ),
    option(
      'center',
      parameters.some(({ role }) => role === 'shift'),
      true,
    ),
  ];
}

function writtenBatchNorm(op: OpOf<'batch-norm'>): Written {
  const { channelAxis, momentum, epsilon } = op.attributes;
  if (momentum === undefined) return refused(`${op.name} averages over all batches, which Keras does not`);
  return plain(
    'BatchNormalization',
    option('axis', channelAxis, -1),
    option('momentum', Number((1 - momentum).toPrecision(12)), 0.99),
    option('epsilon', epsilon, 0.001),
    ...affine(op),
  );
}

function writtenActivation(op: OpOf<'activation'>): Written {
  const { function: kind, slope } = op.attributes;
  if (kind === 'relu') return plain('ReLU');
  if (kind === 'relu6') return plain('ReLU', 'max_value=6');
  if (kind === 'leaky-relu') return plain('LeakyReLU', `negative_slope=${String(slope ?? 0.3)}`);
  if (kind === 'elu' && slope !== undefined) return plain('ELU', `alpha=${String(slope)}`);
  if (kind === 'prelu') {
    const sizes = op.parameters[0]?.shape ?? [];
    const shared = sizes.flatMap((size, i) => (size === 1 ? [i + 1] : []));
    return plain('PReLU', shared.length > 0 ? `shared_axes=[${shared.join(', ')}]` : undefined);
  }
  const word = activationName(op);
  return word === undefined
    ? refused(`${op.name} is a function that is not told apart`)
    : plain('Activation', text(word));
}

function writtenPool(op: OpOf<'pool'>): Written {
  const { mode, kernel, stride, paddingRule, padding, channelAxis, ceilMode, countIncludePad } = op.attributes;
  const isPadded = padding.some(({ before, after }) => before !== 0 || after !== 0);
  if (ceilMode || countIncludePad || (paddingRule === undefined && isPadded))
    return refused(`${op.name} pads by other numbers than Keras does`);
  return plain(
    `${mode === 'max' ? 'Max' : 'Average'}Pooling${rankOf(kernel)}`,
    perAxis(kernel),
    option('strides', perAxis(stride), perAxis(kernel)),
    option('padding', text(paddingRule ?? 'valid'), text('valid')),
    format(channelAxis),
  );
}

function writtenReduction(op: OpOf<'reduce'>, shape: Shape): Written {
  const { reducer, axes, keepDimensions } = op.attributes;
  const spatial = shape.length - 2;
  const isSpatial = (first: number): boolean => axes.length === spatial && axes.every((axis, i) => axis === first + i);
  const word = reducer === 'mean' ? 'Average' : reducer === 'max' ? 'Max' : undefined;
  if (word === undefined || spatial < 1 || spatial > 3 || !(isSpatial(1) || isSpatial(2)))
    return refused(`${op.name} reduces other axes than a global pool does`);
  return plain(
    `Global${word}Pooling${String(spatial)}D`,
    isSpatial(1) ? undefined : format(1),
    option('keepdims', keepDimensions, false),
  );
}

const merging: Readonly<Partial<Record<OpOf<'elementwise'>['attributes']['operator'], readonly [string, string]>>> = {
  add: ['Add', '+'],
  subtract: ['Subtract', '-'],
  multiply: ['Multiply', '*'],
  divide: ['', '/'],
  maximum: ['Maximum', ''],
  minimum: ['Minimum', ''],
};

function writtenElementwise(op: OpOf<'elementwise'>, graph: NetworkGraph): Written {
  const [name, sign] = merging[op.attributes.operator] ?? ['', ''];
  const hasConstant = op.inputs.some((value) => isKind(opOf(graph, valueOf(graph, value).producer), 'constant'));
  if (name !== '' && !hasConstant) return plain(name);
  if (sign === '' || op.inputs.length !== 2) return refused(`${op.name} has no layer that does the same`);
  return { kind: 'expression', text: (inputs) => inputs.join(` ${sign} `) };
}

function writtenArrangement(op: Op, graph: NetworkGraph, shape: Shape): Written {
  const result = valueOf(graph, op.outputs[0] ?? -1).shape.slice(1);
  if (isKind(op, 'reshape')) {
    if (!isKnownShape(result)) return refused(`${op.name} gives no fixed shape`);
    return result.length === 1 ? plain('Flatten') : plain('Reshape', tuple(result));
  }
  if (isKind(op, 'permute')) return plain('Permute', tuple(op.attributes.order.slice(1)));
  if (isKind(op, 'pad')) {
    const { padding } = op.attributes;
    const amounts = padding.slice(1, -1);
    const isCut = amounts.every(({ before, after }) => before <= 0 && after <= 0);
    if (!isCut && amounts.some(({ before, after }) => before < 0 || after < 0))
      return refused(`${op.name} pads on one side and cuts on another`);
    const spatial = amounts.map(({ before, after }) => tuple([Math.abs(before), Math.abs(after)]));
    const [first, last] = [padding[0], padding.at(-1)];
    const isOuter = [first, last].some((each) => each?.before !== 0 || each.after !== 0);
    if (isOuter || spatial.length < 1 || op.attributes.mode !== 'constant')
      return refused(`${op.name} pads other axes than Keras does`);
    return plain(
      `${isCut ? 'Cropping' : 'ZeroPadding'}${rankOf(spatial)}`,
      spatial.length === 1 ? (spatial[0] ?? '') : tuple(spatial),
    );
  }
  if (isKind(op, 'resize')) {
    const { mode, outputSize, channelAxis } = op.attributes;
    const sizes = channelAxis === 1 ? shape.slice(2) : shape.slice(1, -1);
    const factors = outputSize.map((size, i) => size / Number(sizes[i]));
    if (!factors.every(Number.isInteger) || mode === 'area') return refused(`${op.name} resizes by no whole factor`);
    const word = mode === 'nearest' ? undefined : `interpolation=${text(mode === 'linear' ? 'bilinear' : 'bicubic')}`;
    return plain(`UpSampling${rankOf(outputSize)}`, perAxis(factors), format(channelAxis), word);
  }
  return refused(`${op.name} (${op.label}) is no layer that is written`);
}
