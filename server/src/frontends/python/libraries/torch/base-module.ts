// The methods that every `nn.Module` has, as far as they matter for reading a network.

import type { SourceSpan } from '../../../../common/source-span.ts';
import { nativeClass } from '../../evaluator/classes.ts';
import { unshared } from '../../evaluator/effects.ts';
import { builtin, dict, keyOf, list, none, pyFalse, pyTrue, string, tuple } from '../../evaluator/values.ts';
import type { TracedNetwork } from '../../tracing/traced-network.ts';
import type { Machine, ClassValue, InstanceValue, PyValue, TensorValue } from '../../evaluator/machine.ts';

type Method = (
  self: InstanceValue,
  args: readonly PyValue[],
  machine: Machine,
  span: SourceSpan,
  network: TracedNetwork,
) => PyValue;

/** What `nn.Module` has by itself beside what every object has: `dir(nn.Module)` of PyTorch 2.13. */
const namesOfModule: ReadonlySet<string> = new Set(
  `T_destination __annotations__ __call__ __dict__ __getattr__ __module__ __setstate__ __weakref__ _apply _call_impl _compiled_call_impl
   _get_backward_hooks _get_backward_pre_hooks _get_name _load_from_state_dict _maybe_warn_non_full_backward_hook _named_members
   _register_load_state_dict_pre_hook _register_state_dict_hook _replicate_for_data_parallel _save_to_state_dict _slow_forward _version
   _wrapped_call_impl add_module apply bfloat16 buffers call_super_init children compile cpu cuda double dump_patches eval extra_repr float
   forward get_buffer get_extra_state get_parameter get_submodule half ipu load_state_dict modules mtia named_buffers named_children
   named_modules named_parameters parameters register_backward_hook register_buffer register_forward_hook register_forward_pre_hook
   register_full_backward_hook register_full_backward_pre_hook register_load_state_dict_post_hook register_load_state_dict_pre_hook
   register_module register_parameter register_state_dict_post_hook register_state_dict_pre_hook requires_grad_ set_extra_state
   set_submodule share_memory state_dict to to_empty train type xpu zero_grad
   __class__ __delattr__ __dir__ __doc__ __eq__ __format__ __ge__ __getattribute__ __getstate__ __gt__ __hash__ __init__ __init_subclass__
   __le__ __lt__ __name__ __ne__ __new__ __qualname__ __reduce__ __reduce_ex__ __repr__ __setattr__ __sizeof__ __str__
   __subclasshook__ __abstractmethods__ __base__ __bases__ __basicsize__ __dictoffset__ __flags__ __instancecheck__ __itemsize__ __mro__ __or__
   __prepare__ __ror__ __subclasscheck__ __subclasses__ __text_signature__ __weakrefoffset__ mro register`.split(/\s+/),
);

/** The same with all that any layer or container of `torch.nn` has. */
export const namesOfLayers: ReadonlySet<string> = new Set([
  ...namesOfModule,
  ...`__add__ __constants__ __contains__ __delitem__ __deprecated__ __getitem__ __iadd__ __imul__ __ior__ __iter__
   __jit_unused_properties__ __len__ __mul__ __or__ __reversed__ __rmul__ __ror__ __setitem__ _apply_instance_norm _check_input_dim
   _check_non_zero_input_channels _conv_forward _ff_block _fill_padding_idx_with_zero _get_abs_string_index _get_full_log_prob
   _get_in_channels _get_item_by_idx _get_no_batch_dim _get_num_spatial_dims _handle_no_batch_input _infer_parameters _init_flat_weights
   _key_to_attr _lazy_load_hook _mha_block _output_padding _require_tuple_int _reset_parameters _sa_block _update_flat_weights
   _weights_have_changed all_weights append check_forward_args check_hidden_size check_input clear cls_to_become convert_sync_batchnorm
   copy extend flatten_parameters from_pretrained fromkeys generate_square_subsequent_mask get get_expected_cell_size
   get_expected_hidden_size has_uninitialized_params initialize_parameters insert items keys log_prob merge_masks permute_hidden pop
   popitem predict reset_parameters reset_running_stats setdefault update values`.split(/\s+/),
]);

