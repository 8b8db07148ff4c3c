// The frameworks of one evaluation as the evaluator sees them: one library that asks each in turn.

import type { SourceSpan } from '../../../common/source-span.ts';
import { isMeasuring } from '../evaluator/harmless-calls.ts';
import type { Library, Machine, PyValue, TensorValue } from '../evaluator/machine.ts';
import { sidePackage } from '../standard-library/side-packages.ts';
import { isModelledWithin, settingsStandIn } from '../standard-library/settings-modules.ts';
import { standardModule } from '../standard-library/standard-modules.ts';
import { elementsOf } from '../tracing/constants.ts';
import { itemOf, tensorItem, tensorOperator } from '../tracing/tensor-operators.ts';
import { overwrite, writeItem } from '../tracing/tensor-writes.ts';
import { TracedNetwork } from '../tracing/traced-network.ts';
import { numpyModule } from './numpy/numpy-module.ts';
import type { OpenLibrary, PythonLibrary } from './python-library.ts';

export interface OpenLibraries {
  readonly library: Library;
  readonly network: TracedNetwork;
  readonly open: readonly OpenLibrary[];
  /** The framework whose model or layer a value is. */
  ownerOf(value: PyValue): OpenLibrary | undefined;
}

/** Opens the frameworks for one evaluation. */
export function openLibraries(libraries: readonly PythonLibrary[]): OpenLibraries {
  const network = new TracedNetwork(() => open.map(({ layers }) => layers));
  const open: readonly OpenLibrary[] = libraries.map((library) => library.open(network));
  const ownerOf = (value: PyValue): OpenLibrary | undefined => open.find(({ layers }) => layers.isLayer(value));
  const [usual] = open;
  const ownerOfTensor = (tensor: TensorValue): OpenLibrary | undefined =>
    open.find((each) => each.owns(tensor)) ?? usual;
  const operate = (
    machine: Machine,
    operator: string,
    args: readonly PyValue[],
    span: SourceSpan,
    run: (args: readonly PyValue[]) => PyValue,
  ): PyValue => {
    const owner = open.find((each) =>
      args.some((value) => value.kind === 'tensor' && each.owns(value) && 'operation' in each),
    );
    return owner?.operation ? owner.operation(machine, operator, args, span, run) : run(args);
  };
  const first = <T>(ask: (library: OpenLibrary) => T | undefined): T | undefined => {
    for (const each of open) {
      const answer = ask(each);
      if (answer !== undefined) return answer;
    }
    return undefined;
  };
  const library: Library = {
    module: (machine, name) =>
      first((each) => each.module(machine, name)) ??
      numpyModule(network, name) ??
      modelled(name, standardModule(machine, name) ?? sidePackage(machine, name)),
    standIn: (machine, name) => modelled(name, settingsStandIn(machine, name)),
    isModelledWithin,
    tensorOperator: (machine, operator, left, right, span) =>
      operate(machine, operator, [left, right], span, ([one = left, other = right]) =>
        tensorOperator(network, machine, operator, one, other, span),
      ),
    tensorAttribute: (machine, tensor, name, span) =>
      tensor.kind === 'tensor' ? ownerOfTensor(tensor)?.tensorAttribute(machine, tensor, name, span) : undefined,
    tensorItem: (machine, tensor, index, span) =>
      operate(machine, '[]', [tensor], span, ([whole = tensor]) =>
        whole.kind === 'tensor' ? tensorItem(network, machine, whole, index, span) : whole,
      ),
    numberOf: (tensor, span) => (elementsOf(tensor)?.length === 1 ? itemOf(tensor, span) : undefined),
    writeTensorItem: (machine, tensor, index, value, span) => {
      writeItem(network, machine, tensor, index, value, span);
    },
    overwriteTensor: overwrite,
    callInstance: (machine, instance, args, span) => first((each) => each.callInstance(machine, instance, args, span)),
    moment: () => network.moment(),
    isLayer: (value) => network.isModule(value),
    noteFlow: (value, statement) => {
      network.flows.note(value, statement, network.moduleUnderWay);
    },
    noteHanded: (layer, to) => {
      if (!network.handed.has(layer)) network.handed.set(layer, to);
    },
    runMethod: (instance) => ownerOf(instance)?.layers.runMethod,
    callUnknown: (machine, callee, args, span) => {
      if (callee.path !== undefined && isMeasuring(callee.path)) return;
      const tensors = [...args.positional, ...args.keywords.values()].flatMap((value) => tensorsWithin(value));
      if (tensors.length > 0) network.opaque(machine, 'unknown', callee.reason, tensors, span);
    },
    instanceItem: (machine, instance, index, span) =>
      first((each) => each.instanceItem(machine, instance, index, span)),
  };
  return { library, network, open, ownerOf };
}

function modelled(name: string, names: ReadonlyMap<string, PyValue> | undefined): ReturnType<Library['module']> {
  return names && { kind: 'module', name, document: '', names: new Map(names), isModelled: true };
}

/** The tensors of an argument: itself, or the items of a sequence. */
function tensorsWithin(value: PyValue): readonly TensorValue[] {
  if (value.kind === 'tensor') return [value];
  return value.kind === 'list' || value.kind === 'tuple'
    ? value.items.flatMap((item) => (item.kind === 'tensor' ? [item] : []))
    : [];
}
