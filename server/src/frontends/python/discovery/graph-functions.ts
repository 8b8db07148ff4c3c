// Models of TensorFlow 1 and TF-slim as their text tells of them: functions from tensors to tensors, called inside argument
// scopes, and the tensors that a program makes of its placeholders. Only the syntax is looked at.

import type { Expression, ExpressionOf, FunctionDefinition, Statement } from '../syntax/ast.ts';
import { blocksOf } from '../syntax/assigned-names.ts';
import { isNeeded, returned, type Definitions } from './definitions.ts';
import { assignmentsIn, calleeName, callsIn } from './syntax-search.ts';
import { textOf } from './written-calls.ts';

/** A text without these words is none of TensorFlow's. */
const isTensorFlow = /\b(tensorflow|tf_slim)\b/;
const graphModules = /^(tensorflow|tf_slim)(\.|$)/;
/** Functions that make layers with weights. */
const makesLayer =
  /^(conv[123]d(_transpose|_in_plane)?|convolution([123]d)?(_transpose)?|separable_conv(olution)?[12]?d|depthwise_conv2d|atrous_conv2d|fully_connected|dense|batch_norm(alization)?|xw_plus_b|get_variable|conv2d_same|stack_blocks_dense)$/;
/** Products with a matrix make a layer where a program has its own variables. */
const makesGraph = /^(matmul|bias_add|xw_plus_b)$/;

/** What a function of tensors has to be given beside its input, and is given where nobody says otherwise. */
const usualArguments: readonly (readonly [RegExp, string])[] = [
  [/^(is_)?(train|training|train_phase|phase|phase_train|training_phase|is_train|is_training)$/i, 'True'],
  [/^(dropout_|drop_)?keep_(prob|rate|probability)\w*$/i, '1.0'],
  [/^(reuse|scope|name|labels?|targets?|y_?|weight_decay)$/i, 'None'],
];

/** How a file speaks of TensorFlow: names that stand for its modules, and its functions by their own names. */
interface GraphWords {
  readonly modules: ReadonlySet<string>;
  readonly functions: ReadonlySet<string>;
  /** Modules of networks that others wrote: `from nets import resnet_v1`. */
  readonly nets: ReadonlySet<string>;
}

function graphWords(body: readonly Statement[]): GraphWords {
  const modules = new Set<string>();
  const functions = new Set<string>();
  const nets = new Set<string>();
  const visit = (statement: Statement): void => {
    for (const block of blocksOf(statement)) block.forEach(visit);
    if (statement.kind === 'import') {
      for (const { name, alias } of statement.names)
        if (graphModules.test(name)) modules.add(alias === '' ? (name.split('.')[0] ?? name) : alias);
    } else if (statement.kind === 'import-from') {
      for (const { name, alias } of statement.names ?? []) {
        const own = alias === '' ? name : alias;
        if (/(^|\.)nets(\.\w+)*$/.test(statement.module)) nets.add(own);
        else if (!graphModules.test(statement.module)) continue;
        else if (makesLayer.test(name)) functions.add(own);
        else modules.add(own);
      }
    } else
      for (const { target, value } of assignmentsIn(statement))
        if (target.kind === 'name' && value.kind === 'attribute' && modules.has(rootName(value))) {
          if (makesLayer.test(value.name)) functions.add(target.name);
          else modules.add(target.name);
        }
  };
  body.forEach(visit);
  return { modules, functions, nets };
}

function rootName(value: Expression): string {
  if (value.kind === 'name') return value.name;
  return value.kind === 'attribute' ? rootName(value.object) : '';
}

function isLayerCall(call: ExpressionOf<'call'>, words: GraphWords): boolean {
  const { callee } = call;
  if (callee.kind === 'name') return words.functions.has(callee.name);
  // `slim.repeat(net, 2, slim.conv2d, 64, 3)`
  if (callee.kind === 'attribute' && /^(repeat|stack)$/.test(callee.name))
    return call.arguments.some(({ value }) => value.kind === 'attribute' && makesLayer.test(value.name));
  return callee.kind === 'attribute' && words.modules.has(rootName(callee)) && makesLayer.test(callee.name);
}

