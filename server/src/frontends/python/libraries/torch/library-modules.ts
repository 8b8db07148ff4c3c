// The modules of the frameworks by dotted name: which names each has. What is not here is unknown, and says so when used.

import { processStarters } from '../../standard-library/program-starters.ts';
import type { SourceSpan } from '../../../../common/source-span.ts';
import { unshared } from '../../evaluator/effects.ts';
import { nativeClass } from '../../evaluator/classes.ts';
import { builtin, dict, int, none, pyFalse, string, unknown } from '../../evaluator/values.ts';
import {
  functionValues,
  passThrough,
  plainClasses,
  silentClass,
  without,
  type LibraryFunction,
} from '../../standard-library/module-table.ts';
import { einopsFunctions, einopsModules } from './einops.ts';
import { cpu, elementTypeOf } from './element-types.ts';
import { compiledTables } from './compiled-operators.ts';
import { realTransforms } from './fourier-functions.ts';
import { functional } from './functional.ts';
import { lightningTables } from './lightning.ts';
import { moduleClass } from './module-classes.ts';
import { asBuiltins, type FrameworkParts, type Names, type Table } from './library-table.ts';
import { quantizationTables } from './quantization-modules.ts';
import { rearranged } from './arrangement-functions.ts';
import { torchTensorFunctions, tensorMethods } from './tensor-functions.ts';
import { callTraced } from '../../tracing/traced-call.ts';
import { passingThrough, torchConstants, torchFunctions } from './torch-namespace.ts';
import type { TracedNetwork } from '../../tracing/traced-network.ts';
import { weightNorms, weightParametrizations } from './weight-norms.ts';
import type { Machine, ClassValue, ModuleValue, PyValue } from '../../evaluator/machine.ts';

const noSpan: SourceSpan = { document: '', start: 0, end: 0 };
const falseFunctions = (names: string): [string, PyValue][] =>
  names.split(' ').map((name) => [name, builtin(name, () => pyFalse)]);
const silentFunctions = (names: string): [string, PyValue][] => names.split(/\s+/).map((name) => [name, without(name)]);
const passThroughs = (names: string): [string, PyValue][] => names.split(' ').map((name) => [name, passThrough(name)]);

const initialisers =
  'kaiming_normal_ kaiming_uniform_ xavier_normal_ xavier_uniform_ normal_ uniform_ constant_ zeros_ ones_ trunc_normal_ orthogonal_ dirac_ eye_ sparse_ xavier_normal xavier_uniform kaiming_normal kaiming_uniform normal constant';

function torchNames({ machine, network, classes }: FrameworkParts): Names {
  return [
    ...asBuiltins(network, 'torch.', torchTensorFunctions),
    ...asBuiltins(
      network,
      'torch.',
      Object.fromEntries(
        Object.entries(functional).filter(([name]) =>
          /^(conv|relu|selu|celu|prelu|dropout|layer_norm|batch_norm|group_norm|pixel_|channel_shuffle|embedding|max_pool|avg_pool|adaptive_|cosine_similarity|rms_norm)/.test(
            name,
          ),
        ),
      ),
    ),
    ...asBuiltins(network, 'torch.', torchFunctions),
    ...torchConstants(noSpan),
    ...plainClasses('Generator Storage memory_format layout Stream'),
    ['Tensor', tensorClass(network)],
    ['FloatTensor', tensorClass(network)],
    ['LongTensor', tensorClass(network)],
    ['Size', machine.builtins.get('tuple') ?? none],
    ['Module', classes.get('Module') ?? none],
    ...falseFunctions(
      'is_autocast_enabled is_inference_mode_enabled are_deterministic_algorithms_enabled is_autocast_cache_enabled is_anomaly_enabled',
    ),
    ...silentFunctions(
      'set_default_dtype set_default_device set_float32_matmul_precision set_num_threads use_deterministic_algorithms save seed _assert _assert_async _check _check_is_size set_grad_enabled_',
    ),
    ...functionValues({
      get_default_dtype: () => elementTypeOf('float32'),
      get_default_device: () => cpu,
      finfo: (machine, args, span) => typeLimits(machine, args.positional[0], span),
      iinfo: (machine, args, span) => typeLimits(machine, args.positional[0], span),
      load: (_, _args, span) => unknown('Files are not read', span),
      broadcast_shapes: (_, args) => args.positional[0] ?? none,
    }),
  ];
}

