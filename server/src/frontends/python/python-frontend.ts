// Python files as a frontend: parse, run the definitions in the evaluator, make the entry, call it on an input.

import type { Cancellation } from '../../common/cancellation.ts';
import type { Problem, Result } from '../../common/problem.ts';
import type { NamedNumbers } from '../shared/named-numbers.ts';
import type { TrainingLines } from '../shared/training-lines.ts';
import type { SourceSpan } from '../../common/source-span.ts';
import type { Framework, ModelEntry, NetworkGraph } from '../../network/network-graph.ts';
import {
  limitMessage,
  overlongText,
  type EntryList,
  type EntryRequest,
  type Evaluation,
  type EvaluationLimits,
  type Frontend,
  type SourceReader,
  type TracedEvaluation,
} from '../shared/frontend.ts';
import { definitionsIn } from './discovery/definitions.ts';
import { findEntries } from './discovery/entries.ts';
import { builtinNames } from './evaluator/builtins.ts';
import { evaluateExpression } from './evaluator/expressions.ts';
import { importRoots } from './evaluator/import-roots.ts';
import { Interpreter } from './evaluator/interpreter.ts';
import { deferredName, importModule, lazyName } from './evaluator/modules.ts';
import { EvaluationStopped, PythonError } from './evaluator/python-error.ts';
import { runModule } from './evaluator/run-module.ts';
import { ValueFlow } from './evaluator/value-flow.ts';
import { list, string } from './evaluator/values.ts';
import { atLooseInput, evaluateFitting, type Trial, type Try } from './discovery/fitting-input.ts';
import { inputsToTry, isUsual, preparedData, withSize } from './discovery/input-shapes.ts';
import { madeModels } from './discovery/made-models.ts';
import { graphFunctions, isGraphEntry } from './discovery/graph-functions.ts';
import { withoutGuesses } from './discovery/guessed-entries.ts';
import { statedByModel } from './discovery/stated-sizes.ts';
import { keptModel } from './discovery/program-run.ts';
import { writtenCall } from './discovery/written-calls.ts';
import { nameNumbers } from './refactoring/name-numbers.ts';
import type { Expression } from './syntax/ast.ts';
import { functionsOf } from './syntax/definitions.ts';
import { trainingLines } from './training-script/training-lines.ts';
import { rememberingParser } from './syntax/parse-cache.ts';
import type { ParsedModule, PythonParser } from './syntax/python-parser.ts';
import { openLibraries, type OpenLibraries } from './libraries/open-libraries.ts';
import type { TracedNetwork } from './tracing/traced-network.ts';
import type { OpenLibrary, PythonLibrary } from './libraries/python-library.ts';
import { kerasLibrary } from './libraries/keras/keras-library.ts';
import { torchLibrary } from './libraries/torch/torch-library.ts';
import type { InstanceValue, ModuleValue, PyValue, Scope, TensorValue, Machine } from './evaluator/machine.ts';

/** The frameworks that are read; tensors that are nobody's are the first one's. */
const libraries: readonly PythonLibrary[] = [torchLibrary, kerasLibrary];

/** What each library says, by every framework whose models it reads. */
function byFramework<T>(say: (library: PythonLibrary) => T): Partial<Record<Framework, T>> {
  return Object.fromEntries(
    libraries.flatMap((library) =>
      [library.framework, ...(library.kin ?? [])].map((framework) => [framework, say(library)]),
    ),
  );
}

