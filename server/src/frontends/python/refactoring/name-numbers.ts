// Gives numbers names of their own: at the expression that gives a number its function takes a parameter whose default is
// what stands there today, the parameter is passed down the calls that led there, through loops as a list with an item a
// round, and the function where only one model comes by writes the numbers down.

import type { Result } from '../../../common/problem.ts';
import type { SourceSpan } from '../../../common/source-span.ts';
import type { TracedCall } from '../../shared/traced-calls.ts';
import type { NamedNumbers, NamedPlace, NamingRequest, TextEdit } from '../../shared/named-numbers.ts';
import type { Expression, ExpressionOf, FunctionDefinition, Statement } from '../syntax/ast.ts';
import {
  comparedFrom,
  findCall,
  findExpression,
  isSameProduct,
  type FoundExpression,
  type Loop,
} from './function-text.ts';
import { newlineOf, placeForOneMore } from './pieces.ts';
import { writtenArguments, writtenValue, type Arguments, type PassedList, type PassedValue } from './written-values.ts';

/** What the refactoring reads. */
export interface FunctionTexts {
  textOf(document: string): string | undefined;
  /** The function that is defined at a span. */
  functionAt(definition: SourceSpan): FunctionDefinition | undefined;
  /** What a document does outside all functions, as a function without parameters. */
  moduleOf(document: string): FunctionDefinition | undefined;
}

/** Why a number can't get a name, in words. */
class NotNamed extends Error {}

export function nameNumbers(request: NamingRequest, texts: FunctionTexts): Result<NamedNumbers> {
  try {
    return { ok: true, value: new Naming(request, texts).run() };
  } catch (error) {
    if (error instanceof NotNamed) return { ok: false, error: error.message };
    throw error;
  }
}

/** Rounds of loops as a key. */
type Rounds = readonly number[];

interface FunctionToChange {
  readonly definition: FunctionDefinition;
  readonly text: string;
  readonly calls: readonly TracedCall[];
  readonly places: NamedPlace[];
  /** What calls out of this function are to pass, by the text of the call. */
  readonly sites: Map<string, Site>;
  readonly names: Set<string>;
  /** Parameters that it gets, with what each of its calls is to be given. */
  readonly added: Map<string, AddedParameter>;
  /** What is compared in it with a number that got a name: that of the parameter which is given most often. */
  readonly compared: Map<string, { readonly span: SourceSpan; readonly name: string; readonly times: number }>;
}

interface AddedParameter {
  readonly written: string;
  readonly values: Map<number, PassedValue | undefined>;
}

interface Site {
  readonly span: SourceSpan;
  readonly called: string;
  /** By the call that it is made in: the rounds and what is passed. */
  readonly passed: Map<number, { readonly rounds: Rounds; readonly values: Arguments | undefined }[]>;
}

interface Change {
  readonly edit: TextEdit;
  readonly isNumber: boolean;
  /** What is written in place of the edit's text where the numbers are. */
  readonly withNumbers?: string | undefined;
}

class Naming {
  readonly #request: NamingRequest;
  readonly #texts: FunctionTexts;
  /** Without what ran before the model was made at the same place: a program comes by there once. */
  readonly #calls: readonly TracedCall[];
  readonly #functions = new Map<string, FunctionToChange>();
  /** What stands outside all functions, by document. */
  readonly #modules = new Map<string, FunctionToChange>();
  readonly #changes: Change[] = [];
  readonly #counters = new Map<Loop, { readonly name: string; readonly first: number }>();

  constructor(request: NamingRequest, texts: FunctionTexts) {
    this.#request = request;
    this.#texts = texts;
    this.#calls = this.#callsOfTheModel();
  }