/** `torch.finfo(type)`: limits that source compares with, and the bits it has. */
function typeLimits(machine: Machine, type: PyValue | undefined, span: SourceSpan): PyValue {
  const size = type?.kind === 'instance' ? type.attributes.get('itemsize') : undefined;
  const bits = 8 * (size?.kind === 'int' ? size.value : 4);
  return {
    kind: 'instance',
    class: nativeClass('finfo', []),
    site: { span, callChain: [...machine.callStack] },
    attributes: new Map<string, PyValue>([
      ['bits', int(bits)],
      ['max', { kind: 'float', value: 3.4028234663852886e38 }],
      ['min', { kind: 'float', value: -3.4028234663852886e38 }],
      ['eps', { kind: 'float', value: 1.1920928955078125e-7 }],
      ['tiny', { kind: 'float', value: 1.1754943508222875e-38 }],
    ]),
  };
}

/** `torch.Tensor`: a class for `isinstance`, whose methods can be taken from it. */
function tensorClass(network: TracedNetwork): ClassValue {
  const type = nativeClass('Tensor', [], [], (machine, args, span) => {
    const [first, ...others] = args.positional;
    const isSequence = first?.kind === 'list' || (first?.kind === 'tuple' && first.isSize !== true);
    const isData = others.length === 0 && (isSequence || first?.kind === 'tensor');
    const row = torchFunctions[isData ? 'tensor' : 'empty'];
    return row ? callTraced(machine, network, row, 'torch.Tensor', args, span) : none;
  });
  for (const [name, row] of Object.entries(tensorMethods)) {
    unshared(type).attributes.set(
      name,
      builtin(name, (machine, args, span) => callTraced(machine, network, row, name, args, span), true),
    );
  }
  return type;
}

/** A kind of accelerator of which there is none. */
const noDevice: Table = () => [
  ...falseFunctions('is_available is_initialized is_bf16_supported is_built'),
  ['device_count', builtin('device_count', () => int(0))],
  ...silentFunctions('synchronize empty_cache set_device manual_seed'),
];

const scripting: Table = ({ machine }) => [
  ['isinstance', machine.builtins.get('isinstance') ?? none],
  ...falseFunctions('is_scripting is_tracing'),
  ...[
    'ignore',
    'export',
    'unused',
    'script',
    'script_method',
    '_overload_method',
    'interface',
    'script_if_tracing',
  ].map((name) => [name, passingThrough(name)] as const),
  ['annotate', passThrough('annotate', 1)],
  ['Final', nativeClass('Final', [])],
  ['trace', passThrough('trace')],
];

/** Runs the function at once: what is saved by running it twice is no matter here. */
const checkpointing: Names = functionValues({
  checkpoint: (machine, args, span) => {
    const [callee = none, ...positional] = args.positional;
    const keywords = new Map(
      [...args.keywords].filter(
        ([name]) => !/^(use_reentrant|preserve_rng_state|context_fn|determinism_check|debug)$/.test(name),
      ),
    );
    return machine.call(callee, { positional, keywords }, span);
  },
  checkpoint_sequential: (machine, args, span) => {
    const [functions = none, , input = none] = args.positional;
    const items = machine.iterate(functions, span);
    return 'kind' in items ? items : items.reduce((value, callee) => machine.callWith(callee, span, value), input);
  },
});

/** `Variable(tensor)`, from before PyTorch 0.4: the tensor itself. */
const variableClass = nativeClass('Tensor', [], [], (_, args) => args.positional[0] ?? none);

/** `torch.autograd.Function`: applying it runs its forward, with a context that keeps nothing. */
function autogradFunction(): ClassValue {
  const context = silentClass(
    'FunctionCtx',
    'save_for_backward mark_dirty mark_non_differentiable set_materialize_grads',
  );
  const apply = builtin('apply', (machine, args, span) => {
    const [type = none, ...positional] = args.positional;
    const forward = machine.attribute(type, 'forward', span);
    return machine.call(
      forward,
      { positional: [machine.callWith(context, span), ...positional], keywords: args.keywords },
      span,
    );
  });
  return nativeClass('Function', [], [['apply', { kind: 'class-method', function: apply }]]);
}

