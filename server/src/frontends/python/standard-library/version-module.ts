// Versions as sources compare them before they choose between two ways of doing the same: those of `packaging`, which
// `pkg_resources` and the old `distutils` offer too.

import { nativeClass } from '../evaluator/classes.ts';
import { bool, builtin, int, none, string, tuple, unknown } from '../evaluator/values.ts';
import { functionValues, type LibraryFunction, type ModuleTable } from './module-table.ts';
import type { ClassValue, InstanceValue, PyValue } from '../evaluator/machine.ts';

/** Release, pre-release, and what does not count in an order: post and development releases and the local part. */
const written =
  /^\s*v?(\d+(?:\.\d+)*)[-_.]?(a|alpha|b|beta|c|rc|pre|preview)?\d*(?:[-_.]?(?:post|dev)\d*)*(?:\+\S*)?\s*$/i;
const preReleases = ['a', 'b', 'c', 'p', 'r'];

/** Numbers that stand in the order of the versions: the release without zeros at its end, then the kind of pre-release. */
function keyOfVersion(text: string): { readonly release: readonly number[]; readonly stage: number } | undefined {
  const match = written.exec(text);
  if (match === null) return undefined;
  const release = (match[1] ?? '').split('.').map(Number);
  while (release.length > 1 && release.at(-1) === 0) release.pop();
  const stage = preReleases.indexOf(match[2]?.charAt(0).toLowerCase() ?? '');
  return { release, stage: stage < 0 ? preReleases.length : stage };
}

/** Negative, zero or positive as the first is before, at or behind the second; undefined for what is no version. */
function order(one: string, other: string): number | undefined {
  const [a, b] = [keyOfVersion(one), keyOfVersion(other)];
  if (a === undefined || b === undefined) return undefined;
  for (let i = 0; i < Math.max(a.release.length, b.release.length); i++) {
    const difference = (a.release[i] ?? 0) - (b.release[i] ?? 0);
    if (difference !== 0) return difference;
  }
  return a.stage - b.stage;
}

/** The text of a version, or of what is compared with one. */
function textOfVersion(value: PyValue | undefined): string {
  const text = value?.kind === 'instance' ? value.attributes.get('public') : value;
  return text?.kind === 'string' ? text.value : '';
}

function comparison(name: string, holds: (order: number) => boolean): [string, PyValue] {
  const compare: LibraryFunction = (_, { positional: [self, other] }, span) => {
    if (other?.kind === 'unknown') return other;
    const found = order(textOfVersion(self), textOfVersion(other));
    return found === undefined ? unknown('Which version comes first is not known', span) : bool(holds(found));
  };
  return [name, builtin(name, compare, true)];
}

const versionClass: ClassValue = nativeClass(
  'Version',
  [],
  [
    comparison('__lt__', (found) => found < 0),
    comparison('__le__', (found) => found <= 0),
    comparison('__eq__', (found) => found === 0),
    comparison('__ge__', (found) => found >= 0),
    comparison('__gt__', (found) => found > 0),
    ['__str__', builtin('__str__', (_, { positional: [self] }) => string(textOfVersion(self)), true)],
  ],
  (machine, args, span) => parse(machine, args, span),
);

const parse: LibraryFunction = (machine, { positional: [given = none] }, span) => {
  if (given.kind === 'unknown' || (given.kind === 'instance' && given.class === versionClass)) return given;
  const text = textOfVersion(given);
  const key = keyOfVersion(text);
  if (key === undefined) return machine.raise('ValueError', `Invalid version: '${text}'`, span);
  const [major = 0, minor = 0, micro = 0] = key.release;
  const release = /\d+(?:\.\d+)*/.exec(text)?.[0] ?? '';
  const attributes: InstanceValue['attributes'] = new Map<string, PyValue>([
    ['public', string(text.trim())],
    ['base_version', string(release)],
    ['release', tuple(release.split('.').map((part) => int(Number(part))))],
    ['version', tuple(release.split('.').map((part) => int(Number(part))))],
    ['major', int(major)],
    ['minor', int(minor)],
    ['micro', int(micro)],
    ['is_prerelease', bool(key.stage < preReleases.length || /dev/i.test(text))],
    ['is_postrelease', bool(/post/i.test(text))],
    ['is_devrelease', bool(/dev/i.test(text))],
    ['epoch', int(0)],
    ['local', text.includes('+') ? string(text.trim().replace(/^.*\+/, '')) : none],
    ...(['pre', 'post', 'dev'] as const).map((name): [string, PyValue] => [
      name,
      new RegExp(name === 'pre' ? '\\d(a|b|c|rc)' : name, 'i').test(text)
        ? unknown(`Which ${name} version this is is not followed`, span)
        : none,
    ]),
  ]);
  return { kind: 'instance', class: versionClass, attributes, site: { span, callChain: [] } };
};

const names: ModuleTable = (machine) =>
  new Map<string, PyValue>([
    ...['Version', 'LegacyVersion', 'LooseVersion', 'StrictVersion'].map((name): [string, PyValue] => [
      name,
      versionClass,
    ]),
    ['InvalidVersion', machine.builtins.get('ValueError') ?? none],
    ...functionValues({ parse, parse_version: parse }),
  ]);

/** The modules by name. */
export const versionModules: Readonly<Record<string, ModuleTable>> = {
  packaging: () => new Map(),
  'packaging.version': names,
  'distutils.version': names,
  pkg_resources: names,
};
