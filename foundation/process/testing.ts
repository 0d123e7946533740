/** What tests ask of the machine for servers that they start. */
export { freePort } from "./free-port.ts";
