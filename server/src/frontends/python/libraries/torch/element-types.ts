// `torch.float32` and its kin, and devices: values that source compares and asks, one each.

import { unshared } from '../../evaluator/effects.ts';
import { nativeClass } from '../../evaluator/classes.ts';
import { bool, builtin, int, none, string } from '../../evaluator/values.ts';
import type { ClassValue, InstanceValue, PyValue } from '../../evaluator/machine.ts';

const nowhere = { span: { document: '', start: 0, end: 0 }, callChain: [] };

/** `torch.dtype`. */
export const elementTypeClass: ClassValue = nativeClass('dtype', []);

function elementType(name: string, itemSize: number): InstanceValue {
  const isFloating = /float/.test(name);
  return {
    kind: 'instance',
    class: elementTypeClass,
    site: nowhere,
    attributes: new Map<string, PyValue>([
      ['is_floating_point', bool(isFloating)],
      ['is_complex', bool(name.startsWith('complex'))],
      ['itemsize', int(itemSize)],
      ['name', string(name)],
    ]),
  };
}

const sizes: Readonly<Record<string, number>> = {
  float32: 4,
  float64: 8,
  float16: 2,
  bfloat16: 2,
  float8_e4m3fn: 1,
  float8_e5m2: 1,
  int64: 8,
  int32: 4,
  int16: 2,
  int8: 1,
  uint8: 1,
  bool: 1,
  complex64: 8,
  complex128: 16,
};
const types = new Map(Object.entries(sizes).map(([name, size]) => [name, elementType(name, size)]));
const aliases: Readonly<Record<string, string>> = {
  float: 'float32',
  double: 'float64',
  half: 'float16',
  long: 'int64',
  int: 'int32',
  short: 'int16',
  cfloat: 'complex64',
};

/** A type by one of its names. */
export function elementTypeOf(name: string | undefined): PyValue {
  return types.get(name === 'int' ? 'int64' : (name ?? 'float32')) ?? none;
}

/** All names of types, as `torch` has them. */
export function elementTypeNames(): readonly (readonly [string, PyValue])[] {
  return [...types, ...Object.entries(aliases).map(([name, target]) => [name, types.get(target) ?? none] as const)];
}

/** `torch.device`. */
export const deviceClass: ClassValue = nativeClass('device', [], [], (_, args) => {
  const [given] = args.positional;
  return given?.kind === 'instance' ? given : cpu;
});

/** Where everything is: no other device is looked for. */
export const cpu: InstanceValue = {
  kind: 'instance',
  class: deviceClass,
  site: nowhere,
  attributes: new Map<string, PyValue>([
    ['type', string('cpu')],
    ['index', none],
  ]),
};

unshared(deviceClass).isImmutable = true;
unshared(deviceClass).attributes.set(
  '__str__',
  builtin('__str__', () => string('cpu'), true),
);
unshared(deviceClass).attributes.set(
  '__enter__',
  builtin('__enter__', () => cpu, true),
);
