import assert from "node:assert/strict";
import { test } from "node:test";
import fc from "fast-check";
import { OpenStreams } from "./open-streams.ts";
import { Http2Stream, type StreamHome } from "./stream.ts";

const home: StreamHome = {
  sendHeaders() {},
  sendData: () => true,
  sendReset() {},
  giveBack() {},
};

/** Many meet: of the first table's sixteen slots only a few are anybody's own. */
const ids = fc.oneof(
  fc.integer({ min: 0, max: 20 }).map((index) => index * 2 + 1),
  fc.integer({ min: 0, max: 20 }).map((index) => index * 64 + 31),
);

test("OpenStreams holds what a Map holds, whichever ids come and go", () => {
  fc.assert(
    fc.property(fc.array(fc.tuple(fc.boolean(), ids), { maxLength: 200 }), (steps) => {
      const streams = new OpenStreams();
      const model = new Map<number, Http2Stream>();
      for (const [adds, id] of steps) {
        if (adds && !model.has(id)) {
          const stream = new Http2Stream(id, home, 0, 0);
          streams.add(stream);
          model.set(id, stream);
        } else if (!adds) {
          streams.delete(id);
          model.delete(id);
        }
        assert.equal(streams.size, model.size);
        for (const [known, stream] of model) assert.equal(streams.get(known), stream);
        assert.equal(streams.get(id), model.get(id));
      }
      const inOrder = (all: Iterable<Http2Stream>): number[] =>
        [...all].map((stream) => stream.id).sort((one, other) => one - other);
      assert.deepEqual(inOrder(streams.all()), inOrder(model.values()));
    }),
  );
});