/** The functions of a file that make layers of the tensor that they are given first. */
export interface GraphFunctions {
  readonly words: GraphWords;
  readonly all: ReadonlyMap<string, FunctionDefinition>;
  /** Those that no other one of the file calls. */
  readonly outermost: readonly FunctionDefinition[];
}

const noFunctions: GraphFunctions = {
  words: { modules: new Set(), functions: new Set(), nets: new Set() },
  all: new Map(),
  outermost: [],
};

export function graphFunctions(body: readonly Statement[], text: string, definitions: Definitions): GraphFunctions {
  if (!isTensorFlow.test(text)) return noFunctions;
  const words = graphWords(body);
  const calls = new Map(
    [...definitions.values()].flatMap((definition) => {
      if (definition.kind !== 'function' || returned(definition.body).length === 0) return [];
      const [first] = definition.parameters;
      if (first === undefined || !isNeeded(first)) return [];
      return [[definition, [...callsIn(definition.body)]] as const];
    }),
  );
  const all = new Map<string, FunctionDefinition>();
  for (const [definition, own] of calls)
    if (own.some((call) => isLayerCall(call, words))) all.set(definition.name, definition);
  // What calls one of them is one as well.
  for (let before = -1; before !== all.size;) {
    before = all.size;
    for (const [definition, own] of calls)
      if (own.some((call) => functionsOf(call).some((name) => all.has(name)))) all.set(definition.name, definition);
  }
  const called = new Set(
    [...all.values()].flatMap((definition) =>
      (calls.get(definition) ?? []).flatMap(functionsOf).filter((name) => name !== definition.name),
    ),
  );
  const free = [...all.values()].filter(({ name }) => !called.has(name) && !name.startsWith('_'));
  return { words, all, outermost: free };
}

/** The functions that a call runs: what it calls, and what is handed to `slim.repeat(net, 10, block35, scale=0.17)`. */
function functionsOf(call: ExpressionOf<'call'>): readonly string[] {
  const handed = /^(repeat|stack)$/.test(calleeName(call)) ? call.arguments.map(({ value }) => value) : [];
  return [call.callee, ...handed].flatMap((value) => (value.kind === 'name' ? [value.name] : []));
}

/** One model that is a function, as an entry names it. */
export interface GraphEntry {
  readonly name: string;
  readonly definition: FunctionDefinition | undefined;
  readonly at: number;
}

/**
 * The functions that a file calls as models, with the arguments that it gives them and the scopes that it calls them in:
 * `slim.arg_scope(lenet_arg_scope())(lenet)(num_classes=10)`.
 */
