import assert from "node:assert/strict";
import { test } from "node:test";
import { Compile } from "typebox/schema";
import { definitions } from "./definitions.ts";
import { describe } from "./describe.ts";
import { schemas } from "./schema.ts";

const config = describe("Config");
const keysOf = (name: string): NonNullable<(typeof config)[number]>["keys"] =>
  config.find((definition) => definition.name === name)!.keys;

test("describe() tells of each key of a config what it means and what may stand there, by an example that may", () => {
  for (const { name, description, keys } of config) {
    assert.notEqual(description, "", name);
    for (const { key, description: meaning, example } of keys) {
      assert.notEqual(meaning, "", `${name}.${key}`);
      const property: Record<string, unknown> = { ...schemas[name].properties![key], $defs: definitions };
      const validator = Compile(property as Parameters<typeof Compile>[0]);
      assert.ok(validator.Check(example), `${name}.${key}: ${JSON.stringify(example)}`);
    }
  }
});

test("describe() names each definition once, with all the places where it may stand", () => {
  assert.equal(new Set(config.map(({ name }) => name)).size, config.length);
  const probe = config.find(({ name }) => name === "Probe");
  assert.deepEqual(
    probe?.places,
    ["startup", "ready", "live"].map((which) => `services.<name>.health.${which}`),
  );
});

test("describe() gives types with their bounds, and defaults apart from the meaning", () => {
  const { replicas, hosts, command } = Object.fromEntries(
    keysOf("ServiceSpec").map((each) => [each.key, each]),
  );
  assert.deepEqual(replicas, {
    key: "replicas",
    type: "whole number, 0 to 100",
    of: undefined,
    required: false,
    description: "How many instances run.",
    byDefault: "1",
    example: 2,
  });
  assert.equal(hosts?.type, "list of Name (1 to 100 entries)");
  assert.equal(hosts?.of, "Name");
  assert.equal(command?.example, definitions.ServiceSpec.properties.command.examples[0]);
});

test("describe() leaves out what only Plinth writes", () => {
  const keys = new Set(keysOf("ServiceSpec").map(({ key }) => key));
  for (const key of ["source", "imageDigest", "store"]) assert.ok(!keys.has(key), key);
  assert.ok(!config.some(({ name }) => name === "Source"));
});
