// What people read fits 80 columns: tables, notes and help; and every example of the help is a command that is understood.

import { join } from 'node:path';
import { expect, test } from 'vitest';
import { commandExamples } from '../../../server/src/cli/examples.ts';
import { textTable } from '../../../server/src/cli/text-table.ts';
import { wrapLines } from '../../../server/src/cli/wrap-lines.ts';
import { createRunNetworks } from '../../../server/src/experiments/run-network-service.ts';
import { morphnetIn } from '../../support/command-line.ts';
import { pythonFrontend } from '../../support/python-frontend.ts';
import { temporaryFolder } from '../../support/run-folder.ts';

const repository = join(import.meta.dirname, '../../..');

/** Lines that are too long, but for words that can't be broken. */
function tooLong(text: string): readonly string[] {
  return text.split('\n').filter((line) => line.length > 80 && line.trim().includes(' '));
}

const help = async (...words: readonly string[]): Promise<string> =>
  (await morphnetIn(repository, [...words, '--help'], undefined, undefined, createRunNetworks(repository))).output;

// Measuring and joining a run of several machines are not there in these tests.
const commands = Object.keys(commandExamples).filter((name) => !['measure', 'calibrate', 'join'].includes(name));

test('the help of every command fits, and has examples', async () => {
  expect(tooLong(await help())).toEqual([]);
  for (const command of commands) {
    const text = await help(command);
    expect(tooLong(text)).toEqual([]);
    expect(text).toMatch(/Examples:\n {2}morphnet /);
  }
  expect((await help()).match(/^ {2}([a-z]+) /gm)?.map((name) => name.trim())).toEqual(
    expect.arrayContaining([...commands]),
  );
});

test.for(commands)('the examples of %s are commands that are understood', async (command) => {
  for (const [example] of commandExamples[command] ?? []) {
    const words = [...example.matchAll(/'([^']+)'|(\S+)/g)].map(([, quoted, word]) => quoted ?? word ?? '');
    expect(words[0]).toBe(command);
    // In a folder without the files that they name, none is wrong but for those.
    const { notes } = await morphnetIn(temporaryFolder(), words, undefined, undefined, createRunNetworks(repository));
    expect(notes).not.toMatch(/unknown|argument|cannot be used/);
  }
});

test.for(['resnet20.py', 'mobilenetv2.py'])('the costs of %s fit', async (file) => {
  const { output } = await morphnetIn(join(repository, 'examples'), ['cost', file], undefined, [pythonFrontend]);
  expect(output.split('\n').length).toBeGreaterThan(20);
  expect(tooLong(output)).toEqual([]);
});

test('names that are long are broken where they have dots, and numbers stay whole', () => {
  const name = 'features.denseblock4.denselayer16.convolution_with_a_long_name.conv2';
  const table = textTable(
    [
      { title: 'layer', align: 'left' },
      { title: 'MACs', align: 'right' },
      { title: 'where', align: 'left' },
    ],
    [[name, '123456789', 'somewhere/in/a/folder/that/is/deep/densenet.py:120']],
  );
  expect(tooLong(table.join('\n'))).toEqual([]);
  const cells = table.slice(2).map((line) => line.slice(0, table[1]?.indexOf(' ')).trim());
  expect(cells.join('')).toBe(name);
  expect(table.join('\n')).toContain('123456789');
});

test('notes are broken at blanks; code and words that are long stay as they are', () => {
  const path = `/${'folder/'.repeat(14)}file.py`;
  const text = `This is ${'a long '.repeat(14)}note.\n    at code ${'x '.repeat(60)}\n${path}\n`;
  const wrapped = wrapLines(text).split('\n');
  expect(wrapped.slice(0, -3).every((line) => line.length <= 80)).toBe(true);
  expect(wrapped.slice(0, -3).join(' ')).toBe(text.split('\n')[0]);
  expect(wrapped.slice(-3)).toEqual(text.split('\n').slice(1));
});

test.for([
  ['cost', ['net.cfg', '--json', '--format', 'csv'], "'--format <name>'"],
  ['cost', ['net.cfg', '--json', '--compare', 'HEAD'], "'--compare <revision>'"],
  ['set', ['net.cfg', 'a=1', '--write', '--slim-file', 'slim.py'], "'--slim-file <file>'"],
  ['apply', ['run', '--write', '--slim-file', 'slim.py'], "'--slim-file <file>'"],
  ['expand', ['run', '--flops', '1', '--json', '--write'], "'--json'"],
] as const)('%s %j names the options that contradict each other', async ([command, words, named]) => {
  const networks = createRunNetworks(repository);
  const { status, notes } = await morphnetIn(temporaryFolder(), [command, ...words], undefined, undefined, networks);
  expect(notes).toContain(named);
  expect(notes).toContain('cannot be used with');
  expect(status).toBe(2);
});
