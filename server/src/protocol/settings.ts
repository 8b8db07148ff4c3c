// Every setting of the extension, declared once: the manifest's `contributes.configuration` is generated from this table,
// and what the editor sends back is read here too.

import * as v from 'valibot';
import { engineNames } from './engine-report.ts';
import type { MachineProfile } from './machine-profile.ts';

/** What a cost counts as: MACs (one multiply-add is one), or FLOPs = 2 × MACs. */
export type CountingConventionName = 'macs' | 'flops';

/** How operations are counted where a model's source is shown, with what tells each from the others. */
export const conventionChoices = {
  macs: 'One multiply-add counts as one.',
  flops: 'One multiply-add counts as two operations.',
  morphnet: 'As the method does: two a multiply-add, products of activations none.',
  fvcore: 'As fvcore does: MACs, called FLOPs, and normalization, adaptive pools and upsampling.',
  torch: 'As PyTorch’s FlopCounterMode does: two a multiply-add.',
  torchvision: 'As torchvision publishes: MACs, called GFLOPS.',
  thop: 'As thop does: of modules, never of functions; transposed convolutions by their output’s size.',
  ultralytics: 'As Ultralytics prints as GFLOPs: two for each that thop counts.',
  torchinfo: 'As torchinfo’s mult-adds: weights and biases of modules.',
  ptflops: 'As ptflops does by its ATen back end: MACs and biases.',
  'ptflops-pytorch':
    'As ptflops does by its PyTorch back end: modules, and functions that it replaces; a module that calls one counts twice.',
  deepspeed: 'As DeepSpeed’s profiler counts FLOPs: by the functions of PyTorch that it replaces.',
  keras:
    'As TensorFlow’s profiler counts a Keras model: two a multiply-add, biases, norms, pools; no grouped convolutions.',
  darknet: 'As Darknet prints: two a multiply-add, of convolutions only.',
} as const;

export type ConventionName = keyof typeof conventionChoices;

const conventionNames = Object.keys(conventionChoices).filter((name): name is ConventionName =>
  Object.hasOwn(conventionChoices, name),
);

/** Number formats that devices are known in; `auto`: the device's first. */
export const precisionNames = ['auto', 'fp32', 'fp16', 'bf16', 'amp', 'amp_bf16', 'int8'] as const;
export type PrecisionName = (typeof precisionNames)[number];

/** A quantity that an inlay hint can show. */
type HintQuantity = 'shape' | 'operations' | 'params' | 'latency';

/** All findings, those only that say that a model can't be made or run, or none. */
export type ProblemChoice = 'all' | 'model only' | 'off';

/** A device of the user's own. */
export interface DeviceSetting {
  readonly peakGflopsPerSecond: number;
  readonly memoryGigabytesPerSecond: number;
}

/** From a microcontroller to a rack, and some: what a device of the user's own can have. */
export const deviceLimits: Readonly<Record<keyof DeviceSetting, readonly [least: number, most: number]>> = {
  peakGflopsPerSecond: [0.001, 1e8],
  memoryGigabytesPerSecond: [0.001, 1e6],
};

/** The environment variable that tells a command line which an editor starts of `morphnet.python.sitePackages`. */
export const sitePackagesVariable = 'MORPHNET_SITE_PACKAGES';

/** The settings as the server uses them. */
export interface Settings {
  readonly hints: {
    readonly enabled: boolean;
    readonly quantities: readonly HintQuantity[];
    /** Whether statements show the shapes of the tensors that they give names. */
    readonly dataFlow: boolean;
  };
  readonly convention: ConventionName;
  /** `sinceCommit`: lenses tell what has changed since the last commit. */
  readonly lens: { readonly sinceCommit: boolean };
  /** Which findings are shown. */
  readonly problems: ProblemChoice;
  /** A device's name, or `auto`: this machine once it is measured. */
  readonly device: string;
  /** Images in a step of latencies; 0: as the device was measured. */
  readonly batch: number;
  readonly precision: PrecisionName;
  /** What was measured of this machine; no setting, the user's file has it. */
  readonly thisMachine?: MachineProfile;
  /** Devices of the user's own, by name. */
  readonly devices: Readonly<Record<string, DeviceSetting>>;
  readonly python: { readonly sitePackages: string };
  readonly training: {
    readonly engine: 'auto' | (typeof engineNames)[number];
    readonly threads: number;
    /** A folder whose `node_modules` has TensorFlow.js for Node; empty: none but what MorphNet finds beside itself. */
    readonly tfjsPath: string;
    /** A Python with PyTorch; empty: the Python extension's choice. */
    readonly python: string;
  };
}

