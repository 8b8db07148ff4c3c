// `if`, loops, `try`, `with` and `match`: which way the program goes. Where that is not known, all ways are followed (ways.ts).

import type { SourceSpan } from '../../../common/source-span.ts';
import type { Expression, Statement, StatementOf } from '../syntax/ast.ts';
import { assign } from './assignment.ts';
import { isSubclass, unknownBaseOf } from './classes.ts';
import { isHarmless } from './harmless-calls.ts';
import { noteLazyNames } from './lazy-packages.ts';
import type { Cause, ClassValue, End, Ending, Machine, RaisedException, PyValue, Scope } from './machine.ts';
import { setName } from './names.ts';
import { matches, namesOf } from './patterns.ts';
import { amongOf, none, unknown } from './values.ts';
import { arrived, exit } from './ends.ts';

/** So many ways that may have left a loop are kept apart; with more, the loop is one that runs no one knows how often. */
const mostBreaks = 8;

/** Why it is not known which way a test sends the program. */
export function causeOf(test: PyValue, span: SourceSpan): Cause {
  const reason =
    test.kind === 'unknown' ? test.reason : 'Which branch is taken here depends on the contents of a tensor';
  return { reason, span };
}

export function runIf(machine: Machine, scope: Scope, statement: StatementOf<'if'>): Ending | undefined {
  const test = machine.evaluate(scope, statement.test);
  const truth = machine.truth(test, statement.test.span);
  if (truth !== true && scope.names === scope.module.names) noteLazyNames(machine, scope.module, statement);
  if (truth !== undefined) {
    const [taken, other] = truth ? [statement.body, statement.otherwise] : [statement.otherwise, statement.body];
    // A program that goes on only with a device is meant for machines that have one.
    const isRefused = onlyRaises(taken) && asksForDevice(statement.test);
    return machine.runBlock(scope, isRefused ? other : taken);
  }
  machine.mayRaise();
  const end = machine.ways.follow(causeOf(test, statement.test.span), [
    () => machine.runBlock(scope, statement.body),
    () => machine.runBlock(scope, statement.otherwise),
  ]);
  return machine.ways.finish(end);
}

/** Whether statements do nothing but raise, perhaps after saying why. */
function onlyRaises(statements: readonly Statement[]): boolean {
  return (
    statements.at(-1)?.kind === 'raise' && statements.every(({ kind }) => kind === 'raise' || kind === 'expression')
  );
}

/** Whether a test asks whether a device is there: `torch.cuda.is_available()`, `not …`. */
function asksForDevice(test: Expression): boolean {
  if (test.kind === 'unary') return test.operator === 'not' && asksForDevice(test.operand);
  return test.kind === 'call' && test.callee.kind === 'attribute' && test.callee.name === 'is_available';
}

/** One round of a loop; ways that continue arrive at its end. */
function runRound(machine: Machine, cause: Cause, round: () => Ending | undefined): End {
  const { ways } = machine;
  const { mark } = ways;
  const end = ways.perform(round);
  const after = ways.arrive(cause, mark, end, ({ kind }) =>
    kind === 'normal' || kind === 'continue' ? none : undefined,
  );
  return after.kind === 'continue' ? arrived : after;
}

/** What follows a loop that ended somehow; ways that broke out of it arrive behind its `else`. */
function leaveLoop(
  machine: Machine,
  scope: Scope,
  end: End,
  otherwise: readonly Statement[],
  mark: number,
  cause: Cause,
): Ending | undefined {
  const { ways } = machine;
  let after: End = end;
  // What breaks out of the `else` breaks out of a loop around this one.
  ways.leaveBroken(mark);
  if (end.kind === 'exit') after = ways.perform(() => machine.runBlock(scope, otherwise));
  else if (end.kind === 'break') after = arrived;
  return ways.finish(
    ways.arrive(cause, mark, after, ({ kind }) => (kind === 'normal' || kind === 'exit' ? none : undefined)),
  );
}

