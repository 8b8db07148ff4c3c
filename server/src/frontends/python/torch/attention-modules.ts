// `nn.MultiheadAttention` as the products it is made of.

import { integerOf } from '../evaluator/operators.ts';
import { none, type InstanceValue, type PyValue, type TensorValue } from '../evaluator/values.ts';
import { emitDense } from './layers.ts';
import { tensorAttribute } from './layer-modules.ts';
import { keepArguments, type ModuleRow } from './module-classes.ts';
import { attend, withoutWeights } from './product-functions.ts';
import { reshape } from './tensor-operators.ts';
import { emitOn, giveUp, parameterTensor, type TorchCall } from './torch-call.ts';

function permuted(call: TorchCall, tensor: PyValue, order: readonly number[]): PyValue {
  return tensor.kind === 'tensor' ? emitOn(call, tensor, { kind: 'permute', order }) : tensor;
}

/** Batch, positions, width to batch, heads, positions, width of a head. */
function inHeads(call: TorchCall, tensor: PyValue, heads: number): PyValue {
  if (tensor.kind !== 'tensor') return tensor;
  const [batch = 1, length = 1, width] = tensor.shape;
  if (typeof width !== 'number') return giveUp(call, 'The width of this attention is not known');
  const split = reshape(call.network, call.interpreter, tensor, [batch, length, heads, width / heads], call.span);
  return permuted(call, split, [0, 2, 1, 3]);
}

/**
 * A third of a joint parameter, as a parameter of its own: ops that share one would be tied to each other, and a joint shape
 * would not be that of their product.
 */
function third(call: TorchCall, joint: TensorValue | undefined, i: number, width: number): TensorValue | undefined {
  if (!joint?.parameter) return undefined;
  (joint.own ??= new Map()).set(inThirds, none);
  call.network.noteUse(joint);
  const parameter = { ...joint.parameter, id: `${joint.parameter.id}[${String(i)}]` };
  return { ...joint, shape: [width, ...joint.shape.slice(1)], parameter };
}

/** Notes on a joint parameter how its ops list it, so that it never counts twice. */
const inThirds = 'in thirds';
const asOne = 'as one';

/** Query, key and value behind their projections: one product where all three are the same tensor. */
function projected(
  self: InstanceValue,
  call: TorchCall,
  inputs: readonly TensorValue[],
  width: number,
): readonly PyValue[] {
  const weight = tensorAttribute(self, 'in_proj_weight');
  const bias = tensorAttribute(self, 'in_proj_bias');
  const [query, key, value] = inputs;
  if (weight && query && query === key && key === value && weight.own?.has(inThirds) !== true) {
    (weight.own ??= new Map()).set(asOne, none);
    const all = emitDense(call, query, weight, bias);
    if (all.kind !== 'tensor') return [all, all, all];
    const axis = all.shape.length - 1;
    return [0, 1, 2].map((i) => emitOn(call, all, { kind: 'slice', axis, start: i * width, size: width, step: 1 }));
  }
  if (weight?.own?.has(asOne) === true) {
    const lost = giveUp(call, 'This attention is called with one input and with several');
    return [lost, lost, lost];
  }
  return inputs.map((input, i) => {
    const own = tensorAttribute(self, `${['q', 'k', 'v'][i] ?? 'q'}_proj_weight`);
    const part = own ?? third(call, weight, i, width);
    return part
      ? emitDense(call, input, part, third(call, bias, i, width))
      : giveUp(call, 'The weights of this attention are not known');
  });
}

function attention(self: InstanceValue, call: TorchCall): PyValue {
  const width = integerOf(self.attributes.get('embed_dim') ?? none);
  const heads = integerOf(self.attributes.get('num_heads') ?? none);
  const inputs = ['query', 'key', 'value']
    .map((name) => call.args.tensor(name))
    .filter((tensor) => tensor !== undefined);
  const [query] = inputs;
  if (width === undefined || heads === undefined || inputs.length < 3 || query?.shape.length !== 3)
    return giveUp(call, 'What this attention is given is not known');
  const addsZero = self.attributes.get('add_zero_attn');
  if (self.attributes.has('bias_k') || (addsZero?.kind === 'bool' && addsZero.value))
    return giveUp(call, 'Keys that an attention adds to those it is given are not modelled');
  const batchFirst = self.attributes.get('batch_first');
  const isBatchFirst = batchFirst?.kind === 'bool' && batchFirst.value;
  const parts = projected(self, call, inputs, width).map((part) =>
    isBatchFirst ? part : permuted(call, part, [1, 0, 2]),
  );
  const [q = none, k = none, v = none] = parts.map((part) => inHeads(call, part, heads));
  const attended = permuted(call, attend(call, q, k, v), [0, 2, 1, 3]);
  if (attended.kind !== 'tensor') return attended;
  const [batch = 1, length = 1] = attended.shape;
  const joined = reshape(call.network, call.interpreter, attended, [batch, length, width], call.span);
  const turned = isBatchFirst ? joined : permuted(call, joined, [1, 0, 2]);
  const output = self.attributes.get('out_proj') ?? none;
  return withoutWeights(call.interpreter.callWith(output, call.span, turned));
}

export const attentionModules: readonly ModuleRow[] = [
  {
    name: 'MultiheadAttention',
    parameters:
      'embed_dim num_heads dropout=0.0 bias=True add_bias_kv=False add_zero_attn=False kdim=None vdim=None batch_first=False device=None dtype=None',
    construct(self, args, interpreter, span) {
      keepArguments(self, args, 'embed_dim num_heads dropout batch_first add_zero_attn');
      const [width, heads] = [args.integer('embed_dim'), args.integer('num_heads')];
      if (width === undefined || heads === undefined) return;
      if (heads < 1 || width % heads !== 0)
        interpreter.raise('AssertionError', 'embed_dim must be divisible by num_heads', span);
      self.attributes.set('head_dim', { kind: 'int', value: width / heads });
      const [keyWidth, valueWidth] = [args.integer('kdim') ?? width, args.integer('vdim') ?? width];
      if (keyWidth === width && valueWidth === width) {
        self.attributes.set('in_proj_weight', parameterTensor([3 * width, width], 'weight'));
      } else {
        self.attributes.set('q_proj_weight', parameterTensor([width, width], 'weight'));
        self.attributes.set('k_proj_weight', parameterTensor([width, keyWidth], 'weight'));
        self.attributes.set('v_proj_weight', parameterTensor([width, valueWidth], 'weight'));
      }
      for (const name of args.flag('add_bias_kv') ? ['bias_k', 'bias_v'] : [])
        self.attributes.set(name, parameterTensor([1, 1, width], 'bias'));
      self.attributes.set('in_proj_bias', args.flag('bias') ? parameterTensor([3 * width], 'bias') : none);
      const linear = interpreter.library.module(interpreter, 'torch.nn')?.names.get('Linear');
      const keywords = new Map([['bias', args.value('bias')]]);
      if (linear) {
        const positional = [args.value('embed_dim'), args.value('embed_dim')];
        self.attributes.set('out_proj', interpreter.call(linear, { positional, keywords }, span));
      }
    },
    inputs:
      'query key value key_padding_mask=None need_weights=True attn_mask=None average_attn_weights=True is_causal=False',
    forward: attention,
  },
];
