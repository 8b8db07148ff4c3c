// Every file ends: what would run for ever, or hold more than memory has, stops at a limit that is named with its place and a
// remedy. Steps and items are counted; no time is measured.

import { describe, expect, test } from 'vitest';
import { neverCancelled } from '../../../../server/src/common/cancellation.ts';
import {
  defaultLimits,
  isLimit,
  overlongText,
  type EvaluationLimits,
} from '../../../../server/src/frontends/shared/frontend.ts';
import { patternCost } from '../../../../server/src/frontends/python/standard-library/pattern-cost.ts';
import { hostileModels, modelDoing } from '../../../support/hostile-models.ts';
import { pythonFrontend } from '../../../support/python-frontend.ts';
import { mainDocument, readProject, readPython, type PythonReading } from '../../../support/python-model.ts';

/** Small enough for a fast test; the files that are meant need a million times as much. */
const tight: Partial<EvaluationLimits> = { steps: 100_000, items: 200_000, ops: 500 };

function codesOf({ problems }: PythonReading): readonly string[] {
  return problems.map(({ code }) => code);
}

describe('hostile files', () => {
  test.for(hostileModels().filter(({ text }) => text.length < 1e5))('$name: $code', ({ text, code }) => {
    const reading = readPython(text, tight);
    const problem = reading.problems.find((each) => each.code === code);
    expect(problem, codesOf(reading).join()).toBeDefined();
    expect(problem?.message).toMatch(/\.( |$)/);
    expect(problem?.span?.document).toBe(mainDocument);
    // What was found before is kept, and says that it is not all, unless only a value was too much that no layer needs.
    const isOnlyValue = code === 'limit-number' || code === 'limit-pattern';
    if (reading.graph !== undefined && !isOnlyValue) expect(reading.graph.unknowns).not.toEqual([]);
  });

  test.for(hostileModels().filter(({ text }) => text.length >= 1e5))('$name is not even parsed', ({ text }) => {
    expect(overlongText(mainDocument, text, defaultLimits)).toMatchObject({
      code: 'limit-source',
      span: { document: mainDocument },
    });
  });
});

describe('what a limit leaves', () => {
  test('the layers in front of it', () => {
    const { graph } = readPython(modelDoing('pass', 'while True:\n    x = x + 1'), tight);
    expect(graph?.ops.map(({ name }) => name)).toContain('conv');
    expect(graph!.ops.length).toBeLessThanOrEqual(tight.ops ?? 0);
  });

  test('the model itself, where only a value was too much', () => {
    const { graph } = readPython(modelDoing('self.n = 10**10**9'));
    expect(graph?.ops.map(({ name }) => name)).toContain('conv');
    expect(graph?.unknowns).toEqual([]);
  });
});

describe('work', () => {
  /** Fewest steps with which a model is read whole. */
  const stepsOf = (body: string, others: Readonly<Record<string, string>> = {}): number => {
    let [too, enough] = [0, 1_000_000];
    while (enough - too > 1) {
      const steps = Math.floor((too + enough) / 2);
      const reading = readProject({ files: { ...others, 'main.py': modelDoing(body) }, limits: { steps } });
      if (reading.problems.some(isLimit)) too = steps;
      else enough = steps;
    }
    return enough;
  };

  test('the same file takes the same steps always, whatever was read before', () => {
    const loop = 'n = 0\nfor i in range(1000):\n    n += i';
    expect([stepsOf(loop), stepsOf('pass'), stepsOf(loop)]).toEqual([stepsOf(loop), stepsOf('pass'), stepsOf(loop)]);
  });

  test('a call counts for more than a statement, an operator too', () => {
    const plain = stepsOf('for i in range(1000):\n    j = i');
    expect(stepsOf('f = lambda i: i\nfor i in range(1000):\n    j = f(i)') - plain).toBeGreaterThan(5_000);
    expect(stepsOf('for i in range(1000):\n    j = i + i') - plain).toBeGreaterThan(900);
  });

  test('a way that may not be taken counts by the size of what it changes, which is remembered and undone', () => {
    const ways = (size: number): number =>
      stepsOf(
        `import os\na = list(range(${String(size)}))\nfor i in range(20):\n    if os.getpid() == i:\n        a[0] = i`,
      );
    expect(ways(8_000) - ways(800)).toBeGreaterThan((20 * 7_200) / 8);
  });

  test('what is imported counts by its length, and a module that is missing as some statements', () => {
    const other = (length: number) => ({ 'other.py': `# ${'x'.repeat(length)}\n` });
    const short = stepsOf('import other', other(10));
    expect(stepsOf('import other', other(20_010)) - short).toBe(1000);
    expect(stepsOf('import missing') - stepsOf('pass')).toBeGreaterThan(10);
  });
});