/** All modules under one, itself first, each once, by qualified name. */
function descendants(network: TracedNetwork, root: InstanceValue): readonly (readonly [string, InstanceValue])[] {
  const found = new Map<InstanceValue, string>();
  const visit = (module: InstanceValue, name: string): void => {
    if (found.has(module)) return;
    found.set(module, name);
    for (const [attribute, child] of network.childrenOf(module))
      visit(child, name === '' ? attribute : `${name}.${attribute}`);
  };
  visit(root, '');
  return [...found].map(([module, name]) => [name, module]);
}

function parameters(
  network: TracedNetwork,
  root: InstanceValue,
  trainable: boolean,
): readonly (readonly [string, TensorValue])[] {
  return descendants(network, root).flatMap(([name, module]) =>
    network
      .parametersOf(module)
      .filter(([, tensor]) => tensor.parameter?.trainable === trainable)
      .map(([attribute, tensor]) => [name === '' ? attribute : `${name}.${attribute}`, tensor] as const),
  );
}

const iterator = (items: readonly PyValue[]): PyValue => ({ kind: 'iterator', items, position: 0 });
const pairs = (entries: readonly (readonly [string, PyValue])[]): PyValue =>
  iterator(entries.map(([name, value]) => tuple([string(name), value])));
const itself: Method = (self) => self;

/** Says of a tensor whether it is trained; it counts as a parameter all the same. */
export function setGradient(machine: Machine, tensor: TensorValue, wanted: PyValue): void {
  machine.change(tensor).own = new Map([...(tensor.own ?? []), ['requires_grad', wanted]]);
}

const methods: Readonly<Record<string, Method>> = {
  add_module: (self, [name, module], machine) => {
    if (name?.kind === 'string') machine.change(self).attributes.set(name.value, module ?? none);
    return none;
  },
  register_module: (self, [name, module], machine) => {
    if (name?.kind === 'string') machine.change(self).attributes.set(name.value, module ?? none);
    return none;
  },
  register_buffer: (self, [name, tensor], machine) => {
    if (name?.kind !== 'string') return none;
    const buffer: PyValue =
      tensor?.kind === 'tensor' && !tensor.parameter
        ? { ...tensor, parameter: { id: '', role: 'other', trainable: false } }
        : (tensor ?? none);
    machine.change(self).attributes.set(name.value, buffer);
    return none;
  },
  register_parameter: (self, [name, tensor], machine) => {
    if (name?.kind === 'string') machine.change(self).attributes.set(name.value, tensor ?? none);
    return none;
  },
  children: (self, _args, _interpreter, _span, network) =>
    iterator(network.walkedChildrenOf(self).map(([, child]) => child)),
  named_children: (self, _args, _interpreter, _span, network) => pairs(network.walkedChildrenOf(self)),
  modules: (self, _args, _interpreter, _span, network) =>
    iterator(descendants(network, self).map(([, module]) => module)),
  named_modules: (self, _args, _interpreter, _span, network) => pairs(descendants(network, self)),
  parameters: (self, _args, _interpreter, _span, network) =>
    iterator(parameters(network, self, true).map(([, tensor]) => tensor)),
  named_parameters: (self, _args, _interpreter, _span, network) => pairs(parameters(network, self, true)),
  buffers: (self, _args, _interpreter, _span, network) =>
    iterator(parameters(network, self, false).map(([, tensor]) => tensor)),
  named_buffers: (self, _args, _interpreter, _span, network) => pairs(parameters(network, self, false)),
  get_submodule: (self, [name], machine, span) => {
    if (name?.kind !== 'string') return self;
    return name.value
      .split('.')
      .filter((part) => part !== '')
      .reduce<PyValue>((module, part) => machine.attribute(module, part, span), self);
  },
  apply: (self, [callee], machine, span, network) => {
    if (callee)
      for (const [, module] of descendants(network, self).toReversed()) machine.callWith(callee, span, module);
    return self;
  },
  eval: (self, _, machine, span, network) => setTraining(machine, network, self, pyFalse, span),
  train: (self, [mode = pyTrue], machine, span, network) => setTraining(machine, network, self, mode, span),
  to: itself,
  cuda: itself,
  cpu: itself,
  half: itself,
  float: itself,
  double: itself,
  bfloat16: itself,
  type: itself,
  share_memory: itself,
  requires_grad_: (self, [wanted = pyTrue], machine, _, network) => {
    for (const [, tensor] of parameters(network, self, true)) setGradient(machine, tensor, wanted);
    return self;
  },
  state_dict: (self, _, __, ___, network) =>
    dict(
      [true, false].flatMap((trainable) =>
        parameters(network, self, trainable).map(([name, tensor]): [PyValue, PyValue] => [string(name), tensor]),
      ),
    ),
  load_state_dict: () => ({ kind: 'tuple', items: [list([]), list([])], fields: ['missing_keys', 'unexpected_keys'] }),
  zero_grad: () => none,
  compile: () => none,
  extra_repr: () => string(''),
  _get_name: (self) => string(self.class.name),
  _load_from_state_dict: () => none,
  register_forward_hook: () => none,
  register_forward_pre_hook: () => none,
  register_backward_hook: () => none,
  register_full_backward_hook: () => none,
  _register_load_state_dict_pre_hook: () => none,
  register_load_state_dict_post_hook: () => none,
};

