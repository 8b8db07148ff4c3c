// A model whose input no one names is tried with shapes that such models are made for: the first one that fits is assumed.

import type { Cancellation } from '../../../common/cancellation.ts';
import type { Problem } from '../../../common/problem.ts';
import type { ModelEntry, NetworkGraph } from '../../../network/network-graph.ts';
import type { OpAttributes } from '../../../network/op.ts';
import { formatShape } from '../../../network/shape.ts';
import { isLimit, type Evaluation, type EvaluationLimits } from '../../shared/frontend.ts';

/** One evaluation, with what it tells of the input that the model wants. */
export interface TriedEvaluation {
  readonly evaluation: Evaluation;
  readonly wanted: WantedInput;
  readonly steps: number;
}

export interface WantedInput {
  /** The first layer with weights that the input came to. */
  readonly firstLayer: OpAttributes | undefined;
  /** What `forward` calls the inputs that it has to be given. */
  readonly names: readonly string[];
  /** The sizes of the first weight that the model keeps, run or not. */
  readonly firstWeight?: readonly number[] | undefined;
  /** The sizes of the one after it. */
  readonly secondWeight?: readonly number[] | undefined;
  /** How many axes the input is taken apart into, where it has others. */
  readonly rank?: number | undefined;
}

export type InputShapes = ModelEntry['input']['shapes'];

export type Try = (entry: ModelEntry, limits: EvaluationLimits) => TriedEvaluation;

/** All trials together take this share of what one evaluation may take. */
const shareOfTries = 1 / 4;

/**
 * Evaluates an entry whose shape is assumed, then, where that does not fit, with other shapes in turn. Where none fits the
 * first evaluation counts, and its findings say that the shape is only assumed.
 */
export function evaluateFitting(
  entry: ModelEntry,
  inputsToTry: (wanted: WantedInput) => readonly InputShapes[],
  limits: EvaluationLimits,
  cancellation: Cancellation,
  evaluate: Try,
): Evaluation {
  const first = evaluate(entry, limits);
  const { graph } = first.evaluation;
  // What the model itself says it takes is not assumed.
  const isAlone = entry.input.shapes.length === 1 && first.wanted.names.length > 1;
  if (graph !== undefined && graph.entry.input.from !== 'default' && !(isAlone && entry.input.isLoose))
    return first.evaluation;
  if (fits(first, entry) || first.evaluation.problems.some(isLimit)) return first.evaluation;
  const isPart = entry.from === 'default' && first.wanted.firstWeight === undefined && hasNoParameters(graph);
  // What such a part makes of several inputs tells nothing of their sizes.
  if (isPart && first.wanted.names.length > 1) return partOfModels(first.evaluation, entry);
  const lastStep = limits.steps * shareOfTries;
  let { steps } = first;
  const trials: Evaluation[] = [first.evaluation];
  for (const shapes of inputsToTry(first.wanted)) {
    // With an argument too few the first run told nothing: another one is due, whatever it takes.
    const isDue = isAlone && trials.length === 1;
    if (cancellation.isCancellationRequested || (steps + first.steps > lastStep && !isDue)) break;
    const tried = { ...entry, input: { ...entry.input, shapes } };
    const trial = evaluate(tried, limits);
    steps += trial.steps;
    trials.push(trial.evaluation);
    if (fits(trial, tried)) return trial.evaluation;
  }
  if (isPart) return partOfModels(first.evaluation, entry);
  return {
    ...first.evaluation,
    problems: first.evaluation.problems.map((problem) =>
      isAtAnyInput(problem, trials) ? problem : assumed(problem, entry),
    ),
  };
}

function partOfModels(evaluation: Evaluation, { name, span }: ModelEntry): Evaluation {
  const message = `${name} keeps no layer with weights and takes none of the inputs that were tried: it is a part of models`;
  return { ...evaluation, graph: undefined, problems: [{ code: 'no-model', severity: 'information', message, span }] };
}

const hasNoParameters = (graph: NetworkGraph | undefined): boolean =>
  graph?.ops.every(({ parameters }) => parameters.length === 0) === true;

const misfits: ReadonlySet<string> = new Set(['shape-mismatch', 'python-raises']);

/**
 * Whether the network takes the input whole, and as one image: a batch that grew was cut out of too large an image. The words
 * of a text are no image.
 */
function fits({ evaluation: { graph, problems }, wanted }: TriedEvaluation, { input }: ModelEntry): boolean {
  // Beside an image it is labels that are looked up.
  const isImage = input.shapes.length === 1 && (input.shapes[0]?.length ?? 0) > 2;
  if (problems.some(isMisfit) || (wanted.firstLayer?.kind === 'embedding' && isImage)) return false;
  return graph === undefined || givesOneResult(graph);
}

const isMisfit = ({ code }: Problem): boolean => misfits.has(code);

function givesOneResult({ outputs, values }: NetworkGraph): boolean {
  const [batch] = values[outputs[0] ?? -1]?.shape ?? [];
  return typeof batch !== 'number' || batch === 1;
}

/**
 * What holds whatever the input is a mistake of the model: a layer that gets other channels than it takes, and the same ones at
 * every trial; a name or an attribute that is not there.
 */
function isAtAnyInput(problem: Problem, trials: readonly Evaluation[]): boolean {
  const finding = findingOf(problem);
  const isThere = ({ problems }: Evaluation): boolean =>
    problems.some((other) => findingOf(other) === finding && other.span?.start === problem.span?.start);
  return finding !== undefined && trials.length > 1 && trials.every(isThere);
}

const findingOf = ({ message }: Problem): string | undefined =>
  /Expected \d+ input channels but the input is \d+(?=×)|(?:AttributeError|NameError): .*/.exec(message)?.[0];

/** What was found at tensors of the file that the model is not seen to be given as they are. */
export function atLooseInput(evaluation: Evaluation, entry: ModelEntry): Evaluation {
  if (entry.input.isLoose !== true) return evaluation;
  const isCertain = ({ message }: Problem): boolean => /(AttributeError|NameError): /.test(message);
  const problems = evaluation.problems.map((problem) => (isCertain(problem) ? problem : assumed(problem, entry)));
  return { ...evaluation, problems };
}

function assumed(problem: Problem, { input }: ModelEntry): Problem {
  if (!isMisfit(problem)) return problem;
  const shape = input.shapes.map(formatShape).join(', ');
  const remedy = 'if it is another, name it in a comment: # morphnet: input=3x32x32';
  return {
    ...problem,
    severity: 'information',
    message: `${problem.message}. The input ${shape} is only assumed: ${remedy}`,
  };
}
