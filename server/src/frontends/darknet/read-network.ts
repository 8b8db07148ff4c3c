// Sections to a network, in Darknet's order. Layer names are the section's type and its index after [net]:
// `convolutional_0`, `shortcut_4`; the ops inside are `convolutional_0.batch_norm` and `convolutional_0.leaky`.

import type { Cancellation } from '../../common/cancellation.ts';
import type { Problem } from '../../common/problem.ts';
import { GraphBuilder } from '../../network/graph-builder.ts';
import type { ModelEntry, NetworkGraph } from '../../network/network-graph.ts';
import type { ValueId } from '../../network/op.ts';
import { limitMessage, type EvaluationLimits } from '../shared/frontend.ts';
import { LayerContext, type LayerOutput } from './layer-context.ts';
import { findLayerModel, knownLayerTypes } from './layers/layer-models.ts';
import type { Section } from './section.ts';

/** The network of the layer sections (all but [net]), or as much of it as the limits and the cancellation allow. */
export function readNetwork(
  entry: ModelEntry,
  layers: readonly Section[],
  limits: EvaluationLimits,
  cancellation: Cancellation,
  report: (problem: Problem) => void,
): NetworkGraph {
  const builder = new GraphBuilder();
  let last = addInput(builder, entry);
  let result = last;
  const earlier: LayerOutput[] = [];
  const outputs: ValueId[] = [];
  for (const section of layers) {
    if (cancellation.isCancellationRequested) {
      builder.addUnknown({ reason: 'reading was cancelled', span: section.span });
      break;
    }
    if (builder.opCount >= limits.ops) {
      const message = limitMessage(
        'limit-ops',
        `The network has more than ${limits.ops.toLocaleString('en')} operations`,
      );
      report({ code: 'limit-ops', severity: 'warning', message, span: section.span });
      builder.addUnknown({ reason: message, span: section.span });
      break;
    }
    const context = new LayerContext(builder, section, earlier, last, report);
    last = readLayer(context);
    outputs.push(...context.outputs);
    earlier.push({ index: context.index, name: context.name, value: last, tensors: context.tensors });
    // A loss reads the result, it is not the result.
    if (section.type !== 'cost') result = last;
  }
  return builder.build('darknet', entry, [...new Set([...outputs, result])]);
}

function addInput(builder: GraphBuilder, entry: ModelEntry): ValueId {
  const shape = entry.input.shapes[0] ?? [];
  const added = builder.add({
    name: 'input',
    label: 'net',
    attributes: { kind: 'input', shape: [1, ...shape], channelAxis: 1 },
    inputs: [],
    site: { span: entry.span, callChain: [] },
  });
  if (!added.ok || added.value[0] === undefined) throw new Error('An input op always fits');
  return added.value[0];
}

function readLayer(context: LayerContext): ValueId {
  const { type } = context.section;
  const model = findLayerModel(type);
  if (model !== undefined) return model(context);
  const shown = type === '' ? 'A section without a name' : `[${type}]`;
  context.problem(
    'darknet-unknown-layer',
    'warning',
    `${shown} is no layer that is understood here, so its cost is not known; understood are ${knownLayerTypes().join(', ')}`,
  );
  return context.opaque(`${shown} is not understood`, [context.input]);
}