export function calledGraphs(
  body: readonly Statement[],
  { words, all, outermost }: GraphFunctions,
  definitions: Definitions,
  isFixed: (name: string) => boolean,
): readonly GraphEntry[] {
  if (words.modules.size === 0) return [];
  const usualScope = usualScopes(body, words, definitions);
  const found: GraphEntry[] = [];
  const visitCall = (
    call: ExpressionOf<'call'>,
    scopes: readonly string[],
    at: number,
    own: ReadonlySet<string>,
  ): void => {
    const { callee } = call;
    const definition = callee.kind === 'name' ? all.get(callee.name) : undefined;
    // A network that others wrote is given a tensor, which has a name.
    const isOthers =
      callee.kind === 'attribute' &&
      words.nets.has(rootName(callee)) &&
      !/scope$/.test(callee.name) &&
      call.arguments[0]?.value.kind === 'name';
    if ((definition === undefined || !outermost.includes(definition)) && !isOthers) return;
    const given = givenArguments(call, definition, (name) => isFixed(name) && !own.has(name));
    const text = textOf(callee);
    if (given === undefined || text === undefined) return;
    // What a function or method of the file calls is called in the scope that the file keeps for it, by somebody else.
    const around = scopes.length === 0 && own.size > 0 && definition ? usualScope(definition.name) : scopes;
    found.push({ name: inScopes(around, text) + argumentsText(given, around.length > 0), definition, at });
  };
  // What a function is given means nothing outside of it.
  const visit = (statement: Statement, scopes: readonly string[], own: ReadonlySet<string>): void => {
    if (statement.kind === 'function' || statement.kind === 'class') {
      const given = statement.kind === 'function' ? statement.parameters.map(({ name }) => name) : [];
      if (statement.kind === 'class' || !all.has(statement.name))
        for (const each of statement.body) visit(each, scopes, new Set([...own, ...given]));
      return;
    }
    for (const { value, target } of assignmentsIn(statement))
      if (value.kind === 'call') visitCall(value, scopes, target.span.start, own);
    if (statement.kind === 'return' && statement.value?.kind === 'call')
      visitCall(statement.value, scopes, statement.span.start, own);
    const inner =
      statement.kind === 'with'
        ? [...scopes, ...statement.items.flatMap(({ value }) => scopeText(value, isFixed) ?? [])]
        : scopes;
    for (const block of blocksOf(statement)) for (const each of block) visit(each, inner, own);
  };
  for (const statement of body) visit(statement, [], new Set());
  return found.filter(({ name }, i) => found.findIndex((other) => other.name === name) === i);
}

function scopeText(value: Expression, isFixed: (name: string) => boolean): string | undefined {
  if (value.kind !== 'call' || calleeName(value) !== 'arg_scope') return undefined;
  return isFixed(rootName(value.callee)) ? textOf(value) : undefined;
}

const inScopes = (scopes: readonly string[], own: string): string =>
  scopes.reduceRight((inner, scope) => `${scope}(${inner})`, own);

function argumentsText(given: ReadonlyMap<string, string>, isScoped: boolean): string {
  if (given.size === 0 && isScoped) return '';
  return `(${[...given].map(([name, value]) => `${name}=${value}`).join(', ')})`;
}

/** The arguments of a call beside its input, by name; undefined where they are not told by the text alone. */
function givenArguments(
  { arguments: given }: ExpressionOf<'call'>,
  definition: FunctionDefinition | undefined,
  isFixed: (name: string) => boolean,
): ReadonlyMap<string, string> | undefined {
  const [first, ...rest] = definition?.parameters ?? [];
  const written = new Map<string, string>();
  let place = 0;
  for (const { kind, name, value } of given) {
    if (kind.endsWith('splat')) return undefined;
    const own = kind === 'keyword' ? name : place === 0 ? '' : rest[place - 1]?.name;
    if (kind === 'positional') place++;
    if (own === '' || own === first?.name || (definition === undefined && own === 'inputs')) continue;
    if (own === undefined) return undefined;
    const isKnown = namesIn(value).every(isFixed);
    const text = isKnown ? textOf(value) : usualOf(own);
    if (text !== undefined) written.set(own, text);
    else if (definition === undefined || rest.some((parameter) => parameter.name === own && isNeeded(parameter)))
      return undefined;
  }
  return definition ? completed(definition, written) : written;
}

function namesIn(value: Expression): readonly string[] {
  const names: string[] = [];
  const visit = (node: unknown): void => {
    if (typeof node !== 'object' || node === null) return;
    if (!Array.isArray(node) && 'kind' in node && node.kind === 'name' && 'name' in node) names.push(String(node.name));
    for (const [key, each] of Object.entries(node)) if (key !== 'span') visit(each);
  };
  visit(value);
  return names;
}

const usualOf = (name: string): string | undefined => usualArguments.find(([words]) => words.test(name))?.[1];

