// `nn.MultiheadAttention` as the products it is made of.

import { none } from '../../evaluator/values.ts';
import { emitDense } from './layers.ts';
import { tensorAttribute } from './layer-modules.ts';
import { keepArguments, type ModuleRow } from './module-classes.ts';
import { attend, withoutWeights } from '../../tracing/product-functions.ts';
import { reshape } from '../../tracing/tensor-operators.ts';
import {
  emitOn,
  fn,
  giveUp,
  parameterTensor,
  type TracedCall,
  type TracedFunction,
} from '../../tracing/traced-call.ts';
import { integerOf } from '../../evaluator/numbers.ts';
import type { InstanceValue, PyValue, TensorValue } from '../../evaluator/machine.ts';

function permuted(call: TracedCall, tensor: PyValue, order: readonly number[]): PyValue {
  return tensor.kind === 'tensor' ? emitOn(call, tensor, { kind: 'permute', order }) : tensor;
}

/** Batch, positions, width to batch, heads, positions, width of a head. */
function inHeads(call: TracedCall, tensor: PyValue, heads: number): PyValue {
  if (tensor.kind !== 'tensor') return tensor;
  const [batch = 1, length = 1, width] = tensor.shape;
  if (typeof width !== 'number') return giveUp(call, 'The width of this attention is not known');
  const split = reshape(call.network, call.machine, tensor, [batch, length, heads, width / heads], call.span);
  return permuted(call, split, [0, 2, 1, 3]);
}

/**
 * A third of a joint parameter, as a parameter of its own: ops that share one would be tied to each other, and a joint shape
 * would not be that of their product.
 */
function third(call: TracedCall, joint: TensorValue | undefined, i: number, width: number): TensorValue | undefined {
  if (!joint?.parameter) return undefined;
  call.machine.change(joint).own = new Map([...(joint.own ?? []), [inThirds, none]]);
  call.network.noteUse(joint);
  const parameter = { ...joint.parameter, id: `${joint.parameter.id}[${String(i)}]` };
  return { ...joint, shape: [width, ...joint.shape.slice(1)], parameter };
}

/** Notes on a joint parameter how its ops list it, so that it never counts twice. */
const inThirds = 'in thirds';
const asOne = 'as one';

/** The weights of an attention: one for all three projections or one for each, and the one behind. */
interface Weights {
  readonly joint: TensorValue | undefined;
  readonly own: readonly (TensorValue | undefined)[];
  readonly bias: TensorValue | undefined;
}

/** Query, key and value behind their projections: one product where all three are the same tensor. */
function projected(
  call: TracedCall,
  inputs: readonly TensorValue[],
  width: number,
  weights: Weights,
): readonly PyValue[] {
  const { joint, bias } = weights;
  const [query, key, value] = inputs;
  if (joint && query && query === key && key === value && joint.own?.has(inThirds) !== true) {
    call.machine.change(joint).own = new Map([...(joint.own ?? []), [asOne, none]]);
    const all = emitDense(call, query, joint, bias);
    if (all.kind !== 'tensor') return [all, all, all];
    const axis = all.shape.length - 1;
    return [0, 1, 2].map((i) => emitOn(call, all, { kind: 'slice', axis, start: i * width, size: width, step: 1 }));
  }
  if (joint?.own?.has(asOne) === true) {
    const lost = giveUp(call, 'This attention is called with one input and with several');
    return [lost, lost, lost];
  }
  return inputs.map((input, i) => {
    const part = weights.own[i] ?? third(call, joint, i, width);
    return part
      ? emitDense(call, input, part, third(call, bias, i, width))
      : giveUp(call, 'The weights of this attention are not known');
  });
}

/** What the heads of an attention give, side by side, in the layout of the query. */
function attended(
  call: TracedCall,
  inputs: readonly TensorValue[],
  weights: Weights,
  width: number,
  heads: number,
  isBatchFirst: boolean,
): PyValue {
  const parts = projected(call, inputs, width, weights).map((part) =>
    isBatchFirst ? part : permuted(call, part, [1, 0, 2]),
  );
  const [q = none, k = none, v = none] = parts.map((part) => inHeads(call, part, heads));
  const result = permuted(call, attend(call, q, k, v), [0, 2, 1, 3]);
  if (result.kind !== 'tensor') return result;
  const [batch = 1, length = 1] = result.shape;
  const joined = reshape(call.network, call.machine, result, [batch, length, width], call.span);
  return isBatchFirst ? joined : permuted(call, joined, [1, 0, 2]);
}

function inputsOf(call: TracedCall): readonly TensorValue[] | undefined {
  const inputs = ['query', 'key', 'value'].flatMap((name) => call.args.tensor(name) ?? []);
  return inputs.length === 3 && inputs[0]?.shape.length === 3 ? inputs : undefined;
}

const unknownInputs = 'What this attention is given is not known';
const addedKeys = 'Keys that an attention adds to those it is given are not modelled';

