// Where a training script has its loop: the optimizer and the model whose parameters it gets, the losses that gradients are
// taken of, and the optimizer's steps. Only the syntax is looked at; what is not certain is said, never guessed.

import type { Result } from '../../../common/problem.ts';
import { assignmentsIn, calleeName, callsIn } from '../discovery/syntax-search.ts';
import type { Expression, ExpressionOf, FunctionDefinition, Statement } from '../syntax/ast.ts';
import { expressionsOf } from '../syntax/expression-parts.ts';
import { areAlternatives, sees, type PlacedStatement, type Scope } from './placed-statements.ts';

export interface TakenLoss {
  readonly place: PlacedStatement;
  readonly loss: Expression;
}

export interface TrainingLoop {
  /** `model`, `self.net`: what the optimizer gets the parameters of. */
  readonly model: string;
  /** The first statement that hands the parameters on. */
  readonly optimizer: PlacedStatement;
  readonly losses: readonly TakenLoss[];
  readonly steps: readonly PlacedStatement[];
}

const optimizerNames = /optim|solver|(^|_)opt(_|$)/i;
/** Calls that give a model's parameters. */
const parameterCalls = /^(named_)?parameters$/;

/** The loop; a failure is a sentence that names the place which is in the way. */
export function findTrainingLoop(
  statements: readonly PlacedStatement[],
  text: string,
  line: (at: Statement) => string,
): Result<TrainingLoop> {
  const steps = statements.flatMap((place) => optimizerSteps(place, text));
  const losses = statements.flatMap((place) => takenLosses(place, text));
  const [firstStep] = steps;
  const [firstLoss] = losses;
  if (firstLoss === undefined) return no('no call of backward() was found');
  if (firstStep === undefined) return no('no step of an optimizer was found');
  const places = { losses: losses.map(({ place }) => place), steps: steps.map(({ place }) => place) };
  const double = firstPair(places.losses) ?? firstPair(places.steps);
  if (double !== undefined)
    return no(`${line(double[0].statement)} and ${line(double[1].statement)} both take gradients or steps`);
  const apart = places.losses.find(({ scope }) => !sees(scope, firstStep.place.scope));
  if (apart !== undefined)
    return no(
      `${line(apart.statement)} takes the gradients in another function than ${line(firstStep.place.statement)}`,
    );
  const optimizers = steps.flatMap(({ optimizer, place }) => optimizersOf(optimizer, place, statements, text));
  const [first, ...others] = [...new Set(optimizers)];
  if (first === undefined)
    return no(
      `it is not seen where the optimizer of ${line(firstStep.place.statement)} is made of a model’s parameters`,
    );
  const foreign = others.find((each) => each.model !== first.model);
  if (foreign !== undefined)
    return no(
      `the optimizers of ${line(first.place.statement)} and ${line(foreign.place.statement)} are of different models`,
    );
  return { ok: true, value: { model: first.model, optimizer: first.place, losses, steps: places.steps } };
}

function no(error: string): { readonly ok: false; readonly error: string } {
  return { ok: false, error };
}

/** Two of the places that may both be passed in one round. */
function firstPair(places: readonly PlacedStatement[]): readonly [PlacedStatement, PlacedStatement] | undefined {
  for (const [i, first] of places.entries())
    for (const second of places.slice(i + 1)) if (!areAlternatives(first, second)) return [first, second];
  return undefined;
}

/** What a statement's own expression is, as written. */
const textOf = (text: string, { span }: Expression): string => text.slice(span.start, span.end);

interface OptimizerStep {
  readonly place: PlacedStatement;
  readonly optimizer: Expression;
}

/** `optimizer.step()`, `scaler.step(optimizer)`. */
function optimizerSteps(place: PlacedStatement, text: string): readonly OptimizerStep[] {
  return expressionsOf(place.statement).flatMap((expression) =>
    [...callsIn(expression)].flatMap(({ callee, arguments: given }) => {
      if (callee.kind !== 'attribute' || callee.name !== 'step') return [];
      const optimizer = [given[0]?.value, callee.object].find(
        (each) => each !== undefined && optimizerNames.test(textOf(text, each)) && !/sched/i.test(textOf(text, each)),
      );
      return optimizer === undefined || isFunctionOf(optimizer) ? [] : [{ place, optimizer }];
    }),
  );
}

/** `optimizer.step(closure)` hands over no optimizer. */
const isFunctionOf = ({ kind }: Expression): boolean => kind === 'lambda';

/** `loss.backward()`, `scaler.scale(loss).backward()`, `accelerator.backward(loss)`. */
function takenLosses(place: PlacedStatement, text: string): readonly TakenLoss[] {
  return expressionsOf(place.statement).flatMap((expression) =>
    [...callsIn(expression)].flatMap(({ callee, arguments: given }) => {
      if (callee.kind !== 'attribute' || !/^(manual_)?backward$/.test(callee.name)) return [];
      const [handed] = given;
      if (handed?.kind === 'positional') return [{ place, loss: handed.value }];
      const { object } = callee;
      const isScaled = object.kind === 'call' && calleeName(object) === 'scale' && object.arguments[0] !== undefined;
      // `super().backward()` and the like are definitions, no losses.
      if (!isScaled && textOf(text, object).startsWith('super(')) return [];
      return [{ place, loss: isScaled ? (object.arguments[0]?.value ?? object) : object }];
    }),
  );
}

