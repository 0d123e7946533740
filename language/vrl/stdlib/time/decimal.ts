/** Decimal numbers of 96 bits and up to 28 digits behind the point, as `rust_decimal` has them; never negative. */
export interface Decimal {
  readonly mantissa: bigint;
  /** How many digits stand behind the point. */
  readonly scale: number;
}

const MANTISSA_MAX = 2n ** 96n - 1n;
const SCALE_MAX = 28;

/** Of digits with or without a point; undefined: those before the point are too many. */
export function parseDecimal(text: string): Decimal | undefined {
  const [whole = "", fraction = ""] = text.split(".");
  // More digits than these do not fit, but for leading zeros.
  const digits = whole.replace(/^0+/, "");
  if (digits.length > SCALE_MAX + 1) return undefined;
  let mantissa = BigInt(digits);
  if (mantissa > MANTISSA_MAX) return undefined;
  let scale = 0;
  for (const digit of fraction) {
    const longer = mantissa * 10n + BigInt(digit);
    if (scale === SCALE_MAX || longer > MANTISSA_MAX) {
      // What does not fit is rounded by its first digit.
      if (digit >= "5") mantissa++;
      break;
    }
    mantissa = longer;
    scale++;
  }
  return { mantissa, scale };
}

/** Undefined: it does not fit. */
export function multiplyDecimals(left: Decimal, right: Decimal): Decimal | undefined {
  let product: Decimal = {
    mantissa: left.mantissa * right.mantissa,
    scale: left.scale + right.scale,
  };
  let power = 0;
  while (product.mantissa / 10n ** BigInt(power) > MANTISSA_MAX || product.scale - power > SCALE_MAX) power++;
  if (power > 0) product = withoutDigits(product, power);
  // Rounding up can make it one digit longer again.
  if (product.mantissa > MANTISSA_MAX) product = withoutDigits(product, 1);
  return product.scale < 0 ? undefined : product;
}

/** To the nearest, from the middle to the even one. */
function withoutDigits({ mantissa, scale }: Decimal, count: number): Decimal {
  const power = 10n ** BigInt(count);
  return { mantissa: rounded(mantissa / power, mantissa % power, power), scale: scale - count };
}

function rounded(quotient: bigint, rest: bigint, divisor: bigint): bigint {
  const isUp = rest * 2n > divisor || (rest * 2n === divisor && quotient % 2n === 1n);
  return isUp ? quotient + 1n : quotient;
}

/** `right` is not 0. Undefined: it does not fit. */
export function divideDecimals(left: Decimal, right: Decimal): Decimal | undefined {
  let scale = left.scale - right.scale;
  let mantissa = left.mantissa / right.mantissa;
  let rest = left.mantissa % right.mantissa;
  const isWhole = rest === 0n;
  while ((rest !== 0n && scale < SCALE_MAX) || scale < 0) {
    const longer = mantissa * 10n + (rest * 10n) / right.mantissa;
    if (longer > MANTISSA_MAX) break;
    rest = (rest * 10n) % right.mantissa;
    mantissa = longer;
    scale++;
  }
  if (scale < 0) return undefined;
  mantissa = rounded(mantissa, rest, right.mantissa);
  return isWhole ? { mantissa, scale } : withoutTrailingZeros({ mantissa, scale });
}

function withoutTrailingZeros(decimal: Decimal): Decimal {
  let { mantissa, scale } = decimal;
  while (scale > 0 && mantissa % 10n === 0n) {
    mantissa /= 10n;
    scale--;
  }
  return { mantissa, scale };
}

/** Whole part and fraction are brought to the nearest float each, and their sum to as many digits as it had. */
export function numberOfDecimal({ mantissa, scale }: Decimal): number {
  const power = 10n ** BigInt(scale);
  const whole = Number(mantissa / power);
  const fraction = Number(mantissa % power) / Number(power);
  if (fraction === 0) return whole;
  const precision = powerOfTen(scale);
  return Math.round((whole + fraction) * precision) / precision;
}

/** By squares, whose rounding shows from 10^23 on. */
function powerOfTen(exponent: number): number {
  let result = 1;
  let base = 10;
  for (let rest = exponent; rest > 0; rest >>= 1) {
    if (rest % 2 === 1) result *= base;
    base *= base;
  }
  return result;
}