/** The arguments with those that a function needs and is not given; undefined where nothing tells one of them. */
function completed(
  { parameters }: FunctionDefinition,
  given: ReadonlyMap<string, string>,
): ReadonlyMap<string, string> | undefined {
  const all = new Map(given);
  for (const parameter of parameters.slice(1)) {
    if (!isNeeded(parameter) || all.has(parameter.name)) continue;
    const usual = usualOf(parameter.name);
    if (usual === undefined) return undefined;
    all.set(parameter.name, usual);
  }
  return all;
}

/** The argument scope that a file keeps for a function of it: the one whose name begins most like it. */
function usualScopes(
  body: readonly Statement[],
  words: GraphWords,
  definitions: Definitions,
): (name: string) => readonly string[] {
  const scopes = [...definitions.values()].flatMap((definition) =>
    definition.kind === 'function' && /arg_scope$/.test(definition.name) && !definition.parameters.some(isNeeded)
      ? [definition.name]
      : [],
  );
  for (const statement of body)
    for (const { target } of assignmentsIn(statement))
      if (target.kind === 'name' && /arg_scope$/.test(target.name)) scopes.push(target.name);
  const [opener] = ['slim', 'contrib_slim', 'tf_slim'].filter((name) => words.modules.has(name));
  const manager =
    opener === undefined ? (words.modules.has('arg_scope') ? 'arg_scope' : undefined) : `${opener}.arg_scope`;
  return (name) => {
    const scope = scopes.toSorted((a, b) => shared(b, name) - shared(a, name))[0];
    return scope === undefined || manager === undefined ? [] : [`${manager}(${scope}())`];
  };
}

/** The functions that can be called with an input alone, in the argument scope that the file keeps for them. */
export function makeableGraphs(
  body: readonly Statement[],
  { words, outermost }: GraphFunctions,
  definitions: Definitions,
): readonly GraphEntry[] {
  const usualScope = usualScopes(body, words, definitions);
  return outermost.flatMap((definition): readonly GraphEntry[] => {
    const given = completed(definition, new Map());
    if (given === undefined || /arg_scope$/.test(definition.name)) return [];
    const inside = usualScope(definition.name);
    return [
      {
        name: inScopes(inside, definition.name) + argumentsText(given, inside.length > 0),
        definition,
        at: definition.span.start,
      },
    ];
  });
}

/** How many letters two names begin with alike. */
function shared(one: string, other: string): number {
  let count = 0;
  while (count < one.length && one[count] === other[count]) count++;
  return count;
}

/** `lenet.default_image_size = 28`: the side of the square images that a function is made for. */
export function statedSides(
  body: readonly Statement[],
): ReadonlyMap<string, { readonly side: number; readonly value: Expression }> {
  const sides = new Map<string, { readonly side: number; readonly value: Expression }>();
  for (const statement of body)
    for (const { target, value } of assignmentsIn(statement))
      if (
        target.kind === 'attribute' &&
        target.name === 'default_image_size' &&
        target.object.kind === 'name' &&
        value.kind === 'number'
      )
        sides.set(target.object.name, { side: value.value, value });
  return sides;
}

/** Whether a value is a tensor of the file's graph that layers make: the last one of a program is its output. */
export function makesGraphTensor(value: Expression, { words, all }: GraphFunctions): boolean {
  for (const call of callsIn(value)) {
    if (isLayerCall(call, words) && calleeName(call) !== 'get_variable') return true;
    if (call.callee.kind === 'name' && all.has(call.callee.name)) return true;
    if (
      call.callee.kind === 'attribute' &&
      words.modules.has(rootName(call.callee)) &&
      makesGraph.test(call.callee.name)
    )
      return true;
  }
  return false;
}

/** Whether an entry's text stands for a function of tensors, not for a call that makes a model. */
export function isGraphEntry(name: string, { all, words }: GraphFunctions): boolean {
  const root = /^\w+/.exec(name)?.[0] ?? '';
  return all.has(root) || words.nets.has(root) || /\barg_scope\(/.test(name);
}