/** The frontend for Python sources; the parser is loaded by whoever composes the program. */
export function createPythonFrontend(plainParser: PythonParser): Frontend {
  const parser = rememberingParser(plainParser);
  return {
    languageId: 'python',
    writers: byFramework(({ writer }) => writer),
    scaleSettings: byFramework(({ scaleSetting }) => scaleSetting),

    accepts(document: string, head: string): boolean {
      return document.toLowerCase().endsWith('.py') && libraries.some(({ mentions }) => mentions.test(head));
    },

    entries(document: string, reader: SourceReader, request?: EntryRequest): EntryList {
      const text = reader.read(document);
      if (text === undefined) return { entries: [], problems: [] };
      return findEntries(document, text, parser.parse(document, text), request);
    },

    evaluate(
      entry: ModelEntry,
      reader: SourceReader,
      limits: EvaluationLimits,
      cancellation: Cancellation,
    ): Evaluation {
      const text = reader.read(entry.document);
      const problem = (code: string, message: string): Evaluation => ({
        graph: undefined,
        problems: [{ code, severity: 'error', message, span: entry.span }],
        dependencies: [entry.document],
      });
      if (text === undefined) return problem('file-missing', `${entry.document} can not be read`);
      const overlong = overlongText(entry.document, text, limits);
      if (overlong) return { graph: undefined, problems: [overlong], dependencies: [entry.document] };
      const parsed = parser.parse(entry.document, text);
      const evaluate: Try = (one, bounds) => evaluateEntry(parser, parsed, one, reader, bounds, cancellation);
      const { body } = parsed;
      if (entry.input.from !== 'default')
        return withoutGuesses(atLooseInput(evaluate(entry, limits).evaluation, entry), entry, body);
      const data = withSize(preparedData(body, text), entry.input.shapes);
      const fitting = evaluateFitting(entry, (wanted) => inputsToTry(wanted, data), limits, cancellation, evaluate);
      return withoutGuesses(fitting, entry, body);
    },

    functions(document, reader): readonly SourceSpan[] {
      const text = reader.read(document);
      return text === undefined ? [] : functionsOf(parser.parse(document, text).body).map(({ span }) => span);
    },

    trainingLines(request, reader): Result<TrainingLines> {
      const text = reader.read(request.document);
      if (text === undefined) return { ok: false, error: 'it can not be read' };
      const lines = trainingLines(request, parser.parse(request.document, text).body, text);
      if (!lines.ok) return lines;
      const { edits } = lines.value;
      const written = edits.reduceRight(
        (rest, { start, newText }) => rest.slice(0, start) + newText + rest.slice(start),
        text,
      );
      const errorsIn = (source: string): number => plainParser.parse(request.document, source).problems.length;
      if (errorsIn(written) <= errorsIn(text)) return lines;
      return { ok: false, error: 'with the lines it would be no Python any more' };
    },

    nameNumbers(request, reader): Result<NamedNumbers> {
      const textOf = (document: string): string | undefined => reader.read(document);
      return nameNumbers(request, {
        textOf,
        functionAt: ({ document, start, end }) => {
          const text = textOf(document);
          const functions = text === undefined ? [] : functionsOf(parser.parse(document, text).body);
          return functions.find(({ span }) => span.start === start && span.end === end);
        },
      });
    },

    trace(entry, reader, limits, cancellation): TracedEvaluation {
      const flow = new ValueFlow();
      const parsed = parser.parse(entry.document, reader.read(entry.document) ?? '');
      const { evaluation } = evaluateEntry(parser, parsed, entry, reader, limits, cancellation, flow);
      return { ...evaluation, calls: flow.calls, passings: flow.passings };
    },
  };
}

/** Collects what one evaluation found, whichever way it ended. */
function evaluateEntry(
  parser: PythonParser,
  parsed: ParsedModule,
  entry: ModelEntry,
  reader: SourceReader,
  limits: EvaluationLimits,
  cancellation: Cancellation,
  flow?: ValueFlow,
): Trial {
  const frameworks = openLibraries(libraries);
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
    const failure = failureOf(error, entry.span);
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
  const wanted = { firstLayer: network.firstLayer, names: network.inputNames };
  return { evaluation, wanted, steps: machine.steps };
}

