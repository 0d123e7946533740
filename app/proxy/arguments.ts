import { Fault } from "@plinth/fault";

export interface Arguments {
  readonly home: string;
  /** Listening descriptors inherited from the proxy that started this one, by `address:port`. */
  readonly inherited: ReadonlyMap<string, number> | undefined;
}

/** Parses `--home DIR [--inherit NAME=FD,...]`; the second is given by a proxy that hands over. */
export function parseArguments(parameters: readonly string[]): Arguments {
  let home: string | undefined;
  let inherited: Map<string, number> | undefined;
  for (let index = 0; index < parameters.length; index += 2) {
    const value = parameters[index + 1];
    if (value === undefined) throw new Fault("invalid", `Cannot start: ${parameters[index]} has no value`);
    if (parameters[index] === "--home") {
      home = value;
    } else if (parameters[index] === "--inherit") {
      inherited = new Map();
      for (const pair of value.split(",").filter((text) => text !== "")) {
        const [name = "", descriptor = ""] = pair.split("=");
        if (!/^\d+$/.test(descriptor))
          throw new Fault("invalid", `Cannot start: "${pair}" names no descriptor`);
        inherited.set(name, Number(descriptor));
      }
    } else {
      throw new Fault("invalid", `Cannot start: unknown option "${parameters[index]}"`, {
        hint: "Usage: main.ts --home DIR",
      });
    }
  }
  if (home === undefined)
    throw new Fault("invalid", "Cannot start: no --home", { hint: "Usage: main.ts --home DIR" });
  return { home, inherited };
}
