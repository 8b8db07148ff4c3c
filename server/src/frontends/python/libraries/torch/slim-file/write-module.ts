// A network as one flat PyTorch module: its layers in the constructor with their widths as numbers, its operations in
// forward in the order in which they run.

import type { Result } from '../../../../../common/problem.ts';
import { valueOf } from '../../../../../network/network-graph.ts';
import { isKind, type Op, type OpId, type ParameterRole, type ValueId } from '../../../../../network/op.ts';
import type { ModuleToWrite, ModuleWriter, WrittenText } from '../../../../shared/module-writer.ts';
import { formatShape } from '../../../../../network/shape.ts';
import { batchAxes } from './batch-axes.ts';
import { ForwardText } from './forward-text.ts';
import { pythonName } from '../../../python-text.ts';
import { writtenExpression } from './written-expressions.ts';
import { writtenLayer } from './written-layers.ts';
import { batchName, type WrittenOp } from './written-op.ts';

export const torchModuleWriter: ModuleWriter = {
  frameworkWord: 'PyTorch',
  nameOf: slimClassName,
  layerName: pythonName,
  write: writeModule,
};

function writeModule(module: ModuleToWrite): Result<WrittenText> {
  return writtenModule(module);
}

export interface WrittenModule extends WrittenText {
  /** By the network's names of parameters and running statistics: those of the class's `named_parameters` and `named_buffers`. */
  readonly tensors: ReadonlyMap<string, string>;
  /** The attribute that holds the layer of an op. */
  readonly attributes: ReadonlyMap<OpId, string>;
}

/** The file's text with the names of its layers; or which operation can't be written, and why. */
export function writtenModule({ graph, name: className, description, sourceOf }: ModuleToWrite): Result<WrittenModule> {
  const attributes = new Map<OpId, string>();
  const tensors = new Map<string, string>();
  const layers = new Layers();
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
        const name = layers.nameOf(op, written.make);
        if (name === undefined)
          return { ok: false, error: `${op.name} shares a part of its weights with other layers` };
        attributes.set(op.id, name);
        const isCalled = written.kind === 'layer';
        for (const { id, role } of op.parameters) {
          if (!tensors.has(id)) tensors.set(id, isCalled ? `${name}.${nameOf(role, op)}` : name);
        }
        forward.add(op, 'call', (inputs) => (isCalled ? `self.${name}(${inputs.join(', ')})` : `self.${name}`));
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

interface Layer {
  readonly attribute: string;
  readonly path: string;
  readonly make: string;
}

/** The layers made in the constructor, in the order of their first use. */
class Layers {
  readonly #byIdentity = new Map<string, Layer>();
  readonly #attributes = new Set<string>();
  readonly #holders = new Map<string, string>();

  /** The attribute that holds an op's layer: the same for ops that share all their parameters; undefined where they share some. */
  nameOf(op: Op, make: string): string | undefined {
    const ids = op.parameters.map(({ id }) => id);
    const identity = ids.length === 0 ? `op ${String(op.id)}` : ids.join();
    const known = this.#byIdentity.get(identity);
    if (known !== undefined) return known.make === make ? known.attribute : undefined;
    for (const id of ids) {
      if (this.#holders.has(id)) return undefined;
      this.#holders.set(id, identity);
    }
    let attribute = pythonName(op.name);
    while (this.#attributes.has(attribute)) attribute = `${attribute}_`;
    this.#attributes.add(attribute);
    this.#byIdentity.set(identity, { attribute, path: op.name, make });
    return attribute;
  }

  /** One line a layer; what belonged to one part of the model stays together under its name. */
  lines(): readonly string[] {
    let part = '';
    return [...this.#byIdentity.values()].flatMap(({ attribute, path, make }) => {
      const own = path.slice(0, Math.max(0, path.lastIndexOf('.')));
      const heading = own === part ? [] : own === '' ? [''] : ['', `        # ${own}`];
      part = own;
      return [...heading, `        self.${attribute} = ${make}`];
    });
  }
}

/** A class name for the slim model of an entry: `resnet20(shortcut="A")` is `Resnet20Slim`. */
function slimClassName(entry: string): string {
  const callee = pythonName(/^[\w.]*/.exec(entry)?.[0].split('.').at(-1) ?? '').replace(/^_+/, '');
  const words = callee === '' ? ['Model'] : callee.split('_').filter((word) => word !== '');
  return `${words.map((word) => word.charAt(0).toUpperCase() + word.slice(1)).join('')}Slim`;
}