export const defaultSettings: Settings = {
  hints: { enabled: true, quantities: ['operations', 'params'], dataFlow: false },
  lens: { sinceCommit: true },
  convention: 'macs',
  problems: 'all',
  device: 'auto',
  batch: 0,
  precision: 'auto',
  devices: {},
  python: { sitePackages: '' },
  training: { engine: 'auto', threads: 0, tfjsPath: '', python: '' },
};

/** One row of the table; `schema` is the JSON schema that the manifest carries. */
export interface SettingDeclaration {
  readonly key: string;
  readonly schema: Readonly<Record<string, unknown>>;
  /** `machine`: the user's alone, no workspace can set it. */
  readonly scope: 'window' | 'resource' | 'machine-overridable' | 'machine';
}

/** Names that are completed for the setting `morphnet.device`; a test holds them against the devices that are known. */
const completedDevices = [
  'auto',
  'RTX 4090',
  'RTX 5090',
  'RTX 3090',
  'A100',
  'H100',
  'L4',
  'Jetson Orin Nano',
  'Core i7-12700H',
  'Snapdragon 8 Gen 2',
  'Raspberry Pi 5',
  'V100',
] as const;

export const settingDeclarations: readonly SettingDeclaration[] = [
  {
    key: 'morphnet.hints.enabled',
    scope: 'resource',
    schema: {
      type: 'boolean',
      default: defaultSettings.hints.enabled,
      markdownDescription: 'Show what each layer costs at the end of its line.',
    },
  },
  {
    key: 'morphnet.hints.quantities',
    scope: 'resource',
    schema: {
      type: 'array',
      items: { type: 'string', enum: ['shape', 'operations', 'params', 'latency'] },
      uniqueItems: true,
      default: defaultSettings.hints.quantities,
      markdownDescription:
        'What the hints show, in this order: output shape, MACs or FLOPs, parameters, latency on `#morphnet.device#`. A hint has at most 40 characters, since the editor cuts longer ones; what does not fit stands in the hover.',
    },
  },
  {
    key: 'morphnet.hints.dataFlow',
    scope: 'resource',
    schema: {
      type: 'boolean',
      default: defaultSettings.hints.dataFlow,
      markdownDescription:
        'Show the shape of its tensor behind each assignment and `return` of `forward` and `call`: of the first call, and how many more there are. The hover lists all, whatever is set here.',
    },
  },
  {
    key: 'morphnet.lens.sinceCommit',
    scope: 'resource',
    schema: {
      type: 'boolean',
      default: defaultSettings.lens.sinceCommit,
      markdownDescription:
        'Show above a model what has changed since the last commit in its git repository, as `+12 % MACs since HEAD`.',
    },
  },
  {
    key: 'morphnet.hints.heat',
    scope: 'resource',
    schema: {
      type: 'string',
      enum: ['overview ruler', 'line', 'off'],
      enumDescriptions: ['Marks beside the scroll bar.', 'A bar at the beginning of the line.', 'No colours.'],
      // The client's own: the server colours nothing.
      default: 'overview ruler',
      markdownDescription:
        'Colour the lines that cost most by their share of the model’s operations: yellow from 3 %, orange from 10 %, red from 25 %.',
    },
  },
  {
    key: 'morphnet.problems',
    scope: 'resource',
    schema: {
      type: 'string',
      enum: ['all', 'model only', 'off'],
      enumDescriptions: [
        'All findings: also what can not be read, layers that are never called, and proposals.',
        'Only what keeps a model from being made or run, by values that are known.',
        'No findings.',
      ],
      default: defaultSettings.problems,
      description: 'What MorphNet lists among the problems of a file.',
    },
  },
  {
    key: 'morphnet.convention',
    scope: 'resource',
    schema: {
      type: 'string',
      enum: Object.keys(conventionChoices),
      enumDescriptions: Object.values(conventionChoices),
      default: defaultSettings.convention,
      markdownDescription:
        'How operations are counted, in hints, hovers, lenses and the table of costs: MACs, FLOPs, or as a public counter counts, faults included. Pages of runs count MACs or FLOPs.',
    },
  },
  {
    key: 'morphnet.device',
    scope: 'resource',
    schema: {
      type: 'string',
      default: defaultSettings.device,
      // What is completed; devices of the user's own are names, too.
      examples: [...completedDevices],
      markdownDescription:
        'The device of latencies: `auto` (this machine once `morphnet calibrate` has run, else a Core i7-12700H), a known device such as `RTX 4090` or `A100`, a roofline of the reference implementation (K80, P4, T4, P100, V100, TPUv2), or one of `#morphnet.devices#`.',
    },
  },
  {
    key: 'morphnet.batch',
    scope: 'resource',
    schema: {
      type: 'integer',
      minimum: 0,
      default: defaultSettings.batch,
      markdownDescription: 'Images in the step that latencies are of; 0: as many as the device was measured with.',
    },
  },
  {
    key: 'morphnet.precision',
    scope: 'resource',
    schema: {
      type: 'string',
      enum: precisionNames,
      default: defaultSettings.precision,
      markdownDescription:
        'The number format of latencies, where the device is known in several: `amp` and `amp_bf16` are PyTorch’s autocast. `auto` takes the device’s first.',
    },
  },
  {
    key: 'morphnet.devices',
    scope: 'resource',
    schema: {
      type: 'object',
      default: defaultSettings.devices,
      additionalProperties: {
        type: 'object',
        required: ['peakGflopsPerSecond', 'memoryGigabytesPerSecond'],
        additionalProperties: false,
        properties: {
          peakGflopsPerSecond: { type: 'number', exclusiveMinimum: 0 },
          memoryGigabytesPerSecond: { type: 'number', exclusiveMinimum: 0 },
        },
      },
      markdownDescription: 'Devices of your own: peak compute in GFLOP/s and memory bandwidth in GB/s.',
    },
  },
  {
    key: 'morphnet.python.sitePackages',
    scope: 'machine-overridable',
    schema: {
      type: 'string',
      default: defaultSettings.python.sitePackages,
      markdownDescription:
        'Where library source is read from (never run) when a model imports it: a virtual environment or its `site-packages` folder. Empty: a virtual environment in the workspace (`.venv`, `venv`, `env`), if there is one.',
    },
  },
  {
    key: 'morphnet.training.engine',
    scope: 'machine-overridable',
    schema: {
      type: 'string',
      enum: ['auto', ...engineNames],
      default: defaultSettings.training.engine,
      markdownDescription:
        'The engine that trains: `onnx` is built in, `tfjs` needs TensorFlow.js for Node (see `#morphnet.training.tfjsPath#`), `torch` a Python with PyTorch (see `#morphnet.training.python#`). `auto` takes the fastest one that loads; PyTorch where it finds a GPU.',
    },
  },
  {
    key: 'morphnet.training.threads',
    scope: 'machine-overridable',
    schema: {
      type: 'integer',
      minimum: 0,
      default: defaultSettings.training.threads,
      markdownDescription: 'Threads that training may use; 0 leaves one core to the editor.',
    },
  },
  {
    key: 'morphnet.training.tfjsPath',
    scope: 'machine',
    schema: {
      type: 'string',
      default: defaultSettings.training.tfjsPath,
      markdownDescription:
        'A folder in which `npm install @tensorflow/tfjs-node` (or `@tensorflow/tfjs-node-gpu`) was run: the engine `tfjs` is loaded from its `node_modules`.',
    },
  },
  {
    key: 'morphnet.training.python',
    scope: 'machine',
    schema: {
      type: 'string',
      default: defaultSettings.training.python,
      markdownDescription:
        'The Python interpreter whose PyTorch the engine `torch` trains with. Empty: the one that is chosen in the Python extension, otherwise `python3`.',
    },
  },
];

