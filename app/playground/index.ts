/** Where the built playground is, and how it is best served. Any server of plain files will do: see `index.html`. */
import { join } from "node:path";

/** Made by `npm run playground:build`; absent before. */
export const playgroundDirectory: string = join(import.meta.dirname, "dist");

/** To be sent with the page and its styles: nothing inline, nothing from elsewhere, in nobody's frame. */
export const contentSecurityPolicy: string =
  "default-src 'self'; base-uri 'none'; form-action 'none'; frame-ancestors 'none'; object-src 'none'";

/**
 * To be sent with the worker's script. It alone makes functions of text (VRL's programs become JavaScript), so it alone
 * has 'unsafe-eval'; and it may fetch nothing, whatever a program does.
 */
export const workerContentSecurityPolicy: string = "default-src 'none'; script-src 'self' 'unsafe-eval'";