  run(): NamedNumbers {
    for (const place of this.#request.places) {
      const [first] = place.values;
      if (first !== undefined) this.#functionOf(this.#call(first.at.call)).places.push(place);
    }
    // What is called is changed before what calls it; a function that calls itself has no such order.
    const done = new Set<FunctionToChange>();
    for (;;) {
      const open = [...this.#functions.values(), ...this.#modules.values()].filter((one) => !done.has(one));
      const next =
        open.find((one) => !open.some((other) => other !== one && this.#isCalledFrom(other, one))) ?? open[0];
      if (next === undefined) break;
      done.add(next);
      this.#change(next);
    }
    const refactoring = this.#changes.filter(({ isNumber }) => !isNumber).map(({ edit }) => edit);
    const edits = this.#changes.map(({ edit, withNumbers = edit.newText }) => ({ ...edit, newText: withNumbers }));
    return { refactoring: merged(refactoring), edits: merged(edits) };
  }

  #callsOfTheModel(): readonly TracedCall[] {
    const { calls, places } = this.#request;
    const rootOf: number[] = [];
    for (const { id, parent } of calls) rootOf[id] = parent === undefined ? id : (rootOf[parent] ?? id);
    const roots = new Set(places.flatMap(({ values }) => values.map(({ at }) => rootOf[at.call])));
    const sites = new Set(calls.filter(({ id }) => roots.has(id)).map(({ site }) => keyOf(site)));
    return calls.filter(({ id }) => {
      const root = calls[rootOf[id] ?? id];
      return root === undefined || roots.has(root.id) || !sites.has(keyOf(root.site));
    });
  }

  #call(id: number): TracedCall {
    const call = this.#request.calls[id];
    if (call === undefined) throw new Error(`No call ${String(id)}`);
    return call;
  }

  #functionOf({ body, name }: TracedCall): FunctionToChange {
    const key = keyOf(body);
    const known = this.#functions.get(key);
    if (known !== undefined) return known;
    if (!this.#request.isEditable(body.document))
      throw new NotNamed(`its layers are made by ${name} of a library, which is not yours to edit`);
    const definition = this.#texts.functionAt(body);
    const text = this.#texts.textOf(body.document);
    if (definition === undefined || text === undefined) throw new NotNamed(`${name} is no function of the source`);
    const made: FunctionToChange = {
      definition,
      text,
      calls: this.#calls.filter((call) => keyOf(call.body) === key),
      places: [],
      sites: new Map(),
      names: new Set(text.slice(body.start, body.end).match(/[\p{L}\p{N}_]+/gu)),
      added: new Map(),
      compared: new Map(),
    };
    this.#functions.set(key, made);
    return made;
  }

  /** The text around a call outside all functions; undefined where the call is no text of the user's. */
  #moduleAt({ site }: TracedCall): FunctionToChange | undefined {
    const known = this.#modules.get(site.document);
    if (known !== undefined) return findCall(known.definition, site) && known;
    const text = this.#texts.textOf(site.document);
    const definition = this.#texts.moduleOf(site.document);
    if (text === undefined || definition === undefined || findCall(definition, site) === undefined) return undefined;
    if (!this.#request.isEditable(site.document)) return undefined;
    const names = new Set(text.match(/[\p{L}\p{N}_]+/gu));
    const made: FunctionToChange = {
      definition,
      text,
      calls: [],
      places: [],
      sites: new Map(),
      names,
      added: new Map(),
      compared: new Map(),
    };
    this.#modules.set(site.document, made);
    return made;
  }

  /** Whether some call of a function was made, directly or not, in a call of another one. */
  #isCalledFrom(inner: FunctionToChange, outer: FunctionToChange): boolean {
    if (this.#isModule(outer)) return !this.#isModule(inner);
    const key = keyOf(outer.definition.span);
    return inner.calls.some((call) => {
      for (let { parent } = call; parent !== undefined; { parent } = this.#call(parent)) {
        if (keyOf(this.#call(parent).body) === key) return true;
      }
      return false;
    });
  }

  /** Numbers are written where only one call comes by, and no other model's; or where there is nobody to ask. */
  #writesNumbers(one: FunctionToChange): boolean {
    if (this.#isModule(one)) return true;
    const [only, ...others] = one.calls;
    if (only === undefined || others.length > 0) return false;
    // A builder is where numbers are written, sooner or later; a constructor can take them.
    const isBuilder = this.#callerOf(only) === undefined && one.definition.name !== '__init__';
    if (this.#request.isForLater) return isBuilder;
    if (this.#isChosenFromTable(only)) return true;
    const isLast = only.parent === undefined && this.#moduleAt(only) === undefined;
    return isLast || this.#request.isOnlyOurs(one.definition.span);
  }

  /** Whether a function was looked up where it is called, `builders[name]()`: others come by there on other days. */
  #isChosenFromTable(call: TracedCall): boolean {
    const caller = this.#callerOf(call);
    const callee = caller && findCall(caller.definition, call.site)?.expression.callee;
    return callee?.kind === 'subscript' || callee?.kind === 'call';
  }

  #isModule(one: FunctionToChange): boolean {
    return this.#modules.get(one.definition.span.document) === one;
  }

  #change(one: FunctionToChange): void {
    const isLast = this.#writesNumbers(one);
    for (const group of groupedPlaces(one.places)) this.#changePlaces(one, group, isLast);
    for (const { span, name } of one.compared.values()) this.#replace(one, span, name, false);
    for (const sites of this.#groupedSites(one)) this.#changeSites(one, sites, isLast);
    if (isLast || one.added.size === 0) return;
    // Where nobody calls, the numbers are tried out as defaults; they are not kept.
    const [only] = one.calls;
    const isUncalled = this.#request.isForLater && one.calls.length === 1 && only && !this.#callerOf(only);
    for (const [name, { written, values }] of one.added) {
      const value = isUncalled ? values.get(only.id) : undefined;
      const numbered = value === undefined ? undefined : `${name}=${writtenValue(value, '', newlineOf(one.text))}`;
      this.#addParameter(one, written, numbered);
    }
    if (isUncalled) return;
    for (const call of one.calls) {
      const values = new Map<string, PassedValue>();
      for (const [name, parameter] of one.added) {
        const value = parameter.values.get(call.id);
        if (value !== undefined) values.set(name, value);
      }
      if (values.size === 0) continue;
      this.#pass(call, values);
    }
    // Calls that are given nothing have their places in the lists all the same.
    for (const call of one.calls) {
      if (
        call.parent === undefined ||
        [...one.added.values()].some((parameter) => parameter.values.get(call.id) !== undefined)
      )
        continue;
      const passed = this.#functions.get(keyOf(this.#call(call.parent).body))?.sites.get(keyOf(call.site))?.passed;
      passed?.get(call.parent)?.push({ rounds: call.rounds, values: undefined });
    }
  }

  #pass(call: TracedCall, values: ReadonlyMap<string, PassedValue>): void {
    const caller = this.#callerOf(call);
    if (caller === undefined) {
      throw new NotNamed(`${call.name} is called in several places, so that its numbers have no place of their own`);
    }
    const site = caller.sites.get(keyOf(call.site)) ?? noSite(call);
    caller.sites.set(keyOf(call.site), site);
    const parent = call.parent ?? outsideFunctions;
    const passed = site.passed.get(parent) ?? [];
    passed.push({ rounds: call.rounds, values: { kind: 'arguments', values } });
    site.passed.set(parent, passed);
  }

  #callerOf(call: TracedCall): FunctionToChange | undefined {
    return call.parent === undefined ? this.#moduleAt(call) : this.#functionOf(this.#call(call.parent));
  }

  // Places

  #changePlaces(one: FunctionToChange, places: readonly NamedPlace[], isLast: boolean): void {
    const [first] = places;
    if (first === undefined) return;
    const found = places.map((place) => {
      const expression = findExpression(one.definition, place.span);
      if (expression === undefined)
        throw new NotNamed(`What gives ${place.layer} its width can't be taken out of ${one.definition.name}`);
      return expression;
    });
    const [sample] = found;
    if (sample === undefined) return;
    const depth = first.values[0]?.at.rounds.length ?? 0;
    if (found.some(({ loops }) => loops.length !== depth))
      throw new NotNamed(`${first.layer} is made in a loop that is no list of rounds`);
    const values = new Map<number, PassedValue | undefined>();
    for (const call of new Set(first.values.map(({ at }) => at.call))) {
      const own = first.values.filter(({ at }) => at.call === call);
      if (own.every(({ value }) => value === undefined)) continue;
      values.set(
        call,
        nested(
          own.map(({ at, value }) => [at.rounds, value] as const),
          'None',
        ),
      );
    }
    const only = [...values.values()][0];
    if (isLast && depth === 0) {
      for (const { expression } of found)
        this.#replace(one, expression.span, typeof only === 'number' ? String(only) : '', true);
      return;
    }
    const assigned = assignedName(sample);
    const isParameter = one.definition.parameters.some(({ name }) => name === assigned);
    // In a loop the variable would take the place of the list.
    const name =
      found.length === 1 &&
      assigned !== undefined &&
      !isParameter &&
      !isLast &&
      depth === 0 &&
      isAssignedOnce(one, assigned)
        ? assigned
        : this.#newName(one, `${first.layer}_width`);
    if (isLast) {
      this.#insertStatement(one, sample.top, `${name} = `, only, true);
      for (const { expression, loops } of found) {
        const item = `${name}${this.#index(one, loops)}`;
        this.#replace(one, expression.span, `${item} or ${grouped(one, expression)}`, true);
      }
      return;
    }
    const textOf = ({ span }: Expression): string => one.text.slice(span.start, span.end);
    const written = textOf(sample.expression);
    const isOneText = found.every(({ expression }) => textOf(expression) === written);
    const isOne = isOneText || found.every(({ expression }) => isSameProduct(expression, sample.expression));
    const isAtTop = depth === 0 && isOne && isKnownAtTop(one, sample);
    // `if in_planes != planes * expansion` asks for what the layers have.
    const compared = isAtTop
      ? comparedFrom(one.definition, sample.top).filter((part) => isSameProduct(part, sample.expression))
      : [];
    const isLiteral = depth === 0 && isOneText && sample.expression.kind === 'number';
    one.added.set(name, { written: isLiteral ? `${name}=${written}` : `${name}=None`, values });
    if (isLiteral) {
      for (const { expression } of found) this.#replace(one, expression.span, name, false);
    } else if (isAtTop && (found.length > 1 || compared.length > 0)) {
      // What goes over several lines stood in brackets.
      const value = written.includes('\n') ? `(${written})` : written;
      this.#insert(one, sample.top, `${name} = ${name} or ${value}`, false);
      for (const { expression } of found) this.#replace(one, expression.span, name, false);
      for (const { span } of compared) {
        const known = one.compared.get(keyOf(span));
        if (known === undefined || known.times < values.size)
          one.compared.set(keyOf(span), { span, name, times: values.size });
      }
    } else {
      for (const { expression, loops } of found) {
        const item = depth === 0 ? name : `(${name} and ${name}${this.#index(one, loops)})`;
        this.#replace(one, expression.span, `${item} or ${grouped(one, expression)}`, false);
      }
    }
  }

