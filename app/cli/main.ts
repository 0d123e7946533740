/** `plinth`: turns on the compile cache before anything else is loaded, then runs the command line. */
import { enableCompileCache } from "node:module";
import { homedir } from "node:os";
import { join } from "node:path";

const cache = process.env["XDG_CACHE_HOME"];
// An unusable cache only costs time, so its outcome is not looked at. XDG says to ignore paths that are not absolute.
enableCompileCache(
  join(cache?.startsWith("/") === true ? cache : join(homedir(), ".cache"), "plinth", "compile"),
);
const { runCommandLine } = await import("./run.ts");
await runCommandLine(process.argv.slice(2));
