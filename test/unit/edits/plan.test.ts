// Plans: what is edited for a proposal, what is raised, what is refused and why; and that nothing else changes.

import * as fc from 'fast-check';
import { expect, test } from 'vitest';
import type { WidthUnit } from '../../../server/src/edits/constraints.ts';
import { applyEdits, byDocument, type LiteralEdit } from '../../../server/src/edits/literal-text.ts';
import { EditPlanner, type EditPlan, type EditSources } from '../../../server/src/edits/plan.ts';
import { darknetNumbers, pythonNumbers } from '../../../server/src/frontends/shared/number-dialect.ts';
import { probedSlopes } from '../../support/probed-slopes.ts';
import { evaluateToy } from '../../support/toy-frontend.ts';

const home = 'file:///project/';
const main = `${home}main.toy`;

type Files = Readonly<Record<string, string>>;

/** `{ a: 9 }`: layers, each a unit of its own, with the widths wanted for them; the rest keep theirs. */
type Wanted = Readonly<Record<string, number>>;

function setUp(files: Files, wanted: Wanted): { readonly sources: EditSources; readonly units: readonly WidthUnit[] } {
  const read = (document: string): string | undefined =>
    document.startsWith(home) ? files[document.slice(home.length)] : files[document];
  const graph = evaluateToy(main, read)!;
  const units = graph.ops.flatMap(({ name, attributes }): readonly WidthUnit[] =>
    attributes.kind === 'convolution'
      ? [{ key: name, layers: [name], before: attributes.outChannels, target: wanted[name] ?? attributes.outChannels }]
      : [],
  );
  const sources: EditSources = {
    graph,
    rebuild: (widths) => evaluateToy(main, read, widths),
    slopes: probedSlopes(graph, units, (widths) => evaluateToy(main, read, widths)),
    numbers: pythonNumbers,
    read,
    isEditable: (document) => document.startsWith(home),
    evaluate: (overlay) => evaluateToy(main, (document) => overlay.get(document) ?? read(document)),
    siblings: () => [],
  };
  return { sources, units };
}

function edited(files: Files, edits: readonly LiteralEdit[]): Files {
  const changed = { ...files };
  for (const [document, own] of byDocument(edits)) {
    const name = document.slice(home.length);
    changed[name] = applyEdits(files[name]!, own);
  }
  return changed;
}

function all(files: Files, wanted: Wanted): { readonly plan: EditPlan; readonly files: Files } {
  const { sources, units } = setUp(files, wanted);
  const plan = new EditPlanner(sources, units).all();
  return { plan, files: edited(files, plan.edits) };
}

test('each layer has its own number', () => {
  const { plan, files } = all({ 'main.toy': 'conv a 16\nconv b 32 from 16\n' }, { a: 9, b: 30 });
  expect(files).toEqual({ 'main.toy': 'conv a 9\nconv b 30 from 9\n' });
  expect(plan.refused).toEqual([]);
  expect(plan.notes).toEqual([]);
});

test('a shared number gets the largest, and the plan says so by name', () => {
  const text = 'set planes 16\nconv a planes\nconv b planes\nconv c planes\nconv d 8\n';
  const { plan, files } = all({ 'main.toy': text }, { a: 9, b: 12, c: 10, d: 8 });
  expect(files).toEqual({ 'main.toy': 'set planes 12\nconv a planes\nconv b planes\nconv c planes\nconv d 8\n' });
  expect(plan.widths.map(({ layers, wanted, after }) => [layers.join(), wanted, after])).toEqual([
    ['a', 9, 12],
    ['b', 12, 12],
    ['c', 10, 12],
  ]);
  expect(plan.notes).toEqual(['`16` in main.toy:1 sets a, b, c: 9 to 12 wanted, 12 for all.']);
});

test('widths that grow: a shared number grows to the largest, and widths that shrink stand beside ones that grow', () => {
  const text = 'set planes 16\nconv a planes\nconv b planes from planes\nconv c 32 from planes\nconv d 8 from 32\n';
  const { plan, files } = all({ 'main.toy': text }, { a: 20, b: 24, c: 12, d: 30 });
  expect(files).toEqual({
    'main.toy': 'set planes 24\nconv a planes\nconv b planes from planes\nconv c 12 from planes\nconv d 30 from 12\n',
  });
  expect(plan.widths.map(({ layers, wanted, after }) => [layers.join(), wanted, after])).toEqual([
    ['a', 20, 24],
    ['b', 24, 24],
    ['c', 12, 12],
    ['d', 30, 30],
  ]);
  expect(plan.refused).toEqual([]);
  expect(plan.notes).toEqual(['`16` in main.toy:1 sets a, b: 20 to 24 wanted, 24 for all.']);
});

