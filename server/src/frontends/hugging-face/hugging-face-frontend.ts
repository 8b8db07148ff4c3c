// `config.json` of Hugging Face's transformers where it is of a backbone for images: the network that the library builds of it,
// by tables of its models (transformers 5.24), whose source need not be installed.

import type { Cancellation } from '../../common/cancellation.ts';
import { fileName } from '../../common/file-name.ts';
import type { Problem } from '../../common/problem.ts';
import { GraphBuilder } from '../../network/graph-builder.ts';
import type { ModelEntry, NetworkGraph } from '../../network/network-graph.ts';
import type { ValueId } from '../../network/op.ts';
import { itemsOf, textOf, valueAt, type ConfigValue } from '../config/config-tree.ts';
import { readJson } from '../config/json-tree.ts';
import { keepingLast } from '../config/last-reading.ts';
import { askedInput, textOfEntry } from '../shared/file-entries.ts';
import {
  limitMessage,
  type EntryList,
  type EntryRequest,
  type Evaluation,
  type EvaluationLimits,
  type Frontend,
  type SourceReader,
} from '../shared/frontend.ts';
import { Misfit, ModuleBuilder } from '../shared/module-builder.ts';
import { jsonNumbers } from '../shared/number-dialect.ts';
import type { Backbone, BackboneReader } from './backbones/backbone.ts';
import { convnext, convnextV2 } from './backbones/convnext.ts';
import { efficientnet } from './backbones/efficientnet.ts';
import { mobilenetV1, mobilenetV2 } from './backbones/mobilenet.ts';
import { regnet, resnet } from './backbones/resnet.ts';
import { swin } from './backbones/swin.ts';
import { vit } from './backbones/vit.ts';
import { Settings } from './settings.ts';

/** By `model_type`. */
const backbones: ReadonlyMap<string, Backbone> = new Map<string, Backbone>([
  ['resnet', resnet],
  ['regnet', regnet],
  ['convnext', convnext],
  ['convnextv2', convnextV2],
  ['mobilenet_v1', mobilenetV1],
  ['mobilenet_v2', mobilenetV2],
  ['efficientnet', efficientnet],
  ['swin', swin],
  ['vit', vit],
]);

const types = [...backbones.keys()].join('|');
const classes = [...backbones.values()].map(({ className }) => className).join('|');
/** Settings are sorted by name as a rule: `model_type` may stand behind the names of thousands of classes. */
const isConfig = new RegExp(
  `"model_type"\\s{0,20}:\\s{0,20}"(?:${types})"|"architectures"\\s{0,20}:\\s{0,20}\\[\\s{0,100}"(?:${classes})(?:For\\w{1,50}|Model|Backbone)"`,
);

const readTree = keepingLast(readJson);

export const huggingFaceFrontend: Frontend = {
  languageId: 'json',
  numbers: jsonNumbers,

  accepts(document: string, head: string): boolean {
    return /\.json$/i.test(document) && isConfig.test(head);
  },

  entries(document: string, reader: SourceReader, request?: EntryRequest): EntryList {
    const text = reader.read(document);
    const root = text === undefined ? undefined : readTree(document, text).root;
    const backbone = root && backboneOf(root);
    if (root === undefined || backbone === undefined) return { entries: [], problems: [] };
    const span = valueAt(root, 'model_type')?.span ?? root.span;
    if (request?.entry !== undefined && request.entry !== '') {
      const message = `${fileName(document)} is one model without a name; leave out "${request.entry}"`;
      return { entries: [], problems: [{ code: 'no-such-entry', severity: 'error', message, span }] };
    }
    const input = askedInput(request, undefined) ?? inputOf(root, backbone);
    return { entries: [{ document, name: '', from: 'call', span, input }], problems: [] };
  },

  evaluate(entry: ModelEntry, reader: SourceReader, limits: EvaluationLimits, cancellation: Cancellation): Evaluation {
    const { document } = entry;
    const dependencies = [document];
    const found = textOfEntry(entry, reader);
    if (!found.ok) return found.error;
    const text = found.value;
    const { root, problems: faults } = readTree(document, text);
    const backbone = root && backboneOf(root);
    if (root === undefined || backbone === undefined) return { graph: undefined, problems: faults, dependencies };
    const problems: Problem[] = [...faults];
    const [shape] = entry.input.shapes;
    if (entry.input.shapes.length !== 1 || shape?.length !== 3) {
      const message = `${backbone.className} has one input of channels×height×width, not ${entry.input.shapes.map((sizes) => sizes.join('×')).join(', ')}`;
      problems.push({ code: 'input-shape', severity: 'error', message, span: entry.span });
      return { graph: undefined, problems, dependencies };
    }
    const reading = new ConfigReader(root, backbone, entry, limits, cancellation);
    const graph = reading.read(shape);
    return { graph, problems: [...problems, ...reading.problems], dependencies };
  },
};

