/** What those who write functions of their own, or have programs with expected results, need to test them. */
export { readTestFile, type TestFile } from "./testing/test-file.ts";
export { type Problem, runExample, runTestFile } from "./testing/run-test.ts";
export { call, type CallOptions, testHost } from "./stdlib/call-for-test.ts";
