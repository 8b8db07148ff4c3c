// How many channels a value has, as a function of what is alive in each group: a constant and a multiple of each count.

import type { NetworkGraph } from '../network/network-graph.ts';
import { valueOf } from '../network/network-graph.ts';
import type { ValueId } from '../network/op.ts';
import { elementCount } from '../network/shape.ts';
import type { ChannelGroup } from './channel-group.ts';
import type { ChannelGrouping } from './channel-grouping.ts';

/** `constant + Σ multiples[i] · alive(groups[i])`; channels that can't go are in the constant. */
export interface WidthForm {
  readonly constant: number;
  readonly groups: readonly number[];
  readonly multiples: readonly number[];
  /** How much of the constant is regularized all the same: channels of batch norms without a scale, at 1 each. */
  readonly unscaled: number;
}

/** A width and what each of its channels is multiplied by: together the number of elements of a value. */
export interface SizedForm {
  readonly form: WidthForm;
  /** Elements of the value for each of its channels, without the batch. */
  readonly perChannel: number;
}

/** Makes and keeps the forms of a network's values. */
export class WidthForms {
  readonly #graph: NetworkGraph;
  readonly #grouping: ChannelGrouping;
  readonly #groups: readonly ChannelGroup[];
  readonly #byValue = new Map<ValueId, WidthForm>();

  /** `groups` are those of the grouping, with what the choice of sources has fixed. */
  constructor(grouping: ChannelGrouping, groups: readonly ChannelGroup[]) {
    this.#graph = grouping.graph;
    this.#grouping = grouping;
    this.#groups = groups;
  }

  /** A width that never changes. */
  constant(width: number): WidthForm {
    return { constant: width, groups: [], multiples: [], unscaled: 0 };
  }

  /** The width when everything is alive. */
  width({ constant, groups, multiples }: WidthForm): number {
    return groups.reduce((sum, group, at) => sum + (multiples[at] ?? 0) * (this.#groups[group]?.size ?? 0), constant);
  }

  /** The channels of a value on an axis; `width` where they can't be told apart there. */
  onAxis(value: ValueId, axis: number | undefined, width: number): WidthForm {
    const channels = this.#grouping.valueChannels[value];
    return channels === undefined || channels.axis !== axis
      ? this.constant(width)
      : this.#formOf(value, channels.channels);
  }

  /** Whether it is known where a value's channels stand. */
  hasChannels(value: ValueId): boolean {
    return this.#grouping.valueChannels[value] !== undefined;
  }

  /** The elements of one image; undefined when a dimension is unknown. */
  elements(value: ValueId): SizedForm | undefined {
    const { shape } = valueOf(this.#graph, value);
    const total = elementCount(shape);
    if (total === undefined) return undefined;
    const batch = shape.length > 1 && typeof shape[0] === 'number' ? shape[0] : 1;
    const channels = this.#grouping.valueChannels[value];
    const width = channels?.channels.length ?? 0;
    if (channels === undefined || width === 0) return { form: this.constant(1), perChannel: total / batch };
    return { form: this.#formOf(value, channels.channels), perChannel: total / batch / width };
  }

  #formOf(value: ValueId, channels: Int32Array): WidthForm {
    const known = this.#byValue.get(value);
    if (known !== undefined) return known;
    const counts = new Map<number, number>();
    let constant = 0;
    let unscaled = 0;
    for (const channel of channels) {
      const group = this.#grouping.groupOfChannel[channel] ?? -1;
      const { fixed } = this.#groups[group] ?? {};
      if (fixed !== undefined) constant += 1;
      if (fixed?.kind === 'unscaled') unscaled += 1;
      if (fixed === undefined) counts.set(group, (counts.get(group) ?? 0) + 1);
    }
    const groups = [...counts.keys()];
    // Each channel of a group stands equally often in a value, so that counts alone decide its width.
    const multiples = groups.map((group) => (counts.get(group) ?? 0) / (this.#groups[group]?.size ?? 1));
    const form: WidthForm = { constant, groups, multiples, unscaled };
    this.#byValue.set(value, form);
    return form;
  }
}
