// Programs in JavaScript and TypeScript that build models of TensorFlow.js. The program is followed, never run.

import { neverCancelled, type Cancellation } from '../../common/cancellation.ts';
import { fileName } from '../../common/file-name.ts';
import type { Problem } from '../../common/problem.ts';
import type { ModelEntry } from '../../network/network-graph.ts';
import { keepingLast } from '../config/last-reading.ts';
import { assumedShapes, inputShapes } from '../config/keras-model/input-shapes.ts';
import { ModelReader } from '../config/keras-model/model-reader.ts';
import { findDirectives } from '../shared/directive.ts';
import {
  defaultLimits,
  type EntryList,
  type EntryRequest,
  type Evaluation,
  type EvaluationLimits,
  type Frontend,
  type SourceReader,
} from '../shared/frontend.ts';
import { javascriptNumbers } from '../shared/number-dialect.ts';
import type { JavaScriptParser } from './javascript-parser.ts';
import { layerConfig } from './layer-config.ts';
import { findModels, type FoundModel, type FoundModels } from './program.ts';

const names = /\.(m?js|jsx|m?ts|tsx)$/i;
/** What a program cannot do without that makes a model, near its beginning. */
const mentions = /@tensorflow\/tfjs|\btf\s*\.\s*(?:sequential|layers|model|input)\b/;
/** Files that a bundler wrote have lines as long as this: they hold the library itself, and no model that anybody edits. */
const bundledLine = 5000;

/** A program with the files that it imports. */
const keptPrograms = 8;

export function createTensorflowJsFrontend(grammar: JavaScriptParser): Frontend {
  const parser = { parse: keepingLast(grammar.parse.bind(grammar), keptPrograms) };
  const found = (
    document: string,
    reader: SourceReader,
    limits: EvaluationLimits,
    cancellation: Cancellation,
  ): FoundModels => {
    const text = reader.read(document);
    if (text === undefined) return { models: [], problems: [], dependencies: [document] };
    return findModels(document, text, parser, reader, limits, cancellation);
  };
  return {
    languageId: 'javascript',
    numbers: javascriptNumbers,

    accepts(document: string, head: string): boolean {
      return names.test(document) && mentions.test(head) && !hasLongLine(head);
    },

    entries(document: string, reader: SourceReader, request?: EntryRequest): EntryList {
      const text = reader.read(document) ?? '';
      const { models, problems } = found(document, reader, defaultLimits, neverCancelled);
      const { directives, problems: misread } = findDirectives(document, text);
      const asked = request?.entry ?? directives.findLast(({ entry }) => entry !== undefined)?.entry;
      const first = models.find(({ name }) => name === asked);
      const span = { document, start: 0, end: Math.min(1, text.length) };
      if (asked !== undefined && asked !== '' && first === undefined) {
        const offered = models.map(({ name }) => name).join(', ');
        const message = `${fileName(document)} makes no model ${asked}${offered === '' ? '' : `; it makes ${offered}`}`;
        return { entries: [], problems: [{ code: 'no-such-entry', severity: 'error', message, span }] };
      }
      const ordered = first === undefined ? models : [first, ...models.filter((model) => model !== first)];
      const directed = directives.findLast(({ input }) => input !== undefined);
      const entries = ordered.map((model, i): ModelEntry => {
        const written = inputShapes(layerConfig(model.layer));
        const isOpen = written.length === 0 || written.flat().includes(undefined);
        const own: ModelEntry['input'] = { shapes: assumedShapes(written), from: isOpen ? 'default' : 'call' };
        const input: ModelEntry['input'] =
          i > 0
            ? own
            : request?.input !== undefined
              ? { shapes: request.input, from: request.from }
              : directed?.input !== undefined
                ? { shapes: directed.input, from: 'directive', span: directed.span }
                : own;
        const from =
          i > 0 || asked === undefined || asked === ''
            ? 'call'
            : request?.entry !== undefined
              ? request.from
              : 'directive';
        return { document, name: model.name, from, span: model.layer.span, input };
      });
      return {
        entries: request?.entry === undefined ? entries : entries.slice(0, 1),
        problems: [...misread, ...(entries.length > 0 ? problems : [])],
      };
    },

    evaluate(
      entry: ModelEntry,
      reader: SourceReader,
      limits: EvaluationLimits,
      cancellation: Cancellation,
    ): Evaluation {
      const { document } = entry;
      const { models, problems, dependencies } = found(document, reader, limits, cancellation);
      const model: FoundModel | undefined = models.find(({ name }) => name === entry.name);
      if (model === undefined) return { graph: undefined, problems, dependencies };
      const all: Problem[] = [...problems];
      const config = layerConfig(model.layer);
      const written = inputShapes(config);
      const { shapes } = entry.input;
      const isFitting =
        shapes.length === written.length && written.every((shape, i) => shape.length === shapes[i]?.length);
      if (written.length > 0 && !isFitting) {
        const wanted = written.map((shape) => shape.map((size) => String(size ?? '?')).join('×')).join(', ');
        const message = `${entry.name} takes ${wanted} (without the batch), not ${shapes.map((shape) => shape.join('×')).join(', ')}`;
        all.push({ code: 'input-shape', severity: 'error', message, span: entry.span });
        return { graph: undefined, problems: all, dependencies };
      }
      const graph = new ModelReader(entry, limits, cancellation, (problem) => all.push(problem), 'tensorflow-js').read(
        config,
      );
      return { graph, problems: all, dependencies };
    },
  };
}

function hasLongLine(text: string): boolean {
  for (let start = 0; start < text.length;) {
    const end = text.indexOf('\n', start);
    if ((end === -1 ? text.length : end) - start >= bundledLine) return true;
    if (end === -1) return false;
    start = end + 1;
  }
  return false;
}