/** Sets what `self.training` is, of a module and all in it; those that say themselves what it means for them are asked. */
function setTraining(
  machine: Machine,
  network: TracedNetwork,
  self: InstanceValue,
  mode: PyValue,
  span: SourceSpan,
): PyValue {
  machine.tick(span);
  machine.change(self).attributes.set('training', mode);
  for (const [, child] of network.childrenOf(self)) {
    const own = machine.method(child, 'train', span);
    if (own?.kind === 'bound-method' && own.function.kind === 'function') machine.callWith(own, span, mode);
    else setTraining(machine, network, child, mode, span);
  }
  return self;
}

/** A module's own dictionary: what source puts into it or takes out becomes or was an attribute of the module. */
class OwnEntries extends Map<string, { readonly key: PyValue; value: PyValue }> {
  readonly #owner: { readonly machine: Machine; readonly self: InstanceValue } | undefined;

  constructor(machine: Machine, self: InstanceValue, entries: readonly (readonly [string, PyValue])[]) {
    super();
    for (const [name, value] of entries) super.set(keyOf(string(name)), { key: string(name), value });
    this.#owner = { machine, self };
  }

  override set(identity: string, entry: { readonly key: PyValue; value: PyValue }): this {
    if (entry.key.kind === 'string' && this.#owner)
      this.#owner.machine.change(this.#owner.self).attributes.set(entry.key.value, entry.value);
    return super.set(identity, entry);
  }

  override delete(identity: string): boolean {
    const key = this.get(identity)?.key;
    if (key?.kind === 'string' && this.#owner)
      this.#owner.machine.change(this.#owner.self).attributes.delete(key.value);
    return super.delete(identity);
  }
}

/** `_modules` and its like, which much source walks instead of `named_children()`. */
function ownDictionaries(network: TracedNetwork): [string, PyValue][] {
  const tensors = (self: InstanceValue, trainable: boolean): readonly (readonly [string, PyValue])[] =>
    network.parametersOf(self).filter(([, tensor]) => tensor.parameter?.trainable === trainable);
  const of: Readonly<Record<string, (self: InstanceValue) => readonly (readonly [string, PyValue])[]>> = {
    _modules: (self) => network.walkedChildrenOf(self),
    _parameters: (self) => tensors(self, true),
    _buffers: (self) => tensors(self, false),
  };
  return Object.entries(of).map(([name, entriesOf]) => {
    const getter = builtin(name, (machine, { positional: [self] }) =>
      self?.kind === 'instance' ? { kind: 'dict', entries: new OwnEntries(machine, self, entriesOf(self)) } : dict(),
    );
    return [name, { kind: 'property', getter }];
  });
}

/** The class `nn.Module`. */
export function baseModuleClass(network: TracedNetwork): ClassValue {
  const attributes: [string, PyValue][] = Object.entries(methods).map(([name, run]) => [
    name,
    builtin(
      name,
      (machine, args, span) => {
        const [self, ...rest] = args.positional;
        const given = [...rest, ...args.keywords.values()];
        return self?.kind === 'instance' ? run(self, given, machine, span, network) : none;
      },
      true,
    ),
  ]);
  const init = builtin(
    '__init__',
    (machine, args) => {
      const [self] = args.positional;
      if (self?.kind === 'instance' && !self.attributes.has('training'))
        machine.change(self).attributes.set('training', pyTrue);
      return none;
    },
    true,
  );
  const base = nativeClass(
    'Module',
    [],
    [['__init__', init], ['training', pyTrue], ['dump_patches', pyFalse], ...ownDictionaries(network), ...attributes],
  );
  unshared(base).allNames = namesOfModule;
  return base;
}