/** A Python exception, a limit or an exhausted stack as a problem; anything else is a bug of ours and goes on. */
function failureOf(error: unknown, fallback: SourceSpan): Problem {
  if (error instanceof PythonError)
    return {
      code: 'python-raises',
      severity: 'error',
      message: `Building this model raises ${error.message}`,
      span: error.span,
    };
  if (error instanceof EvaluationStopped)
    return { code: error.code, severity: 'warning', message: error.message, span: error.span };
  if (error instanceof RangeError) {
    // The machine's own bounds: its stack, or the longest array or text that it can hold.
    const isDepth = /call stack/i.test(error.message);
    const code = isDepth ? 'limit-depth' : 'limit-memory';
    const what = isDepth
      ? 'This model is nested too deeply to be read'
      : 'Something in this model is too large to be held';
    return {
      code,
      severity: 'warning',
      message: limitMessage(code, what),
      span: fallback,
    };
  }
  throw error;
}

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
  const text = machine.reader.read(entry.document) ?? '';
  // `main.model(--width 32)`: the program is started with these words.
  const [, held = entry.name, words] = /^([^(]+)\((-.*)\)$/.exec(entry.name) ?? [];
  if (words !== undefined) giveArguments(machine, words, entry.span);
  const made = madeModels(parsed.body, text, definitionsIn(parsed.body)).find(({ name }) => name === held);
  const value = made
    ? keptModel(machine, (value) => frameworks.ownerOf(value) !== undefined, parsed.body, scope, made)
    : calledModel(machine, frameworks, parser, parsed, scope, entry);
  if (value === undefined) return undefined;
  const model = frameworks.ownerOf(value) === undefined ? (modelOf(machine, frameworks, value, entry) ?? value) : value;
  const owner = frameworks.ownerOf(model);
  if (owner === undefined || model.kind !== 'instance') {
    const words = libraries.filter(({ mentions }) => mentions.test(text)).map(({ modelWord }) => modelWord);
    const reason = model.kind === 'unknown' ? model.reason : `${entry.name} makes no ${words.join(' and no ')}`;
    machine.report({
      code: 'no-model',
      // What is only supposed to make a model need make none.
      severity: entry.from === 'call' || entry.from === 'default' ? 'information' : 'warning',
      message: reason,
      span: model.kind === 'unknown' && model.span.document !== '' ? model.span : entry.span,
    });
    return undefined;
  }
  return run(machine, frameworks.network, owner, model, entry);
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

/** Sets what `argparse` reads, as a shell would from so many words. */
function giveArguments(machine: Machine, words: string, span: SourceSpan): void {
  const given = (words.match(/"[^"]*"|'[^']*'|\S+/g) ?? []).map((word) => string(word.replace(/^(["'])(.*)\1$/, '$2')));
  const system = importModule(machine, 'sys', span);
  if (system) machine.change(system).names.set('argv', list([string('main.py'), ...given]));
}

/** Runs the file's definitions, then the entry as a program that makes nothing else. */
function calledModel(
  machine: Machine,
  frameworks: OpenLibraries,
  parser: PythonParser,
  parsed: ParsedModule,
  scope: Scope,
  entry: ModelEntry,
): PyValue | undefined {
  runModule(machine, scope, parsed.body);
  for (const library of frameworks.open) library.countAnew?.(machine);
  return makeModel(machine, parser, parsed, scope, entry);
}

/** Evaluates the entry's expression; a bare class or function name is called without arguments. */
function makeModel(
  machine: Machine,
  parser: PythonParser,
  parsed: ParsedModule,
  scope: Scope,
  entry: ModelEntry,
): PyValue | undefined {
  // A call in the file keeps its place, so that numbers in its arguments can be led back to and edited.
  const written = writtenCall(parsed.body, entry.name);
  if (written !== undefined) return evaluateExpression(machine, scope, written);
  const graphs = graphFunctions(parsed.body, machine.reader.read(entry.document) ?? '', definitionsIn(parsed.body));
  const isGraph = isGraphEntry(entry.name, graphs);
  const expression = /^\w+$/.test(entry.name) && !isGraph ? `${entry.name}()` : entry.name;
  // The expression stands in no document: a call in it has the model's own definition as its place.
  const statement = parser.parse(entry.document, expression, entry.span);
  const [first] = statement.body;
  if (first?.kind !== 'expression' || statement.problems.length > 0) {
    machine.report({
      code: 'no-such-entry',
      severity: 'error',
      message: `"${entry.name}" is no expression that makes a model; write it as Model() or resnet20()`,
      span: entry.span,
    });
    return undefined;
  }
  const isBare = /^\w+\(\)$/.test(expression);
  const name = /^\w+/.exec(expression)?.[0] ?? '';
  // What a package imports from its modules, at once or when it is asked for, is a model of it too.
  const isThere = (): boolean =>
    scope.names.has(name) ||
    deferredName(machine, scope.module, name) !== undefined ||
    lazyName(machine, scope.module, name, entry.span) !== undefined;
  if (name !== '' && !isThere() && isBare) {
    machine.report({
      code: 'no-such-entry',
      severity: 'error',
      message: `The file has no "${name}"`,
      span: entry.span,
    });
    return undefined;
  }
  return isGraph
    ? graphFunction(machine, scope, first.expression)
    : evaluateExpression(machine, scope, first.expression);
}

/** `lenet(num_classes=10)` as the function of tensors that it stands for: what it is given beside its input. */
function graphFunction(machine: Machine, scope: Scope, expression: Expression): PyValue {
  const isPlain =
    expression.kind === 'call' &&
    expression.arguments.every(({ kind }) => kind === 'keyword') &&
    !(expression.callee.kind === 'attribute' && expression.callee.name === 'arg_scope');
  if (!isPlain) return evaluateExpression(machine, scope, expression);
  const keywords = new Map(
    expression.arguments.map(({ name, value }) => [name ?? '', evaluateExpression(machine, scope, value)] as const),
  );
  const called = evaluateExpression(machine, scope, expression.callee);
  if (called.kind === 'unknown') return called;
  return { kind: 'partial', function: called, args: { positional: [], keywords } };
}

function run(
  machine: Machine,
  network: TracedNetwork,
  owner: OpenLibrary,
  model: InstanceValue,
  entry: ModelEntry,
): NetworkGraph {
  network.nameModules(model);
  network.inputNames = inputNames(machine, owner, model, entry.span);
  const told = withStatedInputs(entry, owner, model);
  const { input } = told;
  const site = { span: input.span ?? entry.span, callChain: [] };
  const isLast = owner.imageLayout === 'hwc';
  const inputs = input.shapes.map((shape, i) =>
    network.input(
      [1, ...shape],
      site,
      input.shapes.length === 1 ? 'input' : `input${String(i)}`,
      isLast ? owner.framework : undefined,
      isLast && shape.length > 1 ? -1 : undefined,
    ),
  );
  let outputs: number[] = [];
  try {
    const result = machine.call(model, owner.inputArguments(inputs), entry.span);
    outputs = tensorsIn(result).map((tensor) => network.idOf(machine, tensor, entry.span));
    if (result.kind === 'unknown') machine.loseTrack(result.reason, result.span);
  } catch (error) {
    const failure = failureOf(error, entry.span);
    machine.report({ ...failure, message: failure.message.replace('Building', 'Running') });
    machine.loseTrack(failure.message, failure.span ?? entry.span);
  }
  return finish(machine, network, owner.frameworkOf?.(model) ?? owner.framework, told, outputs);
}

/** What is assumed of a size that a model leaves open: the side of ImageNet's images. */
const usualSide = 224;

/**
 * The entry with the inputs that the model itself says it takes, where nobody outside the file says otherwise. Images that are
 * only assumed are laid out as the framework has them.
 */
function withStatedInputs(entry: ModelEntry, owner: OpenLibrary, model: InstanceValue): ModelEntry {
  const { input } = entry;
  if (input.from !== 'default' && input.from !== 'call') return entry;
  const stated = owner.statedInputs?.(model);
  if (stated) {
    const isOpen = stated.shapes.some((shape) => shape.includes(undefined));
    const shapes = stated.shapes.map((shape) => shape.map((size) => size ?? usualSide));
    return { ...entry, input: { shapes, from: isOpen ? 'default' : 'call', span: stated.span } };
  }
  if (input.from !== 'default') return entry;
  if (owner.imageLayout === 'chw') {
    const shape = isUsual(input.shapes) ? statedByModel(model) : undefined;
    return shape ? { ...entry, input: { ...input, shapes: [shape] } } : entry;
  }
  const shapes = input.shapes.map((shape) => (shape.length > 2 ? [...shape.slice(1), ...shape.slice(0, 1)] : shape));
  return { ...entry, input: { ...input, shapes } };
}

/** What a model has to be given, by name. */
function inputNames(
  machine: Machine,
  { layers }: OpenLibrary,
  model: InstanceValue,
  span: SourceSpan,
): readonly string[] {
  const run = machine.method(model, layers.runMethod, span);
  if (run?.kind !== 'bound-method' || run.function.kind !== 'function') return [];
  const { parameters, defaults } = run.function;
  return parameters
    .slice(1)
    .filter(({ name, kind }) => kind === 'positional' && !defaults.has(name))
    .map(({ name }) => name);
}

function finish(
  machine: Machine,
  network: TracedNetwork,
  framework: Framework,
  entry: ModelEntry,
  outputs: readonly number[],
): NetworkGraph {
  for (const part of machine.lostParts) network.builder.addUnknown(part);
  network.addIdleLayers();
  return network.builder.build(framework, entry, outputs);
}

/** The tensors of a result: alone, in sequences, in dictionaries. */
function tensorsIn(value: PyValue): readonly TensorValue[] {
  const found: TensorValue[] = [];
  const seen = new Set<PyValue>();
  const visit = (item: PyValue, depth: number): void => {
    if (item.kind === 'tensor') found.push(item);
    if (depth > 10 || seen.has(item)) return;
    seen.add(item);
    if (item.kind === 'list' || item.kind === 'tuple') for (const each of item.items) visit(each, depth + 1);
    else if (item.kind === 'dict' || item.kind === 'partial-dict')
      for (const each of item.entries.values()) visit(each.value, depth + 1);
    else if (item.kind === 'instance') for (const each of item.attributes.values()) visit(each, depth + 1);
  };
  visit(value, 0);
  return found;
}
