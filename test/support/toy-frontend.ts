// A format for tests of edits: a chain of 1×1 convolutions whose widths are products of numbers and names, so that one
// number can feed many layers, as variables of real model code do.
//
//   set planes 16            a name for a product
//   use lib.toy              the lines of another document
//   conv a planes * 2        a layer and its output width
//   conv b planes * 2 from 8 with its input width, named too

import type { SourceSpan } from '../../server/src/common/source-span.ts';
import { GraphBuilder } from '../../server/src/network/graph-builder.ts';
import type { ModelEntry, NetworkGraph } from '../../server/src/network/network-graph.ts';
import type { WidthOrigin } from '../../server/src/network/width-origin.ts';

export type ReadText = (document: string) => string | undefined;

/** The network of a document; `widths` by layer replace what the text says, wherever that comes from. */
export function evaluateToy(
  document: string,
  read: ReadText,
  widths: ReadonlyMap<string, number> = new Map(),
): NetworkGraph | undefined {
  const builder = new GraphBuilder();
  const start: SourceSpan = { document, start: 0, end: 0 };
  const entry: ModelEntry = {
    document,
    name: 'toy',
    from: 'default',
    span: start,
    input: { shapes: [[3, 4, 4]], from: 'default' },
  };
  const input = builder.add({
    name: 'input',
    label: 'input',
    attributes: { kind: 'input', shape: [1, 3, 4, 4] },
    inputs: [],
    site: { span: start, callChain: [] },
  });
  let value = input.ok ? (input.value[0] ?? 0) : 0;
  let channels = 3;
  const names = new Map<string, WidthOrigin>();
  const run = (current: string): boolean => {
    const text = read(current);
    if (text === undefined) return false;
    for (const match of text.matchAll(/^[ \t]*(set|use|conv)[ \t]+(\S+)[ \t]*([^\r\n]*)/gm)) {
      const [line, command, name = '', rest = ''] = match;
      if (command === 'use') {
        if (!run(current.replace(/[^/]*$/, name))) return false;
        continue;
      }
      const offset = match.index + line.length - rest.length;
      const [product = '', source] = rest.split(' from ');
      const trail = trailOf(product, { document: current, start: offset, end: offset + product.length }, names);
      if (trail === undefined) return false;
      if (command === 'set') {
        names.set(name, trail);
        continue;
      }
      const sourceStart = offset + product.length + ' from '.length;
      const inWidth =
        source === undefined
          ? undefined
          : trailOf(source, { document: current, start: sourceStart, end: offset + rest.length }, names);
      const outChannels = widths.get(name) ?? trail.value;
      // With other widths imposed, what the text names does not count.
      const inChannels = widths.size > 0 ? channels : (inWidth?.value ?? channels);
      const added = builder.add({
        name,
        label: 'conv',
        attributes: {
          kind: 'convolution',
          inChannels,
          outChannels,
          kernel: [1, 1],
          stride: [1, 1],
          padding: [
            { before: 0, after: 0 },
            { before: 0, after: 0 },
          ],
          paddingMode: 'zeros',
          dilation: [1, 1],
          groups: 1,
          channelAxis: 1,
        },
        inputs: [value],
        parameters: [{ id: name, role: 'weight', shape: [outChannels, inChannels, 1, 1] }],
        site: { span: { document: current, start: match.index, end: match.index + line.length }, callChain: [] },
        outWidth: trail,
        inWidth,
      });
      if (!added.ok) return false;
      value = added.value[0] ?? value;
      channels = outChannels;
    }
    return true;
  };
  return run(document) ? builder.build('pytorch', entry, [value]) : undefined;
}

function trailOf(product: string, span: SourceSpan, names: ReadonlyMap<string, WidthOrigin>): WidthOrigin | undefined {
  const factors = [...product.matchAll(/[^\s*]+/g)].map((match): WidthOrigin | undefined => {
    const start = span.start + match.index;
    if (!/^\d/.test(match[0])) return names.get(match[0]);
    return { kind: 'literal', value: Number(match[0]), span: { ...span, start, end: start + match[0].length } };
  });
  const operands = factors.filter((factor) => factor !== undefined);
  const [first] = operands;
  if (first === undefined || operands.length < factors.length) return undefined;
  if (operands.length === 1) return first;
  return { kind: 'computed', operator: '*', value: operands.reduce((all, one) => all * one.value, 1), operands, span };
}
