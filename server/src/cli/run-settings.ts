// What `morphnet run` trains, with which settings: the command line first, then morphnet.json, then defaults.

import { existsSync, readFileSync } from 'node:fs';
import { dirname, relative, resolve, isAbsolute } from 'node:path';
import { URI } from 'vscode-uri';
import * as v from 'valibot';
import { chooseDevice, knownDevices, writtenDevice } from '../analysis/latency-device.ts';
import type { AnalyzedModel } from '../analysis/analyzed-model.ts';
import { dataSetRemedy, formatDataSet, parseDataSet } from '../protocol/data-set-text.ts';
import { issueWords } from '../protocol/issue-words.ts';
import { engineNames } from '../protocol/engine-report.ts';
import { lossesRemedy, parseLosses } from '../protocol/losses-text.ts';
import {
  runConfigSchema,
  torchPrecisions,
  type DataSetReference,
  type RunConfig,
  type RunLoss,
} from '../protocol/run-config.ts';
import { defaultsUnder, parseTarget, targetRemedy } from '../protocol/run-defaults.ts';
import { rendezvousForm } from '../protocol/torchrun.ts';
import type { MachineProfile } from '../protocol/machine-profile.ts';
import { defaultSettings } from '../protocol/settings.ts';
import { resolvedConfig, workspaceOf } from '../runs/portable-config.ts';
import { workFailed, wrongArguments } from './cli-failure.ts';
import { isFile, parseDeviceArgument, parseModelArgument, shownPath, type ModelFile } from './model-argument.ts';
import { settingsUnder, type ProjectFile } from '../protocol/project-file.ts';
import { findProject, readProject, type FoundProject } from './project-settings.ts';

export interface RunOptions {
  readonly data?: string;
  readonly weights?: string;
  readonly loss?: string;
  readonly target?: string;
  readonly steps?: string;
  readonly seed?: string;
  readonly engine?: string;
  readonly nprocPerNode?: string;
  readonly nnodes?: string;
  readonly rdzvEndpoint?: string;
  readonly import?: boolean;
  readonly slurm?: string;
  readonly mixedPrecision?: string;
  readonly algorithm?: string;
  readonly strength?: string;
  readonly exclude?: readonly string[];
  readonly forceGroup?: readonly string[];
  readonly inputBoundary?: readonly string[];
  readonly outputBoundary?: readonly string[];
  readonly decorator?: string;
  readonly rule?: readonly string[];
  readonly gate?: string;
  readonly removeCommonPrefix?: boolean;
  readonly l1Fraction?: string;
  readonly labelSmoothing?: string;
  readonly combination?: string;
  readonly compat?: string;
  readonly device?: string;
  readonly input?: string;
  readonly out?: string;
  readonly json?: boolean;
}

/** What the argument of `run` turned out to be. */
export type RunArgument =
  | { readonly kind: 'model'; readonly file: ModelFile; readonly project: FoundProject | undefined }
  /** The `config.json` of another run: everything is said. */
  | { readonly kind: 'config'; readonly file: ModelFile; readonly config: RunConfig };

/**
 * Reads `FILE[::ENTRY]` or `CONFIG.json`: a morphnet.json with a model, or a run's own config. Models are written in JSON too:
 * `isModel` says whether a document is one.
 */
export function parseRunArgument(
  argument: string,
  folder: string,
  isModel: (document: string) => boolean,
): RunArgument {
  const path = resolve(folder, argument);
  if (!path.endsWith('.json') || !isFile(path) || isModel(URI.file(path).toString())) {
    const file = parseModelArgument(argument, folder);
    return { kind: 'model', file, project: findProject(file.path, folder) };
  }
  const config = parseRunConfig(path, folder);
  if (config !== undefined) {
    const uri = URI.parse(config.model.document);
    const entry = config.model.entry === '' ? undefined : config.model.entry;
    return { kind: 'config', config, file: { path: uri.fsPath, document: config.model.document, entry } };
  }
  const project = readProject(path, folder);
  const [model] = project.project.models ?? [];
  if (model === undefined) {
    throw workFailed(
      `${shownPath(path, folder)} names no model. Add "models": [{ "file": "net.py" }], or give the model’s file.`,
    );
  }
  const file = parseModelArgument(resolve(dirname(path), model.file), folder);
  return { kind: 'model', file: { ...file, entry: model.entry }, project };
}

