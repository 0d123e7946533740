import { DatabaseSync } from "node:sqlite";

/** A lock held by this process until disposed; the kernel lets go of it when the process ends in any way. */
export interface FileLock extends Disposable {}

/**
 * Takes the lock at `path`, or returns undefined when another process holds it. Node offers no flock; SQLite's
 * exclusive mode takes a POSIX record lock, which no crash can leave behind.
 */
export function takeFileLock(path: string): FileLock | undefined {
  const database = new DatabaseSync(path, { timeout: 0 });
  try {
    database.exec("PRAGMA locking_mode = EXCLUSIVE; PRAGMA journal_mode = MEMORY; BEGIN EXCLUSIVE; COMMIT;");
  } catch (error) {
    database.close();
    if (error instanceof Error && /locked|busy/.test(error.message)) return undefined;
    throw error;
  }
  return { [Symbol.dispose]: () => database.close() };
}
