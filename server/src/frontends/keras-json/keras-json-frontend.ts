// Keras models as JSON: `model.to_json()` of Keras 2 and 3, `config.json` of a `.keras` archive, and the layers form of
// TensorFlow.js, whose topology stands in a manifest.

import type { Cancellation } from '../../common/cancellation.ts';
import { fileName } from '../../common/file-name.ts';
import type { Problem } from '../../common/problem.ts';
import type { ModelEntry } from '../../network/network-graph.ts';
import { valueAt, type ConfigText, type ConfigValue } from '../config/config-tree.ts';
import { readJson } from '../config/json-tree.ts';
import { keepingLast } from '../config/last-reading.ts';
import { askedInput, textOfEntry } from '../shared/file-entries.ts';
import type {
  EntryList,
  EntryRequest,
  Evaluation,
  EvaluationLimits,
  Frontend,
  SourceReader,
} from '../shared/frontend.ts';
import { jsonNumbers } from '../shared/number-dialect.ts';
import { classOf, isModel, layersOf } from '../config/keras-model/model-parts.ts';
import { assumedShapes, inputShapes } from '../config/keras-model/input-shapes.ts';
import { ModelReader } from '../config/keras-model/model-reader.ts';
import { misfittingWeights } from './stored-weights.ts';

/** The largest of `keras.applications` has 1.5 million. */
const mostCharacters = 8_000_000;

const readTree = keepingLast(readJson);

export const kerasJsonFrontend: Frontend = {
  languageId: 'json',
  numbers: jsonNumbers,
  sourceLength: mostCharacters,

  /** An archive's text is its `config.json`. */
  accepts(document: string, head: string): boolean {
    return (
      /\.(json|keras)$/i.test(document) && /"class_name"\s{0,100}:\s{0,100}"(?:Sequential|Functional|Model)"/.test(head)
    );
  },

  entries(document: string, reader: SourceReader, request?: EntryRequest): EntryList {
    const text = reader.read(document);
    const read = text === undefined ? undefined : readTree(document, text);
    const model = read && modelIn(read);
    if (read === undefined || model === undefined) return { entries: [], problems: [] };
    const span = valueAt(model, 'class_name')?.span ?? model.span;
    if (request?.entry !== undefined && request.entry !== '') {
      const message = `${fileName(document)} is one model without a name; leave out "${request.entry}"`;
      return { entries: [], problems: [{ code: 'no-such-entry', severity: 'error', message, span }] };
    }
    const written = inputShapes(model);
    const isOpen = written.length === 0 || written.flat().includes(undefined);
    const input: ModelEntry['input'] = askedInput(request, undefined) ?? {
      shapes: assumedShapes(written),
      from: isOpen ? 'default' : 'call',
    };
    return { entries: [{ document, name: '', from: 'call', span, input }], problems: [] };
  },

  evaluate(entry: ModelEntry, reader: SourceReader, limits: EvaluationLimits, cancellation: Cancellation): Evaluation {
    const { document } = entry;
    const dependencies = [document];
    const found = textOfEntry(entry, reader);
    if (!found.ok) return found.error;
    const text = found.value;
    const read = readTree(document, text);
    const model = modelIn(read);
    if (model === undefined) return { graph: undefined, problems: read.problems, dependencies };
    const problems: Problem[] = [...read.problems];
    const written = inputShapes(model);
    const { shapes } = entry.input;
    const isFitting =
      shapes.length === written.length && written.every((shape, i) => shape.length === shapes[i]?.length);
    if (written.length > 0 && !isFitting) {
      const wanted = written.map((shape) => shape.map((size) => String(size ?? '?')).join('×')).join(', ');
      const message = `${fileName(document)} takes ${wanted} (without the batch), not ${shapes.map((shape) => shape.join('×')).join(', ')}`;
      problems.push({ code: 'input-shape', severity: 'error', message, span: entry.span });
      return { graph: undefined, problems, dependencies };
    }
    const graph = new ModelReader(entry, limits, cancellation, (problem) => problems.push(problem)).read(model);
    const misfit = misfittingWeights(read.root, graph);
    if (misfit !== undefined) problems.push(misfit);
    return { graph, problems, dependencies };
  },
};

/** The model of a file: at its top, or where TensorFlow.js keeps it. */
function modelIn({ root }: ConfigText): ConfigValue | undefined {
  const topology = valueAt(root, 'modelTopology');
  const candidates = [root, topology, valueAt(topology, 'model_config'), valueAt(root, 'model_config')];
  return candidates.filter(isModel).find((candidate) => layersOf(candidate).some((layer) => classOf(layer) !== ''));
}