/** The file as a run's config, or undefined when it does not claim to be one. */
function parseRunConfig(path: string, folder: string): RunConfig | undefined {
  let content: unknown;
  try {
    content = JSON.parse(readFileSync(path, 'utf8'));
  } catch {
    // No plain JSON: read as morphnet.json, which tells line and column.
    return undefined;
  }
  if (typeof content !== 'object' || content === null || !('model' in content)) return undefined;
  const result = v.safeParse(runConfigSchema, content);
  if (result.success) {
    const config = resolvedConfig(result.output, workspaceOf(dirname(path), folder));
    if (config.ok) return config.value;
    throw workFailed(`${shownPath(path, folder)}: ${config.error}`);
  }
  const [issue] = result.issues;
  throw workFailed(`${shownPath(path, folder)}: ${v.getDotPath(issue) ?? 'the file'} ${issueWords(issue)}`);
}

/** The resolved settings of a run of this model. */
export function resolveRunConfig(
  argument: RunArgument,
  model: AnalyzedModel,
  options: RunOptions,
  folder: string,
  thisMachine: MachineProfile | undefined,
): RunConfig {
  if (options.strength !== undefined && options.target?.includes(':') === true) {
    throw wrongArguments(
      `--strength ${options.strength} and the share in --target ${options.target} contradict each other: a share finds its own strength. Give one of them.`,
    );
  }
  for (const [option, value] of [
    ['--nproc-per-node', options.nprocPerNode],
    ['--nnodes', options.nnodes],
    ['--rdzv-endpoint', options.rdzvEndpoint],
    ['--import', options.import],
    ['--mixed-precision', options.mixedPrecision],
  ] as const) {
    if (value !== undefined && options.engine !== undefined && options.engine !== 'torch')
      throw wrongArguments(`${option} is for the engine torch, not for --engine ${options.engine}.`);
  }
  const base =
    argument.kind === 'config' ? argument.config : freshConfig(argument.project, model, options, folder, thisMachine);
  const config: unknown = {
    ...base,
    ...(options.data !== undefined && { data: parseData(options.data, folder) }),
    ...(options.weights !== undefined && { weights: weightsOf(options.weights, folder) }),
    ...(options.loss !== undefined && { losses: lossesOf(options.loss) }),
    ...(options.target !== undefined && targetOption(options.target)),
    ...(options.steps !== undefined && { steps: parseCount('--steps', options.steps, 1) }),
    ...(options.seed !== undefined && { seed: parseCount('--seed', options.seed, 0) }),
    ...(options.engine !== undefined && { engine: parseEngine(options.engine) }),
    ...torchOptions(options, base.torch),
    ...methodOptions(options),
    ...(options.device !== undefined && { device: deviceOf(options.device, projectOf(argument), thisMachine) }),
  };
  return v.parse(runConfigSchema, config);
}

/** What the command line says of the method, checked by the config's own schema, so that no bound is written twice. */
function methodOptions(options: RunOptions): Partial<RunConfig> {
  const { entries } = runConfigSchema;
  /** `written`: as the user wrote it. */
  const checked = <T>(
    option: string,
    schema: v.GenericSchema<unknown, T>,
    value: unknown,
    written = String(value),
  ): T => {
    const result = v.safeParse(schema, value);
    if (result.success) return result.output;
    throw wrongArguments(`${option} ${written} ${issueWords(result.issues[0]).replace(/, (not|but) [^,]*$/, '')}.`);
  };
  const number = (option: string, text: string, schema: v.GenericSchema<unknown, number>): number =>
    checked(option, schema, text.trim() === '' ? NaN : Number(text), text);
  const { strength, l1Fraction, labelSmoothing } = options;
  return {
    ...(strength !== undefined && { strength: number('--strength', strength, entries.strength.wrapped) }),
    ...(l1Fraction !== undefined && { l1Fraction: number('--l1-fraction', l1Fraction, entries.l1Fraction.wrapped) }),
    ...(labelSmoothing !== undefined && {
      labelSmoothing: number('--label-smoothing', labelSmoothing, entries.labelSmoothing.wrapped),
    }),
    ...(options.algorithm !== undefined && {
      algorithm: checked('--algorithm', entries.algorithm, options.algorithm),
    }),
    ...(options.combination !== undefined && {
      combination: checked('--combination', entries.combination.wrapped, options.combination),
    }),
    ...(options.compat !== undefined && { compat: checked('--compat', entries.compat.wrapped, options.compat) }),
    ...(options.exclude !== undefined && { exclude: [...options.exclude] }),
    ...(options.forceGroup !== undefined && { forceGroups: [...options.forceGroup] }),
    ...(options.inputBoundary !== undefined && { inputBoundary: [...options.inputBoundary] }),
    ...(options.outputBoundary !== undefined && { outputBoundary: [...options.outputBoundary] }),
    ...(options.decorator !== undefined && {
      decorator: checked('--decorator', entries.decorator.wrapped, decoratorOf(options.decorator), options.decorator),
    }),
    ...(options.rule !== undefined && {
      rules: checked('--rule', entries.rules.wrapped, rulesOf(options.rule), options.rule.join(' ')),
    }),
    ...(options.gate !== undefined && {
      gate: checked('--gate', entries.gate.wrapped, gateOf(options.gate), options.gate),
    }),
    ...(options.removeCommonPrefix !== undefined && { removeCommonPrefix: options.removeCommonPrefix }),
  };
}