function attention(self: InstanceValue, call: TracedCall): PyValue {
  const width = integerOf(self.attributes.get('embed_dim') ?? none);
  const heads = integerOf(self.attributes.get('num_heads') ?? none);
  const inputs = inputsOf(call);
  if (width === undefined || heads === undefined || !inputs) return giveUp(call, unknownInputs);
  const isSet = (name: string): boolean => {
    const value = self.attributes.get(name);
    return value?.kind === 'bool' && value.value;
  };
  if (self.attributes.has('bias_k') || isSet('add_zero_attn')) return giveUp(call, addedKeys);
  const weights = {
    joint: tensorAttribute(self, 'in_proj_weight'),
    own: ['q', 'k', 'v'].map((name) => tensorAttribute(self, `${name}_proj_weight`)),
    bias: tensorAttribute(self, 'in_proj_bias'),
  };
  const result = attended(call, inputs, weights, width, heads, isSet('batch_first'));
  if (result.kind !== 'tensor') return result;
  return withoutWeights(call.machine.callWith(self.attributes.get('out_proj') ?? none, call.span, result));
}

/** `F.multi_head_attention_forward`: the same with weights that the caller has. */
export const attentionFunction: TracedFunction = fn(
  'query key value embed_dim_to_check num_heads in_proj_weight in_proj_bias bias_k bias_v add_zero_attn dropout_p out_proj_weight out_proj_bias training=True key_padding_mask=None need_weights=True attn_mask=None use_separate_proj_weight=False q_proj_weight=None k_proj_weight=None v_proj_weight=None *rest **options',
  (call) => {
    const { args } = call;
    const [width, heads, inputs] = [args.integer('embed_dim_to_check'), args.integer('num_heads'), inputsOf(call)];
    const output = args.tensor('out_proj_weight');
    if (width === undefined || heads === undefined || !inputs || !output) return giveUp(call, unknownInputs);
    if (args.tensor('bias_k') || args.flag('add_zero_attn')) return giveUp(call, addedKeys);
    const areSeparate = args.flag('use_separate_proj_weight');
    const weights = {
      joint: areSeparate ? undefined : args.tensor('in_proj_weight'),
      own: areSeparate ? ['q', 'k', 'v'].map((name) => args.tensor(`${name}_proj_weight`)) : [],
      bias: args.tensor('in_proj_bias'),
    };
    const result = attended(call, inputs, weights, width, heads, false);
    if (result.kind !== 'tensor') return result;
    return withoutWeights(emitDense(call, result, output, args.tensor('out_proj_bias')));
  },
);

export const attentionModules: readonly ModuleRow[] = [
  {
    name: 'MultiheadAttention',
    parameters:
      'embed_dim num_heads dropout=0.0 bias=True add_bias_kv=False add_zero_attn=False kdim=None vdim=None batch_first=False device=None dtype=None',
    construct(self, args, machine, span) {
      keepArguments(machine, self, args, 'embed_dim num_heads dropout batch_first add_zero_attn');
      const [width, heads] = [args.integer('embed_dim'), args.integer('num_heads')];
      if (width === undefined || heads === undefined) return;
      if (heads < 1 || width % heads !== 0)
        machine.raise('AssertionError', 'embed_dim must be divisible by num_heads', span);
      machine.change(self).attributes.set('head_dim', { kind: 'int', value: width / heads });
      const [keyWidth, valueWidth] = [args.integer('kdim') ?? width, args.integer('vdim') ?? width];
      if (keyWidth === width && valueWidth === width) {
        machine.change(self).attributes.set('in_proj_weight', parameterTensor([3 * width, width], 'weight'));
      } else {
        machine.change(self).attributes.set('q_proj_weight', parameterTensor([width, width], 'weight'));
        machine.change(self).attributes.set('k_proj_weight', parameterTensor([width, keyWidth], 'weight'));
        machine.change(self).attributes.set('v_proj_weight', parameterTensor([width, valueWidth], 'weight'));
      }
      for (const name of args.flag('add_bias_kv') ? ['bias_k', 'bias_v'] : [])
        machine.change(self).attributes.set(name, parameterTensor([1, 1, width], 'bias'));
      machine
        .change(self)
        .attributes.set('in_proj_bias', args.flag('bias') ? parameterTensor([3 * width], 'bias') : none);
      const linear = machine.library.module(machine, 'torch.nn')?.names.get('Linear');
      const keywords = new Map([['bias', args.value('bias')]]);
      if (linear) {
        const positional = [args.value('embed_dim'), args.value('embed_dim')];
        machine.change(self).attributes.set('out_proj', machine.call(linear, { positional, keywords }, span));
      }
    },
    inputs:
      'query key value key_padding_mask=None need_weights=True attn_mask=None average_attn_weights=True is_causal=False',
    forward: attention,
  },
];