export function runWhile(machine: Machine, scope: Scope, statement: StatementOf<'while'>): Ending | undefined {
  const { ways } = machine;
  const { mark } = ways;
  const { test, body, span } = statement;
  let end: End | undefined;
  let cause: Cause = { reason: 'How often this loop runs is not known', span: test.span };
  while (end === undefined) {
    const value = machine.evaluate(scope, test);
    const truth = machine.truth(value, test.span);
    if (truth === false) end = exit;
    else if (truth === undefined || ways.countWaiting(mark, 'break') > mostBreaks) {
      if (truth === undefined) cause = causeOf(value, test.span);
      machine.mayRaise();
      end = ways.repeat(cause, truth === undefined, () => {
        machine.tick(span);
        const after = runRound(machine, cause, () => machine.runBlock(scope, body));
        if (after.kind !== 'normal') return after;
        const again = machine.truth(machine.evaluate(scope, test), test.span);
        if (again === false) return exit;
        return again === undefined && truth === true ? ways.follow(cause, [() => exit, () => arrived]) : arrived;
      });
    } else {
      const after = runRound(machine, cause, () => machine.runBlock(scope, body));
      if (after.kind !== 'normal') end = after;
      machine.tick(span);
    }
  }
  return leaveLoop(machine, scope, end, statement.otherwise, mark, cause);
}

export function runFor(machine: Machine, scope: Scope, statement: StatementOf<'for'>): Ending | undefined {
  const { ways } = machine;
  const { mark } = ways;
  const { iterable, body, span } = statement;
  const value = machine.evaluate(scope, iterable);
  const items = machine.iterate(value, iterable.span);
  const cause = causeOf(
    'kind' in items ? items : unknown('How often this loop runs is not known', span),
    iterable.span,
  );
  const anyNumber = (item: PyValue): End => {
    machine.mayRaise();
    return ways.repeat(cause, true, () => {
      machine.tick(span);
      machine.mayRaise();
      return runRound(machine, cause, () => {
        assign(machine, scope, statement.target, item);
        return machine.runBlock(scope, body);
      });
    });
  };
  let end: End = exit;
  if ('kind' in items) end = anyNumber(items);
  else {
    const loop = machine.flow?.loop();
    // A list that grows while it is walked is walked to its new end, as in Python.
    for (let i = 0; i < items.length; i++) {
      machine.tick(span);
      const item = items[i];
      if (item === undefined) break;
      loop?.at(i);
      const after = runRound(machine, cause, () => {
        assign(machine, scope, statement.target, item);
        return machine.runBlock(scope, body);
      });
      if (after.kind !== 'normal') {
        end = after;
        break;
      }
      if (isLost(value) || ways.countWaiting(mark, 'break') > mostBreaks) {
        end = anyNumber(unknown(cause.reason, cause.span));
        break;
      }
    }
    loop?.end();
  }
  return leaveLoop(machine, scope, end, statement.otherwise, mark, cause);
}

/** Whether something that was known is not any more; what it is changes while it is held. */
function isLost(value: PyValue): boolean {
  return value.kind === 'unknown';
}

/**
 * Runs what may be left with an exception, what handles that, and what comes after all in any case. Where something not known may
 * raise anything, the handlers are followed from every place where it may have been raised.
 */
