// Numbers as Python writes them: the shortest digits that give the number back, as in JavaScript, with exponents elsewhere.

/** `repr(float)`. */
export function floatText(value: number): string {
  if (Number.isNaN(value)) return 'nan';
  if (!Number.isFinite(value)) return value > 0 ? 'inf' : '-inf';
  if (Object.is(value, -0)) return '-0.0';
  const size = Math.abs(value);
  if (size !== 0 && (size >= 1e16 || size < 1e-4)) {
    const [mantissa = '', power = ''] = value.toExponential().split('e');
    return `${mantissa}e${power.startsWith('-') ? '-' : '+'}${power.replace(/^[-+]/, '').padStart(2, '0')}`;
  }
  return Number.isInteger(value) ? `${String(value)}.0` : String(value);
}

/** `repr(int)`; undefined where the number is too large to be known to its last digit. */
export function integerText(value: number): string | undefined {
  return Number.isSafeInteger(value) ? String(value) : undefined;
}
