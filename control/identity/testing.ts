/** An authority in a folder of its own, and certificates that no authority of ours would give out. */
export { forgeSvid, openTestAuthority } from "./test-authority.ts";
export type { Forgery, TestAuthority } from "./test-authority.ts";
