// What the evaluator says that a program's names hold in the end, written so that it can be compared with what they held in
// CPython: a hole wherever it says nothing.

import { neverCancelled } from '../../server/src/common/cancellation.ts';
import { isUserDictionary, unknownBaseOf } from '../../server/src/frontends/python/evaluator/classes.ts';
import { builtinNames } from '../../server/src/frontends/python/evaluator/builtins.ts';
import { Interpreter } from '../../server/src/frontends/python/evaluator/interpreter.ts';
import { anyName, resolveDeferred } from '../../server/src/frontends/python/evaluator/modules.ts';
import { EvaluationStopped } from '../../server/src/frontends/python/evaluator/python-error.ts';
import { runModule } from '../../server/src/frontends/python/evaluator/run-module.ts';
import { partial } from '../../server/src/frontends/python/evaluator/partial-dictionary.ts';
import { describe } from '../../server/src/frontends/python/evaluator/text.ts';
import type { ModuleValue, PyValue, Scope } from '../../server/src/frontends/python/evaluator/machine.ts';
import { openLibraries } from '../../server/src/frontends/python/libraries/open-libraries.ts';
import { torchLibrary } from '../../server/src/frontends/python/libraries/torch/torch-library.ts';
import type { PythonParser } from '../../server/src/frontends/python/syntax/python-parser.ts';
import { defaultLimits } from '../../server/src/frontends/shared/frontend.ts';

/** `["i", "3"]`, `["l", [...]]`, `["?"]`: as scripts/soundness/cpython.py writes values too. */
export type Written = readonly [string, ...unknown[]];

export interface Claims {
  readonly names: ReadonlyMap<string, Written>;
  /** Whether there may be other names. */
  readonly isOpen: boolean;
  /** Exceptions that the evaluator says end the program. */
  readonly raises: readonly string[];
  /** A limit that ended the reading: nothing is said then. */
  readonly stopped?: string;
}

const hole: Written = ['?'];
/** What may not be there at all. */
const maybe: Written = ['m'];
/** Programs are short; one that is not is left to be. */
const limits = { ...defaultLimits, steps: 12_000, items: 100_000 };
const document = 'file:///program/program.py';

/** Runs a program in the evaluator; all that it says of its names. */
export function claimsOf(parser: PythonParser, text: string): Claims {
  const { library } = openLibraries([torchLibrary]);
  const reader = { roots: [], read: (): undefined => undefined };
  const interpreter = new Interpreter(parser, reader, limits, library, builtinNames, neverCancelled);
  const module: ModuleValue = {
    kind: 'module',
    name: 'program',
    document,
    names: new Map(),
    isModelled: false,
    deferred: new Map(),
  };
  const scope: Scope = { names: module.names, parent: undefined, module };
  try {
    runModule(interpreter, scope, parser.parse(document, text).body);
    resolveDeferred(interpreter, module);
  } catch (error) {
    if (!(error instanceof EvaluationStopped)) throw error;
    return { names: new Map(), isOpen: true, raises: [], stopped: error.message };
  }
  const span = { document, start: 0, end: 0 };
  const names = new Map<string, Written>();
  for (const [name, value] of module.names)
    if (!/^(__|<)/.test(name) && value.kind !== 'module')
      names.set(
        name,
        writtenValue(value, (each) => describe(interpreter, each, span)),
      );
  return {
    names,
    isOpen: module.names.has(anyName),
    raises: (interpreter.moduleFailures.get(document) ?? []).map(({ message }) => message),
  };
}

function writtenValue(value: PyValue, text: (value: PyValue) => string, depth = 0): Written {
  const inner = (item: PyValue): Written => writtenValue(item, text, depth + 1);
  switch (value.kind) {
    case 'none':
      return ['n'];
    case 'bool':
      return ['b', value.value];
    case 'int':
      return ['i', String(value.value)];
    case 'float':
      return ['f', text(value)];
    case 'string':
      return ['s', value.value];
    case 'list':
    case 'tuple':
      if (depth > 5 || (value.kind === 'list' && value.isKeys === true)) return hole;
      return [value.kind === 'list' ? 'l' : 't', value.items.map(inner)];
    case 'dict':
    case 'partial-dict':
      if (depth > 5) return hole;
      return [
        partial(value) ? 'p' : 'd',
        [...value.entries.values()].map((entry) => [inner(entry.key), inner(entry.value)]),
      ];
    case 'set':
      if (depth > 5) return hole;
      return ['u', [...value.entries.values()].map(inner)];
    case 'instance': {
      if (depth > 5 || value.class.attributes.has('__members__') || value.class.span === undefined) return hole;
      if (value.class.mro.some(({ attributes }) => attributes.has('__slots__'))) return hole;
      const parts: (readonly [string, Written])[] = [...value.attributes]
        .toSorted(([a], [b]) => (a < b ? -1 : 1))
        .map(([name, item]) => [name, inner(item)]);
      if (value.dictionary) parts.push([isUserDictionary(value.class) ? 'data' : '<items>', inner(value.dictionary)]);
      if (value.items) parts.push(['<items>', ['l', value.items.map(inner)]]);
      // A base that is not known may have set more.
      if ((unknownBaseOf(value.class) ?? value.mayHaveMore) !== undefined) parts.push(['<more>', maybe]);
      return ['o', value.class.name, parts];
    }
    case 'unknown':
      return 'isMaybe' in value ? maybe : hole;
    default:
      return hole;
  }
}

