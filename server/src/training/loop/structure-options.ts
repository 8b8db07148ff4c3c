// What a run's settings mean for the analysis of its network's structure.

import type { RunConfig } from '../../protocol/run-config.ts';
import type { SourceDecorator, StructureOptions } from '../../structure/analyze-structure.ts';
import { probabilityThreshold, type TrainedGate } from '../../structure/gate.ts';
import { declaredRules } from '../../structure/op-rules/declared-rules.ts';

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
    | 'inputBoundary'
    | 'outputBoundary'
    | 'decorator'
    | 'rules'
    | 'gate'
  >,
): StructureOptions {
  const { target, algorithm, threshold, device, l1Fraction, combination, exclude, forceGroups, compat } = config;
  const { inputBoundary, outputBoundary, decorator, rules, gate } = config;
  return {
    algorithm,
    resource: target.resource,
    threshold: { gamma: threshold, 'group-lasso': threshold, gate: probabilityThreshold },
    device,
    ...(l1Fraction !== undefined && { l1Fraction }),
    ...(combination !== undefined && { combination: { kind: combination } }),
    ...(exclude !== undefined && { exclude }),
    ...(forceGroups !== undefined && { forceGroups }),
    ...(inputBoundary !== undefined && { inputBoundary }),
    ...(outputBoundary !== undefined && { outputBoundary }),
    ...(decorator !== undefined && { decorator: powerOf(decorator) }),
    ...(rules !== undefined && { rules: declaredRules(rules) }),
    ...(gate !== undefined && { gate: definedOf(gate) }),
    // Whatever else is as in the reference, the classes that the data has must all have an output.
    ...(compat !== undefined && { compat, prunableOutputs: false }),
  };
}

/** factor · r ^ exponent, with its derivative. */
function powerOf({ factor = 1, exponent = 1 }: NonNullable<RunConfig['decorator']>): SourceDecorator {
  return {
    value: (r) => factor * r ** exponent,
    slope: (r) => factor * exponent * r ** (exponent - 1),
  };
}

/** The options that are there: an absent one must not hide the default. */
function definedOf({
  temperature,
  straightThrough,
  annealingSteps,
  keepAlive,
  initialLogit,
  softInference,
  regularizeOnMask,
}: NonNullable<RunConfig['gate']>): Partial<TrainedGate> {
  return {
    ...(temperature !== undefined && { temperature }),
    ...(straightThrough !== undefined && { straightThrough }),
    ...(annealingSteps !== undefined && { annealingSteps }),
    ...(keepAlive !== undefined && { keepAlive }),
    ...(initialLogit !== undefined && { initialLogit }),
    ...(softInference !== undefined && { softInference }),
    ...(regularizeOnMask !== undefined && { regularizeOnMask }),
  };
}