/** The settings in the order in which people meet them; every one stands in one group. */
export const settingGroups: readonly { readonly title: string; readonly keys: readonly string[] }[] = [
  {
    title: 'Hints',
    keys: [
      'morphnet.hints.enabled',
      'morphnet.hints.quantities',
      'morphnet.hints.dataFlow',
      'morphnet.hints.heat',
      'morphnet.lens.sinceCommit',
      'morphnet.problems',
    ],
  },
  {
    title: 'Costs',
    keys: [
      'morphnet.convention',
      'morphnet.device',
      'morphnet.precision',
      'morphnet.batch',
      'morphnet.devices',
      'morphnet.python.sitePackages',
    ],
  },
  {
    title: 'Training',
    keys: [
      'morphnet.training.engine',
      'morphnet.training.threads',
      'morphnet.training.python',
      'morphnet.training.tfjsPath',
    ],
  },
];

const quantity = v.picklist(['shape', 'operations', 'params', 'latency']);
const rate = v.pipe(v.number(), v.finite(), v.gtValue(0));
const device = v.object({ peakGflopsPerSecond: rate, memoryGigabytesPerSecond: rate });

/** Wrong values fall back one by one, so a typing error in one setting leaves the others in force. */
const settingsSchema = v.object({
  hints: v.fallback(
    v.object({
      enabled: v.optional(v.fallback(v.boolean(), defaultSettings.hints.enabled), defaultSettings.hints.enabled),
      quantities: v.optional(v.fallback(v.array(quantity), [...defaultSettings.hints.quantities]), [
        ...defaultSettings.hints.quantities,
      ]),
      dataFlow: v.optional(v.fallback(v.boolean(), defaultSettings.hints.dataFlow), defaultSettings.hints.dataFlow),
    }),
    { ...defaultSettings.hints, quantities: [...defaultSettings.hints.quantities] },
  ),
  lens: v.fallback(v.object({ sinceCommit: v.boolean() }), defaultSettings.lens),
  convention: v.fallback(v.picklist(conventionNames), defaultSettings.convention),
  problems: v.fallback(v.picklist(['all', 'model only', 'off']), defaultSettings.problems),
  device: v.fallback(v.pipe(v.string(), v.minLength(1)), defaultSettings.device),
  batch: v.fallback(v.pipe(v.number(), v.integer(), v.minValue(0)), defaultSettings.batch),
  precision: v.fallback(v.picklist(precisionNames), defaultSettings.precision),
  devices: v.fallback(v.record(v.string(), v.unknown()), {}),
  python: v.fallback(v.object({ sitePackages: v.string() }), defaultSettings.python),
  training: v.fallback(
    v.object({
      engine: v.fallback(v.picklist(['auto', ...engineNames]), defaultSettings.training.engine),
      threads: v.fallback(v.pipe(v.number(), v.integer(), v.minValue(0)), defaultSettings.training.threads),
      tfjsPath: v.optional(
        v.fallback(v.string(), defaultSettings.training.tfjsPath),
        defaultSettings.training.tfjsPath,
      ),
      python: v.optional(v.fallback(v.string(), defaultSettings.training.python), defaultSettings.training.python),
    }),
    defaultSettings.training,
  ),
});

/** Reads the `morphnet` section that the editor sends. Never fails: what is wrong or missing takes its default. */
export function parseSettings(section: unknown): Settings {
  const wanted = typeof section === 'object' && section !== null ? section : {};
  const parsed = v.parse(settingsSchema, {
    hints: undefined,
    convention: undefined,
    problems: undefined,
    device: undefined,
    batch: undefined,
    precision: undefined,
    devices: undefined,
    python: undefined,
    training: undefined,
    ...wanted,
  });
  const devices: Record<string, DeviceSetting> = {};
  for (const [name, value] of Object.entries(parsed.devices)) {
    const known = v.safeParse(device, value);
    if (known.success) devices[name] = known.output;
  }
  return { ...parsed, devices };
}
