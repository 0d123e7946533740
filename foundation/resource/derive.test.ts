import assert from "node:assert/strict";
import { test } from "node:test";
import { Compile } from "typebox/schema";
import { definitions } from "./definitions.ts";
import { describeFields, jsonSchema, openApi } from "./derive.ts";
import { kinds } from "./kinds.ts";
import { routes } from "./routes.ts";
import type { DefinitionName } from "./schema.ts";

test("jsonSchema() stands on its own: every reference is in it and it validates", () => {
  for (const name of Object.keys(definitions) as DefinitionName[]) {
    const schema = jsonSchema(name);
    const defined = Object.keys(schema["$defs"] as object);
    for (const [, target] of JSON.stringify(schema).matchAll(/"#\/\$defs\/(\w+)"/g)) {
      assert.ok(defined.includes(target!), `${name} lacks ${target}`);
    }
  }
  const config = Compile(jsonSchema("Config") as Parameters<typeof Compile>[0]);
  assert.ok(config.Check({ name: "a", services: { web: { command: ["x"] } } }));
  assert.ok(!config.Check({ name: "a", services: { web: { command: [] } } }));
});

test("openApi() has every route for every kind it serves, and every reference resolves", () => {
  const document = openApi();
  const paths = document["paths"] as Record<string, Record<string, { operationId: string }>>;
  const ids = Object.values(paths).flatMap((methods) =>
    Object.values(methods).map((each) => each.operationId),
  );
  assert.equal(new Set(ids).size, ids.length);
  for (const { method, path } of Object.values(routes)) {
    const plain = path.replace("{plural}", "apps");
    assert.ok(paths[plain]?.[method.toLowerCase()], `${method} ${plain}`);
  }
  assert.equal(paths["/apis/plinth.dev/v1/services"]?.["post"], undefined);
  const { schemas } = document["components"] as { schemas: Record<string, unknown> };
  for (const [, target] of JSON.stringify(document).matchAll(/"#\/components\/schemas\/(\w+)"/g)) {
    assert.ok(Object.hasOwn(schemas, target!), `no schema ${target}`);
  }
  assert.ok(!JSON.stringify(document).includes("$defs"));
});

test("describeFields() describes each field of each kind and of the config", () => {
  for (const name of [...(Object.keys(kinds) as (keyof typeof kinds)[]), "Config" as const]) {
    const rows = describeFields(name);
    assert.ok(rows.length > 3);
    assert.equal(new Set(rows.map((row) => row.path)).size, rows.length, name);
  }
  const rows = new Map(describeFields("App").map((row) => [row.path, row]));
  assert.deepEqual(rows.get("spec.services.<name>.command"), {
    path: "spec.services.<name>.command",
    type: "list of string",
    description: definitions.ServiceSpec.properties.command.description,
    required: false,
  });
  assert.equal(rows.get("spec.services")?.required, true);
  assert.equal(rows.get("spec.services.<name>.env.<name>.secret")?.type, "string");
  assert.equal(rows.get("spec.services.<name>.restart")?.type, "always | on-failure | never");
});
