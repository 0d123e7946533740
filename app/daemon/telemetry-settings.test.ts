import assert from "node:assert/strict";
import { test } from "node:test";
import { chooseTelemetry, telemetryOf } from "./telemetry-settings.ts";

const otlp = "http://127.0.0.1:4318";

test("chooseTelemetry() keeps what was asked for until it is told otherwise", () => {
  assert.deepEqual(chooseTelemetry(undefined, undefined), {});
  assert.deepEqual(chooseTelemetry(undefined, { otlp }), { otlp });
  assert.deepEqual(chooseTelemetry({ otlp }, { traceRatio: 1 }), { otlp, traceRatio: 1 });
  assert.deepEqual(chooseTelemetry({ otlp, traceRatio: 1 }, { otlp: "off" }), { traceRatio: 1 });
});

test("chooseTelemetry() refuses what cannot be sent to, and secrets where others would see them", () => {
  assert.throws(() => chooseTelemetry(undefined, { otlp: "127.0.0.1:4318" }), /http or https/);
  assert.throws(() => chooseTelemetry(undefined, { otlp: "http://me:secret@host" }), /password/);
  assert.throws(() => chooseTelemetry(undefined, { accessLog: "xml" }), /combined, json or off/);
  assert.throws(() => chooseTelemetry(undefined, { traceRatio: 2 }), /from 0 to 1/);
});

test("telemetryOf() samples one in a hundred unless told otherwise", () => {
  assert.deepEqual(telemetryOf({}), { traces: null, accessLog: null });
  assert.deepEqual(telemetryOf({ otlp }), { traces: { url: otlp, ratio: 0.01 }, accessLog: null });
});
