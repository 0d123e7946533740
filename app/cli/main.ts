/** `plinth`, once its launcher has found Node. */
import { runCommandLine } from "./run.ts";

await runCommandLine(process.argv.slice(2));