  // Calls

  /** Calls of the same thing that stand one after the other get one list, if at most the last of them is in a loop. */
  #groupedSites(one: FunctionToChange): readonly (readonly Site[])[] {
    const byCallee = new Map<string, Site[]>();
    for (const site of [...one.sites.values()].sort((left, right) => left.span.start - right.span.start)) {
      const call = findCall(one.definition, site.span);
      if (call === undefined)
        throw new NotNamed(`The call of ${site.called} in ${one.definition.name} can't be given more`);
      const { callee } = call.expression;
      const key = one.text.slice(callee.span.start, callee.span.end);
      byCallee.set(key, [...(byCallee.get(key) ?? []), site]);
    }
    return [...byCallee.values()];
  }

  #changeSites(one: FunctionToChange, sites: readonly Site[], isLast: boolean): void {
    const calls = sites.map((site) => ({ site, call: this.#callAt(one, site) }));
    for (const { site, call } of calls) {
      const depth = call.loops.length;
      for (const { rounds } of [...site.passed.values()].flat()) {
        if (rounds.length !== depth) throw new NotNamed(`${site.called} is called in a loop that is no list of rounds`);
      }
    }
    const rest = calls.filter(({ site, call }) => !this.#passesOn(one, site, call.expression, isLast));
    if (isLast) {
      for (const { site, call } of rest) this.#writeAt(one, site, call);
      return;
    }
    // All calls of this callee in the function, changed or not, so that places in the list are those of the calls.
    for (const { site, call } of rest) {
      const name = this.#newName(one, `${nameOfPart(call)}_widths`);
      const values = new Map<number, PassedValue | undefined>();
      for (const [id, passed] of site.passed) {
        values.set(
          id,
          call.loops.length === 0
            ? (passed[0]?.values ?? noArguments)
            : nested(
                passed.map((each) => [each.rounds, each.values] as const),
                '{}',
              ),
        );
      }
      one.added.set(name, { written: `${name}=None`, values });
      const item = call.loops.length === 0 ? name : `${name}${this.#index(one, call.loops)}`;
      const passedOn = call.loops.length === 0 ? `**(${name} or {})` : `**(${item} if ${name} else {})`;
      this.#addArgument(one, call.expression, () => passedOn, false);
    }
  }

  #callAt(one: FunctionToChange, site: Site): FoundExpression & { readonly expression: ExpressionOf<'call'> } {
    const call = findCall(one.definition, site.span);
    if (call === undefined)
      throw new NotNamed(`The call of ${site.called} in ${one.definition.name} can't be given more`);
    return call;
  }

  /** A function that hands its own `**kwargs` to the call needs no change: its callers pass what is wanted. */
  #passesOn(one: FunctionToChange, site: Site, { arguments: written }: ExpressionOf<'call'>, isLast: boolean): boolean {
    const rest = one.definition.parameters.find(({ kind }) => kind === 'dictionary-splat');
    const hands = written.some(
      ({ kind, value }) => kind === 'dictionary-splat' && value.kind === 'name' && value.name === rest?.name,
    );
    if (isLast || !hands || [...site.passed.values()].some((passed) => passed.length !== 1)) return false;
    const names = [...site.passed.values()].flatMap(([only]) => [...(only?.values?.values.keys() ?? [])]);
    if (names.some((name) => one.added.has(name) || one.names.has(name))) return false;
    for (const [id, [only]] of site.passed) {
      for (const [name, value] of only?.values?.values ?? []) {
        const known = one.added.get(name) ?? { written: '', values: new Map<number, PassedValue | undefined>() };
        known.values.set(id, value);
        one.added.set(name, known);
      }
    }
    return true;
  }

  /** Here the numbers are written down: in the call itself, or before its loop. */
  #writeAt(
    one: FunctionToChange,
    site: Site,
    call: FoundExpression & { readonly expression: ExpressionOf<'call'> },
  ): void {
    const passed = [...site.passed.values()].flat();
    const [only] = passed;
    if (call.loops.length === 0) {
      if (only === undefined) return;
      this.#addArgument(
        one,
        call.expression,
        (indent, newline) => writtenArguments(only.values ?? noArguments, indent, newline).join(', '),
        true,
      );
      return;
    }
    const name = this.#newName(one, `${nameOfPart(call)}_widths`);
    this.#insertStatement(
      one,
      call.top,
      `${name} = `,
      nested(
        passed.map((each) => [each.rounds, each.values] as const),
        '{}',
      ),
      true,
    );
    const item = `${name}${this.#index(one, call.loops)}`;
    this.#addArgument(one, call.expression, () => `**${item}`, true);
  }

  /** `[i][j]` for the loops around a place; loops that do not count get a counter. */
  #index(one: FunctionToChange, loops: readonly Loop[]): string {
    return loops
      .map((loop) => {
        const { name, first } = this.#counter(one, loop);
        return first === 0 ? `[${name}]` : `[${name} - ${String(first)}]`;
      })
      .join('');
  }

  #counter(one: FunctionToChange, loop: Loop): { readonly name: string; readonly first: number } {
    const known = this.#counters.get(loop);
    if (known !== undefined) return known;
    const made = this.#makeCounter(one, loop);
    this.#counters.set(loop, made);
    return made;
  }

  #makeCounter(one: FunctionToChange, { target, iterable }: Loop): { readonly name: string; readonly first: number } {
    const called = iterable.kind === 'call' && iterable.callee.kind === 'name' ? iterable.callee.name : undefined;
    const args = iterable.kind === 'call' ? iterable.arguments : [];
    if (called === 'range' && target.kind === 'name' && args.length < 3) {
      const start = args.length === 2 ? args[0]?.value : undefined;
      if (start === undefined || start.kind === 'number') {
        const first = start?.kind === 'number' ? start.value : 0;
        if (target.name !== '_') return { name: target.name, first };
        const name = this.#counterName(one);
        this.#replace(one, target.span, name, false);
        return { name, first };
      }
    }
    if (called === 'enumerate' && args.length === 1 && target.kind === 'tuple') {
      const [counter] = target.elements;
      if (counter?.kind === 'name' && counter.name !== '_') return { name: counter.name, first: 0 };
    }
    const name = this.#counterName(one);
    const text = (part: Expression): string => one.text.slice(part.span.start, part.span.end);
    const isOpen = target.kind === 'tuple' && !text(target).startsWith('(');
    this.#replace(one, target.span, `${name}, ${isOpen ? `(${text(target)})` : text(target)}`, false);
    this.#replace(one, iterable.span, `enumerate(${text(iterable)})`, false);
    return { name, first: 0 };
  }

  // Text

  #newName(one: FunctionToChange, wanted: string): string {
    const plain = wanted.replace(/[^\p{L}\p{N}_]+/gu, '_').replace(/^(?=\d)/, '_');
    let name = plain;
    for (let count = 2; one.names.has(name); count += 1) name = `${plain}_${String(count)}`;
    one.names.add(name);
    return name;
  }

  #counterName(one: FunctionToChange): string {
    return this.#newName(one, ['i', 'j', 'k', 'index'].find((name) => !one.names.has(name)) ?? 'index');
  }

  #replace({ text }: FunctionToChange, { document, start, end }: SourceSpan, newText: string, isNumber: boolean): void {
    this.#changes.push({ edit: { document, start, end, oldText: text.slice(start, end), newText }, isNumber });
  }

  #put(document: string, at: number, newText: string, isNumber: boolean, withNumbers?: string): void {
    this.#changes.push({ edit: { document, start: at, end: at, oldText: '', newText }, isNumber, withNumbers });
  }

  #addParameter({ definition, text }: FunctionToChange, written: string, numbered: string | undefined): void {
    if (written === '') return;
    const open = text.indexOf('(', definition.nameSpan.end);
    const { at, write } = placeForOneMore(text, open);
    this.#put(definition.span.document, at, write(written), false, numbered && write(numbered));
  }

  #addArgument(
    { text }: FunctionToChange,
    { callee, span }: ExpressionOf<'call'>,
    written: (indent: string, newline: string) => string,
    isNumber: boolean,
  ): void {
    const open = text.indexOf('(', callee.span.end);
    const { at, write } = placeForOneMore(text, open);
    this.#put(span.document, at, write(written(indentAt(text, at), newlineOf(text))), isNumber);
  }

  #insert({ text }: FunctionToChange, { span }: Statement, written: string, isNumber: boolean): void {
    this.#put(span.document, span.start, `${written}${newlineOf(text)}${indentAt(text, span.start)}`, isNumber);
  }

  #insertStatement(
    one: FunctionToChange,
    before: Statement,
    start: string,
    value: PassedValue | undefined,
    isNumber: boolean,
  ): void {
    if (value === undefined) return;
    const indent = indentAt(one.text, before.span.start);
    this.#insert(one, before, `${start}${writtenValue(value, indent, newlineOf(one.text), start.length)}`, isNumber);
  }
}