interface MadeOptimizer {
  readonly model: string;
  readonly place: PlacedStatement;
}

/** Where what a step calls an optimizer is made, here or by those who call the function. */
function optimizersOf(
  optimizer: Expression,
  step: PlacedStatement,
  statements: readonly PlacedStatement[],
  text: string,
): readonly MadeOptimizer[] {
  const names = namesOf(textOf(text, optimizer), step.scope, statements, text);
  return statements.flatMap((place) =>
    assignmentsIn(place.statement).flatMap(({ target, value }) => {
      const isIt = names.some(({ name, scope }) => name === textOf(text, target) && sees(scope, place.scope));
      return isIt ? madeOf(value, place, statements, text) : [];
    }),
  );
}

interface ScopedName {
  readonly name: string;
  readonly scope: Scope;
}

/** A value's name in its own function and, where that is a parameter, in the functions that call it. */
function namesOf(
  name: string,
  scope: Scope,
  statements: readonly PlacedStatement[],
  text: string,
): readonly ScopedName[] {
  // Attributes of one object are seen from all its methods.
  if (name.includes('.')) return methodsBeside(scope, statements).map((each) => ({ name, scope: each }));
  const found: ScopedName[] = [{ name, scope }];
  for (const each of found) {
    const { definition } = each.scope;
    const place = definition?.parameters.findIndex((parameter) => parameter.name === each.name) ?? -1;
    if (definition === undefined || place < 0) continue;
    for (const call of callsTo(definition, statements)) {
      const given = argumentAt(call.call, place, each.name);
      if (given === undefined) continue;
      const next = { name: textOf(text, given), scope: call.place.scope };
      if (!found.some((known) => known.name === next.name && known.scope === next.scope)) found.push(next);
    }
  }
  return found;
}

function methodsBeside(scope: Scope, statements: readonly PlacedStatement[]): readonly Scope[] {
  const { owner } = scope;
  if (owner === undefined) return [scope];
  return [...new Set(statements.map((place) => place.scope).filter((each) => each.owner === owner))];
}

/** Calls of a function by its name. */
export function callsTo(
  definition: FunctionDefinition,
  statements: readonly PlacedStatement[],
): readonly { readonly place: PlacedStatement; readonly call: ExpressionOf<'call'> }[] {
  return statements.flatMap((place) =>
    expressionsOf(place.statement).flatMap((expression) =>
      [...callsIn(expression)]
        .filter(({ callee }) => callee.kind === 'name' && callee.name === definition.name)
        .map((call) => ({ place, call })),
    ),
  );
}

function argumentAt({ arguments: given }: ExpressionOf<'call'>, place: number, name: string): Expression | undefined {
  const byName = given.find((each) => each.kind === 'keyword' && each.name === name);
  if (byName !== undefined) return byName.value;
  const before = given.slice(0, place + 1);
  return before.every(({ kind }) => kind === 'positional') ? before[place]?.value : undefined;
}

/** The model whose parameters a value is made of, and the first statement of the block that takes them. */
function madeOf(
  value: Expression,
  place: PlacedStatement,
  statements: readonly PlacedStatement[],
  text: string,
): readonly MadeOptimizer[] {
  const own = modelsIn(value, text);
  if (own !== undefined) return [{ model: own, place }];
  // `parameters = [p for p in model.parameters() …]; optimizer = SGD(parameters)`
  const named = [...callsIn(value)].flatMap(({ arguments: given }) => given.map((each) => each.value));
  for (const each of named) {
    if (each.kind !== 'name') continue;
    for (const earlier of statements) {
      if (earlier.scope !== place.scope || earlier.statement.span.start > place.statement.span.start) continue;
      const given = assignmentsIn(earlier.statement).find(({ target }) => textOf(text, target) === each.name);
      const model = given && modelsIn(given.value, text);
      if (model !== undefined) return [{ model, place: earlier }];
    }
  }
  return [];
}

/** The one model whose parameters an expression mentions: `model` of `model.backbone.parameters(), model.head.parameters()`. */
function modelsIn(value: Expression, text: string): string | undefined {
  const objects = [...callsIn(value)].flatMap(({ callee }) =>
    callee.kind === 'attribute' && parameterCalls.test(callee.name) ? [textOf(text, callee.object)] : [],
  );
  const paths = objects.map((each) => each.replace(/\.module$/, '').split('.'));
  const [first] = paths;
  if (first === undefined) return undefined;
  const shared = first.filter((_, place) =>
    paths.every((path) => path.slice(0, place + 1).join('.') === first.slice(0, place + 1).join('.')),
  );
  const model = shared.join('.');
  return model === '' || model === 'self' || !/^[\w.]+$/.test(model) ? undefined : model;
}
