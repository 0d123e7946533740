/** The documents, worked through: what they tell the reader to write is written, and what they tell to type is typed. */
import assert from "node:assert/strict";
import { existsSync, globSync, readFileSync } from "node:fs";
import { dirname, join, relative, resolve } from "node:path";
import { suite, test } from "node:test";
import { detectNetwork } from "@plinth/run";
import { type Image, lacksPackages } from "./compose/debian-image.ts";
import { nginxImage, PACKAGES, redisImage } from "./compose/images.ts";
import { lacksOpenssl, startDockerHub } from "./documents/docker-hub.ts";
import { knownWords, unknownWords } from "./documents/known-words.ts";
import { type Page, readPage } from "./documents/page.ts";
import { createReader } from "./documents/reader.ts";
import { printsAs } from "./documents/transcript.ts";
import { createMachines } from "./machines.ts";

const REPOSITORY = resolve(import.meta.dirname, "../..");
const WRITTEN = "docs/{README,tutorial,how-to/*,reference/*,explanation/*}.md";
const pageAt = (path: string): Page => readPage(readFileSync(join(REPOSITORY, path), "utf8"));
const pages: ReadonlyMap<string, Page> = new Map(
  globSync(WRITTEN, { cwd: REPOSITORY })
    .sort()
    .map((path) => [path, pageAt(path)]),
);

const ability = await detectNetwork();
const skip = ability.available ? false : `no machines of namespaces here: ${ability.reason ?? "unknown"}`;

/** At the same time: much of what a page does is waiting, and each has machines of its own. */
const READERS = 2;

/** Images that a page has from a registry. */
const imagesOf: Readonly<Record<string, () => Readonly<Record<string, Image>>>> = {
  "docs/how-to/compose.md": () => ({ "library/nginx": nginxImage(), "library/redis": redisImage() }),
};

const NOBODY = 65_534;
/** What needs no root, as it says, is worked through without it. */
const withoutRoot: ReadonlySet<string> = new Set(["docs/tutorial.md"]);

async function workThrough(path: string, { steps, folder }: Page, user: number): Promise<void> {
  const named = new Set(steps.flatMap((step) => (step.kind === "command" ? (step.machine ?? []) : [])));
  // The default ports are free there, and whatever a page does to the machine is gone with it.
  await using machines = await createMachines(...(named.size === 0 ? ["here"] : named));
  const images = imagesOf[path];
  await using hub = images === undefined ? undefined : await startDockerHub(machines, images());
  const { environment = {} } = hub ?? {};
  await using reader = await createReader({ ...machines, folder, environment, user });
  await reader.follow(path, steps);
}

suite("documents are worked through on a new machine", { skip, concurrency: READERS }, () => {
  for (const [path, page] of pages) {
    if (page.steps.length === 0) continue;
    const lacking = Object.hasOwn(imagesOf, path) && (lacksPackages(PACKAGES["site"]!) ?? lacksOpenssl());
    const user = withoutRoot.has(path) ? NOBODY : 0;
    test(path, { skip: lacking ?? false }, () => workThrough(path, page, user));
  }
});

test("what a page shows is compared line by line, and a mark stands for what differs each time", () => {
  assert.ok(printsAs(["a  …  c", "…", "end"], "a b c\nwhat\never\n  end\n"));
  assert.ok(!printsAs(["a … c"], "a b c\nmore\n"), "all of it has to be shown");
  assert.ok(!printsAs(["…", "end"], "the end\n"));
  assert.ok(!printsAs([], "something\n"));
});

test("a page's blocks are what to write and what to type; whatever else stands in one is a mistake", () => {
  const page = readPage(
    ["`a.mjs`:", "```js a.mjs", "1;", "```", "```console", "b$ one \\", "  two", "said", "```"].join("\n"),
  );
  assert.deepEqual(page.problems, []);
  assert.deepEqual(page.steps, [
    { kind: "file", line: 2, path: "a.mjs", content: "1;\n" },
    { kind: "command", line: 6, machine: "b", command: "one two", prints: ["said"] },
  ]);
  for (const wrong of [
    "```sh\nls\n```",
    "```js\n1;\n```",
    "```js b.mjs\n1;\n```",
    "text\n\n    indented",
    "```console",
  ])
    assert.equal(readPage(wrong).problems.length, 1, wrong);
  const known = knownWords(join(REPOSITORY, "docs/cli.md"));
  for (const [text, word] of [
    ["plinth secret list", "plinth secret"],
    ["plinth secrets lst", "plinth secrets lst"],
    ["plinth backup home.tar", undefined],
    ["printf x | plinth up --detatch", "--detatch"],
    ["health: { redy: x }", undefined],
    ["replica: 2", "replica"],
    ["deploy.grac", "grac"],
  ] as const)
    assert.deepEqual(unknownWords(text, known), word === undefined ? [] : [word]);
});

test("documents have no block that cannot be tried", () => {
  assert.deepEqual(
    [...pages].flatMap(([path, { problems }]) => problems.map((problem) => `${path}:${problem}`)),
    [],
  );
});

test("documents name only commands, options and keys that there are", () => {
  const known = knownWords(join(REPOSITORY, "docs/cli.md"));
  const unknown = [...pages].flatMap(([path, { code, steps }]) => {
    const typed = steps.flatMap((step) =>
      step.kind === "command" ? [{ line: step.line, text: step.command }] : [],
    );
    return [...code, ...typed].flatMap(({ line, text }) =>
      unknownWords(text, known).map((word) => `${path}:${line}: ${word} in ${text}`),
    );
  });
  assert.deepEqual(unknown, []);
});

/** Whether a page, named from the repository's root, has a heading behind "#". */
function isThere(target: string): boolean {
  const [page = "", anchor] = target.split("#");
  if (!existsSync(join(REPOSITORY, page))) return false;
  return anchor === undefined || (pages.get(page) ?? pageAt(page)).anchors.has(anchor);
}

test("doctor and other programs lead only to pages and headings that are there", () => {
  const named = globSync("app/{cli,daemon}/**/*.ts", { cwd: REPOSITORY }).flatMap((file) =>
    [...readFileSync(join(REPOSITORY, file), "utf8").matchAll(/docs\/[\w/-]+\.md(#[\w-]+)?/g)].map(
      ([target]) => target,
    ),
  );
  assert.ok(named.length > 10);
  assert.deepEqual(
    named.filter((target) => !isThere(target)),
    [],
  );
});

test("documents lead only to pages and headings that are there, and the index leads to each of them", () => {
  const wrong: string[] = [];
  const reached = new Set<string>();
  for (const [path, { links }] of pages) {
    for (const { line, target } of links) {
      if (target.startsWith("https://")) continue;
      const [file = "", ...anchor] = target.split("#");
      const page = file === "" ? path : relative(REPOSITORY, resolve(REPOSITORY, dirname(path), file));
      if (path === "docs/README.md") reached.add(page);
      if (!isThere([page, ...anchor].join("#"))) wrong.push(`${path}:${line}: ${target} leads nowhere`);
    }
  }
  assert.deepEqual(wrong, []);
  assert.deepEqual(
    [...pages.keys()].filter((path) => path !== "docs/README.md" && !reached.has(path)),
    [],
  );
});
