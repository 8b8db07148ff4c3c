// Random networks for property tests: a list of choices becomes a network that always fits together, with every kind of
// relation between channels in it.

import fc from 'fast-check';
import { GraphBuilder } from '../../server/src/network/graph-builder.ts';
import type { NetworkGraph } from '../../server/src/network/network-graph.ts';
import type { Op, ValueId } from '../../server/src/network/op.ts';
import { MethodNetwork } from './method-network.ts';

/** One step of growing: what to add, and numbers that choose where and how wide. */
interface Growth {
  readonly kind: (typeof kinds)[number];
  readonly from: number;
  readonly other: number;
  readonly width: number;
}

const kinds = [
  'layer',
  'layer',
  'plain',
  'grouped',
  'depthwise',
  'add',
  'add',
  'concat',
  'concat',
  'slice',
  'stepped-slice',
  'shuffle',
  'shuffle-by-reshape',
  'pad',
  'excite',
  'pool',
  'upscale',
  'group-norm',
  'gate',
  'transposed',
  'shared',
] as const;

const growth: fc.Arbitrary<Growth> = fc.record({
  kind: fc.constantFrom(...kinds),
  from: fc.nat(20),
  other: fc.nat(20),
  width: fc.integer({ min: 1, max: 6 }),
});

/** Networks on 3×4×4 images with a dense head, of up to this many steps. */
export function randomNetwork(steps = 12): fc.Arbitrary<NetworkGraph> {
  return fc
    .tuple(fc.array(growth, { minLength: 1, maxLength: steps }), fc.boolean())
    .map(([list, flat]) => grow(list, flat));
}

const none = { before: 0, after: 0 };

function grow(list: readonly Growth[], flat: boolean): NetworkGraph {
  const net = new MethodNetwork();
  const image = net.input([1, 3, 4, 4]);
  const values: ValueId[] = [net.layer('stem', image, 4, 3)];
  list.forEach(({ kind, from, other, width }, index) => {
    const name = `${kind}${String(index)}`;
    // The latest values are chosen more often, so that networks get deep.
    const source = values[Math.max(0, values.length - 1 - (from % 4))]!;
    const made = addStep(net, kind, name, source, values[other % values.length]!, width);
    if (made !== undefined) values.push(made);
  });
  const used = new Set(net.finish().ops.flatMap((op) => op.inputs));
  const ends = values.filter((value) => !used.has(value));
  const joined =
    ends.length === 1
      ? ends[0]!
      : net.concat('ends', ...ends.map((value, index) => net.mean(`mean${String(index)}`, value, true)));
  const features = flat ? net.flatten('flatten', joined) : net.mean('mean', joined);
  return net.finish(net.dense('head', features, 5));
}

