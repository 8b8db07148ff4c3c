// `morphnet.json` as users write it, right and wrong.

import { readdirSync, readFileSync } from 'node:fs';
import { fileURLToPath } from 'node:url';
import { expect, test } from 'vitest';
import { findDevice } from '../../../server/src/costs/device-profile.ts';
import { inputShapes, parseProjectFile } from '../../../server/src/protocol/project-file.ts';
import { deviceLimits } from '../../../server/src/protocol/settings.ts';

/** The text that each problem stands at, with its message. */
function problems(text: string): readonly string[] {
  return parseProjectFile(text).problems.map(({ message, start, end }) => `${text.slice(start, end)} <- ${message}`);
}

test('the documented example is accepted', () => {
  const page = readFileSync(fileURLToPath(new URL('../../../docs/morphnet-json.md', import.meta.url)), 'utf8');
  const example = /```json\n([^]*?)```/.exec(page)?.[1] ?? '';
  const { value, problems: found } = parseProjectFile(example);
  expect(found).toEqual([]);
  expect(value?.models?.[0]?.file).toBe('lenet.py');
});

test('every documented field is in the schema and the other way round', () => {
  const page = readFileSync(fileURLToPath(new URL('../../../docs/morphnet-json.md', import.meta.url)), 'utf8');
  const table = page.split('\n').filter((line) => line.startsWith('| `'));
  const documented = table.flatMap((line) =>
    [...(line.split('|')[1] ?? '').matchAll(/`(\w+)`/g)].map((match) => match[1]),
  );
  const schema = JSON.parse(
    readFileSync(fileURLToPath(new URL('../../../syntaxes/morphnet.schema.json', import.meta.url)), 'utf8'),
  ) as { properties: Readonly<Record<string, unknown>> };
  expect(documented.sort()).toEqual(
    Object.keys(schema.properties)
      .filter((name) => name !== '$schema')
      .sort(),
  );
});

test('comments and trailing commas are let through', () => {
  expect(parseProjectFile('{ "steps": 10, /* short */ }').value).toEqual({ steps: 10 });
});

test.for([
  ['', ' <- This is no JSON: value expected.'],
  ['[]', '[] <- Write an object: { … }.'],
  ['{"steps": 0}', '0 <- steps must be at least 1, not 0'],
  ['{"target": "flops:2"}', '"flops:2" <- target must look like flops:0.5 or params:0.5'],
  ['{"models": [{}]}', '{} <- models.0.file is missing'],
  ['{"step": 1}', '"step" <- There is no field step.'],
])('%s is refused at its place', ([text, problem]) => {
  expect(problems(text ?? '')).toContain(problem);
});

test('one shape or several', () => {
  expect(inputShapes({ file: 'a', input: [1, 28, 28] })).toEqual([[1, 28, 28]]);
  expect(inputShapes({ file: 'a', input: [[3, 8, 8], [4]] })).toEqual([[3, 8, 8], [4]]);
  expect(inputShapes({ file: 'a' })).toBeUndefined();
});

const examples = fileURLToPath(new URL('../../../examples/', import.meta.url));

test.for(readdirSync(examples, { recursive: true, encoding: 'utf8' }).filter((name) => name.endsWith('morphnet.json')))(
  'examples/%s is right',
  (name) => {
    expect(problems(readFileSync(examples + name, 'utf8'))).toEqual([]);
  },
);

test('a device has figures as devices have, which costs take, too', () => {
  const project = (peakGflopsPerSecond: number, memoryGigabytesPerSecond: number): string =>
    JSON.stringify({ devices: { laptop: { peakGflopsPerSecond, memoryGigabytesPerSecond } } });
  expect(problems(project(5e12, 40))).toEqual([
    '5000000000000 <- devices.laptop.peakGflopsPerSecond must be between 0.001 and 100,000,000 GFLOP/s, as devices have',
  ]);
  expect(problems(project(500, 0))).toEqual([
    '0 <- devices.laptop.memoryGigabytesPerSecond must be between 0.001 and 1,000,000 GB/s, as devices have',
  ]);
  const [compute, memory] = [deviceLimits.peakGflopsPerSecond, deviceLimits.memoryGigabytesPerSecond];
  const isTaken = (peakGflopsPerSecond: number, memoryGigabytesPerSecond: number): boolean =>
    findDevice('laptop', { laptop: { peakGflopsPerSecond, memoryGigabytesPerSecond } }).ok;
  for (const place of [0, 1]) expect(isTaken(compute[place]!, memory[place]!)).toBe(true);
  expect(isTaken(compute[0] / 2, memory[0])).toBe(false);
  expect(isTaken(compute[1], memory[1] * 2)).toBe(false);
});
