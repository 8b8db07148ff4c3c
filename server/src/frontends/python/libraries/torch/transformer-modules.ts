// `nn.TransformerEncoderLayer` and its kin: made of the library's own layers, as their forwards put them together.

import type { SourceSpan } from '../../../../common/source-span.ts';
import { binary } from '../../evaluator/operators.ts';
import { int, none } from '../../evaluator/values.ts';
import { keepArguments, type ModuleRow } from './module-classes.ts';
import type { BoundArguments } from '../../tracing/signature.ts';
import { giveUp, type TracedCall } from '../../tracing/traced-call.ts';
import type { Machine, InstanceValue, PyValue } from '../../evaluator/machine.ts';

/** A layer of the library. */
function make(
  machine: Machine,
  name: string,
  span: SourceSpan,
  positional: readonly PyValue[],
  keywords: Readonly<Record<string, PyValue>> = {},
): PyValue {
  const type = machine.library.module(machine, 'torch.nn')?.names.get(name) ?? none;
  return machine.call(type, { positional: [...positional], keywords: new Map(Object.entries(keywords)) }, span);
}

/** The function that the text `'relu'` or `'gelu'` stands for, or what is given instead. */
function activationOf(machine: Machine, given: PyValue): PyValue {
  if (given.kind !== 'string') return given;
  return machine.library.module(machine, 'torch.nn.functional')?.names.get(given.value) ?? none;
}

const layerParameters =
  "d_model nhead dim_feedforward=2048 dropout=0.1 activation='relu' layer_norm_eps=1e-5 batch_first=False norm_first=False bias=True device=None dtype=None";

/** The layers of a transformer block, in the order in which PyTorch registers them. */
function constructLayer(attentions: readonly string[]): NonNullable<ModuleRow['construct']> {
  return (self, args: BoundArguments, machine, span) => {
    const value = (name: string): PyValue => args.value(name);
    const set = (name: string, made: PyValue): unknown => machine.change(self).attributes.set(name, made);
    const bias = { bias: value('bias') };
    for (const name of attentions)
      set(
        name,
        make(machine, 'MultiheadAttention', span, [value('d_model'), value('nhead')], {
          dropout: value('dropout'),
          batch_first: value('batch_first'),
          ...bias,
        }),
      );
    set('linear1', make(machine, 'Linear', span, [value('d_model'), value('dim_feedforward')], bias));
    set('dropout', make(machine, 'Dropout', span, [value('dropout')]));
    set('linear2', make(machine, 'Linear', span, [value('dim_feedforward'), value('d_model')], bias));
    set('norm_first', value('norm_first'));
    const numbers = Array.from({ length: attentions.length + 1 }, (_, i) => String(i + 1));
    for (const number of numbers)
      set(`norm${number}`, make(machine, 'LayerNorm', span, [value('d_model'), value('layer_norm_eps')], bias));
    for (const number of numbers) set(`dropout${number}`, make(machine, 'Dropout', span, [value('dropout')]));
    set('activation', activationOf(machine, value('activation')));
  };
}

/** Runs blocks one behind the other, each beside what goes past it, normalised before or behind. */
function runLayer(self: InstanceValue, call: TracedCall, input: string, attentions: readonly string[]): PyValue {
  const { machine, span } = call;
  const run = (name: string, ...given: PyValue[]): PyValue =>
    machine.callWith(self.attributes.get(name) ?? none, span, ...given);
  const first = machine.truth(self.attributes.get('norm_first') ?? none, span);
  if (first === undefined) return giveUp(call, 'Whether this layer normalises first is not known');
  const attend = (name: string, x: PyValue): PyValue => {
    const source = name === 'self_attn' ? x : call.args.value('memory');
    const pair = run(name, x, source, source);
    return pair.kind === 'tuple' ? (pair.items[0] ?? none) : pair;
  };
  const feed = (x: PyValue): PyValue => run('linear2', run('dropout', run('activation', run('linear1', x))));
  const blocks = [...attentions.map((name) => (x: PyValue) => attend(name, x)), feed];
  return blocks.reduce<PyValue>((x, block, i) => {
    const number = String(i + 1);
    const given = first ? run(`norm${number}`, x) : x;
    const sum = binary(machine, '+', x, run(`dropout${number}`, block(given)), span);
    return first ? sum : run(`norm${number}`, sum);
  }, call.args.value(input));
}