test('one of several layers that share a number takes the others along', () => {
  const text = 'set planes 16\nconv a planes\nconv b planes\nconv c 20\n';
  const { sources, units } = setUp({ 'main.toy': text }, { a: 9, b: 12, c: 5 });
  const plan = new EditPlanner(sources, units).unit('a');
  if (!plan.ok) throw new Error(plan.error);
  expect(edited({ 'main.toy': text }, plan.value.edits)).toEqual({ 'main.toy': text.replace('16', '12') });
  expect(plan.value.widths.map(({ layers }) => layers.join())).toEqual(['a', 'b']);
});

test('one layer alone leaves the others', () => {
  const text = 'conv a 16\nconv b 16 from 16\nconv c 16 from 16\n';
  const { sources, units } = setUp({ 'main.toy': text }, { a: 9, b: 12, c: 5 });
  const plan = new EditPlanner(sources, units).unit('b');
  if (!plan.ok) throw new Error(plan.error);
  expect(edited({ 'main.toy': text }, plan.value.edits)).toEqual({
    'main.toy': 'conv a 16\nconv b 12 from 16\nconv c 16 from 12\n',
  });
});

test('a number that another layer needs whole is refused with the layer and the line', () => {
  const { sources, units } = setUp({ 'main.toy': 'set planes 16\nconv a planes\nconv b planes\n' }, { a: 9 });
  expect(new EditPlanner(sources, units).unit('a')).toEqual({
    ok: false,
    error: 'The `16` in main.toy:1 also sets the width of b, which keeps it.',
  });
});

test('library source is never edited, and the rest is still offered', () => {
  const files = {
    'main.toy': 'conv a 16\nuse lib/blocks.toy\nconv c 8\n',
    'lib/blocks.toy': 'conv b 16\n',
  };
  const { sources, units } = setUp(files, { a: 9, b: 9, c: 4 });
  const lib = { ...sources, isEditable: (document: string) => !document.includes('/lib/') };
  const plan = new EditPlanner(lib, units).all();
  expect(plan.edits.map(({ document, newText }) => [document, newText])).toEqual([
    [main, '9'],
    [main, '4'],
  ]);
  expect(plan.refused.map(({ layers, reason }) => [layers.join(), reason])).toEqual([
    ['b', 'The `16` in blocks.toy:1 stands outside the workspace.'],
  ]);
});

test('a number in another file of the workspace is edited there', () => {
  const files = { 'main.toy': 'use widths.toy\nconv a first\n', 'widths.toy': '\tset first 0x10\r\n' };
  expect(all(files, { a: 9 }).files).toEqual({ ...files, 'widths.toy': '\tset first 9\r\n' });
});

test('an edit whose outcome differs is not offered', () => {
  const { sources, units } = setUp({ 'main.toy': 'conv a 16\nconv b 8\n' }, { a: 9, b: 4 });
  // Something that trails don't show makes `a` wider than it says when it is below 10.
  const surprising = {
    ...sources,
    evaluate: (overlay: ReadonlyMap<string, string>) =>
      sources.evaluate(
        new Map([...overlay].map(([document, text]) => [document, text.replace('conv a 9', 'conv a 10')])),
      ),
  };
  const plan = new EditPlanner(surprising, units).all();
  expect(plan.edits.map(({ newText }) => newText)).toEqual(['4']);
  expect(plan.refused.map(({ layers, reason }) => [layers.join(), reason])).toEqual([
    ['a', 'With the edit a would give 1×10×4×4 where 1×9×4×4 is needed.'],
  ]);
});

test('a source that would give no network at all is refused', () => {
  const { sources, units } = setUp({ 'main.toy': 'conv a 16\n' }, { a: 9 });
  const plan = new EditPlanner({ ...sources, evaluate: () => undefined }, units).unit('a');
  expect(plan).toEqual({ ok: false, error: 'With the edit the source would give no network.' });
});