function backboneOf(root: ConfigValue): Backbone | undefined {
  return backbones.get(textOf(valueAt(root, 'model_type')) ?? '');
}

function inputOf(root: ConfigValue, { imageSize = 224 }: Backbone): ModelEntry['input'] {
  try {
    const settings = new Settings(root, root.span);
    const channels = settings.whole('num_channels', 3).value;
    const [height, width] = settings.size('image_size', imageSize);
    const at = valueAt(root, 'image_size');
    return { shapes: [[channels, height, width]], ...(at ? { from: 'call', span: at.span } : { from: 'default' }) };
  } catch (error) {
    if (!(error instanceof Misfit)) throw error;
    return { shapes: [[3, imageSize, imageSize]], from: 'default' };
  }
}

/** Reads one file to a network; what does not fit ends it, so that totals say *at least*. */
class ConfigReader {
  readonly problems: Problem[] = [];
  readonly #root: ConfigValue;
  readonly #backbone: Backbone;
  readonly #entry: ModelEntry;
  readonly #limits: EvaluationLimits;
  readonly #cancellation: Cancellation;
  readonly #graph = new GraphBuilder();

  constructor(
    root: ConfigValue,
    backbone: Backbone,
    entry: ModelEntry,
    limits: EvaluationLimits,
    cancellation: Cancellation,
  ) {
    this.#root = root;
    this.#backbone = backbone;
    this.#entry = entry;
    this.#limits = limits;
    this.#cancellation = cancellation;
  }

  /** @param shape channels, height and width of the images */
  read(shape: readonly number[]): NetworkGraph {
    const { span } = this.#entry;
    const input = this.#graph.add({
      name: 'pixel_values',
      label: 'input',
      attributes: { kind: 'input', shape: [1, ...shape], channelAxis: 1 },
      inputs: [],
      site: { span, callChain: [] },
    });
    const image = input.ok ? input.value[0] : undefined;
    if (image === undefined) throw new Error('An input op always fits');
    let outputs: readonly ValueId[] = [];
    try {
      outputs = [this.#model(image, new Settings(this.#root, span))];
    } catch (error) {
      if (!(error instanceof Misfit)) throw error;
      const code = 'hugging-face-unsupported';
      this.problems.push({ code, severity: 'warning', message: `${error.message}; what follows is not read`, span });
      this.#graph.addUnknown({ reason: error.message, span });
    }
    return this.#graph.build('pytorch', this.#entry, outputs);
  }

  #model(image: ValueId, settings: Settings): ValueId {
    const { className, prefix, classifier } = this.#backbone;
    const [architecture] = itemsOf(valueAt(this.#root, 'architectures'));
    const wanted = textOf(architecture) ?? `${className}Model`;
    const isBase = wanted === `${className}Model`;
    const norm = this.#backbone.norm?.(settings) ?? { epsilon: 1e-5, momentum: 0.1 };
    const at: BackboneReader['at'] = (name, span, activation = 'relu') => {
      this.#checkLimits();
      const path = [isBase ? '' : prefix, name].filter((part) => part !== '').join('.');
      return new ModuleBuilder(this.#graph, path, span, { activation, norm });
    };
    const channels = settings.whole('num_channels', 3);
    const given = at('', settings.span).channelsOf(image);
    if (given !== channels.value)
      throw new Misfit(
        `images of ${String(given)} channels do not fit num_channels, which is ${String(channels.value)}`,
      );
    const { pooled } = this.#backbone.read({ settings, image, at }, isBase);
    if (isBase) return pooled;
    if (wanted !== `${className}ForImageClassification`) {
      const span = architecture?.span ?? settings.span;
      const reason = `of ${wanted} the backbone is read, its head is not`;
      this.#graph.addUnknown({ reason, span });
      this.problems.push({ code: 'hugging-face-unsupported', severity: 'warning', message: reason, span });
      return pooled;
    }
    const labels = settings.labels();
    if (labels.value === 0) return pooled;
    const head = new ModuleBuilder(this.#graph, '', labels.span, { activation: 'relu', norm });
    return head.dense(classifier, pooled, labels);
  }

  #checkLimits(): void {
    if (this.#cancellation.isCancellationRequested) throw new Misfit('reading was cancelled');
    if (this.#graph.opCount < this.#limits.ops) return;
    const what = `The network has more than ${this.#limits.ops.toLocaleString('en')} operations`;
    throw new Misfit(limitMessage('limit-ops', what));
  }
}
