/** √ good, ‼ weaker than it could be, × in the way. */
export type Level = "good" | "weak" | "bad";

export interface Check {
  readonly name: string;
  readonly level: Level;
  readonly message: string;
  /** What to do about it. */
  readonly hint?: string;
}

export const good = (name: string, message: string): Check => ({ name, level: "good", message });
export const weak = (name: string, message: string, hint: string): Check => ({
  name,
  level: "weak",
  message,
  hint,
});
export const bad = (name: string, message: string, hint: string): Check => ({
  name,
  level: "bad",
  message,
  hint,
});
