// Which loss each output has: what goes without saying, what is said, and what does not fit.

import { describe, expect, it } from 'vitest';
import type { ValueId } from '../../../../server/src/network/op.ts';
import { formatLosses, parseLosses } from '../../../../server/src/protocol/losses-text.ts';
import type { Target } from '../../../../server/src/training/data/data-set.ts';
import { objectiveOf } from '../../../../server/src/training/loop/objective.ts';
import { SmallNetwork } from '../engines/small-network.ts';

const mask = (classes: number): Target => ({ name: '', kind: 'classes', shape: [4, 4], classes });
const numbers = (...shape: number[]): Target => ({ name: '', kind: 'numbers', shape, classes: 0 });

function built(outputs: (net: SmallNetwork) => readonly ValueId[]) {
  const net = new SmallNetwork([3, 4, 4]);
  return net.build(...outputs(net));
}
const map = (channels: number) => built((net) => [net.convolution('conv', net.input, channels, 1)]);
const vector = (width: number) => built((net) => [net.dense('fc', net.globalMean('mean', net.input), width)]);
const heads = built((net) => {
  const mean = net.globalMean('mean', net.input);
  return [net.dense('a', mean, 5), net.dense('b', mean, 2)];
});

/** The losses in short, or the refusal. */
function learned(
  graph: ReturnType<typeof map>,
  targets: readonly Target[] | undefined,
  text?: string,
  classes = 0,
): string {
  const losses = text === undefined ? undefined : parseLosses(text);
  const found = objectiveOf(graph, { name: 'the set', classes, ...(targets && { targets }) }, losses);
  if (!found.ok) return found.error;
  const { losses: terms, targets: taken } = found.value;
  return terms === undefined
    ? 'classifier'
    : terms
        .map(
          ({ output, kind, weight }, index) =>
            `${String(output)} ${kind} ×${String(weight)} of ${String(taken?.[index]?.target)} as ${String(taken?.[index]?.as)}`,
        )
        .join('; ');
}

describe('what goes without saying', () => {
  it('follows from the target and the output', () => {
    expect(learned(vector(10), undefined, undefined, 10)).toBe('classifier');
    expect(learned(map(5), [mask(5)])).toBe('0 cross-entropy ×1 of 0 as classes');
    expect(learned(map(1), [mask(2)])).toBe('0 binary-cross-entropy ×1 of 0 as numbers');
    expect(learned(map(3), [numbers(3, 4, 4)])).toBe('0 l1 ×1 of 0 as numbers');
    expect(learned(vector(7), [numbers(7)])).toBe('0 mse ×1 of 0 as numbers');
    const both: Target[] = [{ name: 'kind', kind: 'classes', shape: [], classes: 5 }, numbers(2)];
    expect(learned(heads, both)).toBe('0 cross-entropy ×1 of 0 as classes; 1 mse ×1 of 1 as numbers');
  });

  it('is asked for where outputs and targets are not of one number', () => {
    expect(learned(heads, undefined, undefined, 5)).toMatch(
      /must have one output, but it has 2\. Say by losses in morphnet\.json/,
    );
    expect(learned(heads, [numbers(5)])).toMatch(/has 2 outputs, but the set has 1 target\. Say by losses/);
  });
});

describe('what is said', () => {
  it('has weights, names of targets, and one set of classes for several outputs', () => {
    const named: Target[] = [
      { ...numbers(2), name: 'age' },
      { name: 'kind', kind: 'classes', shape: [], classes: 5 },
    ];
    expect(learned(heads, named, 'cross-entropy=kind,mse*0.25=age')).toBe(
      '0 cross-entropy ×1 of 1 as classes; 1 mse ×0.25 of 0 as numbers',
    );
    expect(learned(heads, undefined, 'cross-entropy,cross-entropy*0.3', 2)).toBe(
      '0 cross-entropy ×1 of 0 as classes; 1 cross-entropy ×0.3 of 0 as classes',
    );
    expect(learned(heads, undefined, 'cross-entropy', 5)).toBe('0 cross-entropy ×1 of 0 as classes');
  });

  it('is refused where it does not fit', () => {
    expect(learned(map(5), [mask(6)])).toMatch(/tells 5 classes apart, but there are 6/);
    expect(learned(map(5), [mask(5)], 'l1')).toMatch(/can't learn classes of 4×4 by l1/);
    expect(learned(map(3), [numbers(3, 8, 8)])).toMatch(/makes 3×4×4, but there are numbers of 3×8×8/);
    expect(learned(vector(5), [mask(5)])).toMatch(/makes 5, which is no score a class for classes of 4×4/);
    expect(learned(heads, undefined, 'cross-entropy=other,mse', 5)).toBe(
      'the set has no target other; there is one without a name',
    );
    expect(learned(vector(5), [numbers(5)], 'mse,mse')).toMatch(/2 losses for 1 outputs/);
  });

  it('is written and read in short', () => {
    for (const text of ['mse', 'cross-entropy,mse*0.1=age', 'l1*2'])
      expect(formatLosses(parseLosses(text) ?? [])).toBe(text);
    for (const text of ['', 'mean', 'mse*0', 'mse*x', 'mse,']) expect(parseLosses(text), text).toBeUndefined();
  });
});
