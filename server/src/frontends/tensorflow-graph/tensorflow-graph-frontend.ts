// TensorFlow graphs that TensorFlow.js runs: `model.json` in its graph form. A file is one network; the graph was made from a
// model by a converter, so its widths are nowhere written as such and nothing is edited in place.

import type { Cancellation } from '../../common/cancellation.ts';
import { fileName } from '../../common/file-name.ts';
import type { Problem } from '../../common/problem.ts';
import type { ModelEntry } from '../../network/network-graph.ts';
import { readJson } from '../config/json-tree.ts';
import { keepingLast } from '../config/last-reading.ts';
import { askedInput, textOfEntry } from '../shared/file-entries.ts';
import type {
  EntryList,
  EntryRequest,
  Evaluation,
  EvaluationLimits,
  FileBytes,
  Frontend,
  SourceReader,
} from '../shared/frontend.ts';
import { unwrittenNumbers } from '../shared/number-dialect.ts';
import { graphFileOf, shapeOf, type GraphFile, type GraphNode } from './graph-file.ts';
import { GraphReader } from './graph-reader.ts';

const usualImage = 224;
const usualLength = 128;
const mostCharacters = 8_000_000;

const readTree = keepingLast(readJson);

export const tensorflowGraphFrontend: Frontend = {
  languageId: 'json',
  numbers: unwrittenNumbers,
  sourceLength: mostCharacters,
  /** The files of weights beside a graph. */
  isBinary: (document) => /\.bin$|\/group\d+-shard\d+of\d+$/i.test(document),

  accepts(document: string, head: string): boolean {
    return (
      /\.json$/i.test(document) &&
      (/"format"\s{0,100}:\s{0,100}"graph-model"/.test(head) ||
        /"modelTopology"\s{0,100}:\s{0,100}\{\s{0,100}"node"/.test(head))
    );
  },

  entries(document: string, reader: SourceReader, request?: EntryRequest): EntryList {
    const text = reader.read(document);
    const file = text === undefined ? undefined : graphFileOf(readTree(document, text).root);
    if (file === undefined) return { entries: [], problems: [] };
    const inputs = inputsOf(file);
    const span = inputs[0]?.span ?? { document, start: 0, end: 1 };
    if (request?.entry !== undefined && request.entry !== '') {
      const message = `${fileName(document)} is one model without a name; leave out "${request.entry}"`;
      return { entries: [], problems: [{ code: 'no-such-entry', severity: 'error', message, span }] };
    }
    const shapes = inputs.map((node) => assumedShape(node));
    const input: ModelEntry['input'] = askedInput(request, undefined) ?? {
      shapes: shapes.map(({ sizes }) => sizes),
      from: shapes.some(({ isOpen }) => isOpen) ? 'default' : 'call',
    };
    return { entries: [{ document, name: '', from: 'call', span, input }], problems: [] };
  },

  evaluate(entry: ModelEntry, reader: SourceReader, limits: EvaluationLimits, cancellation: Cancellation): Evaluation {
    const { document } = entry;
    const found = textOfEntry(entry, reader);
    if (!found.ok) return found.error;
    const text = found.value;
    const read = readTree(document, text);
    const file = graphFileOf(read.root);
    if (file === undefined) return { graph: undefined, problems: read.problems, dependencies: [document] };
    const problems: Problem[] = [...read.problems];
    const inputs = inputsOf(file);
    const { shapes } = entry.input;
    const misfit = inputs.findIndex((node, i) => assumedShape(node).sizes.length !== shapes[i]?.length);
    if (misfit !== -1 || shapes.length !== inputs.length) {
      const wanted = inputs.map((node) => `${node.name} of ${assumedShape(node).sizes.join('×')}`).join(', ');
      const message = `${fileName(document)} takes ${wanted}, not ${shapes.map((shape) => shape.join('×')).join(', ')}`;
      problems.push({ code: 'input-shape', severity: 'error', message, span: entry.span });
      return { graph: undefined, problems, dependencies: [document] };
    }
    const opened = new Map<string, FileBytes | undefined>();
    const folder = document.slice(0, document.lastIndexOf('/') + 1);
    const open = (name: string): FileBytes | undefined => {
      // Weights lie beside the file; a path that leads elsewhere is none of a converter's.
      if (!/^[\w .-]+$/.test(name) || /^\.+$/.test(name)) return undefined;
      const uri = folder + encodeURIComponent(name);
      if (!opened.has(uri)) opened.set(uri, reader.bytes?.(uri));
      return opened.get(uri);
    };
    const report = (problem: Problem): void => void problems.push(problem);
    const graph = new GraphReader(file, entry, limits, cancellation, open, report).read(inputs);
    return { graph, problems, dependencies: [document, ...opened.keys()] };
  },
};

function inputsOf({ nodes }: GraphFile): readonly GraphNode[] {
  return nodes.filter(({ operation }) => operation === 'Placeholder' || operation === 'PlaceholderV2');
}

/** The sizes of an input behind its batch, open ones as they usually are. */
function assumedShape(node: GraphNode): { readonly sizes: readonly number[]; readonly isOpen: boolean } {
  const shape = shapeOf(node, 'shape');
  if (shape === undefined) return { sizes: [usualImage, usualImage, 3], isOpen: true };
  const sizes = shape.slice(1);
  const isImage = sizes.length === 3;
  return {
    sizes: sizes.map((size, axis) => size ?? (!isImage ? usualLength : axis === 2 ? 3 : usualImage)),
    isOpen: sizes.includes(undefined),
  };
}