const widthText = fc.constantFrom('p', 'q', 'p * 2', 'q * 3', '8', '16', '24', '4 * p');

test.for([
  ['narrower', 1],
  ['wider or narrower', 2.5],
] as const)(
  'whatever is planned to be %s is exactly what the edited source gives, and only numbers change',
  ([, most]) => {
    const layer = fc.record({ text: widthText, share: fc.double({ min: 0.1, max: most, noNaN: true }) });
    const lineEnd = fc.constantFrom('\n', '\r\n');
    fc.assert(
      fc.property(fc.array(layer, { minLength: 1, maxLength: 7 }), lineEnd, (layers, end) => {
        const names = layers.map((_, index) => `l${String(index)}`);
        const lines = [
          'set p 12',
          '  set q\t10',
          ...layers.map(({ text }, index) => `\tconv ${names[index]!} ${text}  `),
          '',
        ];
        const source = { 'main.toy': lines.join(end) };
        const present = setUp(source, {}).units;
        const wanted = Object.fromEntries(
          present.map(({ key, before }, index) => [key, Math.max(1, Math.round(before * layers[index]!.share))]),
        );
        const { plan, files } = all(source, wanted);
        const after = new Map(present.map(({ key, before }) => [key, before]));
        for (const width of plan.widths) {
          for (const name of width.layers) after.set(name, width.after);
          expect(width.after).toBeGreaterThanOrEqual(width.wanted);
          if (most <= 1) expect(width.after).toBeLessThan(width.before);
        }
        expect(Object.fromEntries(setUp(files, {}).units.map(({ key, before }) => [key, before]))).toEqual(
          Object.fromEntries(after),
        );
        const withoutNumbers = (text: string): string => text.replace(/(?<![a-z])\d+(\.\d+)?/g, '#');
        expect(withoutNumbers(files['main.toy']!)).toBe(withoutNumbers(source['main.toy']));
      }),
      { numRuns: 200 },
    );
  },
);

test('a shared factor is kept where that saves more, and changes where nothing else gives the widths, which is said', () => {
  const text =
    'set wide 4\nset first 16\nset second 8\nconv a first\nconv b first*wide\nconv c second\nconv d second*wide\n';
  // Three quarters of what is made wide, in both stages: only the factor gives that.
  const both = all({ 'main.toy': text }, { b: 48, d: 24 });
  expect(both.files['main.toy']).toBe(text.replace('wide 4', 'wide 3'));
  expect(both.plan.notes).toEqual(['`4` in main.toy:1 is a factor of several widths; it becomes 3.']);
  // The narrow layers of one stage: its own number is the one.
  const one = all({ 'main.toy': text }, { a: 12, b: 48 });
  expect(one.files['main.toy']).toBe(text.replace('first 16', 'first 12'));
});

test('a number is read as the language of the file reads it', () => {
  const { sources, units } = setUp({ 'main.toy': 'conv a 016\nconv b 8\n' }, { a: 9 });
  // C reads sixteen; Python does not take such a number at all.
  expect(
    edited({ 'main.toy': 'conv a 016\nconv b 8\n' }, planOf({ ...sources, numbers: darknetNumbers }, units)),
  ).toEqual({
    'main.toy': 'conv a 9\nconv b 8\n',
  });
  expect(planOf(sources, units)).toEqual([]);
});

function planOf(sources: EditSources, units: readonly WidthUnit[]): readonly LiteralEdit[] {
  return new EditPlanner(sources, units).all().edits;
}

test('a refusal does not say of a layer that is to change itself that it keeps its width', () => {
  const { sources, units } = setUp({ 'main.toy': 'set planes 16\nconv a planes\nconv b planes\n' }, { a: 9, b: 20 });
  expect(new EditPlanner(sources, units).unit('a')).toEqual({
    ok: false,
    error: 'The `16` in main.toy:1 also sets the width of b, which is to have another.',
  });
});

test('a unit that is to grow is planned alone, too', () => {
  const { sources, units } = setUp({ 'main.toy': 'conv a 16\nconv b 16 from 16\n' }, { a: 20 });
  const plan = new EditPlanner(sources, units).unit('a');
  expect(plan.ok && edited({ 'main.toy': 'conv a 16\nconv b 16 from 16\n' }, plan.value.edits)).toEqual({
    'main.toy': 'conv a 20\nconv b 16 from 20\n',
  });
});
