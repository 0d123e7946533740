/** Checks that need nothing to run: format, lint, types, layers, dead code. */
export const staticChecks: readonly (readonly [name: string, command: string, ...parameters: string[]])[] = [
  ["format", "oxfmt", "--check", "."],
  ["lint", "oxlint", "--type-aware", "--deny-warnings"],
  ["types", "tsc", "-p", "."],
  ["dashboard types", "tsc", "-p", "app/dashboard"],
  ["playground types", "tsc", "-p", "app/playground"],
  ["example types", "tsc", "-p", "examples/shop"],
  ["tidy", process.execPath, "scripts/tidy.ts"],
  ["dead code", "knip", "--no-config-hints"],
];
