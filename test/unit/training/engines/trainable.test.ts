// What the engine refuses, and why; and which engine a run gets.

import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, describe, expect, it } from 'vitest';
import type { NetworkGraph } from '../../../../server/src/network/network-graph.ts';
import { chooseEngine, listEngines, threadCount } from '../../../../server/src/training/engines/choose-engine.ts';
import { batchShapes } from '../../../../server/src/training/engines/batch-shapes.ts';
import { createOnnxEngine } from '../../../../server/src/training/engines/onnx/onnx-engine.ts';
import { restoreUtilFunctions } from '../../../../server/src/training/engines/tfjs/load-tensorflow.ts';
import { SmallNetwork } from './small-network.ts';

const engine = createOnnxEngine(1);
const emptyFolder = mkdtempSync(join(tmpdir(), 'morphnet-no-tfjs-'));

afterAll(() => rmSync(emptyFolder, { recursive: true }));

async function reasons(graph: NetworkGraph): Promise<string[]> {
  return (await engine).untrainable(graph).map(({ op, reason }) => `${graph.ops[op]?.name ?? '?'}: ${reason}`);
}

describe('untrainable', () => {
  it('is nothing in an ordinary classifier', async () => {
    const net = new SmallNetwork([3, 8, 8]);
    const x = net.activation('relu', net.batchNorm('bn', net.convolution('conv', net.input, 8, 3)), 'relu');
    expect(await reasons(net.build(net.dense('fc', net.globalMean('mean', x), 10)))).toEqual([]);
  });

  it('names ops without a gradient, but not those that the output does not need', async () => {
    const net = new SmallNetwork([4]);
    net.add('aside', { kind: 'rearrange', operation: 'roll', shape: [1, 4] }, [net.input]);
    const odd = net.add('odd', { kind: 'activation', function: 'other', channelAxis: 1 }, [net.input]);
    const rolled = net.add('roll', { kind: 'rearrange', operation: 'roll', shape: [1, 4] }, [odd]);
    const unknown = net.add('mystery', { kind: 'opaque', operation: 'f', reason: 'f is not known', shapes: [[1, 4]] }, [
      rolled,
    ]);
    expect(await reasons(net.build(net.dense('fc', unknown, 3)))).toEqual([
      'odd: the derivative of activation is not known',
      'roll: rearrange has no gradient in this engine',
      'mystery: f is not known',
    ]);
  });

  it('refuses what mixes the images of a batch', async () => {
    const net = new SmallNetwork([4, 3]);
    const mean = net.add('mean', { kind: 'reduce', reducer: 'mean', axes: [0], keepDimensions: true }, [net.input]);
    const mixed = net.add('add', { kind: 'elementwise', operator: 'add' }, [net.input, mean]);
    expect(await reasons(net.build(net.dense('fc', net.flatten('flat', mixed), 3)))).toEqual([
      'mean: it mixes the images of a batch',
    ]);
  });

  it('refuses outputs that are no class scores', async () => {
    const net = new SmallNetwork([3, 4, 4]);
    const map = net.convolution('conv', net.input, 5, 3);
    expect(await reasons(net.build(map))).toEqual([
      'conv: the output should be one score a class, but its shape is 5×2×2 an image',
    ]);
    expect(await reasons(net.build(map, net.input))).toEqual(['conv: a classifier has one output, this network has 2']);
  });
});

