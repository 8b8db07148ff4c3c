// Where a channel count comes from: an expression tree whose leaves are places in the source.
// A quick-fix inverts it (edits/), a hover explains it (analysis/).

import type { SourceSpan } from '../common/source-span.ts';

/** Arithmetic that an origin can go through. `round`, `//` and `%` are what the source's language makes of them. */
export type OriginOperator =
  '+' | '-' | '*' | '/' | '//' | '%' | '**' | '<<' | '>>' | 'min' | 'max' | 'int' | 'round' | 'ceil' | 'floor' | 'sum';

/** The trail of one integer. `value` is always what the tree evaluates to. */
export type WidthOrigin =
  /** A number written in the text. Its span covers just the digits. */
  | { readonly kind: 'literal'; readonly value: number; readonly span: SourceSpan }
  /** A number written as a parameter's default; changing it changes every caller that relies on it. */
  | { readonly kind: 'default'; readonly value: number; readonly span: SourceSpan; readonly parameter: string }
  /** A number in a config file, under a key. */
  | { readonly kind: 'config'; readonly value: number; readonly span: SourceSpan; readonly key: string }
  /** Taken from a tensor's shape: it follows another width (or the input) and has no text of its own. */
  | { readonly kind: 'shape'; readonly value: number; readonly of: string }
  /** Computed from others by source code at `span`. */
  | {
      readonly kind: 'computed';
      readonly value: number;
      readonly operator: OriginOperator;
      readonly operands: readonly WidthOrigin[];
      readonly span: SourceSpan;
    }
  /** The value is known, its way is not (a call we model without a trail); it can't be edited. */
  | { readonly kind: 'untraced'; readonly value: number; readonly reason: string; readonly span?: SourceSpan };

/** A leaf that stands in the text and can be edited. */
export type EditableLeaf = Extract<WidthOrigin, { readonly kind: 'literal' | 'default' | 'config' }>;

/** Every editable leaf, each span once, in tree order. */
export function editableLeaves(origin: WidthOrigin): readonly EditableLeaf[] {
  const found = new Map<string, EditableLeaf>();
  const visit = (node: WidthOrigin): void => {
    if (node.kind === 'computed') node.operands.forEach(visit);
    else if (node.kind !== 'shape' && node.kind !== 'untraced') {
      found.set(`${node.span.document}:${String(node.span.start)}`, node);
    }
  };
  visit(origin);
  return [...found.values()];
}
