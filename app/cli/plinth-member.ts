import { fileURLToPath } from "node:url";
import type { MemberProgram } from "@plinth/store/testing";

/** `plinth store serve`, for tests that kill it. */
export const plinthMember: MemberProgram = {
  command: fileURLToPath(new URL("./plinth", import.meta.url)),
  parameters: (directory, port) => {
    const url = `http://127.0.0.1:${port}`;
    return ["store", "serve", "--data-dir", directory, "--listen-client-urls", url];
  },
  ready: /^ready to serve client requests/,
};
