/** An API server in memory, over a real Unix socket, for tests of what talks to the API. */
export { startFakeApi } from "./fake-api.ts";
export type { FakeApi, FakeRequest, FakeResource } from "./fake-api.ts";
