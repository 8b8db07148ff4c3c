// Compiles a grouping and its sources into flat arrays, so that a training step costs O(channels + ops) and allocates little.

import { opOf } from '../network/network-graph.ts';
import type { OpId } from '../network/op.ts';
import { workOf } from '../costs/latency/work.ts';
import type { ChannelGroup, RegularizerSource, SourceKind } from './channel-group.ts';
import type { ChannelGrouping } from './channel-grouping.ts';
import { sourcePlaces, type ChosenSources } from './choose-sources.ts';
import { defaultGateThreshold } from './gate.ts';
import { latencyTerms } from './latency-terms.ts';
import type { ResourceOptions } from './resource.ts';
import {
  activationTerms,
  flopTerms,
  memoryTerms,
  parameterTerms,
  scaleTerms,
  weightTerms,
  type Terms,
} from './resource-terms.ts';
import { WidthForms, type WidthForm } from './width-form.ts';

/** One threshold for all kinds of sources, or one for each; gates have the reference's when left out. */
export type Thresholds = number | (Readonly<Record<Exclude<SourceKind, 'gate'>, number>> & { readonly gate?: number });

export interface ProgramOptions extends ResourceOptions {
  readonly threshold: Thresholds;
}

/** `coefficient` times one form, or two; forms by their index in the program. */
interface CompiledTerm {
  readonly coefficient: number;
  readonly form: number;
}

interface CompiledProduct {
  readonly coefficient: number;
  readonly left: number;
  readonly right: number;
}

export interface CompiledTerms {
  readonly linear: readonly CompiledTerm[];
  readonly products: readonly CompiledProduct[];
  readonly lossOnly: readonly CompiledTerm[];
}

/** An op's cost. With a second choice (latency: memory) the larger cost counts, and its loss; the first on a tie. */
export interface OpProgram {
  readonly op: OpId;
  readonly terms: CompiledTerms;
  readonly alternative: CompiledTerms | undefined;
}

/** Where each entry of a source's regularization vector goes: a channel, or -1 where the source has no say. */
interface CompiledSource {
  readonly op: OpId;
  readonly threshold: number;
  /** Gates are alive at their threshold, the others above it (spec 2.1). */
  readonly isAliveAtThreshold: boolean;
  readonly targets: Int32Array;
}

export interface RegularizerProgram {
  readonly forms: readonly WidthForm[];
  readonly ops: readonly OpProgram[];
  readonly sources: readonly CompiledSource[];
  /** The threshold of each group's sources; by group id. */
  readonly groupThresholds: Float64Array;
}

/** `counted` says which ops cost anything; `uncounted` are those whose size is not known. */
export function compileProgram(
  grouping: ChannelGrouping,
  chosen: ChosenSources,
  counted: readonly boolean[],
  options: ProgramOptions,
): { readonly program: RegularizerProgram; readonly uncounted: readonly OpId[] } {
  const compiled = compileOps(grouping, chosen.groups, counted, options);
  const { forms, ops, uncounted } = compiled;
  const sources = chosen.sources.map((source) => compileSource(grouping, chosen, source, options));
  const kinds = new Map(chosen.sources.map(({ op, kind }) => [op, kind]));
  const groupThresholds = Float64Array.from(chosen.groups, (group) =>
    thresholdOf(options.threshold, kinds.get(group.sources[0]?.op ?? -1) ?? 'gamma'),
  );
  return { program: { forms, ops, sources, groupThresholds }, uncounted };
}

/** What ops cost beside the resource that is regularized: `all-params` are all trained numbers, biases and norms too. */
type CostedResource = ResourceOptions['resource'] | 'all-params';

interface CompiledOps {
  readonly forms: readonly WidthForm[];
  readonly ops: readonly OpProgram[];
  readonly uncounted: readonly OpId[];
}

/** Another cost of the same network, times a factor. */
export function compileCosts(
  grouping: ChannelGrouping,
  groups: readonly ChannelGroup[],
  counted: readonly boolean[],
  options: Omit<ResourceOptions, 'resource'> & { readonly resource: CostedResource },
  factor: number,
): CompiledOps {
  return compileOps(grouping, groups, counted, options, factor);
}

