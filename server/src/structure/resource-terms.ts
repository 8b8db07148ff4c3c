// What each op costs as a polynomial in widths (spec 3): linear terms and products of two widths, for operations, weights
// and bytes. The `exact` terms add up to the costs of the rebuilt network; `reference` has the reference's gaps.

import { isTrained } from '../costs/op-cost.ts';
import { spatialAxes } from '../network/dimensions.ts';
import { valueOf, type NetworkGraph } from '../network/network-graph.ts';
import type { Op, ValueId } from '../network/op.ts';
import { elementCount } from '../network/shape.ts';
import type { GroupingMode } from './channel-grouping.ts';
import {
  channelAxisOf,
  isDepthwiseLike,
  movesBytes,
  multiplies,
  parameterAxesOf,
  widthsOf,
} from '../network/op-traits.ts';
import type { WidthForm, WidthForms } from './width-form.ts';

/** Cost `coefficient · alive`; loss `coefficient · reg`. */
export interface LinearTerm {
  readonly coefficient: number;
  readonly form: WidthForm;
}

/** Cost `coefficient · alive_left · alive_right`; loss `coefficient · (alive_left · reg_right + alive_right · reg_left)`. */
export interface ProductTerm {
  readonly coefficient: number;
  readonly left: WidthForm;
  readonly right: WidthForm;
}

export interface Terms {
  readonly linear: readonly LinearTerm[];
  readonly products: readonly ProductTerm[];
  /** Terms of the loss only: a depthwise op's loss counts its input too, though its cost doesn't (spec 3.2). */
  readonly lossOnly: readonly LinearTerm[];
}

export const noTerms: Terms = { linear: [], products: [], lossOnly: [] };

/** What terms are made from. */
export interface TermContext {
  readonly graph: NetworkGraph;
  readonly forms: WidthForms;
  readonly mode: GroupingMode;
  readonly batchSize: number;
}

const product = (factors: readonly number[]): number => factors.reduce((left, right) => left * right, 1);

const linear = (coefficient: number, form: WidthForm): Terms => ({ ...noTerms, linear: [{ coefficient, form }] });

/** The terms times a factor. */
export function scaleTerms(terms: Terms, factor: number): Terms {
  const scaled = <T extends { readonly coefficient: number }>(list: readonly T[]): readonly T[] =>
    list.map((term) => ({ ...term, coefficient: term.coefficient * factor }));
  return { linear: scaled(terms.linear), products: scaled(terms.products), lossOnly: scaled(terms.lossOnly) };
}

function addTerms(...parts: readonly Terms[]): Terms {
  return {
    linear: parts.flatMap((terms) => terms.linear),
    products: parts.flatMap((terms) => terms.products),
    lossOnly: parts.flatMap((terms) => terms.lossOnly),
  };
}

/** A layer whose weights mix channels, or a depthwise one: its widths and the size of its kernel. */
interface Layer {
  readonly input: WidthForm;
  readonly output: WidthForm;
  readonly isDepthwise: boolean;
  /** Weights for each pair of an input and an output channel (depthwise: for each output channel). */
  readonly kernel: number;
  /** Places that the kernel is applied to: of the output, or of a transposed convolution's input. Undefined if unknown. */
  readonly places: number | undefined;
}

export function layerOf({ graph, forms, mode }: TermContext, op: Op): Layer | undefined {
  const { attributes } = op;
  const widths = widthsOf(attributes);
  if (!multiplies(attributes) || widths.in === undefined || widths.out === undefined) return undefined;
  const [inValue, outValue] = [op.inputs[0] ?? -1, op.outputs[0] ?? -1];
  const { shape } = valueOf(graph, attributes.kind === 'transposed-convolution' ? inValue : outValue);
  const axis = channelAxisOf(op, shape.length);
  const isDepthwise = 'groups' in attributes && 'inChannels' in attributes && isDepthwiseLike(attributes);
  const groups = 'groups' in attributes && !isDepthwise && mode === 'exact' ? attributes.groups : 1;
  const places = elementCount(spatialAxes(shape.length, axis ?? 1).map((spatial) => shape[spatial] ?? 1));
  return {
    input: forms.onAxis(inValue, axis, widths.in),
    output: forms.onAxis(outValue, axis, widths.out),
    isDepthwise,
    kernel: product('kernel' in attributes ? attributes.kernel : []) / groups,
    // The reference applies a dense layer to a single place however many there are.
    places: attributes.kind === 'dense' && mode === 'reference' ? 1 : places,
  };
}

