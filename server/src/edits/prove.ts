// Whether an edited source gives exactly the network that was wanted: same ops, same attributes, same shapes.

import { valueOf, type NetworkGraph } from '../network/network-graph.ts';
import type { Op, ValueId } from '../network/op.ts';
import { formatShape, isKnownShape, type Shape } from '../network/shape.ts';

/** Where two networks differ first. */
export interface Difference {
  readonly text: string;
  /** The op of the expected network that is different; undefined where it is no single one. */
  readonly op: Op | undefined;
}

/** The first difference in words, or undefined when the networks are the same. */
export function firstDifference(expected: NetworkGraph, actual: NetworkGraph): string | undefined {
  return differenceOf(expected, actual)?.text;
}

/**
 * The first difference, or undefined when the networks are the same. Places in the source don't count, nor does what leads to no
 * output: a rebuilt network has dropped it.
 */
export function differenceOf(expected: NetworkGraph, actual: NetworkGraph): Difference | undefined {
  const of = (text: string, op?: Op): Difference => ({ text, op });
  const lost = actual.unknowns[expected.unknowns.length];
  if (lost !== undefined) return of(`a part could not be read any more (${lost.reason})`);
  const wanted = leadingOps(expected);
  const got = leadingOps(actual);
  for (const [index, op] of wanted.ops.entries()) {
    const found = got.ops[index];
    if (found?.name !== op.name) return of(`${op.name} would not be there`);
    const inputs = (network: Leading, { inputs: ids }: Op): readonly number[] =>
      ids.map((value) => network.places.get(value) ?? -1);
    if (!sameNumbers(inputs(wanted, op), inputs(got, found))) return of(`${op.name} would be another operation`);
    const difference = opDifference(expected, op, actual, found);
    if (difference !== undefined) return of(difference, op);
  }
  const extra = got.ops[wanted.ops.length];
  if (extra !== undefined) return of(`${extra.name} would be new`);
  const idle = idleDifference(expected, actual);
  return idle === undefined ? undefined : of(idle);
}

/** The same, down to layers that are never called: what has to be so where an edit is to change nothing. */
export function firstChange(before: NetworkGraph, after: NetworkGraph): string | undefined {
  const difference = firstDifference(before, after);
  if (difference !== undefined) return difference;
  const shapes = ({ idle }: NetworkGraph): string =>
    JSON.stringify(
      idle.map(({ name, parameters }) => [name, parameters.map(({ shape }) => shape)]),
      withoutReasons,
    );
  return shapes(before) === shapes(after) ? undefined : 'layers that are never called would change';
}

interface Leading {
  readonly ops: readonly Op[];
  /** The places of their values among all of these ops' values. */
  readonly places: ReadonlyMap<ValueId, number>;
}

/** The ops that lead to an output; all of them where no output is known. */
function leadingOps({ ops, inputs, outputs }: NetworkGraph): Leading {
  const used = new Set<ValueId>([...outputs, ...inputs]);
  const leading = ops
    .toReversed()
    .filter((op) => {
      const leads = outputs.length === 0 || op.outputs.some((value) => used.has(value));
      if (leads) for (const input of op.inputs) used.add(input);
      return leads;
    })
    .toReversed();
  return { ops: leading, places: new Map(leading.flatMap((op) => op.outputs).map((value, place) => [value, place])) };
}

function opDifference(expected: NetworkGraph, op: Op, actual: NetworkGraph, found: Op): string | undefined {
  if (op.attributes.kind !== found.attributes.kind) return `${op.name} would be another operation`;
  for (const [index, id] of op.outputs.entries()) {
    const wanted = valueOf(expected, id).shape;
    const other = found.outputs[index];
    const got = other === undefined ? [] : valueOf(actual, other).shape;
    if (!sameShape(wanted, got))
      return `${op.name} would give ${formatShape(got)} where ${formatShape(wanted)} is needed`;
  }
  if (!sameAttributes(op, found)) return `${op.name} would have other settings than it needs`;
  for (const [index, parameter] of op.parameters.entries()) {
    const got = found.parameters[index]?.shape ?? [];
    if (!sameShape(parameter.shape, got)) {
      return `the ${parameter.role} of ${op.name} would be ${formatShape(got)} where ${formatShape(parameter.shape)} is needed`;
    }
  }
  return op.parameters.length === found.parameters.length ? undefined : `${op.name} would have other parameters`;
}

function sameAttributes(op: Op, found: Op): boolean {
  switch (op.attributes.kind) {
    case 'reshape':
    case 'expand':
      // `-1` and the number that it stands for are the same; the output shapes have been compared.
      return true;
    case 'resize':
      // A slim file says sizes where the source says factors; the sizes are compared.
      return JSON.stringify({ ...op.attributes, written: 0 }) === JSON.stringify({ ...found.attributes, written: 0 });
    default:
      return JSON.stringify(op.attributes, withoutReasons) === JSON.stringify(found.attributes, withoutReasons);
  }
}

/** Reasons and their places say why a size is unknown, not what it is. */
function withoutReasons(key: string, value: unknown): unknown {
  return key === 'reason' || key === 'span' ? undefined : value;
}

/** A layer that is never called must still be there; its widths may have changed with those of its line. */
function idleDifference(expected: NetworkGraph, actual: NetworkGraph): string | undefined {
  const lost = expected.idle.find((layer, index) => actual.idle[index]?.name !== layer.name);
  return lost && `${lost.name} would not be there`;
}

function sameShape(left: Shape, right: Shape): boolean {
  if (left.length !== right.length) return false;
  if (isKnownShape(left) && isKnownShape(right)) return sameNumbers(left, right);
  return formatShape(left) === formatShape(right);
}

function sameNumbers(left: readonly number[], right: readonly number[]): boolean {
  return left.length === right.length && left.every((value, index) => value === right[index]);
}
