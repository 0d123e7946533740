import { fileURLToPath } from "node:url";

/** Path of the program to start: `RUNTIME proxyMain --home DIR`. */
export const proxyMain: string = fileURLToPath(new URL("./main.ts", import.meta.url));
