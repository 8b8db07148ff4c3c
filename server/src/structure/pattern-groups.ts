// Groups that the user asks for by name: ops whose channels go together, and ops whose channels stay (spec 4.6).

import type { Op, OpId } from '../network/op.ts';
import type { StructureNotice } from './channel-group.ts';
import type { GroupingOptions } from './channel-grouping.ts';
import { collectGroups } from './collect-groups.ts';
import type { ChannelLayout, LayoutBuilder } from './layout-builder.ts';
import { readPattern, unmatched } from './scope.ts';

/** An op that a pattern matched, with the channels of its output. */
interface Match {
  readonly op: Op;
  readonly layout: ChannelLayout;
}

/** Applies force-groups, then exclusions. Says what each pattern matched. */
export function applyPatterns(layouts: LayoutBuilder, options: GroupingOptions, notices: StructureNotice[]): void {
  const cut = (options.forceGroups ?? []).length === 0 ? new Set<OpId>() : cutOps(layouts);
  for (const pattern of options.forceGroups ?? []) {
    const matches = matchesOf(layouts, pattern, options, notices);
    if (matches === undefined) continue;
    if (matches.length === 0) {
      notices.push(unmatched(pattern));
      continue;
    }
    const parted = matches.filter(({ op }) => cut.has(op.id));
    if (parted.length > 0) {
      notices.push({
        severity: 'error',
        code: 'force-group-cut',
        message: `${pattern} matches ${parted.map(({ op }) => op.name).join(', ')}, whose channels are cut into several groups (by a concatenation or a slice), so they can't be forced into one. Name the layers that make the parts`,
      });
      continue;
    }
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
  // As in the reference, some pattern has to match; each that does not is pointed out.
  const isInVain = frozen.every(({ matches }) => matches.length === 0);
  for (const { pattern, matches } of frozen) {
    if (matches.length === 0) notices.push(unmatched(pattern, isInVain ? 'error' : 'warning'));
  }
  for (const { pattern, matches } of frozen.filter((one) => one.matches.length > 0)) {
    for (const { op, layout } of matches) {
      layouts.atoms.fix(layout.atoms, { kind: 'excluded', reason: `${op.name} is excluded by ${pattern}`, op: op.id });
    }
    notices.push(told('channels-excluded', `${pattern} keeps whole`, matches));
  }
}

/** The ops that a pattern matches, maybe none; undefined when it can't be read. */
function matchesOf(
  layouts: LayoutBuilder,
  pattern: string,
  options: GroupingOptions,
  notices: StructureNotice[],
): readonly Match[] | undefined {
  const test = readPattern(pattern, options, notices);
  if (test === undefined) return undefined;
  return layouts.graph.ops.flatMap((op): readonly Match[] => {
    const output = op.outputs[0];
    const layout = output === undefined || !test(op.name) ? undefined : layouts.layoutOf(output);
    return layout === undefined ? [] : [{ op, layout }];
  });
}

/** Ops whose channels belong to more than one group: one slice is all that can be forced (spec 4.6). */
function cutOps(layouts: LayoutBuilder): ReadonlySet<OpId> {
  const { valueChannels, groupOfChannel } = collectGroups(layouts);
  return new Set(
    layouts.graph.ops.flatMap(({ id, outputs }) => {
      const channels = valueChannels[outputs[0] ?? -1]?.channels ?? new Int32Array(0);
      return new Set(Array.from(channels, (channel) => groupOfChannel[channel])).size > 1 ? [id] : [];
    }),
  );
}

function told(code: string, what: string, matches: readonly Match[]): StructureNotice {
  return { severity: 'information', code, message: `${what} ${matches.map(({ op }) => op.name).join(', ')}` };
}
