import { Fault } from "@plinth/fault";

/** What a caller adds to a call, in order. Names are in lower case; those ending in "-bin" have octets as value. */
export type Metadata = readonly (readonly [name: string, value: string | Buffer])[];

const RESERVED = /^(?::|grpc-|content-type$|te$|user-agent$|host$|content-length$|connection$)/;

/** Fields for metadata: "-bin" in base64. */
export function metadataToFields(metadata: Metadata): string[] {
  const fields: string[] = [];
  for (const [name, value] of metadata) {
    if (RESERVED.test(name))
      throw new Fault("invalid", `Cannot send metadata "${name}": the name is reserved`);
    const binary = name.endsWith("-bin");
    if (binary !== (typeof value !== "string")) {
      throw new Fault(
        "invalid",
        `Cannot send metadata "${name}": names ending in -bin have octets, others text`,
      );
    }
    fields.push(name, typeof value === "string" ? value : value.toString("base64").replace(/=+$/, ""));
  }
  return fields;
}

/** Metadata among fields; the protocol's own are left out. A "-bin" may hold several values. */
export function metadataOfFields(fields: readonly string[]): Metadata {
  const metadata: [string, string | Buffer][] = [];
  for (let index = 0; index + 1 < fields.length; index += 2) {
    const name = fields[index]!;
    const value = fields[index + 1]!;
    if (RESERVED.test(name) && name !== "grpc-status-details-bin") continue;
    if (!name.endsWith("-bin")) metadata.push([name, value]);
    else for (const part of value.split(",")) metadata.push([name, Buffer.from(part.trim(), "base64")]);
  }
  return metadata;
}

/** The value of the first field of this name. */
export function fieldValue(fields: readonly string[], name: string): string | undefined {
  for (let index = 0; index + 1 < fields.length; index += 2)
    if (fields[index] === name) return fields[index + 1];
  return undefined;
}
