// How the command line lays out its help: 80 columns, what is short beside its explanation and what is long above it, and the
// examples of a command at its end.

import type { Command, Help } from 'commander';
import { terminalColumns, wrapLines } from './wrap-lines.ts';

/** Terms up to this length have their explanation beside them. */
const termColumns = 24;
const indent = '  ';

/** For `configureHelp`. */
export const helpFormat: Partial<Help> = {
  helpWidth: terminalColumns,
  showGlobalOptions: true,
  padWidth: () => termColumns,
  formatItem: (term, _width, description) => {
    if (description === '') return indent + term;
    const column = indent.length + termColumns + indent.length;
    const lines = wrapLines(breakable(description), terminalColumns - column).split('\n');
    const explained = lines.join(`\n${' '.repeat(column)}`);
    return term.length <= termColumns
      ? `${indent}${term.padEnd(termColumns)}${indent}${explained}`
      : `${indent}${term}\n${' '.repeat(column)}${explained}`;
  },
  commandUsage: (command) => usageOf(command),
};

/** Lists without blanks may be broken behind a comma. */
function breakable(text: string): string {
  return text
    .split(' ')
    .map((word) => (word.length > 40 ? word.replaceAll(',', ', ') : word))
    .join(' ');
}

function usageOf(command: Command): string {
  const names: string[] = [];
  for (let each: Command | null = command; each !== null; each = each.parent) names.unshift(each.name());
  const usage = `${names.join(' ')} ${command.usage()}`;
  // Behind the word `Usage: `.
  return wrapLines(usage, terminalColumns - 'Usage: '.length).replaceAll('\n', '\n       ');
}

/** What stands at the end of a command's help. */
export function examplesText(examples: readonly (readonly [command: string, purpose: string])[]): string {
  const lines = examples.flatMap(([command, purpose]) => [`  morphnet ${command}`, `      ${purpose}`]);
  return `\nExamples:\n${lines.join('\n')}`;
}