/** `coefficient` for each pair of channels; a depthwise op has one partner for each output channel. */
function layerTerms(layer: Layer, coefficient: number): Terms {
  if (!layer.isDepthwise) {
    return { ...noTerms, products: [{ coefficient, left: layer.input, right: layer.output }] };
  }
  return {
    ...noTerms,
    linear: [{ coefficient, form: layer.output }],
    lossOnly: [{ coefficient, form: layer.input }],
  };
}

/** Floating-point operations of one op for one image; undefined when a size is unknown. */
export function flopTerms(context: TermContext, op: Op): Terms | undefined {
  const layer = layerOf(context, op);
  if (layer !== undefined) {
    return layer.places === undefined ? undefined : layerTerms(layer, 2 * layer.places * layer.kernel);
  }
  return op.attributes.kind === 'matmul' && context.mode === 'exact' ? matmulTerms(context, op) : noTerms;
}

function matmulTerms({ graph, forms }: TermContext, op: Op): Terms | undefined {
  const [left = -1] = op.inputs;
  const output = op.outputs[0] ?? -1;
  const summed = valueOf(graph, left).shape.at(-1);
  const made = forms.elements(output);
  if (typeof summed !== 'number' || made === undefined) return undefined;
  const inner = forms.onAxis(left, valueOf(graph, left).shape.length - 1, summed);
  if (inner.groups.length === 0) return linear(2 * summed * made.perChannel, made.form);
  // A product that is summed over its channels has none of its own, so the output's size is constant.
  return linear(2 * made.perChannel * made.form.constant, inner);
}

/** Weights of one op. The reference counts a shared weight in each op; exactly it counts in the first (`isShared`). */
export function weightTerms(context: TermContext, op: Op, isShared: boolean): Terms {
  if (isShared && context.mode === 'exact') return noTerms;
  const layer = layerOf(context, op);
  if (layer !== undefined) return layerTerms(layer, layer.kernel);
  if (op.attributes.kind !== 'embedding' || context.mode === 'reference') return noTerms;
  const output = op.outputs[0] ?? -1;
  const axis = valueOf(context.graph, output).shape.length - 1;
  return linear(op.attributes.count, context.forms.onAxis(output, axis, op.attributes.width));
}

/**
 * All trained numbers of one op, biases and norms too; those whose ids are in `seen` count elsewhere. Undefined when a size is
 * unknown.
 */
export function parameterTerms({ graph, forms }: TermContext, op: Op, seen: Set<string>): Terms | undefined {
  const widths = widthsOf(op.attributes);
  const parts: Terms[] = [];
  for (const parameter of op.parameters) {
    if (!isTrained(parameter) || seen.has(parameter.id)) continue;
    seen.add(parameter.id);
    const total = elementCount(parameter.shape);
    if (total === undefined) return undefined;
    let coefficient = total;
    const factors: WidthForm[] = [];
    for (const { axis, end, groups } of parameterAxesOf(op, parameter)) {
      const size = parameter.shape[axis];
      const value = (end === 'in' ? op.inputs : op.outputs)[0] ?? -1;
      const rank = value < 0 ? 0 : valueOf(graph, value).shape.length;
      const width = widths[end] ?? Number(size);
      // Not what stays a single number: a depthwise weight's second axis, lengths that are told apart on one axis.
      if (size === 1 || typeof size !== 'number' || size * groups !== width) continue;
      coefficient /= width;
      factors.push(forms.onAxis(value, channelAxisOf(op, rank) ?? rank - 1, width));
    }
    const [left, right] = factors;
    if (left === undefined) parts.push(linear(coefficient, forms.constant(1)));
    else if (right === undefined) parts.push(linear(coefficient, left));
    else parts.push({ ...noTerms, products: [{ coefficient, left, right }] });
  }
  return addTerms(...parts);
}

