/** The dashboard, which the daemon serves. */
import { buildIfStale } from "./vite-build.ts";

export function buildDashboard(): boolean {
  return buildIfStale({
    name: "dashboard",
    directory: "app/dashboard",
    packageName: "@plinth/dashboard",
  });
}
