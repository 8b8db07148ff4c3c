// Python files as a frontend: parse, run the definitions in the evaluator, make the entry, call it on an input.

import type { Cancellation } from '../../common/cancellation.ts';
import { isNotebookText } from '../../common/notebook-text.ts';
import type { Result } from '../../common/problem.ts';
import type { NamedNumbers, TextEdit } from '../shared/named-numbers.ts';
import type { TrainingLines } from '../shared/training-lines.ts';
import type { SourceSpan } from '../../common/source-span.ts';
import type { ModelEntry } from '../../network/network-graph.ts';
import {
  headOf,
  overlongText,
  type EntryList,
  type EntryRequest,
  type Evaluation,
  type EvaluationLimits,
  type Frontend,
  type SourceReader,
  type TracedEvaluation,
} from '../shared/frontend.ts';
import { pythonNumbers } from '../shared/number-dialect.ts';
import { inChild } from './configurations/child-edits.ts';
import { atImagesAlone, configurationEntries } from './configurations/configuration-entries.ts';
import { isConfiguration } from './configurations/configuration-text.ts';
import { findEntries } from './discovery/entries.ts';
import { ValueFlow } from './evaluator/value-flow.ts';
import { atLooseInput, evaluateFitting, type Try } from './discovery/fitting-input.ts';
import { inputsToTry, preparedData, withSize } from './discovery/input-shapes.ts';
import { withoutGuesses } from './discovery/guessed-entries.ts';
import { moduleAsFunction } from './refactoring/function-text.ts';
import { nameNumbers } from './refactoring/name-numbers.ts';
import { functionsOf } from './syntax/definitions.ts';
import { trainingLines } from './training-script/training-lines.ts';
import { refusalByPython } from './syntax/strict-python.ts';
import { rememberingParser } from './syntax/parse-cache.ts';
import type { ParsedModule, PythonParser } from './syntax/python-parser.ts';
import { byFramework, passiveWords, pythonLibraries } from './libraries/python-libraries.ts';
import { evaluateEntry } from './evaluate-entry.ts';

/** `# morphnet: entry=…`: a file that says so holds a model, whatever it imports. */
const namesItsModel = /^[ \t]*#[ \t]*morphnet:/m;

/** The frontend for Python sources; the parser is loaded by whoever composes the program. */
export function createPythonFrontend(plainParser: PythonParser): Frontend {
  const parser = rememberingParser(plainParser, passiveWords);
  return {
    languageId: 'python',
    numbers: pythonNumbers,
    writers: byFramework(({ writer }) => writer),
    scaleSettings: byFramework(({ scaleSetting }) => scaleSetting),

    accepts(document: string, head: string): boolean {
      const isPython = document.toLowerCase().endsWith('.py') || isNotebookText(document, head);
      return (
        isPython &&
        (pythonLibraries.some(({ mentions }) => mentions.test(head)) ||
          namesItsModel.test(head) ||
          isConfiguration(head))
      );
    },

    entries(document: string, reader: SourceReader, request?: EntryRequest): EntryList {
      const text = reader.read(document);
      if (text === undefined) return { entries: [], problems: [] };
      if (isConfiguration(headOf(text))) return configurationEntries(document, text, reader, request);
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
      if (isConfiguration(headOf(text))) return atImagesAlone(evaluate(entry, limits).evaluation);
      if (entry.input.from !== 'default')
        return withoutGuesses(atLooseInput(evaluate(entry, limits).evaluation, entry), entry, body);
      const fitting = atFittingInput(entry, text, parsed, limits, cancellation, evaluate);
      return withoutGuesses(fitting, entry, body);
    },

    functions(document, reader): readonly SourceSpan[] {
      const text = reader.read(document);
      return text === undefined ? [] : functionsOf(parser.parse(document, text).body).map(({ span }) => span);
    },

    refusalOf(document, text): string | undefined {
      return refusalByPython(text, parser.parse(document, text))?.reason;
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

    inOwnFile(document, edits, reader): readonly TextEdit[] {
      if (edits.every((edit) => edit.document === document)) return edits;
      if (!isConfiguration(headOf(reader.read(document) ?? ''))) return edits;
      return inChild(document, edits, (file) => {
        const text = reader.read(file);
        return text === undefined ? undefined : { text, body: parser.parse(file, text).body };
      });
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
        moduleOf: (document) => {
          const text = textOf(document);
          return text === undefined
            ? undefined
            : moduleAsFunction(document, text.length, parser.parse(document, text).body);
        },
      });
    },

    trace(entry, reader, limits, cancellation): TracedEvaluation {
      const text = reader.read(entry.document) ?? '';
      const parsed = parser.parse(entry.document, text);
      const flows: { readonly evaluation: Evaluation; readonly flow: ValueFlow }[] = [];
      const evaluate: Try = (one, bounds) => {
        const flow = new ValueFlow();
        const tried = evaluateEntry(parser, parsed, one, reader, bounds, cancellation, flow);
        flows.push({ evaluation: tried.evaluation, flow });
        return tried;
      };
      const evaluation =
        entry.input.from === 'default'
          ? atFittingInput(entry, text, parsed, limits, cancellation, evaluate)
          : evaluate(entry, limits).evaluation;
      // Where no input fits, what counts is the first evaluation with other findings.
      const of = flows.find((tried) => tried.evaluation === evaluation) ?? flows[0];
      return { ...evaluation, calls: of?.flow.calls ?? [], passings: of?.flow.passings ?? new Map() };
    },
  };
}

/** An entry of which no one says what it is called with, at the first input that fits. */
function atFittingInput(
  entry: ModelEntry,
  text: string,
  { body }: ParsedModule,
  limits: EvaluationLimits,
  cancellation: Cancellation,
  evaluate: Try,
): Evaluation {
  const data = withSize(preparedData(body, text), entry.input.shapes);
  return evaluateFitting(entry, (wanted) => inputsToTry(wanted, data), limits, cancellation, evaluate);
}
