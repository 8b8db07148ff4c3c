// An analysis as plain data for a training loop of the user's own (python/morphnet_torch): which parameters say what channels
// are worth, where each entry goes, what each op costs by what is alive, and what goes when a branch dies.

import type { DeviceProfile } from '../costs/device-profile.ts';
import { opOf, valueOf } from '../network/network-graph.ts';
import { hasOwnWidth, ownWidthOf, parameterAxesOf } from '../network/op-traits.ts';
import type { Op, OpId } from '../network/op.ts';
import { formatShape, isKnownShape } from '../network/shape.ts';
import { aliveVectors } from './alive-counts.ts';
import type { StructureAnalysis } from './analyze-structure.ts';
import { defaultL2Threshold } from './combine-sources.ts';
import { essentialGroups } from './essential-groups.ts';
import { seedCost } from './evaluate-regularizer.ts';
import { trainedGate } from './gate.ts';
import { weightLayout } from './op-regularizers.ts';
import { compileCosts, type OpProgram } from './regularizer-program.ts';
import { costName } from './resource.ts';
import { scopeOf } from './scope.ts';
import type { WidthForm } from './width-form.ts';

/** Costs of ops as functions of alive counts. Terms name forms by their place; an op with two choices costs the larger one. */
interface AttachedCosts {
  readonly forms: readonly WidthForm[];
  readonly ops: readonly OpProgram[];
}

/** What happens to an op when inputs have vanished. `any`: it goes with any of them; `sum`, `product`, `concat`: see vanishing.ts. */
type Vanishing = 'any' | 'sum' | 'product' | 'concat';

interface AttachedOp {
  readonly name: string;
  readonly label: string;
  /** Ops that make the inputs. */
  readonly inputs: readonly OpId[];
  /** For sums and products: whether an input has the output's shape. */
  readonly whole: readonly boolean[];
  readonly vanishing: Vanishing;
  /** Groups of the output's channels; without any, or with fixed ones among them, the output never dies by itself. */
  readonly groups: readonly number[];
  /** For layers with a width of their own: it, their group's name, the channel of each place, whether their count is exported. */
  readonly width?: number;
  readonly group?: string;
  readonly channels?: readonly number[];
  readonly exported?: boolean;
  readonly isInput: boolean;
}

interface AttachedSource {
  /** The op, and the module of that name. */
  readonly op: OpId;
  readonly name: string;
  readonly kind: 'gamma' | 'group-lasso' | 'gate';
  /** The parameter that r is made of; none for gates. */
  readonly parameter?: string;
  /** Of that parameter: [outer, inputs, outputs, inner], see `weightLayout`. */
  readonly layout?: readonly [number, number, number, number];
  readonly l1Fraction: number;
  readonly threshold: number;
  /** For each entry of r the channel it speaks for, or -1. */
  readonly targets: readonly number[];
  /** The axis of a gated output's channels. */
  readonly axis?: number;
}

export interface AttachedStructure {
  readonly kind: 'morphnet-structure';
  readonly version: 1;
  readonly algorithm: StructureAnalysis['algorithm'];
  readonly combination: { readonly kind: 'max' | 'l2' | 'probabilistic'; readonly threshold: number };
  readonly costName: string;
  readonly seedCost: number;
  readonly device: string;
  /** Parameters and buffers of the model by name, as sizes. */
  readonly parameters: Readonly<Record<string, readonly number[]>>;
  readonly groups: readonly {
    readonly name: string;
    readonly size: number;
    readonly layers: readonly string[];
    readonly threshold: number;
    readonly fixed?: string;
    readonly unscaled?: true;
  }[];
  /** Channel numbers of group g go from offsets[g] to offsets[g + 1]. */
  readonly offsets: readonly number[];
  readonly sources: readonly AttachedSource[];
  readonly gate: Readonly<Record<string, number | boolean | string>>;
  /** Groups without which nothing comes out. */
  readonly essential: readonly number[];
  readonly ops: readonly AttachedOp[];
  readonly outputs: readonly OpId[];
  /** The cost that is regularized, and those that a proposal tells of. */
  readonly costs: {
    readonly target: AttachedCosts;
    readonly macs: AttachedCosts;
    readonly params: AttachedCosts;
    readonly latencyMs: AttachedCosts;
  };
  readonly notices: readonly { readonly severity: string; readonly code: string; readonly message: string }[];
  /** For each parameter its axes that follow channels: the channel of each place, or -1 for one that always stays. */
  readonly slices: Readonly<Record<string, readonly { readonly axis: number; readonly channels: readonly number[] }[]>>;
}

