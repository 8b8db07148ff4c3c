// A table of costs as a tree of modules: sums of what is below, sorted and filtered, as the rows to draw. No drawing here.

import { formatAmount, formatMilliseconds } from '../../../server/src/common/number-format.ts';
import type { CostTable, CostTableRow, TableCount } from '../../../server/src/protocol/cost-table.ts';

export type Quantity = 'operations' | 'params' | 'activations' | 'memory' | 'latencyMs';

export const quantities: readonly Quantity[] = ['operations', 'params', 'activations', 'memory', 'latencyMs'];

/** A module with what is below it, or a layer. */
export interface CostNode {
  /** The qualified name, from the model on. */
  readonly path: string;
  /** The last part of it. */
  readonly name: string;
  readonly depth: number;
  /** Absent for a module that is no layer itself. */
  readonly row?: CostTableRow;
  /** The row's place in the table; absent for a module. */
  readonly index?: number;
  readonly children: readonly CostNode[];
  /** How many layers it has, itself counted. */
  readonly layers: number;
  /** Its own costs and those of all below. */
  readonly costs: Readonly<Record<Quantity, TableCount>>;
}

interface OpenNode {
  readonly path: string;
  readonly name: string;
  readonly depth: number;
  row?: CostTableRow;
  index?: number;
  readonly children: Map<string, OpenNode>;
}

/** The roots of the tree, in network order. */
export function costTree({ rows }: CostTable): readonly CostNode[] {
  const top = new Map<string, OpenNode>();
  rows.forEach((row, index) => {
    let level = top;
    let node: OpenNode | undefined;
    let path = '';
    row.name.split('.').forEach((name, depth) => {
      path = depth === 0 ? name : `${path}.${name}`;
      node = level.get(name) ?? { path, name, depth, children: new Map() };
      level.set(name, node);
      level = node.children;
    });
    if (node === undefined) return;
    node.row = row;
    node.index = index;
  });
  return [...top.values()].map(closed);
}

function closed({ children: open, row, index, ...node }: OpenNode): CostNode {
  const children = [...open.values()].map(closed);
  const parts = [...(row === undefined ? [] : [row]), ...children.map(({ costs }) => costs)];
  const costs = {
    operations: sumOf(parts.map(({ operations }) => operations)),
    params: sumOf(parts.map(({ params }) => params)),
    activations: sumOf(parts.map(({ activations }) => activations)),
    memory: sumOf(parts.map(({ memory }) => memory)),
    latencyMs: sumOf(parts.map(({ latencyMs }) => latencyMs)),
  };
  const layers = children.reduce((total, child) => total + child.layers, row === undefined ? 0 : 1);
  return { ...node, ...(row !== undefined && { row }), ...(index !== undefined && { index }), children, layers, costs };
}

/** A sum of which one part is unknown is a lower bound; of which all are, unknown. */
export function sumOf(counts: readonly TableCount[]): TableCount {
  const known = counts.filter(({ value }) => value !== null);
  if (known.length === 0 && counts.length > 0) return { value: null, atLeast: false };
  return {
    value: known.reduce((total, { value }) => total + (value ?? 0), 0),
    atLeast: known.length < counts.length || known.some(({ atLeast }) => atLeast),
  };
}

export type SortKey = 'order' | 'name' | Quantity;

export interface CostView {
  readonly sort: SortKey;
  readonly descending: boolean;
  /** Only what has this text in its name, label or shape is shown, with the modules around it. */
  readonly filter: string;
  /** Paths of modules that are folded. */
  readonly folded: ReadonlySet<string>;
}

export const firstView: CostView = { sort: 'order', descending: false, filter: '', folded: new Set() };

/** The nodes to draw, top down: siblings in the wanted order, nothing below a folded module. */
export function visibleNodes(roots: readonly CostNode[], view: CostView): readonly CostNode[] {
  const wanted = view.filter.trim().toLowerCase();
  const visible: CostNode[] = [];
  const visit = (nodes: readonly CostNode[]): void => {
    for (const node of sorted(nodes, view)) {
      if (wanted !== '' && !matches(node, wanted)) continue;
      visible.push(node);
      if (wanted !== '' || !view.folded.has(node.path)) visit(node.children);
    }
  };
  visit(roots);
  return visible;
}

function matches({ path, row, children }: CostNode, wanted: string): boolean {
  const texts = [path, row?.label ?? '', row?.shape ?? ''];
  return texts.some((text) => text.toLowerCase().includes(wanted)) || children.some((child) => matches(child, wanted));
}

function sorted(nodes: readonly CostNode[], { sort, descending }: CostView): readonly CostNode[] {
  const sign = descending ? -1 : 1;
  switch (sort) {
    case 'order':
      return descending ? [...nodes].reverse() : nodes;
    case 'name':
      return [...nodes].sort((left, right) => sign * left.name.localeCompare(right.name, 'en', { numeric: true }));
    default:
      return [...nodes].sort((left, right) => sign * ((left.costs[sort].value ?? 0) - (right.costs[sort].value ?? 0)));
  }
}

/** Every module of the tree. */
export function modulePaths(roots: readonly CostNode[]): readonly string[] {
  return roots.flatMap((node) => (node.children.length === 0 ? [] : [node.path, ...modulePaths(node.children)]));
}

/** Amounts as the table shows them, with the headings of their columns. */
export interface CostWords {
  readonly headings: Readonly<Record<Quantity, string>>;
  readonly text: (quantity: Quantity, count: TableCount) => string;
  /** With its unit, for a sentence. */
  readonly total: (quantity: Quantity, count: TableCount) => string;
}

export function costWords({ unit, counter, device }: CostTable): CostWords {
  return {
    headings: {
      operations: counter === '' ? unit : `${unit} (${counter})`,
      params: 'Parameters',
      activations: 'Activations',
      memory: 'Memory',
      latencyMs: 'Latency',
    },
    text: (quantity, count) => amountText(count, quantity, ''),
    total: (quantity, count) => {
      switch (quantity) {
        case 'operations':
          return `${amountText(count, quantity, unit)}${counter === '' ? '' : ` (${counter})`}`;
        case 'latencyMs':
          return `${amountText(count, quantity, '')} on ${device}`;
        case 'memory':
          return `${amountText(count, quantity, '')} held in training`;
        case 'params':
        case 'activations':
          return `${amountText(count, quantity, '')} ${quantity}`;
      }
    },
  };
}

function amountText({ value, atLeast }: TableCount, quantity: Quantity, unit: string): string {
  if (value === null) return `? ${unit}`.trimEnd();
  const amount =
    quantity === 'latencyMs' ? formatMilliseconds(value) : formatAmount(value, quantity === 'memory' ? 'B' : unit);
  return `${atLeast ? '≥ ' : ''}${amount}`;
}

/** A count's part of a whole, between 0 and 1; 0 where either is not known. */
export function shareOf(part: TableCount, whole: TableCount): number {
  return part.value === null || whole.value === null || whole.value === 0 ? 0 : part.value / whole.value;
}

/** `12.5 %`; what is there is not called nothing. */
export function shareWords(share: number): string {
  if (share === 0) return '';
  return share < 0.001 ? '<0.1 %' : `${(100 * share).toFixed(1)} %`;
}
