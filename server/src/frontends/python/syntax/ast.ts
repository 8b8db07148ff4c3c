// The Python that model code is written in, as our own typed tree: every node knows its span, nothing knows the parser.

import type { SourceSpan } from '../../../common/source-span.ts';

interface Node {
  readonly span: SourceSpan;
}

export type BinaryOperator = '+' | '-' | '*' | '/' | '//' | '%' | '**' | '@' | '&' | '|' | '^' | '<<' | '>>';
export type ComparisonOperator = '==' | '!=' | '<' | '<=' | '>' | '>=' | 'in' | 'not in' | 'is' | 'is not';

export const binaryOperators: readonly BinaryOperator[] = [
  '+',
  '-',
  '*',
  '/',
  '//',
  '%',
  '**',
  '@',
  '&',
  '|',
  '^',
  '<<',
  '>>',
];
export const comparisonOperators: readonly ComparisonOperator[] = [
  '==',
  '!=',
  '<',
  '<=',
  '>',
  '>=',
  'in',
  'not in',
  'is',
  'is not',
];

export interface Argument {
  readonly kind: 'positional' | 'keyword' | 'splat' | 'dictionary-splat';
  /** Only for keywords. */
  readonly name?: string;
  readonly value: Expression;
}

export interface ParameterDeclaration {
  readonly name: string;
  readonly kind: 'positional' | 'keyword-only' | 'splat' | 'dictionary-splat';
  readonly default?: Expression;
}

export interface ComprehensionClause {
  readonly target: Expression;
  readonly iterable: Expression;
  readonly conditions: readonly Expression[];
}

export type FormatPart =
  | { readonly kind: 'text'; readonly text: string }
  | { readonly kind: 'value'; readonly expression: Expression; readonly conversion: string; readonly format: string };

export type Expression = Node &
  (
    | { readonly kind: 'name'; readonly name: string }
    /** `isPlaceless`: from an expression that stands in no document, such as an entry's name; it can't be edited. */
    | {
        readonly kind: 'number';
        readonly value: number;
        readonly isInteger: boolean;
        readonly isPlaceless?: boolean;
      }
    | { readonly kind: 'string'; readonly value: string }
    | { readonly kind: 'format-string'; readonly parts: readonly FormatPart[] }
    | { readonly kind: 'constant'; readonly value: boolean | null }
    | { readonly kind: 'ellipsis' }
    | { readonly kind: 'tuple' | 'list' | 'set'; readonly elements: readonly Expression[] }
    | {
        readonly kind: 'dictionary';
        readonly entries: readonly { readonly key?: Expression; readonly value: Expression }[];
      }
    | { readonly kind: 'unary'; readonly operator: '-' | '+' | '~' | 'not'; readonly operand: Expression }
    | {
        readonly kind: 'binary';
        readonly operator: BinaryOperator;
        readonly left: Expression;
        readonly right: Expression;
      }
    | {
        readonly kind: 'boolean';
        readonly operator: 'and' | 'or';
        readonly left: Expression;
        readonly right: Expression;
      }
    | {
        readonly kind: 'comparison';
        readonly first: Expression;
        readonly rest: readonly { readonly operator: ComparisonOperator; readonly operand: Expression }[];
      }
    | {
        readonly kind: 'conditional';
        readonly test: Expression;
        readonly then: Expression;
        readonly otherwise: Expression;
      }
    | { readonly kind: 'lambda'; readonly parameters: readonly ParameterDeclaration[]; readonly body: Expression }
    | { readonly kind: 'call'; readonly callee: Expression; readonly arguments: readonly Argument[] }
    | { readonly kind: 'attribute'; readonly object: Expression; readonly name: string }
    | { readonly kind: 'subscript'; readonly object: Expression; readonly index: Expression }
    | { readonly kind: 'slice'; readonly lower?: Expression; readonly upper?: Expression; readonly step?: Expression }
    | {
        readonly kind: 'comprehension';
        readonly flavour: 'list' | 'set' | 'generator' | 'dictionary';
        readonly element: Expression;
        /** Only for dictionaries, whose `element` is the key. */
        readonly value?: Expression;
        readonly clauses: readonly ComprehensionClause[];
      }
    | { readonly kind: 'starred'; readonly value: Expression }
    | { readonly kind: 'walrus'; readonly name: string; readonly value: Expression }
    | { readonly kind: 'yield'; readonly value?: Expression; readonly isFrom: boolean }
    /** Text that could not be parsed, or a construct that models do not use. */
    | { readonly kind: 'broken'; readonly reason: string }
  );

export type ExpressionOf<K extends Expression['kind']> = Extract<Expression, { readonly kind: K }>;

