// Files that are large, cut off, or lie: weights are never read, and each ends in a message within bounds.

import { describe, expect, test } from 'vitest';
import { exactly } from '../../../../server/src/common/count.ts';
import type { FileBytes } from '../../../../server/src/frontends/shared/frontend.ts';
import { bytesOf, costOf, floats, node, onnxFile, readOnnx } from '../../../support/onnx-files.ts';
import { endsSoon } from '../../../support/growth.ts';

/** What a field of bytes begins with. */
const field = (number: number, length: number): number[] => [...varint(number * 8 + 2), ...varint(length)];

function varint(value: number): number[] {
  const bytes: number[] = [];
  for (let rest = value; ; rest = Math.floor(rest / 128)) {
    if (rest < 128) return [...bytes, rest];
    bytes.push((rest % 128) | 128);
  }
}

const small = onnxFile({ nodes: [node('Conv', 'x w', 'y')], constants: { w: floats(4, 3, 1, 1) } });

test('weights are passed over: a file of 4 GB is read by a few looks of 64 KB', () => {
  const gigabytes = 2 ** 32;
  const name = [...field(8, 1), 'w'.charCodeAt(0)];
  const dims = [...[1024, 1024, 32, 32].flatMap((size) => [1 << 3, ...varint(size)]), 2 << 3, 1];
  const tensorHead = [...dims, ...name, ...field(9, gigabytes)];
  const node1 = [...onnxNode('Conv', ['x', 'w'], 'y')];
  const input = onnxInput('x', [1, 1024, 32, 32]);
  const graphLength =
    node1.length + tensorHead.length + gigabytes + field(5, tensorHead.length + gigabytes).length + input.length;
  const head = Uint8Array.from([
    ...field(7, graphLength),
    ...node1,
    ...input,
    ...field(5, tensorHead.length + gigabytes),
    ...tensorHead,
  ]);
  let read = 0;
  const file: FileBytes = {
    size: head.length + gigabytes,
    read: (start, length) => {
      read += length;
      return start < head.length ? Uint8Array.from([...head.slice(start, start + length)]) : new Uint8Array(length);
    },
  };
  expect(costOf(readOnnx(file)).params).toEqual(exactly(1024 * 1024 * 32 * 32));
  expect(read).toBeLessThan(20 * 65_536);
});

function onnxNode(operator: string, inputs: readonly string[], output: string): number[] {
  const text = (number: number, value: string): number[] => [...field(number, value.length), ...Buffer.from(value)];
  const body = [...inputs.flatMap((input) => text(1, input)), ...text(2, output), ...text(4, operator)];
  return [...field(1, body.length), ...body];
}

function onnxInput(name: string, shape: readonly number[]): number[] {
  const nested = (number: number, body: readonly number[]): number[] => [...field(number, body.length), ...body];
  const sizes = shape.flatMap((size) => nested(1, [1 << 3, ...varint(size)]));
  const type = nested(2, nested(1, [1 << 3, 1, ...nested(2, sizes)]));
  return nested(11, [...field(1, name.length), ...Buffer.from(name), ...type]);
}

describe('a file that is none', () => {
  const problemOf = (content: Uint8Array): string => {
    const { graph, problems } = endsSoon(() => readOnnx(bytesOf(content)));
    expect(graph).toBeUndefined();
    return problems[0]!.message;
  };

  test('text under a wrong name', () => {
    expect(problemOf(Buffer.from('version https://git-lfs.github.com/spec/v1\noid sha256:1'))).toMatch(
      /^net\.onnx is no ONNX model that can be read: what stands at byte .*Export it again, or fetch the whole file\.$/,
    );
  });

  test('cut off in the middle', () => {
    expect(problemOf(small.slice(0, small.length - 30))).toContain('claims');
  });

  test('a field that claims 2 GB', () => {
    expect(problemOf(Uint8Array.from([...field(7, 2 ** 31 - 1), 0]))).toContain(
      'claims 2,147,483,647 bytes, but only 1 follow',
    );
  });

  test('an empty one', () => {
    expect(problemOf(new Uint8Array(0))).toContain('there is no graph in it');
  });

  test('a tensor of a negative size', () => {
    const minusOne = [...Array.from({ length: 9 }, () => 0xff), 1];
    const tensor = [1 << 3, ...minusOne];
    const graph = [...field(5, tensor.length), ...tensor];
    expect(problemOf(Uint8Array.from([...field(7, graph.length), ...graph]))).toContain('has a size of -1');
  });

  test('graphs in graphs without end', () => {
    let graph: number[] = [];
    for (let depth = 0; depth < 40; depth++) {
      const attribute = [...field(6, graph.length), ...graph];
      const inner = [...field(5, attribute.length), ...attribute];
      graph = [...field(1, inner.length), ...inner];
    }
    expect(problemOf(Uint8Array.from([...field(7, graph.length), ...graph]))).toBe(
      'Graphs stand in each other more than 16 deep, so nothing of it is read',
    );
  });

  test('more nodes than any network has', () => {
    const empty = [...field(1, 2), ...field(1, 0)];
    const nodes = Uint8Array.from({ length: 600_000 * empty.length }, (_, i) => empty[i % empty.length]!);
    const head = field(7, nodes.length);
    const file = new Uint8Array(head.length + nodes.length);
    file.set(head);
    file.set(nodes, head.length);
    expect(problemOf(file)).toContain('more parts than 30,000 nodes have');
  });
});

test('a function that calls itself ends', () => {
  // The graph calls f, and f calls f.
  const text = (number: number, value: string): number[] => [...field(number, value.length), ...Buffer.from(value)];
  const call = (output: string): number[] => {
    const body = [...text(1, 'x'), ...text(2, output), ...text(4, 'f'), ...text(7, 'own')];
    return body;
  };
  const called = call('y');
  const body = [
    ...text(1, 'f'),
    ...text(4, 'x'),
    ...text(5, 'y'),
    ...field(7, called.length),
    ...called,
    ...text(10, 'own'),
  ];
  const graph = [...field(1, called.length), ...called, ...onnxInput('x', [1, 3])];
  const { problems } = readOnnx(
    bytesOf(Uint8Array.from([...field(7, graph.length), ...graph, ...field(25, body.length), ...body])),
  );
  expect(problems[0]!.message).toContain('f calls itself too deeply');
});
