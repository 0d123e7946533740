/** `npm start`: builds the dashboard and the shop's image, and brings up the example shop, in the foreground. */
import { spawn } from "node:child_process";
import { buildDashboard } from "./dashboard-build.ts";
import { prepareShopImage } from "./shop-image.ts";

if (!buildDashboard()) process.exitCode = 1;
else {
  await prepareShopImage();
  const up = spawn("sh", ["app/cli/plinth", "up", "examples/shop", ...process.argv.slice(2)], {
    stdio: "inherit",
  });
  // Ctrl-C reaches the whole terminal group: `up` decides when to end, this process waits for it.
  for (const signal of ["SIGINT", "SIGTERM", "SIGHUP"] as const) process.on(signal, () => undefined);
  up.on("exit", (code, signal) => {
    process.exitCode = code ?? (signal === null ? 1 : 128);
  });
}