export interface ExceptHandler {
  readonly type?: Expression;
  readonly name?: string;
  readonly body: readonly Statement[];
}

export interface ImportedName {
  readonly name: string;
  readonly alias: string;
}

export type Pattern =
  | { readonly kind: 'wildcard' }
  | { readonly kind: 'capture'; readonly name: string }
  | { readonly kind: 'value'; readonly expression: Expression }
  /** One of its patterns may be a `rest`, which takes any number of items. */
  | { readonly kind: 'sequence'; readonly patterns: readonly Pattern[] }
  | { readonly kind: 'rest'; readonly name?: string }
  | {
      readonly kind: 'mapping';
      readonly entries: readonly { readonly key: Expression; readonly pattern: Pattern }[];
      /** What takes the other entries. */
      readonly rest?: string;
    }
  | {
      readonly kind: 'class';
      readonly type: Expression;
      readonly positional: readonly Pattern[];
      readonly named: readonly { readonly name: string; readonly pattern: Pattern }[];
    }
  | { readonly kind: 'alternatives'; readonly patterns: readonly Pattern[] }
  | { readonly kind: 'as'; readonly pattern: Pattern; readonly name: string }
  | { readonly kind: 'unsupported'; readonly reason: string; readonly names: readonly string[] };

export interface FunctionDefinition extends Node {
  readonly kind: 'function';
  readonly name: string;
  readonly nameSpan: SourceSpan;
  readonly parameters: readonly ParameterDeclaration[];
  readonly body: readonly Statement[];
  readonly decorators: readonly Expression[];
  readonly isGenerator: boolean;
}

export interface ClassDefinition extends Node {
  readonly kind: 'class';
  readonly name: string;
  readonly nameSpan: SourceSpan;
  readonly bases: readonly Argument[];
  readonly body: readonly Statement[];
  readonly decorators: readonly Expression[];
}

export type Statement = Node &
  (
    | { readonly kind: 'expression'; readonly expression: Expression }
    | { readonly kind: 'assignment'; readonly targets: readonly Expression[]; readonly value: Expression }
    /** An annotation without a value assigns nothing; dataclasses read it as a field. */
    | { readonly kind: 'annotated'; readonly target: Expression; readonly value?: Expression }
    | {
        readonly kind: 'augmented';
        readonly target: Expression;
        readonly operator: BinaryOperator;
        readonly value: Expression;
      }
    | { readonly kind: 'return'; readonly value?: Expression }
    | { readonly kind: 'pass' | 'break' | 'continue' }
    | {
        readonly kind: 'if';
        readonly test: Expression;
        readonly body: readonly Statement[];
        readonly otherwise: readonly Statement[];
      }
    | {
        readonly kind: 'while';
        readonly test: Expression;
        readonly body: readonly Statement[];
        readonly otherwise: readonly Statement[];
      }
    | {
        readonly kind: 'for';
        readonly target: Expression;
        readonly iterable: Expression;
        readonly body: readonly Statement[];
        readonly otherwise: readonly Statement[];
      }
    | FunctionDefinition
    | ClassDefinition
    /** A definition of a library that need not be made before its name is asked for. */
    | {
        readonly kind: 'late-definition';
        readonly name: string;
        readonly read: () => readonly Statement[];
      }
    | { readonly kind: 'import'; readonly names: readonly ImportedName[] }
    /** `level` is the number of leading dots; `names` is undefined for `*`. */
    | {
        readonly kind: 'import-from';
        readonly module: string;
        readonly level: number;
        readonly names: readonly ImportedName[] | undefined;
      }
    | { readonly kind: 'raise'; readonly exception?: Expression }
    | {
        readonly kind: 'try';
        readonly body: readonly Statement[];
        readonly handlers: readonly ExceptHandler[];
        readonly otherwise: readonly Statement[];
        readonly final: readonly Statement[];
      }
    | {
        readonly kind: 'with';
        readonly items: readonly { readonly value: Expression; readonly target?: Expression }[];
        readonly body: readonly Statement[];
      }
    | { readonly kind: 'assert'; readonly test: Expression; readonly message?: Expression }
    | { readonly kind: 'scope'; readonly names: readonly string[]; readonly scope: 'global' | 'nonlocal' }
    | { readonly kind: 'delete'; readonly targets: readonly Expression[] }
    | {
        readonly kind: 'match';
        readonly subject: Expression;
        readonly cases: readonly {
          readonly pattern: Pattern;
          readonly guard?: Expression;
          readonly body: readonly Statement[];
        }[];
      }
    | { readonly kind: 'broken-statement'; readonly reason: string }
  );

export type StatementOf<K extends Statement['kind']> = Extract<Statement, { readonly kind: K }>;
