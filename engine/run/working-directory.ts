import { accessSync, constants, statSync } from "node:fs";
import { Fault } from "@plinth/fault";

/** Throws a Fault that says why nothing can run in a directory. */
export function checkDirectory(directory: string): void {
  try {
    if (!statSync(directory).isDirectory())
      throw new Fault("not-found", `Cannot start: the working directory ${directory} is not a directory`);
    accessSync(directory, constants.X_OK);
  } catch (error) {
    if (error instanceof Fault) throw error;
    const why = (error as NodeJS.ErrnoException).code === "EACCES" ? "may not be entered" : "does not exist";
    throw new Fault("not-found", `Cannot start: the working directory ${directory} ${why}`, {
      cause: error,
    });
  }
}
