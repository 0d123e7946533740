/** Punycode (RFC 3492): characters beyond ASCII as letters and digits after a `-`. */
const BASE = 36;
const T_MIN = 1;
const T_MAX = 26;
const SKEW = 38;
const DAMP = 700;
const INITIAL_BIAS = 72;
const INITIAL_CODE_POINT = 128;

/** Labels have 63 bytes at most; each character is put into place by moving what is behind it. */
const LABEL_LENGTH_MAX = 3000;

/** Without `xn--`; undefined: it is none. */
export function punycodeDecoded(label: string): string | undefined {
  if (label.length > LABEL_LENGTH_MAX) return undefined;
  const dash = label.lastIndexOf("-");
  const points = Array.from(label.slice(0, Math.max(0, dash)), (character) => character.codePointAt(0)!);
  if (points.some((point) => point >= INITIAL_CODE_POINT)) return undefined;
  let codePoint = INITIAL_CODE_POINT;
  let bias = INITIAL_BIAS;
  let index = 0;
  for (let at = dash > 0 ? dash + 1 : 0; at < label.length;) {
    const before = index;
    for (let k = BASE, weight = 1; ; k += BASE) {
      const digit = digitOf(label.charCodeAt(at++));
      if (digit === -1) return undefined;
      index += digit * weight;
      if (index > 0x7f_ff_ff_ff) return undefined;
      const threshold = thresholdOf(k, bias);
      if (digit < threshold) break;
      weight *= BASE - threshold;
    }
    const length = points.length + 1;
    bias = adapt(index - before, length, before === 0);
    codePoint += Math.floor(index / length);
    index %= length;
    if (codePoint > 0x10_ff_ff || (codePoint >= 0xd8_00 && codePoint <= 0xdf_ff)) return undefined;
    points.splice(index++, 0, codePoint);
  }
  return String.fromCodePoint(...points);
}

/** Undefined: it is too long. */
export function punycodeEncoded(label: string): string | undefined {
  const points = Array.from(label, (character) => character.codePointAt(0)!);
  if (points.length > LABEL_LENGTH_MAX) return undefined;
  const basic = points.filter((point) => point < INITIAL_CODE_POINT);
  let text = String.fromCodePoint(...basic);
  if (basic.length > 0) text += "-";
  let codePoint = INITIAL_CODE_POINT;
  let delta = 0;
  let bias = INITIAL_BIAS;
  for (let handled = basic.length; handled < points.length;) {
    const next = Math.min(...points.filter((point) => point >= codePoint));
    delta += (next - codePoint) * (handled + 1);
    codePoint = next;
    for (const point of points) {
      if (point < codePoint) delta++;
      if (point !== codePoint) continue;
      text += variableInteger(delta, bias);
      bias = adapt(delta, handled + 1, handled === basic.length);
      delta = 0;
      handled++;
    }
    delta++;
    codePoint++;
  }
  return text;
}

function variableInteger(value: number, bias: number): string {
  let text = "";
  let rest = value;
  for (let k = BASE; ; k += BASE) {
    const threshold = thresholdOf(k, bias);
    if (rest < threshold) return text + letterOf(rest);
    text += letterOf(threshold + ((rest - threshold) % (BASE - threshold)));
    rest = Math.floor((rest - threshold) / (BASE - threshold));
  }
}

function thresholdOf(k: number, bias: number): number {
  return Math.min(T_MAX, Math.max(T_MIN, k - bias));
}

function adapt(delta: number, length: number, isFirst: boolean): number {
  let rest = Math.floor(delta / (isFirst ? DAMP : 2));
  rest += Math.floor(rest / length);
  let k = 0;
  for (; rest > ((BASE - T_MIN) * T_MAX) / 2; k += BASE) rest = Math.floor(rest / (BASE - T_MIN));
  return k + Math.floor(((BASE - T_MIN + 1) * rest) / (rest + SKEW));
}

/** `a` to `z`, then `0` to `9`. */
function letterOf(digit: number): string {
  return String.fromCharCode(digit < 26 ? 0x61 + digit : 0x30 + digit - 26);
}

/** -1: none. */
function digitOf(unit: number): number {
  if (unit >= 0x30 && unit <= 0x39) return unit - 0x30 + 26;
  const letter = unit | 0x20;
  return letter >= 0x61 && letter <= 0x7a ? letter - 0x61 : -1;
}
