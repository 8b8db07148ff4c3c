// Options of which a command takes one at most: each asks for another output, or for another of two things that exclude each other.

import type { Command } from 'commander';

/** By command, the options that exclude each other, as they are written. */
const groups: Readonly<Record<string, readonly (readonly string[])[]>> = {
  cost: [
    ['--json', '--format'],
    ['--json', '--compare'],
    ['--format', '--compare'],
    ['--memory', '--json'],
    ['--memory', '--format'],
    ['--memory', '--compare'],
  ],
  apply: [
    ['--write', '--slim-file'],
    ['--model', '--expanded'],
  ],
  set: [
    ['--write', '--slim-file'],
    ['--json', '--slim-file'],
  ],
  expand: [
    ['--json', '--diff'],
    ['--json', '--write'],
  ],
};

/** Has a command refuse them together, naming both. */
export function refuseTogether(command: Command): void {
  for (const group of groups[command.name()] ?? []) {
    const options = command.options.filter(({ long }) => long !== undefined && group.includes(long));
    for (const option of options)
      option.conflicts(options.filter((other) => other !== option).map((other) => other.attributeName()));
  }
}
