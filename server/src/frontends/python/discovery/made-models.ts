// Models that a file makes and keeps: in a variable of its top level, of the main guard or of a function, or in an attribute
// of a class that trains; which statements make them. Only the syntax is looked at.

import type { SourceSpan } from '../../../common/source-span.ts';
import type { ClassDefinition, Expression, FunctionDefinition, Statement, StatementOf } from '../syntax/ast.ts';
import { constructorOf, isModuleClass, isNeeded, mayBeModel, returned, type Definitions } from './definitions.ts';
import { blocksOf } from '../syntax/assigned-names.ts';
import { attributesIn, mentionedNames } from '../syntax/mentioned-names.ts';
import { assignmentsIn, calleeName, callsIn, isMainGuard, mentions, mentionsAttribute } from './syntax-search.ts';
import { graphFunctions, makesGraphTensor, type GraphFunctions } from './graph-functions.ts';
import { isModelMaker } from './vocabulary.ts';
import { isWrapper, madeIn } from './written-calls.ts';

export interface KeptModel {
  /** `model`; of a function `main.model`; of a class that keeps it as `self.model`, `Trainer.model`; `nets["G"]`. */
  readonly name: string;
  /** What holds the model once the statements have run, with the place where it is first assigned. */
  readonly holder: Expression;
  readonly span: SourceSpan;
  /** The function, method or guard that makes it; undefined for the file's top level. */
  readonly within: FunctionDefinition | StatementOf<'if'> | undefined;
  /** The class whose method that is. */
  readonly owner: ClassDefinition | undefined;
  /** The statements up to the last one that makes it. */
  readonly statements: readonly Statement[];
  /** Those of them that the model depends on. */
  readonly making: ReadonlySet<Statement>;
  /** Those that put another model in its place, or may change it. */
  readonly changing: ReadonlySet<Statement>;
  /** Whether it is more than one call. */
  readonly isChanged: boolean;
  /** Whether the text tells that it is a model, or a class of this very file makes it. */
  readonly isLikely: boolean;
}