const nnNames: Table = ({ classes, parameterClass }) => [
  ...classes,
  ['Parameter', parameterClass],
  ['Buffer', passThrough('Buffer')],
  ['_BatchNorm', classes.get('_BatchNorm') ?? none],
];

const einopsNames: Table = ({ network }) => asBuiltins(network, 'einops.', einopsFunctions);

/** `_pair` and its kin: one value for every axis, or the values there are. */
const repeated =
  (count: number): LibraryFunction =>
  (machine, args, span) => {
    const [value = none] = args.positional;
    const isOne = !['tuple', 'list', 'iterator', 'range', 'unknown'].includes(value.kind);
    const items = isOne ? Array.from({ length: count }, () => value) : machine.iterate(value, span);
    return 'kind' in items ? items : { kind: 'tuple', items };
  };

const tables: Readonly<Record<string, Table>> = {
  ...compiledTables,
  ...quantizationTables,
  torch: torchNames,
  'torch.nn': nnNames,
  'torch.nn.parallel': ({ classes }) =>
    ['DataParallel', 'DistributedDataParallel'].map((name) => [name, classes.get(name) ?? none]),
  'torch.nn.parameter': ({ parameterClass }) => [
    ['Parameter', parameterClass],
    ...plainClasses('UninitializedParameter UninitializedBuffer'),
  ],
  'torch.nn.functional': ({ network }) => asBuiltins(network, 'F.', functional),
  'torch.nn.init': () => [
    ...passThroughs(initialisers),
    ['calculate_gain', builtin('calculate_gain', () => ({ kind: 'float', value: 1 }))],
    [
      '_calculate_fan_in_and_fan_out',
      builtin('_calculate_fan_in_and_fan_out', () => ({ kind: 'tuple', items: [int(1), int(1)] })),
    ],
    ['_calculate_correct_fan', builtin('_calculate_correct_fan', () => int(1))],
  ],
  'torch.nn.modules.utils': () =>
    functionValues({ _single: repeated(1), _pair: repeated(2), _triple: repeated(3), _quadruple: repeated(4) }),
  'torch.nn.utils': () => [
    ...passThroughs('spectral_norm remove_spectral_norm clip_grad_norm_ clip_grad_value_'),
    ...weightNorms,
  ],
  'torch.nn.utils.weight_norm': () => weightNorms,
  'torch.nn.utils.spectral_norm': () => passThroughs('spectral_norm remove_spectral_norm'),
  'torch.nn.utils.parametrizations': () => [...passThroughs('spectral_norm orthogonal'), ...weightParametrizations],
  'torch.nn.utils.fusion': () => passThroughs('fuse_conv_bn_eval'),
  'torch.nn.attention': () => [...plainClasses('SDPBackend'), ['sdpa_kernel', silentClass('sdpa_kernel', '')]],
  'torch.jit': scripting,
  'torch.utils.checkpoint': () => checkpointing,
  'torch.fx': () => [['wrap', passingThrough('wrap')], ...plainClasses('Proxy Tracer GraphModule Graph Node')],
  'torch.overrides': () => [
    ...falseFunctions('has_torch_function has_torch_function_unary has_torch_function_variadic'),
    ['handle_torch_function', without('handle_torch_function')],
  ],
  'torch.cuda': noDevice,
  'torch.xpu': noDevice,
  'torch.mps': noDevice,
  'torch.mtia': noDevice,
  'torch.accelerator': noDevice,
  'torch.backends.mps': noDevice,
  'torch.cuda.amp': () => ['autocast', 'custom_fwd', 'custom_bwd'].map((name) => [name, passingThrough(name)] as const),
  'torch.amp': () => ['autocast', 'custom_fwd', 'custom_bwd'].map((name) => [name, passingThrough(name)] as const),
  'torch.distributed': () => [
    ...falseFunctions('is_available is_initialized'),
    ['get_rank', builtin('get_rank', () => int(0))],
    ['get_world_size', builtin('get_world_size', () => int(1))],
  ],
  'torch.compiler': () => [
    ...falseFunctions('is_compiling is_dynamo_compiling is_exporting'),
    ['disable', passingThrough('disable')],
    ['allow_in_graph', passThrough('allow_in_graph')],
  ],
  'torch._dynamo': () => [
    ...falseFunctions('is_compiling'),
    ['disable', passingThrough('disable')],
    ['allow_in_graph', passThrough('allow_in_graph')],
  ],
  'torch.onnx': () => [
    ...falseFunctions('is_in_onnx_export'),
    // What is registered is called at an export, of which nothing is read.
    ...silentFunctions('register_custom_op_symbolic unregister_custom_op_symbolic'),
  ],
  'torch.autograd': () => [
    ['Function', autogradFunction()],
    ['Variable', variableClass],
  ],
  'torch.autograd.variable': () => [['Variable', variableClass]],
  'torch.autograd.function': () => [['Function', autogradFunction()]],
  'torch.utils.data': () =>
    plainClasses('Dataset DataLoader IterableDataset Sampler Subset ConcatDataset TensorDataset random_split'),
  'torch.utils.model_zoo': () => functionValues({ load_url: () => dict() }),
  'torch.hub': () => functionValues({ load_state_dict_from_url: () => dict(), get_dir: () => string('.') }),
  'torch.version': () => [
    ['__version__', string('2.8.0')],
    ['cuda', none],
  ],
  'torch.fft': ({ network }) =>
    asBuiltins(network, 'torch.fft.', {
      ...Object.fromEntries(
        'fft ifft fft2 ifft2 fftn ifftn fftshift ifftshift'.split(' ').map((name) => [name, rearranged(name)]),
      ),
      ...realTransforms,
    }),
  'torch.linalg': ({ network }) => {
    const norm = torchTensorFunctions['norm'];
    return norm ? asBuiltins(network, 'torch.linalg.', { norm, vector_norm: norm }) : [];
  },
  einops: einopsNames,
  'einops.einops': einopsNames,
  'einops.layers': () => [],
  'einops.layers.torch': ({ classes, network }) =>
    einopsModules.map((row) => [
      row.name,
      moduleClass(row, classes.get('Module') ?? nativeClass('Module', []), network),
    ]),
  'torch.multiprocessing': processStarters,
  ...lightningTables,
};