/** `0.5` or `0.5,2`: a factor, and an exponent. */
function decoratorOf(text: string): unknown {
  const [factor, exponent] = text.split(',').map(Number);
  return { factor, ...(exponent !== undefined && { exponent }) };
}

/** `my_op=pass-through` and the like. */
function rulesOf(texts: readonly string[]): unknown {
  return Object.fromEntries(
    texts.map((text) => {
      const at = text.lastIndexOf('=');
      return [text.slice(0, Math.max(0, at)), text.slice(at + 1)];
    }),
  );
}

/** `temperature=0.1,keep=first,straight-through`. */
function gateOf(text: string): unknown {
  const gate: Record<string, unknown> = {};
  for (const part of text.split(',')) {
    const [name = '', value = ''] = part.split('=').map((word) => word.trim());
    switch (name) {
      case 'temperature':
        gate['temperature'] = Number(value);
        break;
      case 'annealing':
        gate['annealingSteps'] = Number(value);
        break;
      case 'logit':
        gate['initialLogit'] = Number(value);
        break;
      case 'keep':
        gate['keepAlive'] = value;
        break;
      case 'straight-through':
        gate['straightThrough'] = true;
        break;
      case 'mask':
        gate['regularizeOnMask'] = true;
        break;
      case 'hard-inference':
        gate['softInference'] = false;
        break;
      default:
        throw wrongArguments(
          `--gate knows no ${part}; known are temperature=, annealing=, logit=, keep=, straight-through, mask and hard-inference.`,
        );
    }
  }
  return gate;
}

/** The device that `--device` names or describes. */
function deviceOf(
  text: string,
  project: ProjectFile | undefined,
  thisMachine: MachineProfile | undefined,
): RunConfig['device'] {
  const own = { ...defaultSettings, ...parseDeviceArgument(text), ...(thisMachine && { thisMachine }) };
  const settings = settingsUnder(project, own);
  const { device, problem } = chooseDevice(settings);
  if (problem !== undefined) {
    const names = knownDevices(settings).map(({ name }) => name);
    throw wrongArguments(`There is no device ${text}; known are ${names.join(', ')}, or describe one as laptop=500,40`);
  }
  return writtenDevice(device);
}

function projectOf(argument: RunArgument): ProjectFile | undefined {
  return argument.kind === 'config' ? undefined : argument.project?.project;
}

function freshConfig(
  found: FoundProject | undefined,
  model: AnalyzedModel,
  options: RunOptions,
  folder: string,
  thisMachine: MachineProfile | undefined,
): Omit<RunConfig, 'data'> & { data?: DataSetReference } {
  const settings = { ...defaultSettings, ...(thisMachine && { thisMachine }) };
  const { device, problem } = chooseDevice(settingsUnder(found?.project, settings));
  if (problem !== undefined && found?.project.device !== undefined)
    throw wrongArguments(`morphnet.json: ${problem.split('. Latencies are for')[0] ?? problem}.`);
  const data = options.data === undefined ? projectData(found, folder) : undefined;
  if (options.data === undefined && data === undefined) {
    throw wrongArguments(
      `There is nothing to train on. Give --data, or name the data set in morphnet.json. ${dataSetRemedy}.`,
    );
  }
  return {
    version: 1,
    model: {
      document: model.entry.document,
      entry: model.entry.name,
      input: model.entry.input.shapes.map((shape) => [...shape]),
    },
    ...defaultsUnder(found?.project ?? {}),
    ...(data !== undefined && { data }),
    device: writtenDevice(device),
  };
}

