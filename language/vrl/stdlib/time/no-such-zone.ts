import { Failure } from "../../runtime/failure.ts";

export function noSuchZone(name: string): Failure {
  return new Failure(`unable to parse timezone: ${name}`);
}