/** The analysis as data. The failure names what has no size. */
export function attachedStructure(analysis: StructureAnalysis, device: DeviceProfile): AttachedStructure {
  const { graph, grouping, groups, options, program } = analysis;
  const parameters = Object.fromEntries(
    graph.ops.flatMap((op) =>
      op.parameters.map(({ id, shape }): [string, readonly number[]] => {
        if (!isKnownShape(shape)) throw new Error(`The shape of ${id} is not known: ${formatShape(shape)}`);
        return [id, shape];
      }),
    ),
  );
  const exported = new Set(aliveVectors(analysis, new Uint8Array(0)).keys());
  const { combination = { kind: analysis.algorithm === 'logistic-sigmoid' ? 'probabilistic' : 'max' } } = options;
  const costs = (resource: 'flops' | 'latency' | 'all-params', factor: number): AttachedCosts =>
    compileCosts(grouping, groups, scopeOf(graph, {}, []).includes, { resource, device }, factor);
  return {
    kind: 'morphnet-structure',
    version: 1,
    algorithm: analysis.algorithm,
    combination: {
      kind: combination.kind,
      threshold: combination.kind === 'l2' ? (combination.threshold ?? defaultL2Threshold) : 0,
    },
    costName: costName(options),
    seedCost: seedCost(analysis),
    device: device.name,
    parameters,
    groups: groups.map(({ id, name, size, members, fixed }) => {
      const ids = new Set(members.map(({ op }) => op));
      return {
        name,
        size,
        layers: graph.ops.filter((op) => ids.has(op.id) && hasOwnWidth(op)).map((op) => op.name),
        threshold: program.groupThresholds[id] ?? 0,
        ...(fixed && { fixed: fixed.reason }),
        ...(fixed?.kind === 'unscaled' && { unscaled: true as const }),
      };
    }),
    offsets: [...grouping.offsets],
    sources: analysis.sources.map((source, index): AttachedSource => {
      const op = opOf(graph, source.op);
      const role = source.kind === 'gamma' ? 'scale' : 'weight';
      const parameter = source.kind === 'gate' ? undefined : op.parameters.find((one) => one.role === role);
      const compiled = program.sources[index];
      const { outer, inputs, outputs, inner } = weightLayout(op, parameter?.shape.map(Number) ?? [1]);
      return {
        op: source.op,
        name: op.name,
        kind: source.kind,
        l1Fraction: source.l1Fraction,
        threshold: compiled?.threshold ?? 0,
        targets: [...(compiled?.targets ?? [])],
        ...(parameter && { parameter: parameter.id, layout: [outer, inputs, outputs, inner] as const }),
        ...(source.kind === 'gate' && { axis: grouping.valueChannels[op.outputs[0] ?? -1]?.axis ?? 1 }),
      };
    }),
    gate: { ...trainedGate, ...options.gate },
    essential: [...essentialGroups(grouping)],
    ops: graph.ops.map((op) => attachedOp(analysis, op, exported)),
    outputs: graph.outputs.map((value) => valueOf(graph, value).producer),
    costs: {
      target: { forms: program.forms, ops: program.ops },
      macs: costs('flops', 0.5),
      params: costs('all-params', 1),
      latencyMs: costs('latency', 1e-6),
    },
    notices: analysis.notices.map(({ severity, code, message }) => ({ severity, code, message })),
    slices: slicesOf(analysis),
  };
}

function attachedOp({ graph, grouping, groups }: StructureAnalysis, op: Op, exported: ReadonlySet<string>): AttachedOp {
  const output = op.outputs[0] ?? -1;
  const shape = op.outputs.length === 0 ? '' : formatShape(valueOf(graph, output).shape);
  const channels = grouping.valueChannels[output]?.channels ?? new Int32Array(0);
  const ids = [...new Set(Array.from(channels, (channel) => grouping.groupOfChannel[channel] ?? -1))];
  const width = ownWidthOf(op);
  return {
    name: op.name,
    label: op.label,
    inputs: op.inputs.map((value) => valueOf(graph, value).producer),
    whole: op.inputs.map((value) => formatShape(valueOf(graph, value).shape) === shape),
    vanishing: vanishingOf(op),
    groups: ids.some((id) => groups[id]?.fixed !== undefined) ? [] : ids,
    isInput: op.attributes.kind === 'input',
    ...(width > 0 && {
      width,
      group: ids.map((id) => groups[id]?.name ?? '').join(' + '),
      channels: [...channels],
      exported: exported.has(op.name),
    }),
  };
}

function vanishingOf({ attributes }: Op): Vanishing {
  if (attributes.kind === 'concat') return 'concat';
  if (attributes.kind !== 'elementwise') return 'any';
  switch (attributes.operator) {
    case 'power':
    case 'compare':
    case 'where':
      return 'any';
    case 'multiply':
    case 'divide':
      return 'product';
    default:
      return 'sum';
  }
}

/** Where a parameter's places stand among the channels, so that its surviving part can be cut out. */
function slicesOf({ graph, grouping }: StructureAnalysis): AttachedStructure['slices'] {
  const slices = new Map<string, readonly { axis: number; channels: readonly number[] }[]>();
  for (const op of graph.ops) {
    for (const parameter of op.parameters) {
      if (slices.has(parameter.id)) continue;
      slices.set(parameter.id, channelsAlong(grouping, op, parameter));
    }
  }
  return Object.fromEntries(slices);
}

function channelsAlong(
  grouping: StructureAnalysis['grouping'],
  op: Op,
  parameter: Op['parameters'][number],
): readonly { readonly axis: number; readonly channels: readonly number[] }[] {
  const places = (value: number | undefined): Int32Array | undefined => grouping.valueChannels[value ?? -1]?.channels;
  const isFull = (channels: Int32Array | undefined, size: unknown): channels is Int32Array => channels?.length === size;
  return parameterAxesOf(op, parameter).flatMap(({ axis, end, groups }) => {
    const channels = places(end === 'in' ? op.inputs[0] : op.outputs[0]);
    const share = channels?.subarray(0, channels.length / groups);
    return isFull(share, parameter.shape[axis]) && share.length > 1 ? [{ axis, channels: [...share] }] : [];
  });
}