function protect(
  machine: Machine,
  cause: Cause,
  parts: {
    readonly body: () => Ending | undefined;
    readonly otherwise?: () => Ending | undefined;
    readonly handle: (error: RaisedException | undefined) => End;
    readonly after?: (end: End) => End;
  },
): End {
  const { ways } = machine;
  const after = parts.after ?? ((end: End): End => end);
  const before = ways.now(arrived);
  const { mark } = ways;
  const record = ways.begin();
  let end = ways.perform(() => machine.trying(parts.body));
  const isSimple = !ways.isWaited(mark, ({ kind }) => kind === 'raise' || parts.after !== undefined);
  if (isSimple) {
    ways.close(record);
    if (end.kind === 'normal' && parts.otherwise) end = ways.perform(parts.otherwise);
    else if (end.kind === 'raise') {
      const { error } = end;
      end = ways.perform(() => parts.handle(error));
    }
    return after(end);
  }
  if (end.kind === 'normal' && parts.otherwise) end = ways.perform(parts.otherwise);
  const { ended, raised, others } = ways.leaveTry(cause, mark, record, end, before);
  const known = raised.filter(({ end: each }) => each.kind === 'raise' && each.error);
  const any = raised.filter((each) => !known.includes(each));
  const starts = [...known, ...(any.length > 0 ? [ways.merged(cause, any, { kind: 'raise' })] : [])];
  const explored = [
    ...starts.map((start) =>
      ways.exploreFrom(start, () => {
        const error = start.end.kind === 'raise' ? start.end.error : undefined;
        return after(ways.perform(() => parts.handle(error)));
      }),
    ),
    ...(ended ? [ways.exploreFrom(ended, () => after(ended.end))] : []),
  ];
  const left = others.map((each) => ways.exploreFrom(each, () => after(each.end)));
  return ways.settle(
    cause,
    explored.map(({ outcome }) => outcome),
    [...[...explored, ...left].flatMap(({ inner }) => inner), ...left.map(({ outcome }) => outcome)],
  );
}

export function runTry(machine: Machine, scope: Scope, statement: StatementOf<'try'>): Ending | undefined {
  const { ways } = machine;
  const cause = { reason: 'What is not known here may raise an exception', span: statement.span };
  const { handlers, final } = statement;
  const enter = (handler: (typeof handlers)[number], error: RaisedException | undefined): Ending | undefined => {
    const lost = unknown(cause.reason, cause.span);
    if (handler.name !== undefined) setName(machine, scope, handler.name, error?.exception ?? lost);
    if (error) machine.handling.push(error);
    try {
      return machine.runBlock(scope, handler.body);
    } finally {
      if (error) machine.handling.pop();
    }
  };
  const handle = (error: RaisedException | undefined): End => {
    if (error) {
      const answers = handlers.map(({ type }) => handles(machine, scope, type, error.exception.class));
      const sure = answers.indexOf(true);
      const open = [...answers.entries()].filter(([i, answer]) => answer === undefined && (sure < 0 || i < sure));
      const certain = sure >= 0 ? handlers[sure] : undefined;
      if (open.length === 0) return certain ? ways.perform(() => enter(certain, error)) : { kind: 'raise', error };
      return ways.follow(cause, [
        ...open.flatMap(([i]) => handlers.slice(i, i + 1).map((handler) => () => enter(handler, error))),
        () => (certain ? enter(certain, error) : { kind: 'raise' as const, error }),
      ]);
    }
    const all = handlers.findIndex(({ type }) => isCatchAll(type));
    const candidates = all < 0 ? handlers : handlers.slice(0, all + 1);
    return ways.follow(cause, [
      ...(all < 0 ? [(): End => ({ kind: 'raise' })] : []),
      ...candidates.map((handler) => () => enter(handler, undefined)),
    ]);
  };
  const end = protect(machine, cause, {
    body: () => machine.runBlock(scope, statement.body),
    otherwise: () => machine.runBlock(scope, statement.otherwise),
    handle,
    ...(final.length > 0 && {
      after: (left: End): End => {
        const last = ways.perform(() => machine.runBlock(scope, final));
        return last.kind === 'normal' ? left : last;
      },
    }),
  });
  return ways.finish(end);
}

function isCatchAll(type: Expression | undefined): boolean {
  return type === undefined || (type.kind === 'name' && /^(Base)?Exception$/.test(type.name));
}