/** A number of copies of a layer, and what normalises behind the last. */
const constructStack =
  (layer: string): NonNullable<ModuleRow['construct']> =>
  (self, args, machine, span) => {
    const count = args.integer('num_layers');
    const copy = machine.library.module(machine, 'copy')?.names.get('deepcopy');
    if (count === undefined || copy === undefined) {
      machine.loseTrack('How many layers this has is not known', span);
      return;
    }
    const copies = Array.from({ length: count }, () => machine.callWith(copy, span, args.value(layer)));
    machine.change(self).attributes.set('layers', make(machine, 'ModuleList', span, [{ kind: 'list', items: copies }]));
    machine.change(self).attributes.set('num_layers', int(count));
    machine.change(self).attributes.set('norm', args.value('norm'));
  };

function runStack(self: InstanceValue, call: TracedCall, input: string): PyValue {
  const { machine, span } = call;
  const layers = machine.iterate(self.attributes.get('layers') ?? none, span);
  if ('kind' in layers) return giveUp(call, layers.reason);
  const memory = input === 'tgt' ? [call.args.value('memory')] : [];
  const last = layers.reduce<PyValue>(
    (x, layer) => machine.callWith(layer, span, x, ...memory),
    call.args.value(input),
  );
  const norm = self.attributes.get('norm') ?? none;
  return norm.kind === 'none' ? last : machine.callWith(norm, span, last);
}

const decoderAttentions = ['self_attn', 'multihead_attn'];
const decoderInputs = 'tgt memory *masks **options';

export const transformerModules: readonly ModuleRow[] = [
  {
    name: 'TransformerEncoderLayer',
    parameters: layerParameters,
    construct: constructLayer(['self_attn']),
    inputs: 'src *masks **options',
    forward: (self, call) => runLayer(self, call, 'src', ['self_attn']),
  },
  {
    name: 'TransformerDecoderLayer',
    parameters: layerParameters,
    construct: constructLayer(decoderAttentions),
    inputs: decoderInputs,
    forward: (self, call) => runLayer(self, call, 'tgt', decoderAttentions),
  },
  {
    name: 'TransformerEncoder',
    parameters: 'encoder_layer num_layers norm=None enable_nested_tensor=True mask_check=True',
    construct: constructStack('encoder_layer'),
    inputs: 'src *masks **options',
    forward: (self, call) => runStack(self, call, 'src'),
  },
  {
    name: 'TransformerDecoder',
    parameters: 'decoder_layer num_layers norm=None',
    construct: constructStack('decoder_layer'),
    inputs: decoderInputs,
    forward: (self, call) => runStack(self, call, 'tgt'),
  },
  {
    name: 'Transformer',
    parameters: `d_model=512 nhead=8 num_encoder_layers=6 num_decoder_layers=6 ${layerParameters
      .replace('d_model nhead ', '')
      .replace("activation='relu'", "activation='relu' custom_encoder=None custom_decoder=None")}`,
    construct(self, args, machine, span) {
      const names = ['d_model', 'nhead', 'dim_feedforward', 'dropout', 'activation', 'layer_norm_eps', 'batch_first'];
      const given = [...names, 'norm_first', 'bias'].map((name) => args.value(name));
      const stack = (kind: 'Encoder' | 'Decoder'): PyValue => {
        const custom = args.value(`custom_${kind.toLowerCase()}`);
        if (custom.kind !== 'none') return custom;
        const layer = make(machine, `Transformer${kind}Layer`, span, given);
        const norm = make(machine, 'LayerNorm', span, [args.value('d_model'), args.value('layer_norm_eps')], {
          bias: args.value('bias'),
        });
        return make(machine, `Transformer${kind}`, span, [layer, args.value(`num_${kind.toLowerCase()}_layers`), norm]);
      };
      machine.change(self).attributes.set('encoder', stack('Encoder'));
      machine.change(self).attributes.set('decoder', stack('Decoder'));
      keepArguments(machine, self, args, 'd_model nhead batch_first');
    },
    inputs: 'src tgt *masks **options',
    forward(self, call) {
      const { machine, span } = call;
      const [encoder = none, decoder = none] = ['encoder', 'decoder'].map((name) => self.attributes.get(name));
      const memory = machine.callWith(encoder, span, call.args.value('src'));
      return machine.callWith(decoder, span, call.args.value('tgt'), memory);
    },
  },
];
