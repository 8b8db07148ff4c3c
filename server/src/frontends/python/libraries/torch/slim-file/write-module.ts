// A network as one PyTorch module: its layers in the constructor with their widths as numbers, under the names that they have in
// the source, its operations in forward in the order in which they run.

import type { Result } from '../../../../../common/problem.ts';
import { valueOf } from '../../../../../network/network-graph.ts';
import { isKind, type Op, type OpId, type ParameterRole, type ValueId } from '../../../../../network/op.ts';
import type { ModuleToWrite, ModuleWriter, WrittenText } from '../../../../shared/module-writer.ts';
import { formatShape } from '../../../../../network/shape.ts';
import { batchAxes } from './batch-axes.ts';
import { ForwardText } from './forward-text.ts';
import { NestedLayers } from './nested-layers.ts';
import { pythonName } from '../../../python-text.ts';
import { writtenExpression } from './written-expressions.ts';
import { writtenLayer } from './written-layers.ts';
import { batchName, type WrittenOp } from './written-op.ts';

export const torchModuleWriter: ModuleWriter = {
  frameworkWord: 'PyTorch',
  nameOf: slimClassName,
  isNamedAfter: (written, name) => written === name || written === pythonName(name),
  write: writeModule,
};

function writeModule(module: ModuleToWrite): Result<WrittenText> {
  return writtenModule(module);
}

export interface WrittenModule extends WrittenText {
  /** By the network's names of parameters and running statistics: those of the class's `named_parameters` and `named_buffers`. */
  readonly tensors: ReadonlyMap<string, string>;
  /** The path of the submodule or parameter that an op is: `layer1.0.conv1`. */
  readonly attributes: ReadonlyMap<OpId, string>;
}

/** The file's text with the names of its layers; or which operation can't be written, and why. */
export function writtenModule({ graph, name: className, description, sourceOf }: ModuleToWrite): Result<WrittenModule> {
  const attributes = new Map<OpId, string>();
  const tensors = new Map<string, string>();
  const layers = new NestedLayers(graph);
  const forward = new ForwardText(graph);
  const batch = batchAxes(graph);
  for (const op of graph.ops) {
    if (isKind(op, 'input')) continue;
    const shapeOf = (value: ValueId): Op['parameters'][number]['shape'] => valueOf(graph, value).shape;
    const toWrite = {
      op,
      inputBatch: op.inputs.map((value) => batch.get(value)),
      outputBatch: batch.get(op.outputs[0] ?? -1),
      inputShapes: op.inputs.map(shapeOf),
      outputShape: shapeOf(op.outputs[0] ?? -1),
      sourceText: sourceOf(op),
    };
    const written: WrittenOp = writtenLayer(toWrite) ?? writtenExpression(toWrite);
    switch (written.kind) {
      case 'refused':
        return { ok: false, error: written.reason };
      case 'layer':
      case 'parameter': {
        const place = layers.placeOf(op, written.make);
        if (place === undefined)
          return { ok: false, error: `${op.name} shares a part of its weights with other layers` };
        const { path, access } = place;
        attributes.set(op.id, path);
        const isCalled = written.kind === 'layer';
        for (const { id, role } of op.parameters) {
          if (!tensors.has(id)) tensors.set(id, isCalled ? `${path}.${nameOf(role, op)}` : path);
        }
        forward.add(op, 'call', (inputs) => (isCalled ? `${access}(${inputs.join(', ')})` : access));
        break;
      }
      case 'expression':
        forward.add(op, written.form, written.text);
    }
  }
  const inputs = graph.inputs.map((value) => formatShape(valueOf(graph, value).shape.slice(1)).replaceAll('×', 'x'));
  const body = forward.finish();
  const usesFunctions = body.some((line) => /\bF\./.test(line));
  const lines = [
    `"""${description.join('\n')}`,
    '"""',
    '',
    `# morphnet: entry=${className}() input=${inputs.join(',')}`,
    '',
    ...([...body, ...layers.lines()].some((line) => /\btorch\./.test(line)) ? ['import torch'] : []),
    'from torch import nn',
    ...(usesFunctions ? ['from torch.nn import functional as F'] : []),
    '',
    '',
    `class ${className}(nn.Module):`,
    '    def __init__(self):',
    '        super().__init__()',
    ...layers.lines(),
    '',
    `    def forward(self, ${forward.inputNames.join(', ')}):`,
    ...(body.some((line) => line.includes(`(${batchName},`))
      ? [`        ${batchName} = ${forward.inputNames[0] ?? 'x'}.shape[0]`]
      : []),
    ...body.map((line) => `        ${line}`),
    '',
  ];
  return { ok: true, value: { text: lines.map((line) => line.trimEnd()).join('\n'), attributes, tensors } };
}

/** What PyTorch's layers call a parameter of a role. */
function nameOf(role: ParameterRole, { name }: Op): string {
  switch (role) {
    case 'weight':
    case 'scale':
    case 'slope':
      return 'weight';
    case 'bias':
    case 'shift':
      return 'bias';
    case 'running-mean':
      return 'running_mean';
    case 'running-variance':
      return 'running_var';
    case 'other':
      // The writer makes no layer of what has one.
      throw new Error(`${name} has a parameter of no known use`);
  }
}

/** A class name for the slim model of an entry: `resnet20(shortcut="A")` is `Resnet20Slim`. */
function slimClassName(entry: string): string {
  const callee = pythonName(/^[\w.]*/.exec(entry)?.[0].split('.').at(-1) ?? '').replace(/^_+/, '');
  const words = callee === '' ? ['Model'] : callee.split('_').filter((word) => word !== '');
  return `${words.map((word) => word.charAt(0).toUpperCase() + word.slice(1)).join('')}Slim`;
}
