// Every setting of the extension, declared once: the manifest's `contributes.configuration` is generated from this table.

/** What a cost counts as: MACs (one multiply-add is one), or FLOPs = 2 × MACs. */
export type CountingConventionName = 'macs' | 'flops';

/** A quantity that an inlay hint can show. */
export type HintQuantity = 'shape' | 'operations' | 'params' | 'latency';

/** The settings as the server uses them. */
export interface Settings {
  readonly hints: { readonly enabled: boolean; readonly quantities: readonly HintQuantity[] };
  readonly convention: CountingConventionName;
  readonly device: string;
  /** Devices of the user's own, by name. */
  readonly devices: Readonly<Record<string, { readonly peakGflopsPerSecond: number; readonly memoryGigabytesPerSecond: number }>>;
  readonly python: { readonly sitePackages: string };
  readonly training: { readonly engine: 'auto' | 'onnx' | 'tfjs'; readonly threads: number };
}

/** One row of the table; `schema` is the JSON schema that the manifest carries. */
export interface SettingDeclaration {
  readonly key: string;
  readonly schema: Readonly<Record<string, unknown>>;
  readonly scope: 'window' | 'resource' | 'machine-overridable';
}

export const settingDeclarations: readonly SettingDeclaration[] = [
  {
    key: 'morphnet.hints.enabled',
    scope: 'resource',
    schema: { type: 'boolean', default: true, markdownDescription: 'Show what each layer costs at the end of its line.' },
  },
  {
    key: 'morphnet.hints.quantities',
    scope: 'resource',
    schema: {
      type: 'array',
      items: { type: 'string', enum: ['shape', 'operations', 'params', 'latency'] },
      uniqueItems: true,
      default: ['shape', 'operations', 'params', 'latency'],
      markdownDescription: 'What the hints show, in this order: output shape, MACs or FLOPs, parameters, latency on `#morphnet.device#`.',
    },
  },
  {
    key: 'morphnet.convention',
    scope: 'resource',
    schema: {
      type: 'string',
      enum: ['macs', 'flops'],
      enumDescriptions: ['One multiply-add counts as one.', 'One multiply-add counts as two operations.'],
      default: 'macs',
      markdownDescription: 'How operations are counted, in hints, hovers, lenses and the dashboard.',
    },
  },
  {
    key: 'morphnet.device',
    scope: 'resource',
    schema: {
      type: 'string',
      default: 'V100',
      markdownDescription: 'The device that latency is estimated for: a built-in profile (K80, P4, T4, P100, V100, TPUv2) or one of `#morphnet.devices#`.',
    },
  },
  {
    key: 'morphnet.devices',
    scope: 'resource',
    schema: {
      type: 'object',
      default: {},
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
      default: '',
      markdownDescription: 'A `site-packages` folder whose library source is read (never run) when a model imports from it. Empty: only the workspace is read.',
    },
  },
  {
    key: 'morphnet.training.engine',
    scope: 'machine-overridable',
    schema: { type: 'string', enum: ['auto', 'onnx', 'tfjs'], default: 'auto', markdownDescription: 'The engine that trains: `onnx` is built in, `tfjs` needs the native TensorFlow library.' },
  },
  {
    key: 'morphnet.training.threads',
    scope: 'machine-overridable',
    schema: { type: 'integer', minimum: 0, default: 0, markdownDescription: 'Threads that training may use; 0 leaves one core to the editor.' },
  },
];
