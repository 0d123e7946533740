import type { Histogram } from "./histogram.ts";

export type MetricType = "counter" | "gauge" | "histogram";

/** Label values may hold anything; names are the caller's own and must be `[a-zA-Z_][a-zA-Z0-9_]*`. */
export type Labels = Readonly<Record<string, string | number>>;

const escaped = (value: string): string =>
  /[\\"\n]/.test(value)
    ? value.replaceAll("\\", "\\\\").replaceAll('"', '\\"').replaceAll("\n", "\\n")
    : value;

function labelText(labels: Labels): string {
  const parts: string[] = [];
  for (const [name, value] of Object.entries(labels)) parts.push(`${name}="${escaped(String(value))}"`);
  return parts.join(",");
}

const numberText = (value: number): string => {
  if (value === Infinity) return "+Inf";
  if (value === -Infinity) return "-Inf";
  return String(value);
};

/** Builds one answer in Prometheus' text format (version 0.0.4). All samples of a family follow its `family` call. */
export class Exposition {
  static readonly contentType = "text/plain; version=0.0.4; charset=utf-8";

  readonly #lines: string[] = [];
  #name = "";

  /** Begins a family: HELP and TYPE lines. */
  family(name: string, type: MetricType, help: string): void {
    this.#name = name;
    this.#lines.push(
      `# HELP ${name} ${help.replaceAll("\\", "\\\\").replaceAll("\n", "\\n")}`,
      `# TYPE ${name} ${type}`,
    );
  }

  sample(labels: Labels, value: number): void {
    this.#line(this.#name, labelText(labels), value);
  }

  histogram(labels: Labels, histogram: Histogram): void {
    const text = labelText(labels);
    const separator = text === "" ? "" : ",";
    let cumulative = 0;
    for (const [index, bound] of histogram.bounds.entries()) {
      cumulative += histogram.counts[index]!;
      this.#line(`${this.#name}_bucket`, `${text}${separator}le="${numberText(bound)}"`, cumulative);
    }
    this.#line(`${this.#name}_bucket`, `${text}${separator}le="+Inf"`, histogram.count);
    this.#line(`${this.#name}_sum`, text, histogram.sum);
    this.#line(`${this.#name}_count`, text, histogram.count);
  }

  toString(): string {
    return this.#lines.length === 0 ? "" : `${this.#lines.join("\n")}\n`;
  }

  #line(name: string, labels: string, value: number): void {
    this.#lines.push(`${name}${labels === "" ? "" : `{${labels}}`} ${numberText(value)}`);
  }
}
