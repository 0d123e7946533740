/** Lines of bytes that arrive in any pieces, bounded. */
export { linesOf } from "./lines.ts";
