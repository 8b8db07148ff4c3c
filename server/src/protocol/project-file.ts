// `morphnet.json`: which model, which data, which target. Documented in docs/morphnet-json.md; the editor checks it by a
// JSON schema that is generated from this one.

import { findNodeAtLocation, parseTree, printParseErrorCode, type Node, type ParseError } from 'jsonc-parser';
import * as v from 'valibot';
import { issueWords } from './issue-words.ts';
import { methodEntries } from './method-options.ts';
import { deviceLimits, type Settings } from './settings.ts';
import { dataSetSchema, runConfigSchema, targetResources } from './run-config.ts';

const size = v.pipe(v.number(), v.integer(), v.minValue(1));
const run = runConfigSchema.entries;
const targetForm = new RegExp(`^(${targetResources.join('|')})(:0?\\.\\d+)?$`);
const described = <Schema extends v.GenericSchema>(
  schema: Schema,
  text: string,
): v.SchemaWithPipe<readonly [Schema, v.DescriptionAction<v.InferOutput<Schema>, string>]> =>
  v.pipe(schema, v.description(text));

const notAnAmount = 'must be an amount such as 5M, 600M or 80MB';
const amount = v.union([
  v.pipe(v.number(), v.gtValue(0, notAnAmount)),
  v.pipe(v.string(), v.regex(/^\s*\d+(\.\d+)?\s*[kKMGT]?B?\s*$/, notAnAmount)),
]);

/** A figure of a device, in its unit: what no device has is refused where it stands. */
const deviceFigure = ([least, most]: readonly [number, number], unit: string) => {
  const words = `must be between ${String(least)} and ${most.toLocaleString('en-US')} ${unit}, as devices have`;
  return v.pipe(v.number(), v.minValue(least, words), v.maxValue(most, words));
};

const deviceSchema = v.strictObject({
  peakGflopsPerSecond: described(
    deviceFigure(deviceLimits.peakGflopsPerSecond, 'GFLOP/s'),
    'Peak compute in GFLOP/s, two for each multiply-add.',
  ),
  memoryGigabytesPerSecond: described(
    deviceFigure(deviceLimits.memoryGigabytesPerSecond, 'GB/s'),
    'Memory bandwidth in GB/s.',
  ),
});

/** Most that a model may cost. */
const budgetsSchema = v.strictObject({
  params: v.optional(described(amount, 'Most parameters: 5M.')),
  macs: v.optional(described(amount, 'Most multiply-adds for one image: 600M.')),
  activations: v.optional(described(amount, 'Most elements of the outputs of layers with multiply-adds.')),
  latencyMs: v.optional(
    described(
      v.record(v.string(), v.pipe(v.number(), v.gtValue(0))),
      'Most milliseconds of one step by device: {"this machine": 12}.',
    ),
  ),
  peakMemory: v.optional(described(amount, 'Most bytes of activations that exist at once, for one image: 80MB.')),
});

/** One model of the project. */
const projectModelSchema = v.strictObject({
  file: described(v.pipe(v.string(), v.minLength(1)), 'The model’s file, relative to this one.'),
  entry: v.optional(described(v.string(), 'What to evaluate: a class, a function, or a call such as ResNet(18).')),
  input: v.optional(
    described(
      v.union([v.array(size), v.array(v.array(size))]),
      'The input’s shape without the batch, channels first: [3, 32, 32]; several inputs as a list of shapes.',
    ),
  ),
  budgets: v.optional(described(budgetsSchema, 'Budgets of this model, in place of those of the file.')),
});

