// From an entry's name to the value that it stands for: the file's program is run, then what the name says is made.

import type { SourceSpan } from '../../common/source-span.ts';
import type { ModelEntry } from '../../network/network-graph.ts';
import { headOf } from '../shared/frontend.ts';
import { isConfiguration } from './configurations/configuration-text.ts';
import { configuredModel } from './configurations/configured-model.ts';
import { definitionsIn } from './discovery/definitions.ts';
import { graphFunctions, isGraphEntry } from './discovery/graph-functions.ts';
import { madeModels } from './discovery/made-models.ts';
import { keptModel, runFile } from './discovery/program-run.ts';
import { writtenCall } from './discovery/written-calls.ts';
import { evaluateExpression } from './evaluator/expressions.ts';
import type { Machine, PyValue, Scope } from './evaluator/machine.ts';
import { deferredName, importModule, lazyName } from './evaluator/modules.ts';
import { list, string } from './evaluator/values.ts';
import type { OpenLibraries } from './libraries/open-libraries.ts';
import type { Expression } from './syntax/ast.ts';
import type { ParsedModule, PythonParser } from './syntax/python-parser.ts';

/** The value of an entry; `undefined` where there is none, which is then reported. */
export function madeEntry(
  machine: Machine,
  frameworks: OpenLibraries,
  parser: PythonParser,
  parsed: ParsedModule,
  scope: Scope,
  entry: ModelEntry,
): PyValue | undefined {
  // `main.model(--width 32)`: the program is started with these words.
  const [, held = entry.name, words] = /^([^(]+)\((-.*)\)$/.exec(entry.name) ?? [];
  if (words !== undefined) giveArguments(machine, words, entry.span);
  const text = machine.reader.read(entry.document) ?? '';
  if (isConfiguration(headOf(text))) return configuredModel(machine, entry, parsed.body);
  const made = madeModels(parsed.body, text, definitionsIn(parsed.body)).find(({ name }) => name === held);
  return made
    ? keptModel(machine, (value) => frameworks.ownerOf(value) !== undefined, parsed.body, scope, made)
    : calledModel(machine, frameworks, parser, parsed, scope, entry);
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
  runFile(machine, scope, parsed.body);
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
