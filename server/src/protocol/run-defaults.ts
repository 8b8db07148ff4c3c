// What a run does unless `morphnet.json`, the settings or the user say otherwise; and the short way to write a target.

import * as v from 'valibot';
import { methodOptionsOf } from './method-options.ts';
import type { ProjectFile } from './project-file.ts';
import { targetSchema, type RunConfig, type RunTarget } from './run-config.ts';

/** Everything of a config that has a default. */
export type RunDefaults = Omit<RunConfig, 'version' | 'model' | 'data' | 'device' | 'strength'>;

export const runDefaults: RunDefaults = {
  target: { resource: 'flops', fraction: 0.5 },
  algorithm: 'auto',
  threshold: 0.01,
  batchSize: 64,
  learningRate: 0.004,
  optimizer: 'adam',
  weightDecay: 0,
  steps: 600,
  seed: 1,
  engine: 'auto',
  threads: 0,
  aliveEvery: 20,
  checkpointEvery: 100,
};

/** The defaults under a `morphnet.json`: what it says goes first. */
export function defaultsUnder(
  project: ProjectFile,
  defaults: RunDefaults = runDefaults,
): RunDefaults & { readonly strength?: number } {
  const {
    strength,
    augmentation,
    l1Fraction,
    combination,
    exclude,
    forceGroups,
    compat,
    multipleOf,
    labelSmoothing,
    losses,
  } = project;
  return {
    target: (project.target === undefined ? undefined : parseTarget(project.target)) ?? defaults.target,
    algorithm: project.algorithm ?? defaults.algorithm,
    threshold: project.threshold ?? defaults.threshold,
    batchSize: project.batchSize ?? defaults.batchSize,
    learningRate: project.learningRate ?? defaults.learningRate,
    optimizer: project.optimizer ?? defaults.optimizer,
    weightDecay: project.weightDecay ?? defaults.weightDecay,
    steps: project.steps ?? defaults.steps,
    seed: project.seed ?? defaults.seed,
    engine: project.engine ?? defaults.engine,
    threads: project.threads ?? defaults.threads,
    aliveEvery: project.aliveEvery ?? defaults.aliveEvery,
    checkpointEvery: project.checkpointEvery ?? defaults.checkpointEvery,
    ...(strength !== undefined && { strength }),
    ...(augmentation !== undefined && { augmentation }),
    ...(l1Fraction !== undefined && { l1Fraction }),
    ...(combination !== undefined && { combination }),
    ...(exclude !== undefined && { exclude }),
    ...(forceGroups !== undefined && { forceGroups }),
    ...(compat !== undefined && { compat }),
    ...methodOptionsOf(project),
    ...(multipleOf !== undefined && { multipleOf }),
    ...(labelSmoothing !== undefined && { labelSmoothing }),
    ...(losses !== undefined && { losses }),
    ...(project.torch !== undefined && { torch: project.torch }),
  };
}

/** What to write where a target is wrong. */
export const targetRemedy =
  'Write flops or params (or activations, latency, memory), or with the share that should remain: flops:0.5';

/**
 * Reads `flops:0.5`, `params:30 %`, a share of FLOPs alone (`0.5`, `50 %`) or a bare resource, whose strength then decides.
 * Undefined when it is none.
 */
export function parseTarget(text: string): RunTarget | undefined {
  const trimmed = text.trim();
  const [resource, share, ...rest] = (/^[\d.]/.test(trimmed) ? `flops:${trimmed}` : trimmed).split(':');
  if (rest.length > 0 || share?.trim() === '') return undefined;
  const target = { resource, ...(share !== undefined && { fraction: shareOf(share) }) };
  const result = v.safeParse(targetSchema, target);
  return result.success ? result.output : undefined;
}

/** `0.5` or `50 %`; NaN for what is neither. */
function shareOf(text: string): number {
  const percent = /^([\d.]+)\s*%$/.exec(text.trim())?.[1];
  return percent === undefined ? Number(text) : Number(percent) / 100;
}

/** The inverse of `parseTarget`. */
export function formatTarget({ resource, fraction }: RunTarget): string {
  return fraction === undefined ? resource : `${resource}:${String(fraction)}`;
}
