/** The proxy process of a host: the data plane and its control socket. */
export { proxyProgram } from "./entry.ts";
export { ProxyHome } from "./proxy-home.ts";