function noSite({ site, name }: TracedCall): Site {
  return { span: site, called: name, passed: new Map() };
}

/** In place of a call's number, where a call is made in none. */
const outsideFunctions = -1;

const noArguments: Arguments = { kind: 'arguments', values: new Map() };

function keyOf({ document, start, end }: SourceSpan): string {
  return `${document}:${String(start)}:${String(end)}`;
}

/** What stands before the first sign of the line. */
function indentAt(text: string, at: number): string {
  const start = text.lastIndexOf('\n', at - 1) + 1;
  return /^[ \t]*/.exec(text.slice(start, at))?.[0] ?? '';
}

/** Places that always have the same number are one parameter. */
function groupedPlaces(places: readonly NamedPlace[]): readonly (readonly NamedPlace[])[] {
  const groups = new Map<string, NamedPlace[]>();
  for (const place of places) {
    const key = place.values
      .filter(({ value }) => value !== undefined)
      .map(({ at, value }) => `${String(at.call)} ${at.rounds.join()} ${String(value)}`)
      .sort()
      .join(';');
    groups.set(key, [...(groups.get(key) ?? []), place]);
  }
  return [...groups.values()].map((group) => [...group].sort((left, right) => left.span.start - right.span.start));
}

/** Items by the rounds that they belong to, as lists in lists. */
function nested(
  items: readonly (readonly [Rounds, PassedValue | undefined])[],
  empty: PassedList['empty'],
): PassedValue | undefined {
  const [first] = items;
  if (first?.[0].length === 0) return first[1];
  const length = Math.max(...items.map(([rounds]) => (rounds[0] ?? 0) + 1));
  const isInner = (first?.[0].length ?? 0) > 1;
  return {
    kind: 'list',
    empty,
    items: Array.from({ length }, (_, round) => {
      const own = items
        .filter(([rounds]) => rounds[0] === round)
        .map(([rounds, value]) => [rounds.slice(1), value] as const);
      if (own.length > 0) return nested(own, empty);
      return isInner ? { kind: 'list', empty, items: [] } : undefined;
    }),
  };
}

