import { execFileSync } from "node:child_process";
import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { messageOf } from "@plinth/fault";
import { type Figure, missingIn, type TableCase } from "../case.ts";
import type { Machine } from "../machine.ts";

/** One case's rows in the one table. */
export interface Part {
  readonly case: string;
  readonly title: string;
  readonly notes: readonly string[];
  readonly figures: readonly Figure[];
  /** Programs without which there are no rows. */
  readonly missing: readonly string[];
  /** Why there are no rows though nothing was missing. */
  readonly failure?: string;
  readonly seconds: number;
  readonly raw: unknown;
}

/** What `npm run bench -- --quick` found out, and where. */
export interface Report {
  readonly takenAt: string;
  readonly seconds: number;
  readonly commit: string | undefined;
  readonly machine: Machine;
  readonly parts: readonly Part[];
}

/** Measures one part after the other; one that fails leaves the others alone. */
export async function measureParts(
  cases: readonly TableCase[],
  machine: Machine,
  say: (line: string) => void,
): Promise<Report> {
  const takenAt = new Date().toISOString();
  const parts: Part[] = [];
  for (const each of cases) {
    say(`${each.rows.title} …`);
    const startMs = performance.now();
    const part = await measurePart(each, say);
    parts.push({ ...part, seconds: (performance.now() - startMs) / 1000 });
  }
  const seconds = Math.round(parts.reduce((sum, part) => sum + part.seconds, 0));
  return { takenAt, seconds, commit: commit(), machine, parts };
}

async function measurePart(
  { name, rows }: TableCase,
  say: (line: string) => void,
): Promise<Omit<Part, "seconds">> {
  const { title, notes } = rows;
  const directory = mkdtempSync(join(tmpdir(), `plinth-bench-${name}-`));
  try {
    const outcome = await rows.measure({ directory, say: (line) => say(`  ${line}`) });
    const { figures, raw } = outcome;
    return { case: name, title, notes, figures, missing: missingIn(outcome), raw };
  } catch (error) {
    const failure = messageOf(error);
    say(`  failed: ${failure}`);
    return { case: name, title, notes, figures: [], missing: [], failure, raw: undefined };
  } finally {
    rmSync(directory, { recursive: true, force: true });
  }
}

/** Of the checkout, and whether there is more in it than that; undefined outside of one. */
function commit(): string | undefined {
  const git = (...parameters: string[]): string =>
    execFileSync("git", parameters, {
      cwd: import.meta.dirname,
      encoding: "utf8",
      stdio: ["ignore", "pipe", "ignore"],
    }).trim();
  try {
    const changes = git("status", "--porcelain", "--untracked-files=no");
    return `${git("rev-parse", "--short", "HEAD")}${changes === "" ? "" : " with changes"}`;
  } catch {
    return undefined;
  }
}
