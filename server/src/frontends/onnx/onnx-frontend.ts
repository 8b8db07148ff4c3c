// ONNX files as a frontend: read by their bytes, without their weights. A file is one model; it has no text, so its costs are
// shown in a table and nothing is edited in place.

import type { Cancellation } from '../../common/cancellation.ts';
import { fileName } from '../../common/file-name.ts';
import type { Problem } from '../../common/problem.ts';
import type { ModelEntry, NetworkGraph } from '../../network/network-graph.ts';
import type { Dimension, Shape } from '../../network/shape.ts';
import type {
  EntryList,
  EntryRequest,
  Evaluation,
  EvaluationLimits,
  Frontend,
  SourceReader,
} from '../shared/frontend.ts';
import { unwrittenNumbers } from '../shared/number-dialect.ts';
import { MalformedMessage, MessageReader } from './message-reader.ts';
import { readModelFile, TooLarge, type StoredModel, type StoredSize, type StoredValue } from './model-file.ts';
import { NetworkReader } from './network-reader.ts';

/** What an image is taken to be high and wide, and a text or sound long, where the file leaves it open; the first that fits. */
const usualSizes = [
  { image: 224, length: 128 },
  { image: 256, length: 512 },
  { image: 48, length: 1024 },
  { image: 640, length: 16_000 },
] as const;
type UsualSizes = (typeof usualSizes)[number];
/** Nodes are counted before the limits of an evaluation are known; the largest published networks have a tenth of them. */
const mostNodes = 30_000;

const isOnnx = (document: string): boolean => document.toLowerCase().endsWith('.onnx');

export const onnxFrontend: Frontend = {
  languageId: 'onnx',
  numbers: unwrittenNumbers,
  isBinary: isOnnx,
  accepts: isOnnx,

  entries(document: string, reader: SourceReader, request?: EntryRequest): EntryList {
    const span = { document, start: 0, end: 0 };
    if (request?.entry !== undefined && request.entry !== '') {
      const message = `An ONNX file is one model without a name; leave out "${request.entry}"`;
      return { entries: [], problems: [{ code: 'no-such-entry', severity: 'error', message, span }] };
    }
    const entry = { document, name: '', span } as const;
    const model = readModel(document, reader);
    if ('message' in model) {
      // The evaluation says what is wrong with the file.
      return { entries: [{ ...entry, from: 'call', input: { shapes: [], from: 'call' } }], problems: [] };
    }
    const inputs = inputsOf(model);
    if (request?.input !== undefined)
      return {
        entries: [{ ...entry, from: 'call', input: { shapes: request.input, from: request.from } }],
        problems: [],
      };
    const sizes = inputs.map((input) => assumedSizes(input));
    const from = sizes.some(({ assumed }) => assumed.length > 0) ? 'default' : 'call';
    const shapes = sizes.map(({ shape }) => shape.slice(1));
    return { entries: [{ ...entry, from: 'call', input: { shapes, from } }], problems: [] };
  },

  evaluate(entry: ModelEntry, reader: SourceReader, limits: EvaluationLimits, cancellation: Cancellation): Evaluation {
    const { document } = entry;
    const dependencies = [document];
    const model = readModel(document, reader);
    if ('message' in model) {
      const problem: Problem = { code: model.code, severity: 'error', message: model.message, span: entry.span };
      return { graph: undefined, problems: [problem], dependencies };
    }
    const inputs = inputsOf(model);
    const problems: Problem[] = [];
    const shapes = inputs.map((input, index) => shapeFor(input, entry.input.shapes[index]));
    const misfit = inputs.findIndex((input, index) => !fits(input, entry.input.shapes[index]));
    if (misfit !== -1 || entry.input.shapes.length > inputs.length) {
      const wanted = inputs.map(({ name, shape }) => `${name} of ${sizesText(shape)}`).join(', ');
      const given = entry.input.shapes.map((shape) => shape.join('×')).join(', ');
      const message = `${fileName(document)} takes ${wanted === '' ? 'no input' : wanted} (the first size is the batch), not ${given}`;
      return {
        graph: undefined,
        problems: [{ code: 'input-shape', severity: 'error', message, span: entry.span }],
        dependencies,
      };
    }
    const [batch] = shapes[0] ?? [];
    if (typeof batch === 'number' && batch !== 1 && (shapes[0]?.length ?? 0) > 1) {
      const message = `The file fixes the first size of its input at ${String(batch)}; costs are those of the whole input`;
      problems.push({ code: 'onnx-fixed-batch', severity: 'information', message, span: entry.span });
    }
    const read = (whole: readonly Shape[], at: ModelEntry): Reading => {
      const found: Problem[] = [];
      const network = new NetworkReader(model, at, limits, cancellation, (problem) =>
        found.push({ ...problem, span: entry.span }),
      );
      const graph = network.read(inputs.map(({ name }, index) => ({ name, shape: whole[index] ?? [] })));
      return { graph, problems: found };
    };
    if (entry.input.from !== 'default') {
      const { graph, problems: found } = read(shapes, entry);
      return { graph, problems: [...problems, ...found], dependencies };
    }
    const { reading, message } = fittingReading(inputs, (whole, given) =>
      read(whole, { ...entry, input: { shapes: given, from: 'default' } }),
    );
    problems.push({ code: 'onnx-open-size', severity: 'information', message, span: entry.span });
    return { graph: reading.graph, problems: [...problems, ...reading.problems], dependencies };
  },
};

