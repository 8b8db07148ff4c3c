// What structure learning proposes: per layer the old and the new width, and what that saves. Survives JSON.

/** One layer's row. MACs are per image; `params` counts what a framework's parameter count would. */
export interface ProposedLayer {
  /** The op's name in the graph. */
  readonly name: string;
  readonly label: string;
  /** The name of the channel group that its output belongs to; rows with the same group are tied. Several are joined by ` + `. */
  readonly group: string;
  readonly width: CostChange;
  readonly macs: CostChange;
  readonly params: CostChange;
  readonly latencyMs: CostChange;
}

export interface CostChange {
  readonly before: number;
  readonly after: number;
}

/** One channel group's width: what all its layers share, or the part that they share. */
export interface ProposedGroup {
  readonly name: string;
  /** Names of the layers with weights whose outputs have channels of the group, in network order. */
  readonly layers: readonly string[];
  readonly width: CostChange;
}

/** The widths that a run proposes at one step. Layers are in network order: those with a width of their own. */
export interface WidthProposal {
  readonly version: 1;
  readonly step: number;
  readonly layers: readonly ProposedLayer[];
  readonly groups: readonly ProposedGroup[];
  readonly totals: { readonly macs: CostChange; readonly params: CostChange; readonly latencyMs: CostChange };
  /** Ops that vanish with their whole branch (0 alive), by name. */
  readonly removed: readonly string[];
  readonly device: string;
}