/** Whether a handler takes an exception; undefined where its type is not known. */
function handles(
  machine: Machine,
  scope: Scope,
  type: Expression | undefined,
  raised: ClassValue,
): boolean | undefined {
  if (type === undefined) return true;
  const wanted = machine.evaluate(scope, type);
  const classes = wanted.kind === 'tuple' ? wanted.items : [wanted];
  if (classes.some((candidate) => candidate.kind === 'class' && isSubclass(raised, candidate))) return true;
  return classes.some(({ kind }) => kind === 'unknown') || unknownBaseOf(raised) !== undefined ? undefined : false;
}

export function runWith(machine: Machine, scope: Scope, statement: StatementOf<'with'>): Ending | undefined {
  const enter = (place: number): Ending | undefined => {
    const item = statement.items[place];
    if (item === undefined) return machine.runBlock(scope, statement.body);
    const { span } = item.value;
    const manager = machine.evaluate(scope, item.value);
    const entering = manager.kind === 'instance' ? machine.method(manager, '__enter__', span) : undefined;
    const leaving = manager.kind === 'instance' ? machine.method(manager, '__exit__', span) : undefined;
    const entered = entering ? machine.callWith(entering, span) : manager;
    if (item.target) assign(machine, scope, item.target, entered);
    const mayKeep = manager.kind === 'unknown' && !(manager.path !== undefined && isHarmless(manager.path));
    if (leaving === undefined && !mayKeep) return enter(place + 1);
    const cause = causeOf(
      manager.kind === 'unknown' ? manager : unknown('What is not known here may raise an exception', span),
      span,
    );
    const leave = (...given: readonly PyValue[]): boolean | undefined =>
      leaving ? machine.truth(machine.callWith(leaving, span, ...given), span) : undefined;
    const { ways } = machine;
    const end = protect(machine, cause, {
      body: () => enter(place + 1),
      handle: (error) => {
        const lost = unknown(cause.reason, span);
        const isKept = leave(error?.exception.class ?? lost, error?.exception ?? lost, lost);
        if (isKept === undefined) return ways.follow(cause, [() => arrived, () => ({ kind: 'raise', error })]);
        return isKept ? { kind: 'exit' } : { kind: 'raise', error };
      },
      after: (left) => {
        // An exception was told to the manager when it was handled.
        if (left.kind === 'raise') return left;
        if (left.kind === 'exit') return arrived;
        const last = ways.perform(() => {
          leave(none, none, none);
          return undefined;
        });
        return last.kind === 'normal' ? left : last;
      },
    });
    return ways.finish(end);
  };
  return enter(0);
}

export function runMatch(machine: Machine, scope: Scope, statement: StatementOf<'match'>): Ending | undefined {
  const { ways } = machine;
  const subject = machine.evaluate(scope, statement.subject);
  const cause = causeOf(
    subject.kind === 'unknown' ? subject : unknown('Whether this case fits is not known', statement.span),
    statement.subject.span,
  );
  const from = (place: number): Ending | undefined => {
    const branch = statement.cases[place];
    if (branch === undefined) return undefined;
    const next = (): Ending | undefined => from(place + 1);
    const captures = new Map<string, PyValue>();
    const fits = matches(machine, scope, branch.pattern, subject, statement.span, captures);
    if (fits === false) return next();
    if (fits === undefined) {
      const lost = { ...unknown(cause.reason, cause.span), ...amongOf([subject]) };
      for (const name of namesOf(branch.pattern)) captures.set(name, lost);
    }
    const enter = (): Ending | undefined => {
      for (const [name, value] of captures) setName(machine, scope, name, value);
      const body = (): Ending | undefined => machine.runBlock(scope, branch.body);
      if (!branch.guard) return body();
      const test = machine.evaluate(scope, branch.guard);
      const truth = machine.truth(test, branch.guard.span);
      if (truth !== undefined) return truth ? body() : next();
      return ways.finish(ways.follow(causeOf(test, branch.guard.span), [body, next]));
    };
    return fits === true ? enter() : ways.finish(ways.follow(cause, [enter, next]));
  };
  return from(0);
}
