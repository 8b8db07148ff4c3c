// Draws networks for tests in a line a layer: a GraphBuilder with PyTorch's defaults and names, no source text behind it.

import { GraphBuilder } from '../../server/src/network/graph-builder.ts';
import type { NetworkGraph } from '../../server/src/network/network-graph.ts';
import type { LayerSite, OpAttributes, Parameter, ValueId } from '../../server/src/network/op.ts';
import type { Shape } from '../../server/src/network/shape.ts';

const nowhere = { document: 'test:drawing', start: 0, end: 0 };
const site: LayerSite = { span: nowhere, callChain: [] };

export interface ConvolutionOptions {
  readonly stride?: number;
  readonly padding?: number;
  readonly groups?: number;
  readonly bias?: boolean;
}

/** Grows one network; every method adds an op and gives its output. */
export class NetworkDrawing {
  readonly builder = new GraphBuilder();

  add(
    name: string,
    attributes: OpAttributes,
    inputs: readonly ValueId[],
    parameters: readonly Parameter[] = [],
  ): ValueId {
    const added = this.builder.add({ name, label: attributes.kind, attributes, inputs, parameters, site });
    if (!added.ok) throw new Error(`${name}: ${added.error}`);
    return added.value[0]!;
  }

  input(shape: Shape): ValueId {
    return this.add('input', { kind: 'input', shape }, []);
  }

  /** A square kernel. */
  convolution(
    name: string,
    from: ValueId,
    outChannels: number,
    kernel: number,
    options: ConvolutionOptions = {},
  ): ValueId {
    const { stride = 1, padding = 0, groups = 1, bias = false } = options;
    const inChannels = this.#channels(from);
    const attributes: OpAttributes = {
      kind: 'convolution',
      inChannels,
      outChannels,
      kernel: [kernel, kernel],
      stride: [stride, stride],
      padding: [
        { before: padding, after: padding },
        { before: padding, after: padding },
      ],
      paddingMode: 'zeros',
      dilation: [1, 1],
      groups,
      channelAxis: 1,
    };
    const weight: Parameter = {
      id: `${name}.weight`,
      role: 'weight',
      shape: [outChannels, inChannels / groups, kernel, kernel],
    };
    return this.add(
      name,
      attributes,
      [from],
      bias ? [weight, { id: `${name}.bias`, role: 'bias', shape: [outChannels] }] : [weight],
    );
  }

  batchNorm(name: string, from: ValueId): ValueId {
    const channels = this.#channels(from);
    const tensor = (role: Parameter['role']): Parameter => ({ id: `${name}.${role}`, role, shape: [channels] });
    return this.add(
      name,
      { kind: 'batch-norm', channels, epsilon: 1e-5, momentum: 0.1, hasScale: true, hasShift: true, channelAxis: 1 },
      [from],
      [tensor('scale'), tensor('shift'), tensor('running-mean'), tensor('running-variance')],
    );
  }

  relu(name: string, from: ValueId): ValueId {
    return this.add(name, { kind: 'activation', function: 'relu', channelAxis: 1 }, [from]);
  }

  addition(name: string, ...from: ValueId[]): ValueId {
    return this.add(name, { kind: 'elementwise', operator: 'add' }, from);
  }

  concat(name: string, ...from: ValueId[]): ValueId {
    return this.add(name, { kind: 'concat', axis: 1 }, from);
  }

  maxPool(name: string, from: ValueId, kernel: number, stride: number, padding = 0): ValueId {
    return this.add(
      name,
      {
        kind: 'pool',
        mode: 'max',
        kernel: [kernel, kernel],
        stride: [stride, stride],
        padding: [
          { before: padding, after: padding },
          { before: padding, after: padding },
        ],
        dilation: [1, 1],
        ceilMode: false,
        countIncludePad: true,
        channelAxis: 1,
      },
      [from],
    );
  }

  globalAverage(name: string, from: ValueId): ValueId {
    return this.add(name, { kind: 'adaptive-pool', mode: 'average', outputSize: [1, 1], channelAxis: 1 }, [from]);
  }

  flatten(name: string, from: ValueId): ValueId {
    return this.add(name, { kind: 'reshape', shape: [1, -1] }, [from]);
  }

  dense(name: string, from: ValueId, outFeatures: number): ValueId {
    const inFeatures = this.builder.shapeOf(from).at(-1);
    if (typeof inFeatures !== 'number') throw new Error(`${name}: unknown features`);
    return this.add(
      name,
      { kind: 'dense', inFeatures, outFeatures },
      [from],
      [
        { id: `${name}.weight`, role: 'weight', shape: [outFeatures, inFeatures] },
        { id: `${name}.bias`, role: 'bias', shape: [outFeatures] },
      ],
    );
  }

  finish(...outputs: ValueId[]): NetworkGraph {
    const entry = {
      document: nowhere.document,
      name: 'drawing',
      from: 'request',
      span: nowhere,
      input: { shapes: [], from: 'request' },
    } as const;
    return this.builder.build('pytorch', entry, outputs);
  }

  #channels(value: ValueId): number {
    const channels = this.builder.shapeOf(value)[1];
    if (typeof channels !== 'number') throw new Error('Unknown channels');
    return channels;
  }
}
