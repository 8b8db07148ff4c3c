// Python's `unittest` as far as a file of tests needs it, in the evaluator: each assertion notes whether it holds, does not, or
// is not known, by the place where it is written.

import type { SourceSpan } from '../../server/src/common/source-span.ts';
import { isSubclass, nativeClass } from '../../server/src/frontends/python/evaluator/classes.ts';
import type { Arguments, Machine, ModuleValue, PyValue } from '../../server/src/frontends/python/evaluator/machine.ts';
import { importModule } from '../../server/src/frontends/python/evaluator/modules.ts';
import { compare, equal } from '../../server/src/frontends/python/evaluator/operators.ts';
import { PythonError } from '../../server/src/frontends/python/evaluator/python-error.ts';
import { builtin, none, unknown } from '../../server/src/frontends/python/evaluator/values.ts';

/** `unseen`: an error that CPython raises and the evaluator does not tell of. */
export type Outcome = 'holds' | 'unknown' | 'unseen' | 'false';

/** What was found at each place of an assertion; the worst of what it was run with. */
export class Findings {
  readonly byPlace = new Map<number, Outcome>();
  readonly #document: string;

  /** Of the assertions in one document: tests share others. */
  constructor(document: string) {
    this.#document = document;
  }

  note(machine: Machine, { document, start }: SourceSpan, found: boolean | 'unseen' | undefined): void {
    if (document !== this.#document) return;
    const known: Outcome = found === true ? 'holds' : found === false ? 'false' : 'unseen';
    // In one of several ways it is not known whether the assertion is reached.
    const outcome: Outcome = found === undefined || machine.ways.isExploring ? 'unknown' : known;
    const before = this.byPlace.get(start);
    if (before === undefined || severity.indexOf(outcome) > severity.indexOf(before)) this.byPlace.set(start, outcome);
  }
}

/** The worst is the last. */
const severity: readonly Outcome[] = ['holds', 'unknown', 'unseen', 'false'];

type Check = (machine: Machine, args: readonly PyValue[], span: SourceSpan) => boolean | undefined;

const not =
  (check: Check): Check =>
  (machine, args, span) => {
    const answer = check(machine, args, span);
    return answer === undefined ? undefined : !answer;
  };

const compared =
  (operator: Parameters<typeof compare>[1]): Check =>
  (machine, [one = none, other = none], span) =>
    machine.truth(compare(machine, operator, one, other, span), span);

const equals: Check = (machine, [one = none, other = none], span) => equal(machine, one, other, span);
const isTrue: Check = (machine, [value = none], span) => machine.truth(value, span);
const isNone: Check = (_, [value = none]) => (value.kind === 'unknown' ? undefined : value.kind === 'none');
const isInstance: Check = (machine, [value = none, type = none], span) => {
  const call = machine.builtins.get('isinstance');
  return call && machine.truth(machine.callWith(call, span, value, type), span);
};

const checks: Readonly<Record<string, Check>> = {
  assertEqual: equals,
  assertListEqual: equals,
  assertTupleEqual: equals,
  assertDictEqual: equals,
  assertSetEqual: equals,
  assertSequenceEqual: equals,
  assertMultiLineEqual: equals,
  assertNotEqual: not(equals),
  assertTrue: isTrue,
  assertFalse: not(isTrue),
  assertIs: compared('is'),
  assertIsNot: compared('is not'),
  assertIn: compared('in'),
  assertNotIn: compared('not in'),
  assertLess: compared('<'),
  assertLessEqual: compared('<='),
  assertGreater: compared('>'),
  assertGreaterEqual: compared('>='),
  assertIsNone: isNone,
  assertIsNotNone: not(isNone),
  assertIsInstance: isInstance,
  assertNotIsInstance: not(isInstance),
};

/** The module `unittest`, whose assertions tell what they find. */
export function unittestModule(findings: Findings): ModuleValue {
  const method = (
    name: string,
    call: (machine: Machine, args: Arguments, span: SourceSpan) => PyValue,
  ): readonly [string, PyValue] => [
    name,
    builtin(
      name,
      (machine, { positional: [, ...positional], keywords }, span) => call(machine, { positional, keywords }, span),
      true,
    ),
  ];
  const asserted = Object.entries(checks).map(([name, check]) =>
    method(name, (machine, { positional }, span) => {
      findings.note(machine, span, check(machine, positional, span));
      return none;
    }),
  );
  const raises = ['assertRaises', 'assertRaisesRegex'].map((name) =>
    method(name, (machine, args, span) => {
      const [wanted = none, ...rest] = args.positional;
      const [callee, ...given] = name === 'assertRaises' ? rest : rest.slice(1);
      if (callee === undefined) return raisesContext(findings, wanted, span);
      try {
        const result = machine.guarded(() =>
          machine.call(callee, { positional: given, keywords: args.keywords }, span),
        );
        findings.note(machine, span, result.kind === 'unknown' ? undefined : 'unseen');
      } catch (error) {
        if (!(error instanceof PythonError)) throw error;
        findings.note(machine, span, isWanted(error.exception.class, wanted));
      }
      return none;
    }),
  );
  const nothing = nativeClass('context', [], [method('__enter__', () => none), method('__exit__', () => none)]);
  const testCase = nativeClass(
    'TestCase',
    [],
    [
      ...asserted,
      ...raises,
      ...['setUp', 'tearDown', 'addCleanup', 'setUpClass', '__init__'].map((name) => method(name, () => none)),
      method('subTest', (machine, _, span) => machine.callWith(nothing, span)),
      method('fail', (machine, _, span) => {
        // It stands where an error was to be raised before.
        findings.note(machine, span, 'unseen');
        return none;
      }),
    ],
  );
  const passing = (name: string): PyValue =>
    builtin(name, () => builtin(name, (_, { positional: [made = none] }) => made));
  return {
    kind: 'module',
    name: 'unittest',
    document: '',
    isModelled: true,
    names: new Map<string, PyValue>([
      ['TestCase', testCase],
      ['skipIf', passing('skipIf')],
      ['skipUnless', passing('skipUnless')],
      ['skip', dropping('skip')],
      ['expectedFailure', builtin('expectedFailure', (_, _args, span) => unknown('It is not run', span))],
    ]),
  };
}

const dropping = (name: string): PyValue =>
  builtin(name, () => builtin(name, (_, _args, span) => unknown('It is not run', span)));

/** Decorators of CPython's own `test.support` that leave a test as it is. */
const plainMarks = 'cpython_only no_tracing requires_IEEE_754 refcount_test requires_docstrings';
/** Those that are called first. */
const calledMarks =
  'impl_detail anticipate_failure run_with_locale run_with_tz requires_subprocess requires_fork requires_resource skip_if_sanitizer skip_if_buildbot';

/** The package `test`: what its `support` does for a test that is only read. Other modules of it come from their text. */
export function supportModules(): ReadonlyMap<string, ModuleValue> {
  const modelled = (name: string, names: readonly (readonly [string, PyValue])[]): ModuleValue => ({
    kind: 'module',
    name,
    document: '',
    isModelled: true,
    names: new Map(names),
  });
  const same = builtin('mark', (_, { positional: [made = none] }) => made);
  // The module under its usual name, whichever of its implementations is asked for.
  const fresh = builtin('import_module', (machine, { positional: [name = none] }, span) => {
    const module = name.kind === 'string' ? importModule(machine, name.value, span) : undefined;
    return module ?? unknown('This module is not modelled', span);
  });
  const helper = modelled('test.support.import_helper', [
    ['import_fresh_module', fresh],
    ['import_module', fresh],
  ]);
  const support = modelled('test.support', [
    ['import_helper', helper],
    ...plainMarks.split(' ').map((name) => [name, same] as const),
    ...calledMarks.split(' ').map((name) => [name, builtin(name, () => same)] as const),
    ...['bigmemtest', 'bigaddrspacetest'].map((name) => [name, dropping(name)] as const),
  ]);
  return new Map([
    ['test', modelled('test', [['support', support]])],
    ['test.support', support],
    ['test.support.import_helper', helper],
  ]);
}

function isWanted(type: PyValue, wanted: PyValue): boolean | undefined {
  const classes = wanted.kind === 'tuple' ? wanted.items : [wanted];
  if (type.kind !== 'class') return undefined;
  if (classes.some((each) => each.kind === 'class' && isSubclass(type, each))) return true;
  return classes.every(({ kind }) => kind === 'class') ? false : undefined;
}

/** `with self.assertRaises(...)`: left in several ways where what its body does is not known. */
function raisesContext(findings: Findings, wanted: PyValue, span: SourceSpan): PyValue {
  let isOpen = false;
  const leave = builtin(
    '__exit__',
    (machine, { positional: [, type = none] }) => {
      isOpen ||= type.kind === 'unknown' || machine.ways.isExploring;
      findings.note(machine, span, isOpen ? undefined : type.kind === 'none' ? 'unseen' : isWanted(type, wanted));
      return type.kind === 'none' ? none : { kind: 'bool', value: true };
    },
    true,
  );
  const enter = builtin('__enter__', (_, { positional: [self = none] }) => self, true);
  const type = nativeClass(
    'raises',
    [],
    [
      ['__enter__', enter],
      ['__exit__', leave],
    ],
  );
  const lost = unknown('Which exception this is is not known', span);
  return {
    kind: 'instance',
    class: type,
    attributes: new Map<string, PyValue>([['exception', lost]]),
    site: { span, callChain: [] },
  };
}
