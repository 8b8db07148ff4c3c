// Why a file offers no model: what its classes and functions have to be given, and how to name one with it.

import type { Problem } from '../../../common/problem.ts';
import { calleeName, callsIn } from './syntax-search.ts';
import {
  isModuleClass,
  mayBeModel,
  neededArguments,
  returned,
  usedByOthers,
  type Definition,
  type Definitions,
} from './definitions.ts';

/** So many are named. */
const mostNamed = 4;

/** The one reason why nothing of a file can be read by itself, with the remedy. */
export function whyNoEntries(document: string, definitions: Definitions): Problem {
  const found = [...definitions.values()].filter(
    (definition) =>
      !definition.name.startsWith('_') &&
      (isModuleClass(definition, definitions) ||
        leadsToClass(definition, definitions) ||
        makesKerasModel(definition, definitions)),
  );
  // Models come before the parts that they are made of.
  const isPart = usedByOthers(found.filter(({ kind }) => kind === 'class'));
  const candidates = [...found.filter((each) => !isPart(each)), ...found.filter(isPart)];
  const [first] = candidates;
  if (first === undefined) {
    return {
      code: 'no-entry',
      severity: 'hint',
      message:
        'This file makes no model, and none of its classes derives from one of PyTorch (nn.Module) or Keras as far as its text tells. Open the file that makes the model, or name what makes it in a comment: # morphnet: entry=build()',
      span: { document, start: 0, end: 0 },
    };
  }
  const shown = candidates.slice(0, mostNamed).map((definition) => needs(definition, definitions));
  const others = candidates.length - shown.length;
  const more = others > 0 ? `, and ${String(others)} more ${others === 1 ? 'is' : 'are'} like that` : '';
  const given = neededArguments(first, definitions).map((name) => `${name}=…`);
  return {
    code: 'no-entry',
    severity: 'hint',
    message: `Nothing in this file can be made without arguments that it does not tell: ${shown.join('; ')}${more}. Name one with its arguments in a comment: # morphnet: entry=${first.name}(${given.join(', ')})`,
    span: first.nameSpan,
  };
}

/** Whether a function gives what a class of layers of the same file makes. */
function leadsToClass(definition: Definition, definitions: Definitions): boolean {
  if (definition.kind === 'class') return false;
  return returned(definition.body).some((value) => {
    const callee =
      value.kind === 'call' && value.callee.kind === 'name' ? definitions.get(value.callee.name) : undefined;
    return callee !== undefined && isModuleClass(callee, definitions);
  });
}

const makesLayers = /^(Input|Model|Sequential|Conv[123]D|Dense)$/;

/** Whether a function gives what somebody makes of Keras's layers, its own or those of a function of the file that it calls. */
function makesKerasModel(definition: Definition, definitions: Definitions): boolean {
  if (definition.kind === 'class' || !mayBeModel(definition, definitions)) return false;
  const seen = new Set<Definition>();
  const makes = (each: Definition): boolean => {
    if (seen.has(each)) return false;
    seen.add(each);
    const names = [...callsIn(each.body)].map(calleeName);
    if (names.some((name) => makesLayers.test(name))) return true;
    return names.some((name) => {
      const called = definitions.get(name);
      return called?.kind === 'function' && makes(called);
    });
  };
  return makes(definition);
}

function needs(definition: Definition, definitions: Definitions): string {
  const names = neededArguments(definition, definitions);
  if (names.length === 0) return definition.name;
  const last = names.at(-1) ?? '';
  return `${definition.name} needs ${names.length === 1 ? last : `${names.slice(0, -1).join(', ')} and ${last}`}`;
}
