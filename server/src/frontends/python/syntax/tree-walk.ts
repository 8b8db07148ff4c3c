// The parser's own functions that go over a tree in its WebAssembly memory. Its published cursor carries the place in the tree
// into that memory and out again at every call, which takes several times as long as the call itself. The functions leave
// it there from one call to the next, so a walk that nothing else interrupts needs no carrying.

import type { Tree } from 'web-tree-sitter';

/** A question about the node where the walk is, or a move, which answers 0 where there is nothing to move to. */
type WalkFunction = (tree: number) => number;

/** One walk at a time; each function takes what `from` gave. */
export interface TreeWalk {
  /** Begins at a tree's root, and ends when the visit returns. */
  readonly from: <T>(tree: Tree, visit: (at: number) => T) => T;
  /** The number of the node's type in the grammar. */
  readonly kind: WalkFunction;
  /** Offsets into the text, in UTF-16 units. */
  readonly start: WalkFunction;
  readonly end: WalkFunction;
  readonly isMissing: WalkFunction;
  /** The number of the field that the node is of the node around it; 0 when of none. */
  readonly field: WalkFunction;
  readonly toFirstChild: WalkFunction;
  readonly toNextSibling: WalkFunction;
  readonly toParent: WalkFunction;
}

/** The walk of a runtime: the object that the parser was initialised with, which then has its functions by their C names. */
export function treeWalk(runtime: object): TreeWalk {
  const functionOf = (name: string): WalkFunction => {
    const found: unknown = Reflect.get(runtime, `_ts_${name}_wasm`);
    if (!isWalkFunction(found)) throw new Error(`This version of web-tree-sitter has no ts_${name}_wasm`);
    return found;
  };
  const toRoot = functionOf('tree_root_node');
  const begin = functionOf('tree_cursor_new');
  const end = functionOf('tree_cursor_delete');
  return {
    from(tree, visit) {
      const at = addressOf(tree);
      // Where one function leaves a node the next one finds it, and so the place in the tree from here on.
      toRoot(at);
      begin(at);
      try {
        return visit(at);
      } finally {
        end(at);
      }
    },
    kind: functionOf('tree_cursor_current_node_type_id'),
    start: functionOf('tree_cursor_start_index'),
    end: functionOf('tree_cursor_end_index'),
    isMissing: functionOf('tree_cursor_current_node_is_missing'),
    field: functionOf('tree_cursor_current_field_id'),
    toFirstChild: functionOf('tree_cursor_goto_first_child'),
    toNextSibling: functionOf('tree_cursor_goto_next_sibling'),
    toParent: functionOf('tree_cursor_goto_parent'),
  };
}

function isWalkFunction(value: unknown): value is WalkFunction {
  return typeof value === 'function';
}

/** Where a tree lies in the parser's memory. */
function addressOf(tree: Tree): number {
  const address: unknown = Reflect.get(tree, 0);
  if (typeof address !== 'number') throw new Error('This version of web-tree-sitter does not say where a tree lies');
  return address;
}