/** Whether nothing else in a function gives a variable its value, which would come between a parameter and its use. */
function isAssignedOnce({ text, definition: { span } }: FunctionToChange, name: string): boolean {
  const assignments = new RegExp(`(?<![\\p{L}\\p{N}_.])${name}\\s*(?:[-+*/%&|^]|//|\\*\\*)?=(?!=)`, 'gu');
  return (text.slice(span.start, span.end).match(assignments)?.length ?? 0) === 1;
}

/** The local variable that an expression is assigned to. */
function assignedName({ statement, expression }: FoundExpression): string | undefined {
  if (statement.kind !== 'assignment' || statement.value !== expression || statement.targets.length !== 1)
    return undefined;
  const [target] = statement.targets;
  return target?.kind === 'name' ? target.name : undefined;
}

/** Whether an expression can as well be evaluated before the statement of the function's block that it is in. */
function isKnownAtTop(
  { text, definition: { span, parameters, body } }: FunctionToChange,
  { expression, top }: FoundExpression,
): boolean {
  const own = text.slice(span.start, span.end);
  // A class of the module, `Bottleneck.expansion`: nothing in the function gives the name another meaning.
  const isGlobal = (name: string): boolean =>
    !new RegExp(
      `(?<![\\p{L}\\p{N}_.])${name}\\s*(?:,[^=\\n]*)?=(?!=)|\\b(?:for|as|import|def|class)\\b[^\\n:]*(?<![\\p{L}\\p{N}_.])${name}\\b`,
      'u',
    ).test(own);
  const known = new Set(parameters.map(({ name }) => name));
  const changed = new Set<string>();
  for (const statement of body) {
    if (statement.kind !== 'assignment') continue;
    for (const target of statement.targets) {
      if (target.kind !== 'name') continue;
      if (statement.span.start < top.span.start) known.add(target.name);
      else changed.add(target.name);
    }
  }
  const isKnown = (part: Expression): boolean => {
    switch (part.kind) {
      case 'name':
        return (known.has(part.name) || isGlobal(part.name)) && !changed.has(part.name);
      case 'number':
        return true;
      case 'attribute':
        return isKnown(part.object);
      case 'binary':
        return isKnown(part.left) && isKnown(part.right);
      default:
        return false;
    }
  };
  return isKnown(expression);
}