/** What source does with a module, and with nothing else, once it is made. It begins with the dot: there are fewer dots than words. */
const usesOfModules =
  /\.(?<=(\w+)\s*\.)\s*(?:(?:named_)?parameters|(?:named_)?modules|(?:named_)?children|state_dict|load_state_dict|add_module|requires_grad_|eval)\s*\(/g;
/** What source calls a model where nothing else tells. */
const usualNames =
  /^_?(?:(?:my|the|base|student|teacher|ema)_?)?(?:model|net|network|backbone|generator|discriminator|encoder|decoder|unet|classifier|detector|segmentor|module)(?:_?[A-Z0-9]\w*)?$|(?:_model|_net|Model|Net|_backbone)$/;
/** Methods and functions that leave a model's layers as they are. */
const harmless =
  /^(__call__|forward|train\w*|eval\w*|fit\w*|test\w*|run\w*|valid\w*|predict\w*|to|cuda|cpu|float|half|double|zero_grad|requires_grad_|(named_)?(parameters|modules|children|buffers)|state_dict|load\w*|save\w*|restore\w*|resume\w*|summary|print\w*|count\w*|plot\w*|log\w*|share_memory|compile|main)$/;

interface Place {
  readonly within: KeptModel['within'];
  readonly owner: ClassDefinition | undefined;
  readonly block: readonly Statement[];
}

/** A block's statements before its loop that trains, by what they mention: no model is looked for in all of them. */
class StatementsByMention {
  readonly #before: readonly Statement[];
  #byName: ReadonlyMap<string, readonly number[]> | undefined;
  #byAttribute: ReadonlyMap<string, readonly number[]> | undefined;

  constructor(block: readonly Statement[]) {
    const trains = block.findIndex((statement) => isTraining(statement, block));
    this.#before = block.slice(0, trains < 0 ? undefined : trains);
  }

  /** The statements that mention a name or, of two, the attribute of such a name; each with its place in the block. */
  of(root: readonly string[]): readonly (readonly [place: number, statement: Statement])[] {
    const places =
      root.length === 1
        ? (this.#byName ??= this.#placesBy(mentionedNames))
        : (this.#byAttribute ??= this.#placesBy(attributesIn));
    return (places.get(root.at(-1) ?? '') ?? []).flatMap((place) => {
      const statement = this.#before[place];
      return statement === undefined ? [] : [[place, statement] as const];
    });
  }

  #placesBy(words: (statement: Statement) => Iterable<string>): ReadonlyMap<string, readonly number[]> {
    const places = new Map<string, number[]>();
    for (const [place, statement] of this.#before.entries())
      for (const word of words(statement)) {
        const known = places.get(word);
        if (known) known.push(place);
        else places.set(word, [place]);
      }
    return places;
  }
}

/** The models of a file: of its top level, then of each guard, function and method. */
export function madeModels(body: readonly Statement[], text: string, definitions: Definitions): readonly KeptModel[] {
  const used = new Set([...text.matchAll(usesOfModules)].map((match) => match[1] ?? ''));
  const places = placesIn(body, definitions);
  const graphs = graphFunctions(body, text, definitions);
  const isGraph = ({ within }: Place): boolean => within?.kind === 'function' && graphs.all.get(within.name) === within;
  // What a function of tensors keeps is a step of its own, not a model.
  const programs = places.filter((place) => !isGraph(place));
  const kept = programs.flatMap((place) => modelsOf(place, keptValues(place, used, definitions)));
  if (!feedsGraph.test(text)) return kept;
  return [...kept, ...programs.flatMap((place) => modelsOf(place, lastTensor(place, graphs)))];
}

function modelsOf(place: Place, values: readonly KeptValue[]): readonly KeptModel[] {
  if (values.length === 0) return [];
  const statements = new StatementsByMention(place.block);
  return values.map((value) => madeModel(value, statements));
}

/** A text without this word makes no graph of its own inputs. */
const feedsGraph = /\bplaceholder(_with_default)?\b/;

/** The last tensor that the layers of a place make, where TensorFlow 1 builds a graph: the model's output. */
function lastTensor(place: Place, graphs: GraphFunctions): readonly KeptValue[] {
  let last: KeptValue | undefined;
  const visit = (statement: Statement): void => {
    for (const inner of blocksOf(statement)) inner.forEach(visit);
    const [first] = assignmentsIn(statement);
    if (first === undefined || !makesGraphTensor(first.value, graphs)) return;
    const root = rootOf(first.target);
    if (root !== undefined) last = { place, holder: first.target, root, isLikely: true };
  };
  place.block.forEach(visit);
  return last === undefined ? [] : [last];
}

/** Where a file keeps models that it makes when it is run. */
function placesIn(body: readonly Statement[], definitions: Definitions): readonly Place[] {
  const called = new Set<string>();
  for (const statement of body) {
    // What only calls itself is not called by the file.
    const isDefinition = statement.kind === 'function' || statement.kind === 'class';
    for (const name of mentionedNames(statement)) if (!isDefinition || statement.name !== name) called.add(name);
  }
  const inside = body.flatMap((statement): readonly Place[] => {
    if (statement.kind === 'if' && isMainGuard(statement))
      return [{ within: statement, owner: undefined, block: statement.body }];
    if (statement.kind === 'function') {
      const isStart = called.has(statement.name) || !statement.parameters.some(isNeeded);
      return isStart ? [{ within: statement, owner: undefined, block: statement.body }] : [];
    }
    if (statement.kind !== 'class' || isModuleClass(statement, definitions)) return [];
    const isMade =
      called.has(statement.name) || constructorOf(statement, definitions)?.parameters.slice(1).some(isNeeded) === false;
    const methods = statement.body.filter((each) => each.kind === 'function');
    return isMade ? methods.map((within) => ({ within, owner: statement, block: within.body })) : [];
  });
  return [{ within: undefined, owner: undefined, block: body }, ...inside];
}

interface KeptValue {
  readonly place: Place;
  readonly holder: Expression;
  /** The name or `self.name` that the holder is, or is an item of. */
  readonly root: readonly string[];
  readonly isLikely: boolean;
}

/** What the statements of a place keep that is a model, each where it is first. */
function keptValues(place: Place, used: ReadonlySet<string>, definitions: Definitions): readonly KeptValue[] {
  const { within, owner, block } = place;
  const self = owner && within?.kind === 'function' ? within.parameters[0]?.name : undefined;
  const found = new Map<string, KeptValue>();
  const isCertain = (value: Expression): boolean =>
    madeIn(value).some((call) => {
      const name = calleeName(call);
      const definition = call.callee.kind === 'name' ? definitions.get(name) : undefined;
      return isModelMaker(name) || (definition !== undefined && mayBeModel(definition, definitions));
    });
  const keep = (holder: Expression, value: Expression): void => {
    const root = rootOf(holder);
    const isOwn = root?.length === 1 ? owner === undefined : root?.length === 2 && root[0] === self;
    if (root === undefined || !isOwn) return;
    const name = root.at(-1) ?? '';
    const isLikely = isCertain(value) || used.has(name);
    // A call that nothing tells of may well make a model when it is kept as one.
    const isGuess = !isLikely && makesSomething(value) && usualNames.test(name);
    const key = keyOf(holder);
    if ((isLikely || isGuess) && !found.has(key)) found.set(key, { place, holder, root, isLikely });
  };
  const visit = (statement: Statement): void => {
    if (within === undefined && statement.kind === 'if' && isMainGuard(statement)) return;
    for (const inner of blocksOf(statement)) inner.forEach(visit);
    for (const { target, value } of assignmentsIn(statement)) {
      const items = itemsOf(target, value);
      if (items === undefined) {
        if (makesSomething(value) || madeIn(value).length > 0) keep(target, value);
      } else for (const [holder, item] of items) if (isCertain(item)) keep(holder, item);
    }
  };
  block.forEach(visit);
  return [...found.values()];
}

const makesSomething = (value: Expression): boolean => value.kind === 'call';

/** `nets["G"]` and `nets[0]` of a variable that is given a dictionary or a list. */
function itemsOf(target: Expression, value: Expression): readonly (readonly [Expression, Expression])[] | undefined {
  if (target.kind !== 'name' && target.kind !== 'attribute') return undefined;
  const item = (index: Expression, each: Expression): readonly [Expression, Expression] => [
    { kind: 'subscript', object: target, index, span: each.span },
    each,
  ];
  if (value.kind === 'dictionary')
    return value.entries.flatMap(({ key, value: each }) => (key?.kind === 'string' ? [item(key, each)] : []));
  if (value.kind !== 'list' && value.kind !== 'tuple') return undefined;
  return value.elements.map((each, i) =>
    item({ kind: 'number', value: i, isInteger: true, isPlaceless: true, span: each.span }, each),
  );
}

/** A holder as it is written in an entry's name. */
function keyOf(holder: Expression): string {
  switch (holder.kind) {
    case 'name':
      return holder.name;
    case 'attribute':
      return holder.name;
    case 'subscript': {
      const { object, index } = holder;
      const written =
        index.kind === 'string' ? JSON.stringify(index.value) : index.kind === 'number' ? index.value : '';
      return `${keyOf(object)}[${String(written)}]`;
    }
    default:
      return '';
  }
}

function madeModel(
  { place: { within, owner, block }, holder, root, isLikely }: KeptValue,
  mentioning: StatementsByMention,
): KeptModel {
  const found = mentioning.of(root);
  const counts = found.map(([, statement]) => changesIn(statement, root));
  const lastPlace = found[counts.findLastIndex((count) => count > 0)]?.[0] ?? -1;
  const owned = owner?.name ?? (within?.kind === 'function' ? within.name : undefined);
  return {
    name: owned === undefined ? keyOf(holder) : `${owned}.${keyOf(holder)}`,
    holder,
    span: holder.span,
    within,
    owner,
    // Of each model of a long file its own list would be as long as the file.
    get statements() {
      return block.slice(0, lastPlace + 1);
    },
    making: new Set(
      found.flatMap(([place, statement]) => (place <= lastPlace && !isDefinition(statement) ? [statement] : [])),
    ),
    changing: new Set(found.flatMap(([, statement], i) => ((counts[i] ?? 0) > 0 ? [statement] : []))),
    isChanged: counts.reduce((sum, count) => sum + count, 0) > 1,
    isLikely,
  };
}

const isDefinition = ({ kind }: Statement): boolean => kind === 'function' || kind === 'class';

/** Whether a statement is the loop that trains, by itself or by functions of the same block. */
export function isTraining(statement: Statement, block: readonly Statement[]): boolean {
  if (!isLoop(statement)) return false;
  if (mentionsAttribute(statement, 'backward')) return true;
  return block.some(
    (each) => each.kind === 'function' && mentions(statement, each.name) && mentionsAttribute(each, 'backward'),
  );
}

const isLoop = ({ kind }: Statement): boolean => kind === 'for' || kind === 'while';

/** Whether what a variable keeps is put into a list of layers, or into another module. */
function isCollected(body: readonly Statement[], name: string): boolean {
  return [...callsIn(body)].some(
    (call) =>
      /^(append|insert|add_module)$/.test(calleeName(call)) &&
      call.arguments.some(({ value }) => value.kind === 'name' && value.name === name),
  );
}

/** A part that a function makes for others is no model that a script trains. */
export function isPart({ within, holder }: KeptModel): boolean {
  const root = rootOf(holder)?.[0];
  const given = within?.kind === 'function' ? returned(within.body) : [];
  return (
    within?.kind === 'function' &&
    root !== undefined &&
    holder.kind === 'name' &&
    (given.some((value) => mentions(value, root)) || (given.length > 0 && isCollected(within.body, root)))
  );
}

/** How many statements in one make a holder's model or change it. */
function changesIn(statement: Statement, root: readonly string[]): number {
  const inner = blocksOf(statement)
    .flat()
    .reduce((sum, each) => sum + changesIn(each, root), 0);
  return inner + (changes(statement, root) ? 1 : 0);
}

function changes(statement: Statement, root: readonly string[]): boolean {
  switch (statement.kind) {
    case 'assignment':
    case 'annotated':
      return assignmentsIn(statement).some(({ target, value }) => beginsWith(target, root) && !keepsModel(value, root));
    case 'augmented':
      return beginsWith(statement.target, root);
    case 'delete':
      return statement.targets.some((target) => beginsWith(target, root));
    case 'expression': {
      const { expression } = statement;
      if (expression.kind !== 'call') return false;
      const { callee } = expression;
      if (callee.kind === 'attribute' && beginsWith(callee, root)) return !harmless.test(callee.name);
      const takesIt = expression.arguments.some(({ value }) => isSame(value, root));
      return takesIt && callee.kind === 'name' && !harmless.test(callee.name);
    }
    default:
      return false;
  }
}

/** `model = model.to(device)`, `model = nn.DataParallel(model)`, `model = train(model, …)`. */
function keepsModel(value: Expression, root: readonly string[]): boolean {
  if (value.kind !== 'call') return false;
  const { callee } = value;
  if (callee.kind === 'attribute' && beginsWith(callee, root)) return harmless.test(callee.name);
  const takesIt = value.arguments.some((argument) => beginsWith(argument.value, root));
  return takesIt && (isWrapper(value) || (callee.kind === 'name' && harmless.test(callee.name)));
}

/** The names that a chain of attributes and items begins with: `net` of `net.fc[0]`, `self.net` of `self.net.fc`. */
function rootOf(expression: Expression): readonly string[] | undefined {
  switch (expression.kind) {
    case 'name':
      return [expression.name];
    case 'attribute':
      return expression.object.kind === 'name' ? [expression.object.name, expression.name] : rootOf(expression.object);
    case 'subscript':
      return rootOf(expression.object);
    default:
      return undefined;
  }
}

/** Whether a chain begins with a holder's root. */
function beginsWith(expression: Expression, root: readonly string[]): boolean {
  const own = rootOf(expression);
  return own !== undefined && root.every((name, i) => own[i] === name);
}

function isSame(expression: Expression, root: readonly string[]): boolean {
  return (expression.kind === 'name' || expression.kind === 'attribute') && beginsWith(expression, root);
}
