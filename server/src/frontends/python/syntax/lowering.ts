// What the two lowering files share: the document being read, spans, and how broken text is reported.

import type { Problem } from '../../../common/problem.ts';
import type { SourceSpan } from '../../../common/source-span.ts';
import type { Statement } from './ast.ts';
import type { Cut } from './deferred-bodies.ts';
import type { SyntaxNode } from './syntax-tree.ts';

export interface Lowering {
  readonly document: string;
  /** What was parsed. */
  readonly text: string;
  readonly problems: Problem[];
  /** How many expressions enclose the one that is read now. */
  depth: number;
  /** Where everything is said to stand, for text that is no part of the document. */
  readonly place?: SourceSpan | undefined;
  /** Where the parser's offsets stand in the document, for text that is cut out of it. */
  readonly cuts?: readonly Cut[];
  /** Set when the function around yields. */
  readonly yields?: { found: boolean };
  /** The bodies of functions that were left out of the parsed text, by the offset at which each begins. */
  readonly deferred?: ReadonlyMap<number, DeferredBody>;
}

/** A function's body that is read when somebody asks for it. */
export interface DeferredBody {
  readonly read: () => { readonly body: readonly Statement[]; readonly isGenerator: boolean };
}

/** The span of a node; tree-sitter counts UTF-16 units, as we do. */
export function spanOf(lowering: Lowering, node: SyntaxNode): SourceSpan {
  const { document, place } = lowering;
  return place ?? { document, start: placeOf(lowering, node.start), end: placeOf(lowering, node.end) };
}

/** Where an offset of the parsed text stands in the document. */
export function placeOf({ cuts = [] }: Lowering, offset: number): number {
  let low = 0;
  let high = cuts.length;
  while (low < high) {
    const middle = (low + high) >> 1;
    if ((cuts[middle]?.from ?? 0) <= offset) low = middle + 1;
    else high = middle;
  }
  return offset + (cuts[low - 1]?.by ?? 0);
}

/** The text of a node. */
export function textOf(lowering: Lowering, node: SyntaxNode): string {
  return lowering.text.slice(node.start, node.end);
}

/** The children that have a name in the grammar. */
export function partsOf(node: SyntaxNode): readonly SyntaxNode[] {
  const { children } = node;
  return children.every(({ isNamed }) => isNamed) ? children : children.filter(({ isNamed }) => isNamed);
}

/** The first child of a field. */
export function field(node: SyntaxNode, name: string): SyntaxNode | undefined {
  return node.children.find((child) => child.field === name);
}

/** The text of the first child of a field; empty where there is none. */
export function fieldText(lowering: Lowering, node: SyntaxNode, name: string): string {
  const child = field(node, name);
  return child === undefined ? '' : textOf(lowering, child);
}

/** All children of a field. */
export function fields(node: SyntaxNode, name: string): readonly SyntaxNode[] {
  return node.children.filter((child) => child.field === name);
}

/** Nesting beyond this is not followed: no real file has it, and the machine's stack has an end. */
export const deepest = 400;

/** Reports what is nested too deeply, once a file. */
export function reportTooDeep(lowering: Lowering, node: SyntaxNode): string {
  const reason = 'This is nested too deeply to be read';
  if (!lowering.problems.some(({ code }) => code === 'limit-nesting')) {
    const { start, end, document } = spanOf(lowering, node);
    const span = { document, start, end: Math.min(end, start + 1) };
    const message = `${reason}. Give the inner parts names of their own, or move them into functions.`;
    lowering.problems.push({ code: 'limit-nesting', severity: 'warning', message, span });
  }
  return reason;
}

/** Reports text that is not Python, once a place. */
export function reportBroken(lowering: Lowering, node: SyntaxNode): string {
  const line = textOf(lowering, node).split('\n', 1)[0]?.trim() ?? '';
  const shown = line.length > 40 ? `${line.slice(0, 40)}…` : line;
  const message = node.isMissing
    ? `Python expects ${node.type} here`
    : `This is not Python that can be read: ${shown === '' ? 'the line ends too early' : `"${shown}"`}`;
  const span = spanOf(lowering, node);
  lowering.problems.push({
    code: 'python-syntax',
    severity: 'error',
    message,
    span: { ...span, end: Math.min(span.end, span.start + Math.max(1, line.length)) },
  });
  return message;
}