/** The project's data set, which must lie where the project does: a file that came with a checkout leads nowhere else. */
function projectData(found: FoundProject | undefined, folder: string): DataSetReference | undefined {
  if (found?.project.data === undefined) return undefined;
  const { path } = found.project.data;
  const absolute = resolve(dirname(found.path), path);
  const inside = [dirname(found.path), folder].some((root) => {
    const way = relative(root, absolute);
    return !way.startsWith('..') && !isAbsolute(way);
  });
  if (inside) return { ...found.project.data, path: absolute };
  throw workFailed(
    `${shownPath(found.path, folder)} names the data set ${path}, which lies outside. Give it by --data ${formatDataSet(found.project.data)} if it is meant.`,
  );
}

function parseData(text: string, folder: string): DataSetReference {
  const data = parseDataSet(text);
  const path = data && resolve(folder, data.path);
  // A path alone has to be there, since its kind is found out by looking; `imagenet:x` is most likely a kind that is none.
  if (data === undefined || path === undefined || (data.kind === 'auto' && !existsSync(path)))
    throw wrongArguments(`--data ${text} is no data set. ${dataSetRemedy}.`);
  return { ...data, path };
}

/** A file of trained weights. */
function weightsOf(text: string, folder: string): string {
  const path = resolve(folder, text);
  if (isFile(path)) return path;
  throw wrongArguments(`--weights ${text} is no file. Name a .safetensors, .pth or .npz file.`);
}

/** What the outputs learn. */
function lossesOf(text: string): readonly RunLoss[] {
  const losses = parseLosses(text);
  if (losses === undefined) throw wrongArguments(`--loss ${text} can’t be read. ${lossesRemedy}.`);
  return losses;
}

/** A new target is reached by a strength of its own. */
function targetOption(text: string): { readonly target: RunConfig['target']; readonly strength?: undefined } {
  const target = parseTarget(text);
  if (target === undefined) throw wrongArguments(`--target ${text} is no target. ${targetRemedy}`);
  return target.fraction === undefined ? { target } : { target, strength: undefined };
}

/** A whole number as an option gives it. */
export function parseCount(option: string, text: string, minimum: number): number {
  if (!/^\d{1,9}$/.test(text) || Number(text) < minimum) {
    throw wrongArguments(`${option} ${text} must be a whole number of at least ${String(minimum)}.`);
  }
  return Number(text);
}

/** What is said of the engine `torch`, over what a config says. */
function torchOptions(
  { nprocPerNode, nnodes, rdzvEndpoint, mixedPrecision, import: isImported }: RunOptions,
  known: RunConfig['torch'],
): Pick<RunConfig, 'torch'> {
  if ([nprocPerNode, nnodes, rdzvEndpoint, mixedPrecision, isImported].every((option) => option === undefined))
    return {};
  if (rdzvEndpoint !== undefined && !rendezvousForm.test(rdzvEndpoint))
    throw wrongArguments(`--rdzv-endpoint ${rdzvEndpoint} must be an address of this machine, as host:port.`);
  if (nnodes !== undefined && nnodes !== '1' && rdzvEndpoint === undefined && known?.rendezvous === undefined)
    throw wrongArguments(`--nnodes ${nnodes} needs an address where the machines meet: --rdzv-endpoint HOST:29400.`);
  const precision = torchPrecisions.find((name) => name === mixedPrecision);
  if (mixedPrecision !== undefined && precision === undefined)
    throw wrongArguments(`--mixed-precision ${mixedPrecision} is none of ${torchPrecisions.join(', ')}.`);
  return {
    torch: {
      ...known,
      ...(nprocPerNode !== undefined && { processes: parseCount('--nproc-per-node', nprocPerNode, 1) }),
      ...(nnodes !== undefined && { nodes: parseCount('--nnodes', nnodes, 1) }),
      ...(rdzvEndpoint !== undefined && { rendezvous: rdzvEndpoint }),
      ...(isImported !== undefined && { import: isImported }),
      ...(precision !== undefined && { precision }),
    },
  };
}

function parseEngine(text: string): RunConfig['engine'] {
  const result = v.safeParse(runConfigSchema.entries.engine, text);
  if (result.success) return result.output;
  throw wrongArguments(`There is no engine ${text}; known are auto, ${engineNames.join(', ')}.`);
}