function grouped({ text }: FunctionToChange, { kind, span }: Expression): string {
  const written = text.slice(span.start, span.end);
  return kind === 'conditional' || kind === 'lambda' ? `(${written})` : written;
}

/** What a call makes: the variable that it is kept in, or what it calls. */
function nameOfPart({
  expression,
  statement,
}: FoundExpression & { readonly expression: ExpressionOf<'call'> }): string {
  const target = statement.kind === 'assignment' && statement.value === expression ? statement.targets[0] : undefined;
  if (target?.kind === 'attribute') return target.name;
  return nameOfCallee(expression);
}

/** `layer` for `self._make_layer`, `dense_block` for `_DenseBlock`. */
function nameOfCallee({ callee }: ExpressionOf<'call'>): string {
  const name = callee.kind === 'attribute' || callee.kind === 'name' ? callee.name : 'part';
  const plain = name.replace(/^_+/, '').replace(/^make_/, '');
  return plain.replace(/(?<=[a-z\d])(?=[A-Z])/g, '_').toLowerCase();
}

/** Several texts that are put in at one place, in the order in which they came. */
function merged(edits: readonly TextEdit[]): readonly TextEdit[] {
  return [...edits].sort((left, right) => left.document.localeCompare(right.document) || left.start - right.start);
}