function compileOps(
  grouping: ChannelGrouping,
  groups: readonly ChannelGroup[],
  counted: readonly boolean[],
  options: Omit<ResourceOptions, 'resource'> & { readonly resource: CostedResource },
  factor = 1,
): CompiledOps {
  const { graph, mode } = grouping;
  const forms = new WidthForms(grouping, groups);
  const context = { graph, forms, mode, batchSize: options.batchSize ?? 1 };
  const compiler = new TermCompiler();
  const ops: OpProgram[] = [];
  const uncounted: OpId[] = [];
  const weights = new Set<string>();
  const parameters = new Set<string>();
  const { device } = options;
  // The reference knows rooflines only.
  const rated = mode === 'exact' ? device?.rated : undefined;
  const works =
    options.resource === 'latency' && rated && workOf(graph, { ...rated.execution, batch: context.batchSize });
  for (const op of graph.ops) {
    if (counted[op.id] !== true) continue;
    const weight = op.parameters.find(({ role }) => role === 'weight');
    const isShared = weight !== undefined && weights.has(weight.id);
    if (weight !== undefined) weights.add(weight.id);
    const compute = (): Terms | undefined => {
      const terms = flopTerms(context, op);
      return terms && scaleTerms(terms, context.batchSize);
    };
    const choices = ((): readonly (Terms | undefined)[] => {
      switch (options.resource) {
        case 'flops':
          return [flopTerms(context, op)];
        case 'params':
          return [weightTerms(context, op, isShared)];
        case 'all-params':
          return [parameterTerms(context, op, parameters)];
        case 'activations':
          return [activationTerms(context, op)];
        case 'memory':
          return [memoryTerms(context, op)];
        case 'latency': {
          if (rated && works) return [latencyTerms(context, op, works[op.id], rated.rates)];
          const { peakGflopsPerSecond = 1, memoryGigabytesPerSecond = 1 } = device ?? {};
          const [flops, bytes] = [compute(), memoryTerms(context, op)];
          return [
            flops && scaleTerms(flops, 1 / peakGflopsPerSecond),
            bytes && scaleTerms(bytes, 1 / memoryGigabytesPerSecond),
          ];
        }
      }
    })();
    const [terms, alternative] = choices.map((choice) => choice && scaleTerms(choice, factor));
    if (choices.includes(undefined) || op.attributes.kind === 'opaque') uncounted.push(op.id);
    else if (terms !== undefined && choices.some((choice) => choice !== undefined && !isEmpty(choice))) {
      ops.push({
        op: op.id,
        terms: compiler.compile(terms),
        alternative: alternative && compiler.compile(alternative),
      });
    }
  }
  return { forms: compiler.forms, ops, uncounted };
}

/** Regularization vectors are float32, and so is what they are compared with: at a threshold of 0.1 a channel of just 0.1 is dead. */
function thresholdOf(threshold: Thresholds, kind: SourceKind): number {
  return Math.fround(typeof threshold === 'number' ? threshold : (threshold[kind] ?? defaultGateThreshold));
}

function isEmpty({ linear, products, lossOnly }: Terms): boolean {
  return linear.length + products.length + lossOnly.length === 0;
}

/** Numbers forms as they come up. */
class TermCompiler {
  readonly #forms: WidthForm[] = [];
  readonly #numbers = new Map<WidthForm, number>();

  get forms(): readonly WidthForm[] {
    return this.#forms;
  }

  compile({ linear, products, lossOnly }: Terms): CompiledTerms {
    const term = ({ coefficient, form }: { readonly coefficient: number; readonly form: WidthForm }): CompiledTerm => ({
      coefficient,
      form: this.#number(form),
    });
    return {
      linear: linear.map(term),
      products: products.map(({ coefficient, left, right }) => ({
        coefficient,
        left: this.#number(left),
        right: this.#number(right),
      })),
      lossOnly: lossOnly.map(term),
    };
  }

  #number(form: WidthForm): number {
    const known = this.#numbers.get(form);
    if (known !== undefined) return known;
    this.#numbers.set(form, this.#forms.length);
    this.#forms.push(form);
    return this.#forms.length - 1;
  }
}

function compileSource(
  grouping: ChannelGrouping,
  chosen: ChosenSources,
  source: RegularizerSource,
  { threshold }: ProgramOptions,
): CompiledSource {
  const value = opOf(grouping.graph, source.op).outputs[0] ?? -1;
  const channels = grouping.valueChannels[value]?.channels ?? new Int32Array(0);
  const targets = new Int32Array(source.channels).fill(-1);
  for (const group of chosen.groups) {
    for (const slice of group.sources) {
      if (slice.op !== source.op) continue;
      for (const place of sourcePlaces(slice)) targets[place] = channels[place] ?? -1;
    }
  }
  return {
    op: source.op,
    threshold: thresholdOf(threshold, source.kind),
    isAliveAtThreshold: source.kind === 'gate',
    targets,
  };
}
