// A table of modules to a network: `backbone` and `head`, each row [from, repeats, module, arguments], at one of its scales. Rows
// count from 0 through both, and are what layers are named after: `model.2.cv1.conv`.

import type { Cancellation } from '../../common/cancellation.ts';
import type { Problem } from '../../common/problem.ts';
import type { SourceSpan } from '../../common/source-span.ts';
import { GraphBuilder } from '../../network/graph-builder.ts';
import type { ModelEntry, NetworkGraph } from '../../network/network-graph.ts';
import type { ActivationFunction, ValueId } from '../../network/op.ts';
import { itemsOf, numberOf, textOf, valueAt, type ConfigValue } from '../config/config-tree.ts';
import { limitMessage, type EvaluationLimits } from '../shared/frontend.ts';
import { roundHalfToEven } from '../shared/number-dialect.ts';
import { moduleTable, type ModuleRow } from './modules/module-table.ts';
import type { Argument, ModelSettings, ModuleOutput } from './modules/module.ts';
import { Misfit, ModuleBuilder } from '../shared/module-builder.ts';
import { fixed, written, type Width } from '../shared/traced-width.ts';
import { atScale } from './scaled-width.ts';

/** Of the package: BatchNorm2d has these after a model is made. */
const norm = { epsilon: 1e-3, momentum: 0.03 };

/** Blocks that a row repeats; more are a slip of the pen. */
const mostRepeats = 1_000;

const activations: ReadonlyMap<string, ActivationFunction> = new Map<string, ActivationFunction>([
  ['SiLU', 'silu'],
  ['ReLU', 'relu'],
  ['ReLU6', 'relu6'],
  ['LeakyReLU', 'leaky-relu'],
  ['Hardswish', 'hard-swish'],
  ['GELU', 'gelu'],
  ['Mish', 'mish'],
  ['ELU', 'elu'],
]);

export interface TableScale {
  readonly name: string;
  readonly depth: number;
  readonly width: number;
  readonly mostChannels: number;
}

/** The scales that a table has; one without a name where it has none. */
export function scalesOf(root: ConfigValue): readonly TableScale[] {
  const scales = valueAt(root, 'scales');
  if (scales?.kind === 'map' && scales.entries.length > 0) {
    return scales.entries.map(({ key, value }) => {
      const [depth = 1, width = 1, most = Infinity] = itemsOf(value).map((item) => numberOf(item) ?? 1);
      return { name: key, depth, width, mostChannels: most };
    });
  }
  const [depth, width] = ['depth_multiple', 'width_multiple'].map((key) => numberOf(valueAt(root, key)) ?? 1);
  return [{ name: '', depth: depth ?? 1, width: width ?? 1, mostChannels: Infinity }];
}

export function rowsOf(root: ConfigValue): readonly ConfigValue[] {
  return ['backbone', 'head'].flatMap((part) => itemsOf(valueAt(root, part)));
}

/** The name of the module that a row is of. */
export function moduleOf(row: ConfigValue | undefined): string {
  return textOf(itemsOf(row)[2]) ?? '';
}

export class TableReader {
  readonly #root: ConfigValue;
  readonly #entry: ModelEntry;
  readonly #scale: TableScale;
  readonly #limits: EvaluationLimits;
  readonly #cancellation: Cancellation;
  readonly #report: (problem: Problem) => void;
  readonly #builder = new GraphBuilder();
  readonly #outputs: ModuleOutput[] = [];
  readonly #activation: ActivationFunction;

