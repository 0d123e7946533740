/** `npm run playground:build`: builds the VRL playground, and tells how large the library is in a browser. */
import { join } from "node:path";
import { gzipSync } from "node:zlib";
import { build } from "vite";
import { buildIfStale } from "./vite-build.ts";

const LIBRARY = "language/vrl";
const ENTRY = "\0entry";

const bundles: Readonly<Record<string, string>> = {
  "with the standard library": `
    import { compile, standardLibrary, webHost } from "/index.ts";
    export const compiled = (source) => compile(source, { functions: standardLibrary, host: webHost() });`,
  "with two functions only": `
    import { compile, webHost } from "/index.ts";
    import { parseJson } from "/stdlib/parse-json.ts";
    import { upcase } from "/stdlib/upcase.ts";
    export const compiled = (source) => compile(source, { functions: [parseJson, upcase], host: webHost() });`,
};

/** As a page would have it: one minified file with all that it needs. */
async function bundle(entry: string): Promise<string> {
  const output = await build({
    configFile: false,
    logLevel: "error",
    root: LIBRARY,
    plugins: [
      {
        name: "entry",
        resolveId: (id) => {
          if (id === ENTRY) return ENTRY;
          return id.startsWith("/") && id.endsWith(".ts")
            ? join(import.meta.dirname, "..", LIBRARY, id)
            : null;
        },
        load: (id) => (id === ENTRY ? entry : null),
      },
    ],
    build: {
      write: false,
      target: "es2023",
      modulePreload: false,
      rolldownOptions: {
        input: ENTRY,
        preserveEntrySignatures: "strict",
        output: { codeSplitting: false },
      },
    },
  });
  const [built] = Array.isArray(output) ? output : [output];
  if (built === undefined || !("output" in built)) throw new TypeError("Vite gave no bundle");
  return built.output.map((file) => (file.type === "chunk" ? file.code : "")).join("");
}

const kilobytes = (bytes: number): string => `${(bytes / 1000).toFixed(1)} kB`.padStart(10);

const isBuilt = buildIfStale({
  name: "playground",
  directory: "app/playground",
  packageName: "@plinth/playground",
  alsoMadeOf: [`${LIBRARY}/**/*.ts`],
});
if (isBuilt) {
  console.log("app/playground/dist is built. @plinth/vrl in a browser:");
  for (const [name, entry] of Object.entries(bundles)) {
    const code = await bundle(entry);
    const [raw, zipped] = [Buffer.byteLength(code), gzipSync(code, { level: 9 }).length];
    console.log(`  ${name.padEnd(26)}${kilobytes(raw)} ${kilobytes(zipped)} gzip`);
  }
} else process.exitCode = 1;
