/** A clock that tests drive by hand. */
export { VirtualClock } from "./virtual-clock.ts";