export const projectFileSchema = v.strictObject({
  $schema: v.optional(v.string()),
  models: v.optional(described(v.array(projectModelSchema), 'Per file the entry to evaluate and its input shape.')),
  budgets: v.optional(
    described(
      budgetsSchema,
      'What the models may cost at most; morphnet cost --check and a diagnostic hold them to it.',
    ),
  ),
  device: v.optional(
    described(
      v.pipe(v.string(), v.minLength(1)),
      'The device of latencies, where the setting morphnet.device or --device says no other: a known one, or one of devices.',
    ),
  ),
  devices: v.optional(
    described(
      v.record(v.string(), deviceSchema),
      'Devices of your own by name: {"edge box": {"peakGflopsPerSecond": 500, "memoryGigabytesPerSecond": 25}}.',
    ),
  ),
  data: v.optional(
    v.strictObject({
      kind: v.optional(
        described(
          dataSetSchema.entries.kind,
          'idx: the format of MNIST; cifar10, cifar100: the binary batches; numpy: arrays; images: a sub-folder a class; csv: a list of files; masks: images beside masks; pairs: images beside images; auto, or absent: by what the path leads to.',
        ),
        'auto',
      ),
      path: described(dataSetSchema.entries.path, 'The data set’s folder or file, relative to this file.'),
      validation: v.optional(
        described(
          dataSetSchema.entries.validation.wrapped,
          'The share of each class that is kept for validation where the set has no test images; 0.1 unless given.',
        ),
      ),
      splitSeed: v.optional(
        described(dataSetSchema.entries.splitSeed.wrapped, 'Seed of the choice of validation images.'),
      ),
      badFiles: v.optional(
        described(
          dataSetSchema.entries.badFiles.wrapped,
          'The share of image files that may be unreadable before the run stops; 0.01 unless given.',
        ),
      ),
    }),
  ),
  target: v.optional(
    described(
      v.pipe(v.string(), v.regex(targetForm, 'must look like flops:0.5 or params:0.5')),
      'The resource to save (flops, params, activations, latency, memory), and the share of the seed’s cost that should remain: flops:0.5',
    ),
  ),
  strength: v.optional(
    described(v.pipe(v.number(), v.minValue(0)), 'The regularizer’s strength; absent: found from the target’s share.'),
  ),
  algorithm: v.optional(
    described(
      run.algorithm,
      'gamma: by batch-norm scales; group-lasso: by weights; logistic-sigmoid: by trained gates.',
    ),
  ),
  threshold: v.optional(described(run.threshold, 'A channel whose regularization value is not above this is dead.')),
  l1Fraction: v.optional(
    described(run.l1Fraction.wrapped, 'The share of the L1 term in the group-lasso algorithm, 0 to 1; 0 unless given.'),
  ),
  combination: v.optional(
    described(
      run.combination.wrapped,
      'What layers with common channels say together: max: the largest value, the usual; l2: the root of the sum of squares.',
    ),
  ),
  exclude: v.optional(
    described(
      run.exclude.wrapped,
      'Layers that keep their channels: names, with * for any characters, or a regular expression between slashes.',
    ),
  ),
  forceGroups: v.optional(
    described(
      run.forceGroups.wrapped,
      'Name patterns as for exclude; the layers that one of them matches live and die channel by channel together.',
    ),
  ),
  compat: v.optional(
    described(
      run.compat.wrapped,
      'reference: groups and costs as in the published implementation, with its quirks; patterns are then searched expressions.',
    ),
  ),
  ...methodEntries,
  losses: v.optional(
    described(
      run.losses.wrapped,
      'What the outputs learn, one loss each in their order: cross-entropy and binary-cross-entropy of classes of images or pixels, l1 and mse of numbers and images; with a weight, and the name of the target where the data set has several. Absent: as the data set’s targets and the outputs’ shapes say.',
    ),
  ),
  multipleOf: v.optional(
    described(run.multipleOf.wrapped, 'Widths that morphnet expand gives are multiples of this; 1 unless given.'),
  ),
  labelSmoothing: v.optional(
    described(run.labelSmoothing.wrapped, 'The share of each label that is spread over all classes; 0 unless given.'),
  ),
  batchSize: v.optional(described(run.batchSize, 'Images in a batch.')),
  learningRate: v.optional(described(run.learningRate, 'The learning rate.')),
  optimizer: v.optional(described(run.optimizer, 'The optimizer.')),
  weightDecay: v.optional(described(run.weightDecay, 'Weight decay.')),
  augmentation: v.optional(
    described(
      v.picklist(['none', 'crop-flip']),
      'What training images go through: crop-flip shifts each by up to 4 pixels and mirrors every other one, as is usual for CIFAR-10.',
    ),
  ),
  steps: v.optional(described(run.steps, 'Training steps in all.')),
  seed: v.optional(described(run.seed, 'Seed of every random choice.')),
  aliveEvery: v.optional(described(run.aliveEvery, 'Steps between two counts of the alive channels; 20 unless given.')),
  checkpointEvery: v.optional(described(run.checkpointEvery, 'Steps between two checkpoints; 100 unless given.')),
  engine: v.optional(described(run.engine, 'The engine that trains.')),
  torch: v.optional(
    described(
      run.torch.wrapped,
      'How the engine torch computes: its processes, on how many machines, in what precision, and whether your own class is imported.',
    ),
  ),
  threads: v.optional(described(run.threads, 'Threads that training may use; 0: all cores but one.')),
});

