import { spawn } from "node:child_process";
import type { Context } from "../command.ts";

export async function run(context: Context): Promise<void> {
  const { client, output, json, signal } = context;
  const { url } = await client.session({ signal });
  if (json) output.json({ url });
  else output.result(url);
  if (json || context.is("no-browser") || !hasDesktop()) return;
  // The browser outlives this command, and its absence is no error: the address is on the screen.
  const browser = spawn("xdg-open", [url], { stdio: "ignore", detached: true });
  browser.on("error", () => output.note("No browser could be opened here: open the address yourself."));
  browser.unref();
}

function hasDesktop(): boolean {
  return (process.env["DISPLAY"] ?? "") !== "" || (process.env["WAYLAND_DISPLAY"] ?? "") !== "";
}
