import { existsSync, mkdirSync, readFileSync, readdirSync, writeFileSync } from "node:fs";
import { basename, join, resolve } from "node:path";
import { Fault } from "@plinth/fault";
import type { Context } from "../command.ts";
import { onPath } from "../on-path.ts";
import { hasConfig } from "../config/locate.ts";
import { COMPOSE_NAMES } from "../import/compose-files.ts";
import { shownPath } from "../terminal/shown-path.ts";

/** What was found in a directory, and how to run it. */
interface Found {
  readonly what: string;
  readonly command: readonly string[];
  readonly cwd?: string;
  readonly ready?: string;
  /** A file to write beside the config, where nothing was found to run. */
  readonly file?: readonly [name: string, content: string];
}

export async function run(context: Context): Promise<void> {
  const { output, json } = context;
  const directory = resolve(context.text("DIR") ?? ".");
  if (existsSync(directory) && hasConfig(directory)) {
    throw new Fault("conflict", `Cannot write a config: ${directory} has one already`, {
      hint: "`plinth validate` checks it, `plinth up` deploys it.",
    });
  }
  mkdirSync(directory, { recursive: true });
  const compose = COMPOSE_NAMES.find((name) => existsSync(join(directory, name)));
  if (compose !== undefined) {
    throw new Fault("conflict", `Cannot write a config: ${compose} is there, and would no longer be read`, {
      hint: `\`plinth up\` runs it as it is; \`plinth import compose ${compose}\` writes the same as a plinth.config.ts.`,
    });
  }
  const found = lookAround(directory);
  const name = appName(directory);
  const file = join(directory, "plinth.config.yaml");
  if (found.file !== undefined) writeFileSync(join(directory, found.file[0]), found.file[1], { flag: "wx" });
  writeFileSync(file, configText(name, found), { flag: "wx" });
  if (json) return output.json({ file, app: name, found: found.what, command: found.command });
  output.result(`${shownPath(file)} runs ${found.what} as the app ${name}`);
  output.note(
    `Next: \`plinth up${context.text("DIR") === undefined ? "" : ` ${context.text("DIR")}`}\`, then http://${name}.localhost:8080/`,
  );
}

/** The directory's name as a DNS label. */
function appName(directory: string): string {
  const label = basename(directory)
    .toLowerCase()
    .replace(/[^a-z0-9]+/g, "-")
    .slice(0, 40)
    .replace(/^-+|-+$/g, "");
  return label === "" ? "app" : label;
}

function lookAround(directory: string): Found {
  const names = new Set(readdirSync(directory));
  return (
    nodeProgram(directory, names) ??
    pythonProgram(names) ??
    staticFiles(directory, names) ?? {
      what: "a first service written to server.mjs",
      command: ["node", "server.mjs"],
      ready: "/",
      file: ["server.mjs", SERVER],
    }
  );
}

function nodeProgram(directory: string, names: ReadonlySet<string>): Found | undefined {
  if (names.has("package.json")) {
    const start = startScript(join(directory, "package.json"));
    // A plain `node FILE` is started without npm in between, which would be a second process per instance.
    const plain = start === undefined ? null : /^node((?: [\w./=-]+)+)$/.exec(start.trim());
    if (plain !== null)
      return { what: "package.json's start script", command: ["node", ...plain[1]!.trim().split(" ")] };
    if (start !== undefined)
      return { what: "package.json's start script", command: ["npm", "run", "--silent", "start"] };
  }
  const file = ["server.js", "server.mjs", "server.ts", "index.js", "index.mjs"].find((name) =>
    names.has(name),
  );
  return file === undefined ? undefined : { what: file, command: ["node", file] };
}

function startScript(path: string): string | undefined {
  try {
    const { scripts } = JSON.parse(readFileSync(path, "utf8")) as { scripts?: { start?: unknown } };
    return typeof scripts?.start === "string" ? scripts.start : undefined;
  } catch {
    return undefined; // npm itself will say what is wrong with it
  }
}

function pythonProgram(names: ReadonlySet<string>): Found | undefined {
  if (names.has("manage.py")) {
    return {
      what: "the Django project",
      command: ["python3", "manage.py", "runserver", "--noreload", "${HOST}:${PORT}"],
    };
  }
  const file = ["app.py", "main.py", "server.py"].find((name) => names.has(name));
  return file === undefined ? undefined : { what: file, command: ["python3", file] };
}

function staticFiles(directory: string, names: ReadonlySet<string>): Found | undefined {
  const cwd = [".", "public", "dist", "build"].find((candidate) =>
    existsSync(join(directory, candidate, "index.html")),
  );
  if (cwd === undefined) return undefined;
  const where = cwd === "." ? {} : { cwd };
  // Only what is installed already: a first `up` must not need the network.
  if (onPath("python3")) {
    const command = ["python3", "-m", "http.server", "${PORT}", "--bind", "${HOST}"];
    return { what: "the HTML files", command, ready: "/", ...where };
  }
  if (names.has("node_modules") && existsSync(join(directory, "node_modules/.bin/http-server"))) {
    return {
      what: "the HTML files",
      command: ["npx", "http-server", cwd, "-p", "${PORT}", "-a", "${HOST}"],
      ready: "/",
    };
  }
  return undefined;
}

function configText(name: string, { command, cwd, ready }: Found): string {
  const words = command.map((word) =>
    /^[\w./-]+$/.test(word) && !word.startsWith("-") ? word : JSON.stringify(word),
  );
  const lines = [
    "# Everything that can stand here: plinth validate --schema",
    `name: ${name}`,
    "services:",
    "  web:",
    `    command: [${words.join(", ")}]  # PORT and HOST are in its environment, too`,
    ...(cwd === undefined ? [] : [`    cwd: ${cwd}`]),
    ...(ready === undefined ? [] : [`    health: { ready: { http: ${ready} } }`]),
    "    replicas: 2",
    "ingress:",
    `  ${name}.localhost: web`,
  ];
  return `${lines.join("\n")}\n`;
}

const SERVER = `import { createServer } from "node:http";

const server = createServer((request, response) => {
  response.end(\`Hello from process \${process.pid}\\n\`);
});
server.listen(Number(process.env.PORT), process.env.HOST);

// Requests under way are answered before the process ends.
process.on("SIGTERM", () => server.close());
`;
