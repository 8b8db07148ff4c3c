// How values are written in Python: names, numbers, tuples and calls with the arguments that differ from their defaults.

/** An attribute or variable name from a qualified one: `layer1.0.conv1` is `layer1_0_conv1`. */
export function pythonName(name: string): string {
  const plain = name.replace(/\W+/g, '_');
  return /^[A-Za-z_]/.test(plain) && !keywords.has(plain) ? plain : `_${plain}`;
}

const keywords: ReadonlySet<string> = new Set(
  (
    'False None True and as assert async await break class continue def del elif else except finally for from global if ' +
    'import in is lambda nonlocal not or pass raise return try while with yield'
  ).split(' '),
);

/** One size where all axes have the same, a tuple otherwise. */
export function perAxis(values: readonly number[]): string {
  const [first] = values;
  return first !== undefined && values.every((value) => value === first) ? String(first) : tuple(values);
}

/** `(2, 3)`, `(2,)`. */
export function tuple(values: readonly (number | string)[]): string {
  return values.length === 1 ? `(${String(values[0])},)` : `(${values.join(', ')})`;
}

/** `Conv2d(3, 16, kernel_size=3)`; undefined arguments are left out. */
export function call(callee: string, ...args: readonly (string | number | undefined)[]): string {
  return `${callee}(${args.filter((argument) => argument !== undefined).join(', ')})`;
}

/** `name=value`, or nothing where the value is what the call has without it. */
export function option(
  name: string,
  value: string | number | boolean,
  usual: string | number | boolean,
): string | undefined {
  if (value === usual) return undefined;
  return `${name}=${typeof value === 'boolean' ? (value ? 'True' : 'False') : String(value)}`;
}
