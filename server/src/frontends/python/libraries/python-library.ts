// What a framework is to the Python frontend: the modules that source imports from it, what its layers and models are, and
// what operations mean for its values. Frameworks stand side by side; one file may use several.

import type { SourceSpan } from '../../../common/source-span.ts';
import type { ModuleWriter } from '../../shared/module-writer.ts';
import type { Framework } from '../../../network/network-graph.ts';
import type { Arguments, InstanceValue, Machine, ModuleValue, PyValue, TensorValue } from '../evaluator/machine.ts';
import type { PassiveWords } from '../syntax/late-definitions.ts';
import type { LayerRules, TracedNetwork } from '../tracing/traced-network.ts';

export interface PythonLibrary {
  readonly framework: Framework;
  /** Other frameworks whose models it reads too: TF-slim's beside Keras's. */
  readonly kin?: readonly Framework[];
  /** What the text of every file has that can hold a model of this framework. */
  readonly mentions: RegExp;
  /** What a model is called in messages: `nn.Module`. */
  readonly modelWord: string;
  /** How slim files of its models are written. */
  readonly writer: ModuleWriter;
  /** Its words that take no note of a definition; absent where there are none. */
  readonly passive?: PassiveWords;
  /** The setting that is `True` where a batch norm has a scale. */
  readonly scaleSetting: string;
  /** Makes the library of one evaluation, whose ops go into the network. */
  open(network: TracedNetwork): OpenLibrary;
}

/** A framework within one evaluation. */
export interface OpenLibrary {
  readonly framework: Framework;
  readonly layers: LayerRules;
  /** Where channels stand in images that nobody says the shape of. */
  readonly imageLayout: 'chw' | 'hwc';
  /** The arguments that give a model so many inputs. */
  inputArguments(inputs: readonly TensorValue[]): Arguments;
  /** A modelled module (`torch.nn.functional`), or undefined. */
  module(machine: Machine, name: string): ModuleValue | undefined;
  /** Whether a tensor has this library's attributes and methods; those of no library have the first one's. */
  owns(tensor: TensorValue): boolean;
  tensorAttribute(machine: Machine, tensor: TensorValue, name: string, span: SourceSpan): PyValue | undefined;
  /** Calls one of its layers; undefined for any other instance. */
  callInstance(machine: Machine, instance: InstanceValue, args: Arguments, span: SourceSpan): PyValue | undefined;
  /** An item of one of its containers; undefined when the instance is none. */
  instanceItem(machine: Machine, instance: InstanceValue, index: PyValue, span: SourceSpan): PyValue | undefined;
  /** Runs an operator of the language, or `[]`, on tensors of this library, which may note how they come about. */
  operation?(
    machine: Machine,
    operator: string,
    args: readonly PyValue[],
    span: SourceSpan,
    run: (args: readonly PyValue[]) => PyValue,
  ): PyValue;
  /** What stands for a model without being a layer: a function of tensors, or tensors that came of a program's inputs. */
  modelOf?(machine: Machine, value: PyValue, span: SourceSpan): InstanceValue | undefined;
  /** The framework whose way of writing a model is in, where this library reads several. */
  frameworkOf?(model: InstanceValue): Framework;
  /** Names that are counted begin anew: what follows is a program of its own. */
  countAnew?(machine: Machine): void;
  /** The inputs that a model says itself that it takes, without the batch, and where it says so. */
  statedInputs?(model: InstanceValue): StatedInputs | undefined;
}

export interface StatedInputs {
  /** Sizes that the model leaves open are undefined. */
  readonly shapes: readonly (readonly (number | undefined)[])[];
  readonly span: SourceSpan;
}
