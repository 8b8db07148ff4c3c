// `nn.Module` and its library subclasses as classes of the evaluator: tables of constructors and forwards become
// classes that source can derive from, override and call.

import type { SourceSpan } from '../../../../common/source-span.ts';
import { nativeClass } from '../../evaluator/classes.ts';
import { builtin, none } from '../../evaluator/values.ts';
import { signature, bindSignature, type BoundArguments } from '../../tracing/signature.ts';
import { giveUp, type TracedCall } from '../../tracing/traced-call.ts';
import type { TracedNetwork } from '../../tracing/traced-network.ts';
import type { Machine, Arguments, ClassValue, InstanceValue, PyValue } from '../../evaluator/machine.ts';

/** A library module: what its constructor keeps and what its forward does. */
export interface ModuleRow {
  readonly name: string;
  /** The library class it derives from; `Module` unless said. */
  readonly base?: string;
  /** Of the constructor, without `self`. */
  readonly parameters: string;
  /** Sets attributes, parameters and buffers on the new instance. */
  readonly construct?: (self: InstanceValue, args: BoundArguments, machine: Machine, span: SourceSpan) => void;
  /** Of forward, without `self`; `input` unless said. */
  readonly inputs?: string;
  readonly forward?: (self: InstanceValue, call: TracedCall) => PyValue;
}

/** Keeps every constructor argument as an attribute under its own name, as the library mostly does. */
export function keepArguments(machine: Machine, self: InstanceValue, args: BoundArguments, names: string): void {
  for (const name of names.split(/\s+/)) machine.change(self).attributes.set(name, args.value(name));
}

function selfOf(args: Arguments): { self: InstanceValue | undefined; rest: Arguments } {
  const [self, ...positional] = args.positional;
  return { self: self?.kind === 'instance' ? self : undefined, rest: { positional, keywords: args.keywords } };
}

/** Parameters of layers that PyTorch makes tensors with: a float there raises, whatever its value. */
const sizes =
  /^(in_channels|out_channels|in_features|out_features|in1_features|in2_features|num_features|num_embeddings|embedding_dim|input_size|hidden_size|embed_dim|d_model)$/;

function reportFloats(
  machine: Machine,
  layer: string,
  args: BoundArguments,
  parameters: readonly string[],
  span: SourceSpan,
): void {
  if (machine.importDepth > 0) return;
  for (const parameter of parameters.filter((name) => sizes.test(name))) {
    const value = args.value(parameter);
    if (value.kind !== 'float') continue;
    const shown = Number.isInteger(value.value) ? value.value.toFixed(1) : String(value.value);
    const message = `${layer} is given ${shown} for ${parameter}, a float where PyTorch takes whole numbers only; // divides to one.`;
    machine.report({ code: 'float-size', severity: 'error', message, span });
  }
}

/** The class of a row, below its base. */
export function moduleClass(row: ModuleRow, base: ClassValue, network: TracedNetwork): ClassValue {
  const attributes: [string, PyValue][] = [];
  const constructor = signature(row.parameters);
  const parameters = constructor.map(({ name, kind, default: value }) => ({
    name,
    kind: kind === 'plain' ? ('positional' as const) : kind,
    default: value,
  }));
  attributes.push([
    '__init__',
    {
      ...builtin(
        '__init__',
        (machine, args, span) => {
          const { self, rest } = selfOf(args);
          if (self === undefined) return none;
          machine.change(self).attributes.set('training', { kind: 'bool', value: true });
          const bound = bindSignature(machine, row.name, constructor, rest, span);
          reportFloats(
            machine,
            row.name,
            bound,
            constructor.map(({ name: parameter }) => parameter),
            span,
          );
          const lost = bound.firstUnknown();
          if (lost) machine.loseTrack(`${row.name}: ${lost.reason}`, span);
          row.construct?.(self, bound, machine, span);
          return none;
        },
        true,
      ),
      parameters,
    },
  ]);
  const { forward } = row;
  if (forward) {
    const inputs = signature(row.inputs ?? 'input');
    attributes.push([
      'forward',
      builtin(
        'forward',
        (machine, args, span) => {
          const { self, rest } = selfOf(args);
          if (self === undefined) return none;
          const call: TracedCall = {
            machine,
            network,
            args: bindSignature(machine, row.name, inputs, rest, span),
            span,
            label: self.class.name,
          };
          const lost = call.args.firstUnknown();
          return lost ? giveUp(call, lost.reason) : forward(self, call);
        },
        true,
      ),
    ]);
  }
  return nativeClass(row.name, [base], attributes);
}