test('a cancellation is seen within an evaluation', () => {
  const text = modelDoing('while True:\n    pass');
  const reader = { roots: [], read: () => text };
  const [entry] = pythonFrontend.entries(mainDocument, reader).entries;
  let looks = 0;
  const cancellation = {
    get isCancellationRequested() {
      return ++looks > 3;
    },
  };
  const { problems } = pythonFrontend.evaluate(entry!, reader, { ...defaultLimits, steps: 1e9 }, cancellation);
  expect(problems.map(({ code }) => code)).toEqual(['cancelled']);
});

describe('nesting', () => {
  test.for<[string, string]>([
    ['parentheses', `x = ${'('.repeat(5000)}1${')'.repeat(5000)}`],
    ['a sum', `x = ${'1 + '.repeat(5000)}1`],
    ['lists', `x = ${'['.repeat(5000)}${']'.repeat(5000)}`],
    ['calls', `x = a${'()'.repeat(5000)}`],
    ['attributes', `x = a${'.b'.repeat(5000)}`],
    ['blocks', `${Array.from({ length: 600 }, (_, i) => `${' '.repeat(i)}if True:`).join('\n')} pass`],
    ['conditions', `if a:\n  pass\n${'elif b:\n  pass\n'.repeat(5000)}`],
    ['classes', Array.from({ length: 300 }, (_, i) => `${' '.repeat(i)}class A:`).join('\n')],
  ])('%s nested thousands deep', ([, text]) => {
    const { graph } = readPython(`${modelDoing('pass')}\n${text}\n`);
    expect(graph?.ops.map(({ name }) => name)).toContain('conv');
  });

  test('modules that import each other', () => {
    const text = modelDoing('import a1\nself.x = a1');
    const read = (document: string): string | undefined =>
      document === mainDocument
        ? text
        : /\/a\d*\.py$/.test(document)
          ? `from a${document.slice(-4, -3)}1 import x`
          : undefined;
    const files = { roots: ['file:///project'], read };
    const [entry] = pythonFrontend.entries(mainDocument, files).entries;
    const { graph } = pythonFrontend.evaluate(entry!, files, defaultLimits, neverCancelled);
    expect(graph?.ops.map(({ name }) => name)).toContain('conv');
  });
});

describe('the cost of a regular expression', () => {
  // By hand: each open repetition divides the text at any of its 11 places, and the search begins at any of them.
  test.for<[string, number]>([
    ['abc', 11],
    ['a*', 11 * 11],
    ['(\\d+)_(\\d+)', 11 * 11 * 11],
    ['a?', 2 * 11],
    ['a{3}', 11],
    ['a{0,4}', 5 * 11],
    ['a|b', 11],
    ['ab|ac', 2 * 11],
    ['[a-z(]+', 11 * 11],
    ['\\(+', 11 * 11],
    ['(?P<name>a)+', 11 * 11],
    ['(?:a|b)*', 11 * 11],
    ['(a+)+', 11 * 11 ** 11],
    ['(a|a)*', 11 * 11 * 2 ** 10],
  ])('%s', ([pattern, cost]) => {
    expect(patternCost(pattern, 10)).toBe(cost);
  });
});