/** Output channels of the ops with multiply-adds. */
export function activationTerms(context: TermContext, op: Op): Terms {
  const layer = layerOf(context, op);
  return layer === undefined ? noTerms : linear(1, layer.output);
}

const bytesPerElement = 4;

/** Whether an op's traffic counts at all (spec 3.5); the reference knows fewer element-wise ops and activations. */
function isCharged({ attributes }: Op, mode: GroupingMode): boolean {
  if (!movesBytes(attributes) || mode === 'exact') return movesBytes(attributes);
  switch (attributes.kind) {
    case 'matmul':
      return false;
    case 'elementwise':
      return attributes.operator === 'add' || attributes.operator === 'multiply';
    case 'activation':
      return attributes.function === 'relu' || attributes.function === 'relu6';
    default:
      return true;
  }
}

/** Bytes that one op moves for a batch; undefined when a size is unknown. */
export function memoryTerms(context: TermContext, op: Op): Terms | undefined {
  if (!isCharged(op, context.mode)) return noTerms;
  const weights = weightTerms(context, op, false);
  return context.mode === 'exact' ? exactMemory(context, op, weights) : referenceMemory(context, op, weights);
}

function exactMemory({ forms, batchSize }: TermContext, op: Op, weights: Terms): Terms | undefined {
  const parts: Terms[] = [scaleTerms(weights, bytesPerElement)];
  for (const value of [...op.inputs, ...op.outputs]) {
    const elements = forms.elements(value);
    if (elements === undefined) return undefined;
    parts.push(linear(bytesPerElement * batchSize * elements.perChannel, elements.form));
  }
  return addTerms(...parts);
}

/**
 * The reference charges all inputs with the alive count of the first one, depthwise weights for all pairs of channels, and
 * the weights of a 3-D convolution as if they were an activation (spec 3.5, quirks a to c). A concat reads and writes its
 * output.
 */
function referenceMemory(context: TermContext, op: Op, weights: Terms): Terms | undefined {
  const { forms, batchSize } = context;
  const output = op.outputs[0] ?? -1;
  const inputs = op.attributes.kind === 'concat' ? [output] : op.inputs;
  const layer = layerOf(context, op);
  const widthOf = (value: ValueId): WidthForm => forms.elements(value)?.form ?? forms.constant(1);
  const read = layer?.input ?? widthOf(inputs[0] ?? output);
  const written = layer?.output ?? widthOf(output);
  const parts: Terms[] = [];
  const charge = (elements: number, form: WidthForm): void => {
    parts.push(linear(bytesPerElement * batchSize * elements, form));
  };
  for (const value of inputs) {
    const places = placesOf(context, op, value);
    if (places === undefined) return undefined;
    charge(places, read);
  }
  const places = placesOf(context, op, output);
  if (places === undefined) return undefined;
  charge(places, written);
  if (op.attributes.kind === 'convolution' && op.attributes.kernel.length === 3) {
    charge(product(op.attributes.kernel.slice(1)) * op.attributes.inChannels, read);
  } else if (layer?.isDepthwise === true) {
    const coefficient = bytesPerElement * layer.kernel;
    parts.push({ ...noTerms, products: [{ coefficient, left: layer.input, right: layer.output }] });
  } else parts.push(scaleTerms(weights, bytesPerElement));
  return addTerms(...parts);
}

/** Elements of a value without the batch and the channels. */
function placesOf({ graph, forms }: TermContext, op: Op, value: ValueId): number | undefined {
  const { shape } = valueOf(graph, value);
  if (shape.length <= 2) return 1;
  const elements = forms.elements(value);
  if (elements === undefined || forms.hasChannels(value)) return elements?.perChannel;
  return elements.perChannel / Number(shape[channelAxisOf(op, shape.length) ?? 1]);
}
