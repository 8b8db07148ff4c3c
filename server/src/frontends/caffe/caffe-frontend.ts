// Caffe's nets, written as protocol buffers in text. A file is one model; where layers differ by phase or stage, one for each.

import type { Cancellation } from '../../common/cancellation.ts';
import { fileName } from '../../common/file-name.ts';
import type { Problem } from '../../common/problem.ts';
import type { ModelEntry } from '../../network/network-graph.ts';
import { formatShape } from '../../network/shape.ts';
import { valueAt, type ConfigValue } from '../config/config-tree.ts';
import { readProtobufText } from '../config/protobuf-text.ts';
import { findDirectives, type Directive } from '../shared/directive.ts';
import { askedInput, chosenFirst, textOfEntry } from '../shared/file-entries.ts';
import {
  type EntryList,
  type EntryRequest,
  type Evaluation,
  type EvaluationLimits,
  type Frontend,
  type SourceReader,
} from '../shared/frontend.ts';
import { protobufNumbers } from '../shared/number-dialect.ts';
import { layersOf, type LayerDefinition } from './layer-definition.ts';
import { sourcesOf, type NetSources } from './net-inputs.ts';
import { layersIn, statesOf, type NetState } from './net-state.ts';
import { caffeWords } from './words.ts';
import { NetReader } from './read-net.ts';

/** A net in one of its states. */
interface NetInState {
  readonly state: NetState;
  readonly layers: readonly LayerDefinition[];
  readonly sources: NetSources;
}

export const caffeFrontend: Frontend = {
  languageId: 'prototxt',
  numbers: protobufNumbers,
  words: caffeWords,

  /** Solvers and label maps have the same ending, but no layers. */
  accepts(document: string, head: string): boolean {
    return /\.prototxt$/i.test(document) && /^[ \t]*layers?[ \t]*:?[ \t]*[{\r\n]/m.test(head);
  },

  entries(document: string, reader: SourceReader, request?: EntryRequest): EntryList {
    const text = reader.read(document);
    const root = text === undefined ? undefined : readProtobufText(document, text).root;
    const nets = root === undefined ? [] : netsOf(root);
    const [usual] = nets;
    if (text === undefined || usual === undefined) return { entries: [], problems: [] };
    const { directives, problems } = findDirectives(document, text);
    const asked = request?.entry ?? directives.findLast(({ entry }) => entry !== undefined)?.entry;
    const chosen = nets.find(({ state }) => state.name.toLowerCase() === asked?.toLowerCase());
    const span = usual.layers[0]?.span ?? { document, start: 0, end: 0 };
    if (asked !== undefined && asked !== '' && chosen === undefined) {
      const names = nets.map(({ state }) => state.name).filter((name) => name !== '');
      const known =
        names.length === 0
          ? `is one model without a name; leave out "${asked}"`
          : `has no ${asked}; it has ${names.join(', ')}`;
      const message = `${fileName(document)} ${known}`;
      return { entries: [], problems: [{ code: 'no-such-entry', severity: 'error', message, span }] };
    }
    const listed = chosenFirst(nets, chosen, request);
    const directive = directives.findLast(({ input }) => input !== undefined);
    const from = request?.entry !== undefined ? request.from : asked !== undefined ? 'directive' : 'call';
    return {
      entries: listed.map((net, i) => ({
        document,
        name: net.state.name,
        from: i === 0 ? from : 'call',
        span,
        input: inputOf(net, directive, request),
      })),
      problems,
    };
  },

  evaluate(entry: ModelEntry, reader: SourceReader, limits: EvaluationLimits, cancellation: Cancellation): Evaluation {
    const { document } = entry;
    const dependencies = [document];
    const found = textOfEntry(entry, reader, limits);
    if (!found.ok) return found.error;
    const text = found.value;
    const read = readProtobufText(document, text);
    const nets = read.root === undefined ? [] : netsOf(read.root);
    const net = nets.find(({ state }) => state.name === entry.name) ?? nets[0];
    if (net === undefined) return { graph: undefined, problems: read.problems, dependencies };
    const problems: Problem[] = [...read.problems];
    const { inputs } = net.sources;
    const misfit = inputs.length === 0 ? noInput(net, entry) : misfitOf(entry, inputs.length);
    if (misfit !== undefined) return { graph: undefined, problems: [...problems, misfit], dependencies };
    const isAssumed = entry.input.from === 'default';
    const report = (problem: Problem): void => {
      // What does not fit at a size that nobody wrote down need not be a fault of the file.
      const isBySize = isAssumed && problem.code === 'caffe-shape-mismatch';
      problems.push(isBySize ? { ...problem, severity: 'information' } : problem);
    };
    const graph = new NetReader(entry, net.layers, net.sources, report).read(limits, cancellation);
    return { graph, problems, dependencies };
  },
};

/** The nets of a file: that which is fed comes first. */
function netsOf(file: ConfigValue): readonly NetInState[] {
  // A solver may hold its net.
  const root = valueAt(file, 'net_param') ?? file;
  const layers = layersOf(root);
  if (layers.length === 0) return [];
  const nets = statesOf(layers).map((state): NetInState => {
    const own = layersIn(layers, state);
    return { state, layers: own, sources: sourcesOf(root, own) };
  });
  const fed = nets.filter(({ sources }) => sources.inputs.length > 0);
  return fed.length > 0 ? fed : nets.slice(0, 1);
}

function inputOf(
  { sources }: NetInState,
  directive: Directive | undefined,
  request: EntryRequest | undefined,
): ModelEntry['input'] {
  const asked = askedInput(request, directive);
  if (asked !== undefined) return asked;
  const shapes = sources.inputs.map(({ shape }) => shape);
  const [first] = sources.inputs;
  if (first === undefined || sources.inputs.some(({ isAssumed }) => isAssumed)) return { shapes, from: 'default' };
  return { shapes, from: 'call', span: first.span };
}

function noInput({ layers }: NetInState, { span }: ModelEntry): Problem {
  const first = layers.find(({ bottoms }) => bottoms.length > 0)?.bottoms[0] ?? 'data';
  const message = `Nothing feeds this net, so no layer has a size; begin it with layer { name: "${first}" type: "Input" top: "${first}" input_param { shape { dim: 1 dim: 3 dim: 224 dim: 224 } } }`;
  return { code: 'caffe-no-input', severity: 'warning', message, span };
}

function misfitOf({ input, span }: ModelEntry, count: number): Problem | undefined {
  if (input.shapes.length === count) return undefined;
  const shapes = input.shapes.map((shape) => formatShape(shape)).join(', ');
  const message = `This net has ${count === 1 ? 'one input' : `${String(count)} inputs`}, but ${shapes === '' ? 'no shape is' : `${shapes} ${input.shapes.length === 1 ? 'is' : 'are'}`} given`;
  return { code: 'input-shape', severity: 'error', message, span };
}
