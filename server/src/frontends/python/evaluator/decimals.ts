// Decimal digits of floating-point numbers as Python rounds them: exactly, and halves to even. JavaScript rounds halves up and
// writes large numbers otherwise.

/** A finite number as numerator × 2^exponent, exactly. */
function fraction(value: number): { readonly numerator: bigint; readonly exponent: number } {
  let exponent = 0;
  let rest = Math.abs(value);
  // Halving and doubling are exact, but for numbers below the smallest normal one, which doubling brings above it.
  while (!Number.isInteger(rest)) {
    rest *= 2;
    exponent--;
  }
  return { numerator: BigInt(rest), exponent };
}

/** |value| × 10^shift, rounded to an integer, halves to even. */
function scaled(value: number, shift: number): bigint {
  const { numerator, exponent } = fraction(value);
  const over = numerator * (shift > 0 ? 10n ** BigInt(shift) : 1n);
  const under = 2n ** BigInt(-exponent) * (shift < 0 ? 10n ** BigInt(-shift) : 1n);
  const whole = over / under;
  const twice = (over % under) * 2n;
  const isUp = twice > under || (twice === under && whole % 2n === 1n);
  return isUp ? whole + 1n : whole;
}

/** The digits of |value| with so many of them behind the point. */
export function fixedDigits(value: number, digits: number): string {
  const text = String(scaled(value, digits)).padStart(digits + 1, '0');
  return digits === 0 ? text : `${text.slice(0, -digits)}.${text.slice(-digits)}`;
}

/** So many significant digits of |value|, and the power of ten of the first. */
export function significantDigits(value: number, count: number): { readonly digits: string; readonly power: number } {
  if (value === 0) return { digits: '0'.repeat(count), power: 0 };
  let power = Math.floor(Math.log10(Math.abs(value)));
  for (;;) {
    const digits = String(scaled(value, count - 1 - power));
    if (digits.length === count) return { digits, power };
    power += digits.length > count ? 1 : -1;
  }
}

/** A number rounded to a place behind the point (or before it, where negative), as `round` does. */
export function roundedTo(value: number, digits: number): number {
  if (!Number.isFinite(value) || digits > 330) return value;
  if (digits < -330) return 0;
  const sign = value < 0 || Object.is(value, -0) ? -1 : 1;
  return sign * Number(`${String(scaled(value, digits))}e${String(-digits)}`);
}
