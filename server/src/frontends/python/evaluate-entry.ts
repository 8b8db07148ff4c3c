// One evaluation: the libraries are opened, the entry's program is run in the evaluator, its model is called on an input.

import type { Cancellation } from '../../common/cancellation.ts';
import type { ModelEntry, NetworkGraph } from '../../network/network-graph.ts';
import { headOf, type EvaluationLimits, type SourceReader } from '../shared/frontend.ts';
import { isConfiguration } from './configurations/configuration-text.ts';
import { atSettings } from './configurations/configured-model.ts';
import type { TriedEvaluation } from './discovery/fitting-input.ts';
import { failureOf } from './evaluation-failure.ts';
import { builtinNames } from './evaluator/builtins.ts';
import { importRoots } from './evaluator/import-roots.ts';
import { Interpreter } from './evaluator/interpreter.ts';
import type { InstanceValue, Machine, ModuleValue, PyValue, Scope } from './evaluator/machine.ts';
import type { ValueFlow } from './evaluator/value-flow.ts';
import { openLibraries, type OpenLibraries } from './libraries/open-libraries.ts';
import { pythonLibraries } from './libraries/python-libraries.ts';
import { madeEntry } from './made-entry.ts';
import { runModel } from './model-run.ts';
import type { ParsedModule, PythonParser } from './syntax/python-parser.ts';

/** Collects what one evaluation found, whichever way it ended. */
export function evaluateEntry(
  parser: PythonParser,
  parsed: ParsedModule,
  entry: ModelEntry,
  reader: SourceReader,
  limits: EvaluationLimits,
  cancellation: Cancellation,
  flow?: ValueFlow,
): TriedEvaluation {
  const frameworks = openLibraries(pythonLibraries);
  const { library, network } = frameworks;
  const { all: roots, own } = importRoots(entry.document, reader);
  const found: SourceReader = { roots, read: (document) => reader.read(document) };
  const machine = new Interpreter(parser, found, limits, library, builtinNames, cancellation);
  machine.flow = flow;
  machine.countOps = () => network.builder.opCount;
  machine.dependencies.add(entry.document);
  for (const problem of parsed.problems) machine.report(problem);
  let graph: NetworkGraph | undefined;
  try {
    graph = trace(machine, frameworks, parser, parsed, entry, moduleNames(own, entry.document));
  } catch (error) {
    const found = failureOf(error, entry.span);
    const failure = { ...found, message: withOption(found.message, entry) };
    machine.report(failure);
    machine.loseTrack(failure.message, failure.span ?? entry.span);
  } finally {
    machine.end();
  }
  const evaluation = {
    graph,
    flows: network.flows.all,
    problems: machine.problems,
    dependencies: [...machine.dependencies],
  };
  const [, taken] = machine.problems.flatMap(({ message }) => axesTaken.exec(message) ?? []);
  const wanted = {
    firstLayer: network.firstLayer,
    names: network.inputNames,
    firstWeight: network.firstWeight,
    secondWeight: network.secondWeight,
    rank: taken === undefined ? undefined : Number(taken),
  };
  return { evaluation, wanted, steps: machine.steps };
}

/** What an input with other axes raises where its sizes are taken apart. */
const axesTaken = /expected (\d) values to unpack, got \d/;

function trace(
  machine: Machine,
  frameworks: OpenLibraries,
  parser: PythonParser,
  parsed: ParsedModule,
  entry: ModelEntry,
  /** A file inside a package can be imported by its neighbours too; they must then see this very module. */
  importable: readonly string[],
): NetworkGraph | undefined {
  const stem = /([^/]*?)(\.py)?$/.exec(entry.document)?.[1] ?? '';
  const module: ModuleValue = {
    kind: 'module',
    name: importable[0] ?? stem,
    document: entry.document,
    names: new Map(),
    isModelled: false,
    isPackage: entry.document.endsWith('/__init__.py'),
    deferred: new Map(),
  };
  for (const name of importable) machine.modules.set(name, module);
  const scope: Scope = { names: module.names, parent: undefined, module };
  const value = madeEntry(machine, frameworks, parser, parsed, scope, entry);
  if (value === undefined) return undefined;
  const model = frameworks.ownerOf(value) === undefined ? (modelOf(machine, frameworks, value, entry) ?? value) : value;
  const owner = frameworks.ownerOf(model);
  if (owner === undefined || model.kind !== 'instance') {
    const text = machine.reader.read(entry.document) ?? '';
    const words = pythonLibraries.filter(({ mentions }) => mentions.test(text)).map(({ modelWord }) => modelWord);
    const reason =
      model.kind === 'unknown' ? withOption(model.reason, entry) : `${entry.name} makes no ${words.join(' and no ')}`;
    machine.report({
      code: 'no-model',
      // What is only supposed to make a model need make none.
      severity: entry.from === 'call' || entry.from === 'default' ? 'information' : 'warning',
      message: reason,
      span: model.kind === 'unknown' && model.span.document !== '' ? model.span : entry.span,
    });
    return undefined;
  }
  const graph = runModel(machine, frameworks.network, owner, model, entry);
  return isConfiguration(headOf(machine.reader.read(entry.document) ?? '')) ? atSettings(graph, entry.document) : graph;
}

/** Of what depends on an option that a program has to be given: how to name one with it. */
function withOption(reason: string, { name }: ModelEntry): string {
  const [told, option = ''] = /^(\S+) has to be given on the command line/.exec(reason) ?? [];
  if (told === undefined || name.includes('(')) return reason;
  return `Which model this is depends on ${option}, which has to be given on the command line. Name it in a comment: # morphnet: entry=${name}(${option.startsWith('-') ? `${option} ` : ''}…)`;
}

/** A function or tensor as the model that it stands for in some framework. */
function modelOf(
  machine: Machine,
  { open }: OpenLibraries,
  value: PyValue,
  { span }: ModelEntry,
): InstanceValue | undefined {
  for (const library of open) {
    const model = library.modelOf?.(machine, value, span);
    if (model) return model;
  }
  return undefined;
}

/** Dotted names under which a document can be imported from folders, in their order. */
function moduleNames(roots: readonly string[], document: string): readonly string[] {
  return roots.flatMap((root) => {
    if (!document.startsWith(`${root}/`)) return [];
    const parts = document
      .slice(root.length + 1)
      .replace(/\.py$/, '')
      .replace(/\/__init__$/, '')
      .split('/')
      .map(decoded);
    return parts.every((part) => /^[\p{L}\p{N}_]+$/u.test(part)) ? [parts.join('.')] : [];
  });
}

/** A part of a URI as it is written in a program; as it is where it is not encoded well. */
function decoded(part: string): string {
  try {
    return decodeURIComponent(part);
  } catch {
    return part;
  }
}
