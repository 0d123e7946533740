import type { FieldChange, Plan, SecretChange, ServiceChange } from "@plinth/resource";
import { Fault } from "@plinth/fault";
import type { AppSpec } from "@plinth/resource";
import type { Context } from "../command.ts";
import { loadProject } from "../project.ts";
import type { Colour, Surface } from "../terminal/output.ts";
import { fit, plainLine } from "../terminal/plain-text.ts";
import { wrap } from "../terminal/wrap.ts";

export async function run(context: Context): Promise<void> {
  const { client, output, json, signal } = context;
  const project = await loadProject(context, false);
  let plan: Plan;
  try {
    plan = await client.plan(project.name, project.spec, { signal });
  } catch (error) {
    if (!(error instanceof Fault) || error.code !== "unavailable") throw error;
    // Without a daemon nothing runs, so that everything would be new.
    plan = planFromNothing(project.spec);
  }
  const notes = [...project.notes, ...plan.notes];
  if (json) return output.json({ app: project.name, ...plan, notes });
  for (const line of planLines(project.name, { ...plan, notes }, output.stdout)) output.result(line);
}

function planFromNothing(spec: AppSpec): Plan {
  const secrets = Object.values(spec.services)
    .flatMap(({ env }) => Object.values(env ?? {}))
    .flatMap((value) => (typeof value === "string" ? [] : [value.secret]));
  return {
    changes: Object.keys(spec.services).map((service) => ({
      service,
      action: "create",
      fields: [],
      notes: [],
    })),
    ingress: Object.entries(spec.ingress ?? {}).map(([host, after]) => ({ host, before: null, after })),
    secrets: [...new Set(secrets)].map((name): SecretChange => ({ name, change: "missing" })),
    notes: ["Plinth is not running in this home: `plinth up` starts it."],
    unchanged: false,
  };
}

const actions: Readonly<
  Record<ServiceChange["action"], readonly [mark: string, colour: Colour, says: string]>
> = {
  create: ["+", "green", "new"],
  update: ["~", "yellow", "changed without a restart"],
  replace: ["±", "yellow", "instances are replaced"],
  scale: ["~", "yellow", "scaled"],
  remove: ["-", "red", "removed"],
  unchanged: [" ", "dim", "unchanged"],
};

function planLines(app: string, plan: Plan, surface: Surface): string[] {
  const lines: string[] = [];
  if (plan.unchanged) lines.push(`${app} is as the config says: nothing would change.`);
  else {
    const widest = Math.max(0, ...plan.changes.map(({ service }) => service.length));
    for (const { service, action, fields, notes } of plan.changes) {
      const [mark, colour, says] = actions[action];
      lines.push(surface.paint(colour, `${mark} ${plainLine(service).padEnd(widest)}  ${says}`));
      for (const field of fields) lines.push(...fieldLines(field, surface));
      for (const note of notes) lines.push(...noteLines("    ", note, surface));
    }
    for (const { host, before, after } of plan.ingress) {
      if (before === after) continue;
      const mark = before == null ? "+" : after == null ? "-" : "~";
      const colour = before == null ? "green" : after == null ? "red" : "yellow";
      const target = before != null && after != null ? `${before} → ${after}` : (after ?? before ?? "");
      lines.push(surface.paint(colour, `${mark} ingress ${plainLine(host)}  ${plainLine(target)}`));
    }
  }
  for (const { name, change } of plan.secrets) {
    if (change === "unchanged") continue;
    const missing =
      change === "missing" ? `missing: \`plinth secrets set ${name}\` before \`plinth up\`` : "changed";
    lines.push(
      surface.paint(
        change === "missing" ? "red" : "yellow",
        `${change === "missing" ? "!" : "~"} secret ${name}  ${missing}`,
      ),
    );
  }
  for (const note of plan.notes) lines.push(...noteLines("", note, surface));
  return lines;
}

function noteLines(indent: string, note: string, surface: Surface): string[] {
  const width = surface.isTerminal ? surface.columns - indent.length - 2 : Number.POSITIVE_INFINITY;
  return wrap(plainLine(note), width).map((line, index) =>
    index === 0 ? `${indent}${surface.paint("yellow", "!")} ${line}` : `${indent}  ${line}`,
  );
}

/** A value takes one line; what differs between long ones is rarely at their end. */
const INDENT = "      ";

function fieldLines({ path, before, after }: FieldChange, surface: Surface): string[] {
  // The fingerprint of files says nothing to a reader but that they differ.
  if (path === "source" || path.startsWith("source.")) return [`${INDENT}its files changed`];
  const room = surface.isTerminal ? surface.columns - INDENT.length - 2 : Number.POSITIVE_INFINITY;
  const value = (of: unknown): string => fit(plainLine(JSON.stringify(of)), room);
  return [
    `${INDENT}${plainLine(path)}`,
    ...(before === undefined || before === null
      ? []
      : [`${INDENT}${surface.paint("red", `- ${value(before)}`)}`]),
    ...(after === undefined || after === null
      ? []
      : [`${INDENT}${surface.paint("green", `+ ${value(after)}`)}`]),
  ];
}