function addStep(
  net: MethodNetwork,
  kind: Growth['kind'],
  name: string,
  source: ValueId,
  other: ValueId,
  width: number,
): ValueId | undefined {
  const [, channels = 0, height = 0, breadth = 0] = net.builder.shapeOf(source).map(Number);
  const otherShape = net.builder.shapeOf(other).map(Number);
  switch (kind) {
    case 'layer':
      return net.layer(name, source, width, 3);
    case 'plain':
      return net.layer(name, source, width, 1, { norm: false, relu: false });
    case 'grouped':
      return channels % 2 === 0 && channels > 2 ? net.layer(name, source, 2 * width, 3, { groups: 2 }) : undefined;
    case 'depthwise':
      return channels > 1 ? net.depthwise(name, source, 3, 1 + (width % 2), { norm: width > 3 }) : undefined;
    case 'add': {
      if (otherShape[1] === channels && otherShape[2] === height) return net.addition(name, source, other);
      if (otherShape[2] !== height) return undefined;
      return net.addition(name, source, net.layer(`${name}.conv`, other, channels, 1, { relu: false }));
    }
    case 'concat':
      return otherShape[2] === height ? net.concat(name, source, other) : undefined;
    case 'slice': {
      const size = Math.min(width, channels);
      return net.slice(name, source, Math.min(width % 3, channels - size), size);
    }
    case 'stepped-slice':
      return channels > 2
        ? net.slice(name, source, width % 2, Math.floor((channels - (width % 2) + 1) / 2), 2)
        : undefined;
    case 'shuffle':
      return channels % 2 === 0
        ? net.add(name, { kind: 'channel-shuffle', groups: 2, channelAxis: 1 }, [source])
        : undefined;
    case 'shuffle-by-reshape': {
      if (channels % 2 !== 0) return undefined;
      const cut = net.add(`${name}.cut`, { kind: 'reshape', shape: [1, 2, channels / 2, height, breadth] }, [source]);
      const turned = net.add(`${name}.turn`, { kind: 'permute', order: [0, 2, 1, 3, 4] }, [cut]);
      return net.add(name, { kind: 'reshape', shape: [1, -1, height, breadth] }, [turned]);
    }
    case 'pad': {
      const padding = [none, { before: width % 2, after: 1 }, none, none];
      return net.add(name, { kind: 'pad', padding, mode: 'constant', value: 0 }, [source]);
    }
    case 'excite': {
      const small = net.layer(`${name}.reduce`, net.mean(`${name}.mean`, source, true), width, 1, { norm: false });
      const gate = net.sigmoid(
        `${name}.gate`,
        net.layer(`${name}.expand`, small, channels, 1, { norm: false, relu: false }),
      );
      return net.multiply(name, source, gate);
    }
    case 'pool':
      return height > 1 ? net.maxPool(name, source, 2, 2) : undefined;
    case 'upscale':
      return channels % 4 === 0 && height <= 4
        ? net.add(name, { kind: 'depth-to-space', block: 2, order: width % 2 === 0 ? 'crd' : 'dcr', channelAxis: 1 }, [
            source,
          ])
        : undefined;
    case 'group-norm':
      return channels % 2 === 0
        ? net.add(name, { kind: 'group-norm', groups: 2, channels, epsilon: 1e-5, channelAxis: 1 }, [source])
        : undefined;
    case 'transposed':
      return height <= 4 ? net.transposed(name, source, width, 2, 2) : undefined;
    case 'shared': {
      // One layer that is called twice: its two widths are one.
      const once = sharedCall(net, `${name}.once`, source, channels, name);
      return sharedCall(net, name, net.relu(`${name}.relu`, once), channels, name);
    }
    case 'gate':
      return otherShape[1] === 1 && otherShape[2] === height ? net.multiply(name, source, other) : undefined;
  }
}

/** A 1×1 convolution by the weights of this name. */
function sharedCall(net: MethodNetwork, name: string, source: ValueId, channels: number, shared: string): ValueId {
  const attributes = {
    kind: 'convolution',
    inChannels: channels,
    outChannels: channels,
    kernel: [1, 1],
    stride: [1, 1],
    padding: [none, none],
    paddingMode: 'zeros',
    dilation: [1, 1],
    groups: 1,
    channelAxis: 1,
  } as const;
  return net.add(
    name,
    attributes,
    [source],
    [{ id: `${shared}.weight`, role: 'weight', shape: [channels, channels, 1, 1] }],
  );
}

/** The same network with its ops in another order: each op as late or as early as `late` asks for. */
export function reordered(graph: NetworkGraph, late: (op: Op) => number): NetworkGraph {
  const builder = new GraphBuilder();
  const values = new Map<ValueId, ValueId>();
  const open = new Set(graph.ops);
  while (open.size > 0) {
    const ready = [...open].filter((op) => op.inputs.every((value) => values.has(value)));
    const [next] = ready.sort((left, right) => late(left) - late(right) || left.id - right.id);
    if (next === undefined) throw new Error('No op is ready');
    open.delete(next);
    const added = builder.add({
      name: next.name,
      label: next.label,
      attributes: next.attributes,
      inputs: next.inputs.map((value) => values.get(value)!),
      parameters: next.parameters,
      site: next.site,
    });
    if (!added.ok) throw new Error(added.error);
    next.outputs.forEach((value, index) => values.set(value, added.value[index]!));
  }
  return builder.build(
    graph.framework,
    graph.entry,
    graph.outputs.map((value) => values.get(value)!),
  );
}