describe('batch shapes', () => {
  it('follows the batch through reshapes and permutations', () => {
    const net = new SmallNetwork([6, 4, 4]);
    const grouped = net.add('group', { kind: 'reshape', shape: [1, 2, 3, 4, 4] }, [net.input]);
    const swapped = net.add('swap', { kind: 'permute', order: [0, 2, 1, 3, 4] }, [grouped]);
    const back = net.add('back', { kind: 'reshape', shape: [1, -1, 4, 4] }, [swapped]);
    const windows = net.add('windows', { kind: 'reshape', shape: [2, 48] }, [back]);
    const whole = net.add('whole', { kind: 'reshape', shape: [1, 96] }, [windows]);
    const front = net.add('front', { kind: 'permute', order: [1, 0] }, [whole]);
    const dropped = net.add('squeeze', { kind: 'reshape', shape: [96] }, [whole]);
    const shapes = batchShapes(net.build(front, dropped), 5);
    if (!shapes.ok) throw new Error(shapes.reason);
    expect(shapes.shapes.get(grouped)?.shape).toEqual([5, 2, 3, 4, 4]);
    expect(shapes.shapes.get(swapped)?.shape).toEqual([5, 3, 2, 4, 4]);
    expect(shapes.shapes.get(back)?.shape).toEqual([5, 6, 4, 4]);
    expect(shapes.shapes.get(windows)?.shape).toEqual([10, 48]);
    expect(shapes.shapes.get(whole)?.shape).toEqual([5, 96]);
    expect(shapes.shapes.get(front)?.shape).toEqual([96, 5]);
    expect(shapes.shapes.get(dropped)?.shape).toEqual([480]);
  });
});

describe('choosing an engine', () => {
  it('leaves a core to others unless told', () => {
    expect([threadCount(0, 8), threadCount(0, 1), threadCount(3, 8)]).toEqual([7, 1, 3]);
  });

  it('takes what loads, and lists all with the reason and the remedy of what does not', async () => {
    const options = { threads: 1, tfjsPath: emptyFolder };
    const chosen = await chooseEngine('auto', options, 2);
    expect(chosen.ok && chosen.value.info).toMatchObject({ name: 'onnx', threads: 1, device: 'cpu' });
    expect(await listEngines(options, 2)).toEqual([
      { name: 'onnx', engine: expect.objectContaining({ info: expect.anything() as object }) as object },
      {
        name: 'tfjs',
        engine: undefined,
        reason: `neither @tensorflow/tfjs-node-gpu nor @tensorflow/tfjs-node is installed in ${emptyFolder}`,
        remedy: expect.stringContaining('npm install @tensorflow/tfjs-node') as string,
      },
      {
        name: 'torch',
        engine: undefined,
        reason: 'it is not part of this program',
        remedy: expect.stringContaining('Install MorphNet again') as string,
      },
    ]);
  });

  it('says why another engine runs than the one that was asked for', async () => {
    const heard: string[] = [];
    const options = { threads: 1, tfjsPath: emptyFolder, onFallback: (message: string) => heard.push(message) };
    const chosen = await chooseEngine('tfjs', options, 2);
    expect(chosen.ok && chosen.value.info.name).toBe('onnx');
    expect(heard).toHaveLength(1);
    expect(heard[0]).toMatch(/^This run trains with onnx 1\.30\.\d+, since tfjs can’t be loaded: tfjs: neither/);
    expect((await chooseEngine('onnx', options, 2)).ok && heard).toHaveLength(1);
    expect((await chooseEngine('auto', options, 2)).ok && heard).toHaveLength(1);
  });

  it('says in one line why a package that is there does not load', async () => {
    const folder = mkdtempSync(join(tmpdir(), 'morphnet-tfjs-'));
    const inside = join(folder, 'node_modules/@tensorflow/tfjs-node');
    mkdirSync(inside, { recursive: true });
    writeFileSync(join(inside, 'package.json'), '{ "name": "@tensorflow/tfjs-node", "main": "index.js" }');
    writeFileSync(join(inside, 'index.js'), 'throw new Error("The native addon is missing\\nat some path");');
    const [, tfjs] = await listEngines({ threads: 1, tfjsPath: folder }, 2);
    expect(tfjs).toMatchObject({
      reason: '@tensorflow/tfjs-node does not load: The native addon is missing',
      remedy: expect.stringContaining('npm rebuild @tensorflow/tfjs-node') as string,
    });
    rmSync(folder, { recursive: true });
  });
});

describe('Node 23 and later', () => {
  it('get the type tests back that tfjs-node calls, and keep those that they have', () => {
    const own = (): boolean => true;
    const util: Record<string, (value: unknown) => boolean> = { isArray: own };
    restoreUtilFunctions(util);
    expect(util['isArray']).toBe(own);
    expect([null, undefined, 0, ''].map((value) => util['isNullOrUndefined']?.(value))).toEqual([
      true,
      true,
      false,
      false,
    ]);
  });
});
