/** `plinth-oci`: runs the command line. Its launcher has turned on the compile cache, this file's included. */
import { runCommandLine } from "./run.ts";

// It is not for what is run from here.
delete process.env["NODE_COMPILE_CACHE"];
process.exitCode = await runCommandLine(process.argv.slice(2));
