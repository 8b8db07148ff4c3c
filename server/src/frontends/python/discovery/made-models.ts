// Models that a file makes and keeps in a variable, at its top level, under the main guard or in a function that needs no
// arguments: which statements make them. Only the syntax is looked at.

import type { SourceSpan } from '../../../common/source-span.ts';
import type { Expression, FunctionDefinition, Statement, StatementOf } from '../syntax/ast.ts';

export interface MadeModel {
  /** `model`; of a function `main.model`. */
  readonly name: string;
  readonly variable: string;
  /** Where the variable is first assigned. */
  readonly span: SourceSpan;
  /** The function or guard that makes it; undefined for the file's top level. */
  readonly within: FunctionDefinition | StatementOf<'if'> | undefined;
  /** The statements up to the last one that makes it. */
  readonly statements: readonly Statement[];
  /** Those of them that the model depends on. */
  readonly making: ReadonlySet<Statement>;
  /** Whether it is more than one call. */
  readonly isChanged: boolean;
}

/** What source does with a module, and with nothing else, once it is made. */
const usesOfModules =
  /\b(\w+)\s*\.\s*(?:(?:named_)?parameters|(?:named_)?modules|(?:named_)?children|state_dict|load_state_dict|add_module)\s*\(/g;
/** Methods and functions that leave a model's layers as they are. */
const harmless =
  /^(__call__|forward|train\w*|eval\w*|fit\w*|test\w*|run\w*|valid\w*|predict\w*|to|cuda|cpu|float|half|double|zero_grad|requires_grad_|(named_)?(parameters|modules|children|buffers)|state_dict|load\w*|save\w*|restore\w*|resume\w*|summary|print\w*|count\w*|plot\w*|log\w*|share_memory|compile|main)$/;

const wrappers = /^(DataParallel|DistributedDataParallel|DDP|compile|convert_sync_batchnorm)$/;

interface Place {
  readonly within: MadeModel['within'];
  readonly block: readonly Statement[];
}

/** The models of a file: of its top level, then of each guard and function. */
export function madeModels(body: readonly Statement[], text: string): readonly MadeModel[] {
  const used = new Set([...text.matchAll(usesOfModules)].map((match) => match[1] ?? ''));
  const places = body.flatMap((statement): readonly Place[] => {
    if (statement.kind === 'if' && isMainGuard(statement)) return [{ within: statement, block: statement.body }];
    const isStart = statement.kind === 'function' && !statement.parameters.some(isNeeded);
    return isStart ? [{ within: statement, block: statement.body }] : [];
  });
  places.unshift({ within: undefined, block: body });
  return places.flatMap(({ within, block }) =>
    assignedCalls(block, within === undefined)
      .filter(({ variable, isContainer }) => isContainer || used.has(variable))
      .map(({ variable, span }) => madeModel(block, within, variable, span)),
  );
}

function madeModel(
  block: readonly Statement[],
  within: MadeModel['within'],
  variable: string,
  span: SourceSpan,
): MadeModel {
  const trains = block.findIndex((statement) => isLoop(statement) && mentionsAttribute(statement, 'backward'));
  const before = block.slice(0, trains < 0 ? undefined : trains);
  const changes = before.map((statement) => changesIn(statement, variable));
  const last = changes.findLastIndex((count) => count > 0);
  const statements = block.slice(0, last + 1);
  return {
    name: within?.kind === 'function' ? `${within.name}.${variable}` : variable,
    variable,
    span,
    within,
    statements,
    making: new Set(statements.filter((statement) => !isDefinition(statement) && mentions(statement, variable))),
    isChanged: changes.reduce((sum, count) => sum + count, 0) > 1,
  };
}

const isNeeded = ({ kind, default: value }: FunctionDefinition['parameters'][number]): boolean =>
  !kind.endsWith('splat') && value === undefined;
const isDefinition = ({ kind }: Statement): boolean => kind === 'function' || kind === 'class';
const isLoop = ({ kind }: Statement): boolean => kind === 'for' || kind === 'while';

export function isMainGuard({ test }: StatementOf<'if'>): boolean {
  return test.kind === 'comparison' && mentions(test, '__name__');
}

/** The blocks inside a statement that belong to the same scope. */
export function blocksOf(statement: Statement): readonly (readonly Statement[])[] {
  switch (statement.kind) {
    case 'if':
    case 'for':
    case 'while':
      return [statement.body, statement.otherwise];
    case 'with':
      return [statement.body];
    case 'try':
      return [statement.body, ...statement.handlers.map(({ body }) => body), statement.otherwise, statement.final];
    default:
      return [];
  }
}

/** Names that the statements of one scope assign. */
export function assignedNames(block: readonly Statement[]): ReadonlySet<string> {
  const names = new Set<string>();
  const visit = (statement: Statement): void => {
    for (const inner of blocksOf(statement)) inner.forEach(visit);
    const targets =
      statement.kind === 'assignment'
        ? statement.targets
        : statement.kind === 'annotated' || statement.kind === 'for'
          ? [statement.target]
          : [];
    for (const target of targets.flatMap((each) =>
      each.kind === 'tuple' || each.kind === 'list' ? each.elements : [each],
    ))
      if (target.kind === 'name') names.add(target.name);
  };
  block.forEach(visit);
  return names;
}

interface AssignedCall {
  readonly variable: string;
  readonly span: SourceSpan;
  readonly isContainer: boolean;
}

/** Variables that are given the result of a call, each where it is first. */
function assignedCalls(block: readonly Statement[], isTop: boolean): readonly AssignedCall[] {
  const found = new Map<string, AssignedCall>();
  const visit = (statement: Statement): void => {
    if (isTop && statement.kind === 'if' && isMainGuard(statement)) return;
    for (const inner of blocksOf(statement)) inner.forEach(visit);
    if (statement.kind !== 'assignment' || statement.value.kind !== 'call') return;
    const [target] = statement.targets;
    if (target?.kind !== 'name' || found.has(target.name)) return;
    const { callee } = statement.value;
    const isContainer = (callee.kind === 'attribute' || callee.kind === 'name') && callee.name === 'Sequential';
    found.set(target.name, { variable: target.name, span: target.span, isContainer });
  };
  block.forEach(visit);
  return [...found.values()];
}

/** How many statements in one make a variable's model or change it. */
function changesIn(statement: Statement, variable: string): number {
  const inner = blocksOf(statement)
    .flat()
    .reduce((sum, each) => sum + changesIn(each, variable), 0);
  return inner + (changes(statement, variable) ? 1 : 0);
}

function changes(statement: Statement, variable: string): boolean {
  switch (statement.kind) {
    case 'assignment':
      return statement.targets.some((target) => rootOf(target) === variable) && !keepsModel(statement.value, variable);
    case 'annotated':
    case 'augmented':
      return rootOf(statement.target) === variable && statement.value !== undefined;
    case 'delete':
      return statement.targets.some((target) => rootOf(target) === variable);
    case 'expression': {
      const { expression } = statement;
      if (expression.kind !== 'call') return false;
      const { callee } = expression;
      if (callee.kind === 'attribute' && rootOf(callee) === variable) return !harmless.test(callee.name);
      const takesIt = expression.arguments.some(({ value }) => value.kind === 'name' && value.name === variable);
      return takesIt && callee.kind === 'name' && !harmless.test(callee.name);
    }
    default:
      return false;
  }
}

/** `model = model.to(device)`, `model = nn.DataParallel(model)`, `model = train(model, …)`. */
function keepsModel(value: Expression, variable: string): boolean {
  if (value.kind !== 'call') return false;
  const { callee } = value;
  if (callee.kind === 'attribute' && rootOf(callee) === variable) return harmless.test(callee.name);
  const takesIt = value.arguments.some((argument) => rootOf(argument.value) === variable);
  const name = callee.kind === 'name' || callee.kind === 'attribute' ? callee.name : '';
  return takesIt && (wrappers.test(name) || (callee.kind === 'name' && harmless.test(name)));
}

/** The name that a chain of attributes and items begins with. */
function rootOf(expression: Expression): string | undefined {
  switch (expression.kind) {
    case 'name':
      return expression.name;
    case 'attribute':
    case 'subscript':
      return rootOf(expression.object);
    default:
      return undefined;
  }
}

function some(node: unknown, test: (node: object) => boolean): boolean {
  if (typeof node !== 'object' || node === null) return false;
  if (!Array.isArray(node) && test(node)) return true;
  return Object.entries(node).some(([key, value]) => key !== 'span' && key !== 'nameSpan' && some(value, test));
}

/** Whether a text names something; strings and comments don't count, as the tree has neither as names. */
export function mentions(node: unknown, name: string): boolean {
  return some(node, (each) => 'kind' in each && each.kind === 'name' && 'name' in each && each.name === name);
}

function mentionsAttribute(node: unknown, name: string): boolean {
  return some(node, (each) => 'kind' in each && each.kind === 'attribute' && 'name' in each && each.name === name);
}