  constructor(
    root: ConfigValue,
    entry: ModelEntry,
    scale: TableScale,
    limits: EvaluationLimits,
    cancellation: Cancellation,
    report: (problem: Problem) => void,
  ) {
    this.#root = root;
    this.#entry = entry;
    this.#scale = scale;
    this.#limits = limits;
    this.#cancellation = cancellation;
    this.#report = report;
    const word = /(\w+)\(/.exec(textOf(valueAt(root, 'activation')) ?? '')?.[1];
    this.#activation = word === undefined ? 'silu' : (activations.get(word) ?? 'other');
  }

  read(): NetworkGraph {
    const [shape = []] = this.#entry.input.shapes;
    const input = this.#builder.add({
      name: 'images',
      label: 'input',
      attributes: { kind: 'input', shape: [1, ...shape], channelAxis: 1 },
      inputs: [],
      site: { span: this.#entry.span, callChain: [] },
    });
    if (!input.ok || input.value[0] === undefined) throw new Error('An input op always fits');
    const image = input.value[0];
    let last: ModuleOutput = image;
    const settings = this.#settings();
    for (const [index, row] of rowsOf(this.#root).entries()) {
      if (this.#isStopped(row.span)) break;
      last = this.#row(index, row, image, settings);
      this.#outputs.push(last);
    }
    const outputs = typeof last === 'number' ? [last] : last;
    return this.#builder.build('pytorch', this.#entry, outputs);
  }

  #settings(): ModelSettings {
    const rows = rowsOf(this.#root);
    const keypoints = itemsOf(valueAt(this.#root, 'kpt_shape')).flatMap((size) => numberOf(size) ?? []);
    const endToEnd = valueAt(this.#root, 'end2end');
    return {
      scale: this.#scale.name,
      widthFactor: this.#scale.width,
      mostChannels: this.#scale.mostChannels,
      regMax: numberOf(valueAt(this.#root, 'reg_max')) ?? 16,
      isEndToEnd: endToEnd?.kind === 'scalar' && endToEnd.value === true,
      keypoints,
      isVersion5: rows.some((row) => itemsOf(itemsOf(row)[3]).some((argument) => textOf(argument) === 'anchors')),
      isLegacy: !rows.some((row) => moduleTable.get(moduleOf(row))?.isNew === true),
    };
  }

  #isStopped(span: SourceSpan): boolean {
    if (this.#cancellation.isCancellationRequested) {
      this.#builder.addUnknown({ reason: 'reading was cancelled', span });
      return true;
    }
    if (this.#builder.opCount < this.#limits.ops) return false;
    const message = limitMessage(
      'limit-ops',
      `The network has more than ${this.#limits.ops.toLocaleString('en')} operations`,
    );
    this.#report({ code: 'limit-ops', severity: 'warning', message, span });
    this.#builder.addUnknown({ reason: message, span });
    return true;
  }

  #row(index: number, row: ConfigValue, image: ValueId, settings: ModelSettings): ModuleOutput {
    const [from, repeats, , written] = itemsOf(row);
    const module = moduleOf(row);
    const found = moduleTable.get(module);
    const name = `model.${String(index)}`;
    let inputs: readonly ValueId[] = [];
    try {
      const sources = this.#inputs(index, from, image);
      inputs = sources.flat();
      if (found === undefined)
        throw new Misfit(`the module ${module === '' ? 'without a name' : module} is not modelled`);
      const chosen = module === 'CBFuse' ? this.#fused(sources, itemsOf(written)[0]) : sources.flat();
      const given = itemsOf(written).map((argument) => this.#argument(argument));
      const count = numberOf(repeats) ?? 1;
      const scaled = count > 1 ? Math.max(1, roundHalfToEven(count * this.#scale.depth)) : count;
      if (scaled > mostRepeats)
        throw new Misfit(`a row repeats its module more than ${mostRepeats.toLocaleString('en')} times`);
      const anchors = this.#anchors(itemsOf(written), found);
      return this.#module(found, { anchors, name, span: row.span, inputs: chosen, given, count: scaled, settings });
    } catch (error) {
      if (!(error instanceof Misfit)) throw error;
      return this.#opaque(name, module, row, inputs, error.message);
    }
  }

  #module(
    { module, isScaled, repeatsInside }: ModuleRow,
    row: {
      readonly name: string;
      readonly span: SourceSpan;
      readonly inputs: readonly ValueId[];
      readonly given: readonly Argument[];
      readonly count: number;
      readonly settings: ModelSettings;
      readonly anchors: number | undefined;
    },
  ): ModuleOutput {
    const { name, span, inputs, given, count, settings, anchors } = row;
    const build = new ModuleBuilder(this.#builder, name, span, { activation: this.#activation, norm });
    const width = isScaled === true ? this.#width(given[0], span) : fixed(0);
    const call = { build, inputs, arguments: given, width, span, model: settings, anchors };
    if (repeatsInside === true) return module({ ...call, repeats: count, part: '' });
    let output = module({ ...call, repeats: 1, part: count > 1 ? '0' : '' });
    for (let i = 1; i < count; i++)
      output = module({ ...call, inputs: typeof output === 'number' ? [output] : output, repeats: 1, part: String(i) });
    return output;
  }

  /** How many anchors a level has, where the row names the table's; the package's own heads have none. */
  #anchors(written: readonly ConfigValue[], { isHead }: ModuleRow): number | undefined {
    const anchors = valueAt(this.#root, 'anchors');
    if (anchors === undefined) return undefined;
    if (written.some((argument) => textOf(argument) === 'anchors')) {
      const count = numberOf(anchors) ?? itemsOf(itemsOf(anchors)[0]).length / 2;
      if (Number.isInteger(count) && count > 0) return count;
      throw new Misfit('how many anchors a level has is not written');
    }
    if (isHead === true && textOf(written[0]) === 'nc')
      throw new Misfit('this head is of a project of its own, whose tables have anchors that it does not take');
    return undefined;
  }

  #width(argument: Argument | undefined, span: SourceSpan): Width {
    if (argument?.kind !== 'number') throw new Misfit('the first argument is no width');
    const { mostChannels, width } = this.#scale;
    return atScale(written(argument.value, argument.span, 'width'), mostChannels, width, span);
  }

  /** The outputs of the rows that a row reads: the one before, or by number. */
  #inputs(index: number, from: ConfigValue | undefined, image: ValueId): readonly ModuleOutput[] {
    const numbers = from?.kind === 'list' ? from.items.map(numberOf) : [numberOf(from)];
    return numbers.map((number) => {
      if (number === undefined || !Number.isInteger(number)) throw new Misfit('where the row reads from is no number');
      const at = number < 0 ? index + number : number;
      const output = at === -1 && index === 0 ? image : this.#outputs[at];
      if (output === undefined || at >= index)
        throw new Misfit(`row ${String(index)} reads row ${String(at)}, which does not stand before it`);
      return output;
    });
  }

  /** Of each input but the last the part that the row names. */
  #fused(sources: readonly ModuleOutput[], indices: ConfigValue | undefined): readonly ValueId[] {
    const chosen = itemsOf(indices).map(numberOf);
    return sources.map((source, i) => {
      if (typeof source === 'number') return source;
      const value = source[chosen[i] ?? 0];
      if (value === undefined) throw new Misfit('the row names a part that is not there');
      return value;
    });
  }

  #argument(value: ConfigValue): Argument {
    if (value.kind === 'list') return { kind: 'list', value: value.items.map((item) => this.#argument(item)) };
    if (value.kind === 'map') return { kind: 'none' };
    const { value: plain, span } = value;
    if (typeof plain === 'number') return { kind: 'number', value: plain, span };
    if (typeof plain === 'boolean') return { kind: 'flag', value: plain };
    if (plain === null || plain === 'None') return { kind: 'none' };
    if (plain === 'True' || plain === 'False') return { kind: 'flag', value: plain === 'True' };
    // A name is a number of the table: nc, the classes.
    const named = valueAt(this.#root, plain);
    const number = numberOf(named);
    if (named !== undefined && number !== undefined) return { kind: 'number', value: number, span: named.span };
    if (named?.kind === 'list') return { kind: 'list', value: named.items.map((item) => this.#argument(item)) };
    return { kind: 'text', value: plain };
  }

  #opaque(
    name: string,
    module: string,
    { span }: ConfigValue,
    inputs: readonly ValueId[],
    reason: string,
  ): ModuleOutput {
    const message = `Row ${name.slice('model.'.length)}${module === '' ? '' : ` (${module})`}: ${reason}; its cost is not known`;
    this.#report({ code: 'ultralytics-unsupported', severity: 'warning', message, span });
    const unknown = { kind: 'unknown', reason, span } as const;
    const added = this.#builder.add({
      name,
      label: module === '' ? 'row' : module,
      attributes: { kind: 'opaque', operation: module, reason, shapes: [[1, unknown, unknown, unknown]] },
      inputs,
      site: { span, callChain: [] },
    });
    const value = added.ok ? added.value[0] : undefined;
    if (value === undefined) throw new Error('An op that is not understood always fits');
    return value;
  }
}
