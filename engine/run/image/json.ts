import { Fault } from "@plinth/fault";

/** JSON of unknown origin, read field by field: what is not as expected is a Fault that says where. */
export class JsonObject {
  readonly #fields: Readonly<Record<string, unknown>>;
  readonly #where: string;

  private constructor(fields: Readonly<Record<string, unknown>>, where: string) {
    this.#fields = fields;
    this.#where = where;
  }

  /** `where` is what messages call it, such as "the manifest sha256:…". Fault `corrupt` where it is no object. */
  static parse(content: Uint8Array, where: string): JsonObject {
    let value: unknown;
    try {
      value = JSON.parse(new TextDecoder("utf-8", { fatal: true }).decode(content));
    } catch (error) {
      throw new Fault("corrupt", `Cannot read ${where}: it is no JSON`, { cause: error });
    }
    return JsonObject.of(value, where);
  }

  static of(value: unknown, where: string): JsonObject {
    if (!isRecord(value)) throw new Fault("corrupt", `Cannot read ${where}: it is no JSON object`);
    return new JsonObject(value, where);
  }

  get where(): string {
    return this.#where;
  }

  has(name: string): boolean {
    return this.#get(name) !== undefined;
  }

  raw(name: string): unknown {
    return this.#get(name);
  }

  text(name: string): string {
    return this.optionalText(name) ?? this.#wrong(name, "a text");
  }

  /** Null and a missing field are the same: Go's encoders write either. */
  optionalText(name: string): string | undefined {
    const value = this.#get(name);
    if (value === undefined || typeof value === "string") return value;
    return this.#wrong(name, "a text");
  }

  optionalNumber(name: string): number | undefined {
    const value = this.#get(name);
    if (value === undefined || (typeof value === "number" && Number.isFinite(value))) return value;
    return this.#wrong(name, "a number");
  }

  /** A whole number from 0 on. */
  count(name: string): number {
    const value = this.optionalNumber(name);
    return value !== undefined && Number.isSafeInteger(value) && value >= 0
      ? value
      : this.#wrong(name, "a whole number");
  }

  optionalBoolean(name: string): boolean | undefined {
    const value = this.#get(name);
    if (value === undefined || typeof value === "boolean") return value;
    return this.#wrong(name, "true or false");
  }

  optionalObject(name: string): JsonObject | undefined {
    const value = this.#get(name);
    return value === undefined ? undefined : JsonObject.of(value, `"${name}" of ${this.#where}`);
  }

  object(name: string): JsonObject {
    return this.optionalObject(name) ?? this.#wrong(name, "an object");
  }

  /** Empty where it is missing. */
  objects(name: string): JsonObject[] {
    return this.#list(name).map((each, index) =>
      JsonObject.of(each, `"${name}[${index}]" of ${this.#where}`),
    );
  }

  texts(name: string): string[] {
    return this.#list(name).map((each) =>
      typeof each === "string" ? each : this.#wrong(name, "a list of texts"),
    );
  }

  /** Keys of an object whose values do not matter. */
  keys(name: string): string[] {
    const value = this.#get(name);
    if (value === undefined) return [];
    return isRecord(value) ? Object.keys(value) : this.#wrong(name, "an object");
  }

  textMap(name: string): Readonly<Record<string, string>> {
    const value = this.#get(name);
    if (value === undefined) return {};
    if (!isRecord(value)) return this.#wrong(name, "an object");
    const entries = Object.entries(value);
    if (!entries.every((entry): entry is [string, string] => typeof entry[1] === "string")) {
      return this.#wrong(name, "an object of texts");
    }
    return Object.fromEntries(entries);
  }

  #list(name: string): readonly unknown[] {
    const value = this.#get(name);
    if (value === undefined) return [];
    return Array.isArray(value) ? (value as readonly unknown[]) : this.#wrong(name, "a list");
  }

  #get(name: string): unknown {
    return Object.hasOwn(this.#fields, name) ? (this.#fields[name] ?? undefined) : undefined;
  }

  #wrong(name: string, expected: string): never {
    throw new Fault("corrupt", `Cannot read ${this.#where}: "${name}" is not ${expected}`);
  }
}

function isRecord(value: unknown): value is Readonly<Record<string, unknown>> {
  return typeof value === "object" && value !== null && !Array.isArray(value);
}
