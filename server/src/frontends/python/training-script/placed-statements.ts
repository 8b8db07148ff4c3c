// Every statement of a file with the way to it: the function, the class and the blocks that it stands in.

import type { ClassDefinition, FunctionDefinition, Statement } from '../syntax/ast.ts';
import { blocksOf } from '../syntax/assigned-names.ts';

/** The statements that share their variables: a function's, or the file's. */
export interface Scope {
  readonly definition: FunctionDefinition | undefined;
  /** The class whose method the function is. */
  readonly owner: ClassDefinition | undefined;
  /** What the definition stands in; undefined for the file. */
  readonly outer: Scope | undefined;
}

export interface PlacedStatement {
  readonly statement: Statement;
  readonly scope: Scope;
  /** The blocks of its scope that it stands in, outermost first, each with the statement that has the block. */
  readonly blocks: readonly { readonly of: Statement | undefined; readonly block: readonly Statement[] }[];
}

/** In the order of the text. */
export function placedStatements(body: readonly Statement[]): readonly PlacedStatement[] {
  const found: PlacedStatement[] = [];
  const visit = (
    block: readonly Statement[],
    of: Statement | undefined,
    scope: Scope,
    around: PlacedStatement['blocks'],
  ): void => {
    const blocks = [...around, { of, block }];
    for (const statement of block) {
      found.push({ statement, scope, blocks });
      if (statement.kind === 'function') {
        const owner = of?.kind === 'class' ? of : undefined;
        visit(statement.body, undefined, { definition: statement, owner, outer: scope }, []);
      } else if (statement.kind === 'class') {
        visit(statement.body, statement, scope, blocks);
      } else for (const inner of blocksOf(statement)) visit(inner, statement, scope, blocks);
    }
  };
  visit(body, undefined, { definition: undefined, owner: undefined, outer: undefined }, []);
  return found;
}

/** Whether at most one of two statements runs in a round: they stand in different ways of one `if` or `match`, or of a `try`. */
export function areAlternatives(first: PlacedStatement, second: PlacedStatement): boolean {
  if (first.scope !== second.scope) return false;
  const at = first.blocks.findIndex(({ block }, place) => block !== second.blocks[place]?.block);
  const [left, right] = [first.blocks[at]?.of, second.blocks[at]?.of];
  return left !== undefined && left === right && (left.kind === 'if' || left.kind === 'match' || left.kind === 'try');
}

/** Whether names of `outer` are seen in `scope`. */
export function sees(scope: Scope, outer: Scope): boolean {
  for (let each: Scope | undefined = scope; each !== undefined; each = each.outer) if (each === outer) return true;
  return false;
}