export type ProjectFile = v.InferOutput<typeof projectFileSchema>;
export type ProjectModel = v.InferOutput<typeof projectModelSchema>;

/** Settings as they are under a project: its devices beside the user's own, which count first, and its device where none is chosen. */
export function settingsUnder<Some extends Pick<Settings, 'device' | 'devices'>>(
  project: Pick<ProjectFile, 'device' | 'devices'> | undefined,
  settings: Some,
): Some {
  if (project?.device === undefined && project?.devices === undefined) return settings;
  const device = settings.device === 'auto' ? (project.device ?? 'auto') : settings.device;
  return { ...settings, device, devices: { ...project.devices, ...settings.devices } };
}

/** What is wrong in a `morphnet.json`, at UTF-16 offsets of its text. */
export interface ProjectFileProblem {
  readonly message: string;
  readonly start: number;
  readonly end: number;
}

/** Reads a `morphnet.json`. Comments and trailing commas are let through, as the editor's own files have them. */
export function parseProjectFile(text: string): {
  readonly value: ProjectFile | undefined;
  readonly problems: readonly ProjectFileProblem[];
} {
  const errors: ParseError[] = [];
  const tree = parseTree(text, errors, { allowTrailingComma: true });
  if (errors.length > 0 || tree === undefined) {
    const problems = errors.map(({ error, offset, length }) => ({
      message: `This is no JSON: ${sentenceOf(printParseErrorCode(error))}.`,
      start: offset,
      end: offset + length,
    }));
    return {
      value: undefined,
      problems: problems.length > 0 ? problems : [{ message: 'The file is empty. Write {}.', start: 0, end: 0 }],
    };
  }
  if (tree.type !== 'object') {
    return {
      value: undefined,
      problems: [{ message: 'Write an object: { … }.', start: tree.offset, end: tree.offset + tree.length }],
    };
  }
  const result = v.safeParse(projectFileSchema, valueOf(tree));
  if (result.success) return { value: result.output, problems: [] };
  return { value: undefined, problems: result.issues.map((issue) => problemOf(issue, tree)) };
}

/** Where a part of a `morphnet.json` stands, by its keys; undefined where it has none. */
export function placeIn(
  text: string,
  path: readonly (string | number)[],
): Pick<ProjectFileProblem, 'start' | 'end'> | undefined {
  const tree = parseTree(text, [], { allowTrailingComma: true });
  const node = tree && findNodeAtLocation(tree, [...path]);
  return node && { start: node.offset, end: node.offset + node.length };
}

/** The shapes of a model's inputs, whichever way they are written. */
export function inputShapes({ input }: ProjectModel): readonly (readonly number[])[] | undefined {
  if (input === undefined) return undefined;
  return input.every((item) => typeof item === 'number') ? [input] : input.filter((item) => typeof item !== 'number');
}

/** The plain value of a syntax tree; by hand, since a key such as `__proto__` must stay a key. */
function valueOf(node: Node): unknown {
  if (node.type === 'array') return (node.children ?? []).map(valueOf);
  if (node.type !== 'object') return node.value;
  return Object.fromEntries(
    (node.children ?? []).map((property): [string, unknown] => {
      const [key, value] = property.children ?? [];
      return [String(key?.value), value === undefined ? undefined : valueOf(value)];
    }),
  );
}

function problemOf(issue: v.InferIssue<typeof projectFileSchema>, tree: Node): ProjectFileProblem {
  const path = (issue.path ?? []).flatMap(({ key }) =>
    typeof key === 'string' || typeof key === 'number' ? [key] : [],
  );
  // A missing key has no node: its object has.
  let node: Node | undefined;
  for (let length = path.length; node === undefined && length >= 0; length--) {
    node = findNodeAtLocation(tree, path.slice(0, length));
  }
  const at = node ?? tree;
  const key = at.parent?.children?.[0];
  if (issue.type === 'strict_object' && issue.expected === 'never' && key !== undefined) {
    return { message: `There is no field ${path.join('.')}.`, start: key.offset, end: key.offset + key.length };
  }
  return {
    message: path.length === 0 ? issueWords(issue) : `${path.join('.')} ${issueWords(issue)}`,
    start: at.offset,
    end: at.offset + at.length,
  };
}

/** `CommaExpected` as words. */
function sentenceOf(code: string): string {
  return code.replaceAll(/(?<=[a-z])(?=[A-Z])/g, ' ').toLowerCase();
}