const tensorNames = 'torch.nn.modules';
const silentNames =
  /^(torch\.(_C|_jit_internal|_six|_utils|ao|backends|export|func|futures|library|masked|multiprocessing|nested|nn\.(intrinsic|parallel\.\w+|quantized|qat|grad|backends)|ops|optim|package|profiler|quantization|random|serialization|signal|sparse|special|storage|testing|torch_version|types|utils|xpu|mps|_inductor|_tensor)(\.\w+)*|torchaudio|torchtext|(pytorch_)?lightning(\.\w+)*|torchmetrics(\.\w+)*|torchsummary|torchinfo|thop|ptflops)$/;

/** A modelled module of PyTorch and its kin; undefined where there is none of that name. */
export function frameworkModule(parts: FrameworkParts, name: string): ModuleValue | undefined {
  const make = (names: Names): ModuleValue => ({
    kind: 'module',
    name,
    document: '',
    names: new Map(names),
    isModelled: true,
  });
  const table = Object.hasOwn(tables, name) ? tables[name] : undefined;
  if (table) return make(table(parts));
  if (name === tensorNames || name.startsWith(`${tensorNames}.`)) return make(nnNames(parts));
  return silentNames.test(name) ? make([]) : undefined;
}

/** `nn.Parameter(tensor)` marks a tensor as a trainable parameter of whichever module it becomes an attribute of. */
export function parameterClass(): ClassValue {
  return nativeClass('Parameter', [], [], (_, args, span) => {
    const tensor = args.positional[0] ?? args.keywords.get('data');
    if (tensor?.kind === 'unknown') return tensor;
    if (tensor === undefined)
      return { kind: 'tensor', shape: [0], parameter: { id: '', role: 'other', trainable: true } };
    if (tensor.kind !== 'tensor') return unknown('What this parameter is made of is not known', span);
    return { kind: 'tensor', shape: tensor.shape, parameter: { id: '', role: 'other', trainable: true } };
  });
}
