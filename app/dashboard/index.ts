/** Where the built console is, and how it must be served. */
import { join } from "node:path";

/** Made by `npm run build -w @plinth/dashboard`; absent before. `index.html` answers for `/`; routes are in the fragment. */
export const dashboardDirectory: string = join(import.meta.dirname, "dist");

/** To be sent with every file: nothing inline, nothing from elsewhere, in nobody's frame. */
export const contentSecurityPolicy: string =
  "default-src 'self'; base-uri 'none'; form-action 'none'; frame-ancestors 'none'; object-src 'none'";
