// Groups that the user asks for by name: ops whose channels go together, and ops whose channels stay (spec 4.6).

import type { Op } from '../network/op.ts';
import type { StructureNotice } from './channel-group.ts';
import type { GroupingOptions } from './channel-grouping.ts';
import type { ChannelLayout, LayoutBuilder } from './layout-builder.ts';
import { readPattern, unmatched } from './scope.ts';

/** An op that a pattern matched, with the channels of its output. */
interface Match {
  readonly op: Op;
  readonly layout: ChannelLayout;
}

/** Applies force-groups, then exclusions. Says what each pattern matched. */
export function applyPatterns(layouts: LayoutBuilder, options: GroupingOptions, notices: StructureNotice[]): void {
  for (const pattern of options.forceGroups ?? []) {
    const matches = matchesOf(layouts, pattern, options, notices);
    if (matches === undefined) continue;
    const [first, ...others] = matches;
    const other = others.find(({ layout }) => layout.atoms.length !== first?.layout.atoms.length);
    if (first === undefined || other !== undefined) {
      notices.push({
        severity: 'error',
        code: 'force-group-widths',
        message: `${pattern} matches ops of different width: ${matches.map(({ op, layout }) => `${op.name} has ${String(layout.atoms.length)}`).join(', ')}`,
      });
      continue;
    }
    for (const { layout } of others) layouts.atoms.tieAll(first.layout.atoms, layout.atoms);
    notices.push(told('channels-forced', `${pattern} ties the channels of`, matches));
  }
  const frozen = (options.exclude ?? []).flatMap((pattern) => {
    const matches = matchesOf(layouts, pattern, options, notices);
    return matches === undefined ? [] : [{ pattern, matches }];
  });
  for (const { pattern, matches } of frozen) {
    for (const { op, layout } of matches) {
      layouts.atoms.fix(layout.atoms, { kind: 'excluded', reason: `${op.name} is excluded by ${pattern}`, op: op.id });
    }
    notices.push(told('channels-excluded', `${pattern} keeps whole`, matches));
  }
}

function matchesOf(
  layouts: LayoutBuilder,
  pattern: string,
  options: GroupingOptions,
  notices: StructureNotice[],
): readonly Match[] | undefined {
  const test = readPattern(pattern, options, notices);
  if (test === undefined) return undefined;
  const matches = layouts.graph.ops.flatMap((op): readonly Match[] => {
    const output = op.outputs[0];
    const layout = output === undefined || !test(op.name) ? undefined : layouts.layoutOf(output);
    return layout === undefined ? [] : [{ op, layout }];
  });
  if (matches.length > 0) return matches;
  notices.push(unmatched(pattern));
  return undefined;
}

function told(code: string, what: string, matches: readonly Match[]): StructureNotice {
  return { severity: 'information', code, message: `${what} ${matches.map(({ op }) => op.name).join(', ')}` };
}
