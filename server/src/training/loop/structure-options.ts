// What a run's settings mean for the analysis of its network's structure.

import type { RunConfig } from '../../protocol/run-config.ts';
import type { StructureOptions } from '../../structure/analyze-structure.ts';
import { probabilityThreshold } from '../../structure/gate.ts';

/**
 * The options of `analyzeStructure`. The threshold is for scales and norms; gates are alive from a probability of one
 * half on, which is when they are open after training. Latency and memory are those of a single image.
 */
export function structureOptionsOf(
  config: Pick<
    RunConfig,
    | 'target'
    | 'algorithm'
    | 'threshold'
    | 'device'
    | 'l1Fraction'
    | 'combination'
    | 'exclude'
    | 'forceGroups'
    | 'compat'
  >,
): StructureOptions {
  const { target, algorithm, threshold, device, l1Fraction, combination, exclude, forceGroups, compat } = config;
  return {
    algorithm,
    resource: target.resource,
    threshold: { gamma: threshold, 'group-lasso': threshold, gate: probabilityThreshold },
    device,
    ...(l1Fraction !== undefined && { l1Fraction }),
    ...(combination !== undefined && { combination: { kind: combination } }),
    ...(exclude !== undefined && { exclude }),
    ...(forceGroups !== undefined && { forceGroups }),
    // Whatever else is as in the reference, the classes that the data has must all have an output.
    ...(compat !== undefined && { compat, prunableOutputs: false }),
  };
}