interface Reading {
  readonly graph: NetworkGraph;
  readonly problems: readonly Problem[];
}

/** The network at the first of the usual sizes at which all of it fits together; at the first of all where none does. */
function fittingReading(
  inputs: readonly StoredValue[],
  read: (whole: readonly Shape[], given: readonly (readonly number[])[]) => Reading,
): { readonly reading: Reading; readonly message: string } {
  let first: { readonly reading: Reading; readonly message: string } | undefined;
  for (const usual of usualSizes) {
    const sizes = inputs.map((input) => assumedSizes(input, usual));
    const given = sizes.map(({ shape }) => shape.slice(1));
    const reading = read(
      sizes.map(({ shape }) => shape),
      given,
    );
    const open = [...new Set(sizes.flatMap(({ assumed }) => assumed))].join(', ');
    const text = given.map((shape) => shape.join('x')).join(',');
    const message = `The file leaves open ${open}; costs are for an input of ${text}. Say which one is meant with Set Input, in morphnet.json, or by --input ${text}`;
    first ??= { reading, message };
    if (reading.problems.length === 0) return { reading, message };
  }
  if (first === undefined) throw new Error('There are sizes to try');
  return first;
}

interface Unreadable {
  readonly code: 'missing-document' | 'onnx-malformed' | 'limit-source';
  readonly message: string;
}

function readModel(document: string, reader: SourceReader): StoredModel | Unreadable {
  const bytes = reader.bytes?.(document);
  const name = fileName(document);
  if (bytes === undefined) return { code: 'missing-document', message: `${name} cannot be read` };
  try {
    return readModelFile(new MessageReader(bytes), { nodes: mostNodes });
  } catch (error) {
    if (error instanceof MalformedMessage) {
      const message = `${name} is no ONNX model that can be read: ${error.message}. Export it again, or fetch the whole file.`;
      return { code: 'onnx-malformed', message };
    }
    if (error instanceof TooLarge)
      return { code: 'limit-source', message: `${error.message}, so nothing of it is read` };
    throw error;
  }
}

/** What is fed into the model: old files list weights among its inputs. */
function inputsOf({ graph }: StoredModel): readonly StoredValue[] {
  const stored = new Set(graph.initializers.map(({ name }) => name));
  return graph.inputs.filter(({ name }) => !stored.has(name));
}

/** The sizes of an input, those that the file leaves open by what is usual; `assumed` names them but for the batch. */
function assumedSizes(
  { name, shape }: StoredValue,
  usual: UsualSizes = usualSizes[0],
): {
  readonly shape: readonly number[];
  readonly assumed: readonly string[];
} {
  if (shape === undefined) return { shape: [1, 3, usual.image, usual.image], assumed: [`the shape of ${name}`] };
  const assumed: string[] = [];
  const sizes = shape.map((size, axis) => {
    if (typeof size === 'number') return size;
    // What runs along the first axis is the batch.
    if (axis === 0) return 1;
    const [, channels] = shape;
    const isImage = shape.length === 4 || shape.length === 5;
    const isChannels =
      isImage && axis === 1 && !shape.slice(2).every((other) => typeof other === 'number' && other <= 4);
    assumed.push(`${size ?? `size ${String(axis + 1)}`} of ${name}`);
    if (isChannels && channels === size) return 3;
    return isImage ? usual.image : usual.length;
  });
  return { shape: sizes, assumed };
}

/** The whole shape of an input, of which the entry names the sizes behind the batch. */
function shapeFor(input: StoredValue, given: readonly number[] | undefined): Shape {
  const { shape } = assumedSizes(input);
  if (given === undefined || shape.length === 0) return shape;
  const [batch = 1] = shape;
  return [batch, ...given];
}

function fits({ shape }: StoredValue, given: readonly number[] | undefined): boolean {
  if (given === undefined || shape === undefined || shape.length === 0) return true;
  const sizes: readonly (StoredSize | Dimension)[] = shape.slice(1);
  return sizes.length === given.length && sizes.every((size, axis) => typeof size !== 'number' || size === given[axis]);
}

function sizesText(shape: readonly StoredSize[] | undefined): string {
  if (shape === undefined) return 'any shape';
  return shape.length === 0 ? 'a number' : shape.map((size) => String(size ?? '?')).join('×');
}