/** Why a value that was claimed is not the one that was seen, or undefined where it may be. */
function contradiction(claimed: Written, seen: unknown): string | undefined {
  if (claimed[0] === '?' || claimed[0] === 'm') return undefined;
  const [kind, content, parts] = claimed;
  if (!Array.isArray(seen)) return 'it is not there';
  if (seen[0] === '?') return undefined;
  const differs = `${JSON.stringify(claimed)} was claimed, ${JSON.stringify(seen)} seen`;
  if (seen[0] !== (kind === 'p' ? 'd' : kind)) return differs;
  switch (kind) {
    case 'l':
    case 't':
      return sequence(content as Written[], seen[1] as Written[], differs);
    case 'u': {
      const [one, other] = [content as Written[], seen[1] as Written[]];
      if (one.length !== other.length) return differs;
      const texts = new Set(other.map((item) => JSON.stringify(item)));
      return one.every((item) => item[0] === '?' || texts.has(JSON.stringify(item))) ? undefined : differs;
    }
    case 'd':
      return sequence((content as Written[][]).flat(), (seen[1] as Written[][]).flat(), differs);
    case 'p': {
      const pairs = content as [Written, Written][];
      const theirs = new Map((seen[1] as [Written, Written][]).map(([key, value]) => [JSON.stringify(key), value]));
      for (const [key, value] of pairs) {
        const other = theirs.get(JSON.stringify(key));
        if (other === undefined && value[0] === 'm') continue;
        const wrong = other === undefined ? differs : contradiction(value, other);
        if (wrong !== undefined) return wrong;
      }
      const keys = new Set(pairs.map(([key]) => JSON.stringify(key)));
      return [...theirs.keys()].every((key) => keys.has(key)) ? undefined : differs;
    }
    case 'o': {
      const theirs = new Map(seen[2] as [string, Written][]);
      const ours = new Map(parts as [string, Written][]);
      for (const [name, value] of ours) {
        const other = theirs.get(name);
        if (other === undefined && value[0] === 'm') continue;
        const wrong = other === undefined ? differs : contradiction(value, other);
        if (wrong !== undefined) return wrong;
      }
      return ours.has('<more>') || [...theirs.keys()].every((name) => ours.has(name)) ? undefined : differs;
    }
    case 'f': {
      // Powers and roots differ in the last digit between the libraries that compute them.
      const [one, other] = [Number(content), Number(seen[1])];
      const isClose = Math.abs(one - other) <= 4 * Number.EPSILON * Math.abs(other);
      return content === seen[1] || (isClose && one !== 0) ? undefined : differs;
    }
    default:
      return JSON.stringify(content) === JSON.stringify(seen[1]) ? undefined : differs;
  }
}

function sequence(claimed: readonly Written[], seen: readonly unknown[], differs: string): string | undefined {
  if (claimed.length !== seen.length) return differs;
  for (const [i, item] of claimed.entries()) {
    const wrong = contradiction(item, seen[i]);
    if (wrong !== undefined) return wrong;
  }
  return undefined;
}

/** One thing that the evaluator said of a program and that does not hold in every run of CPython that ends. */
export interface FalseClaim {
  readonly about: string;
  readonly why: string;
}

/** Holds claims against every run; null stands for a run that raised. */
export function falseClaims(claims: Claims, runs: readonly (Readonly<Record<string, unknown>> | null)[]): FalseClaim[] {
  const ended = runs.filter((run) => run !== null);
  if (claims.stopped !== undefined || ended.length === 0) return [];
  const found: FalseClaim[] = claims.raises.map((message) => ({ about: 'raise', why: message }));
  for (const [name, value] of claims.names) {
    for (const run of ended) {
      if (!(name in run) && value[0] === 'm') continue;
      const why = contradiction(value, run[name]);
      if (why !== undefined) {
        found.push({ about: name, why });
        break;
      }
    }
  }
  for (const run of claims.isOpen ? [] : ended)
    for (const name of Object.keys(run))
      if (!claims.names.has(name) && !found.some(({ about }) => about === name))
        found.push({ about: name, why: 'it was claimed not to be there' });
  return found;
}

/** How many of the values that every run agrees on are claimed: what is known of what can be known. */
export function knownShare(
  claims: Claims,
  runs: readonly (Readonly<Record<string, unknown>> | null)[],
): { readonly known: number; readonly knowable: number } {
  const [first, ...rest] = runs.filter((run) => run !== null);
  let [known, knowable] = [0, 0];
  for (const [name, value] of Object.entries(first ?? {})) {
    const text = JSON.stringify(value);
    if (text.includes('["?"]') || !rest.every((run) => JSON.stringify(run[name]) === text)) continue;
    knowable++;
    const claimed = claims.names.get(name);
    if (claimed !== undefined && !JSON.stringify(claimed).includes('["?"]') && claimed[0] !== 'm') known++;
  }
  return { known, knowable };
}
