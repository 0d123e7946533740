/**
 * A server that answers every unary call with the same bytes and does nothing else: what the load reaches against it is
 * the most it can measure.
 */
import { createServer, type Socket } from "node:net";
import { parseArgs } from "node:util";
import { HpackEncoder, PREFACE } from "@plinth/http2";
import { RangeResponse, ResponseHeader } from "@plinth/etcd";
import { framed, writeHead } from "./h2-connection.ts";
import { VALUE_BYTES } from "./operations.ts";

const FRAME_HEAD_BYTES = 9;
const DATA = 0;
const HEADERS = 1;
const SETTINGS = 4;
const WINDOW_UPDATE = 8;
const ACK = 1;
const END_STREAM = 1;
const END_HEADERS = 4;
/** A client's windows are given back when so much has come. */
const GIVE_BACK_BYTES = 16_384;

const MESSAGE: Buffer = framed(
  RangeResponse.encode({
    header: ResponseHeader.of({ clusterId: 1n, memberId: 1n, revision: 2, raftTerm: 2n }),
    kvs: [
      {
        key: "key/00000000",
        value: Buffer.alloc(VALUE_BYTES, "value "),
        createRevision: 2,
        modRevision: 2,
        version: 1,
        lease: 0n,
      },
    ],
    more: false,
    count: 1,
  }),
);

const { values } = parseArgs({ options: { port: { type: "string" } } });

/** Makes the frames of answers; the first one's fields enter the table, so later ones are other bytes. */
function answers(): () => Buffer {
  const encoder = new HpackEncoder();
  const frame = (type: number, flags: number, payload: Buffer): Buffer => {
    const head = Buffer.alloc(FRAME_HEAD_BYTES);
    writeHead(head, 0, payload.length, type, flags, 0);
    return Buffer.concat([head, payload]);
  };
  const block = (...fields: string[]): Buffer => {
    const output = Buffer.alloc(HpackEncoder.bound(fields));
    return output.subarray(0, encoder.encode(fields, output, 0));
  };
  return () =>
    Buffer.concat([
      frame(HEADERS, END_HEADERS, block(":status", "200", "content-type", "application/grpc")),
      frame(DATA, 0, MESSAGE),
      frame(HEADERS, END_HEADERS | END_STREAM, block("grpc-status", "0")),
    ]);
}

function serve(socket: Socket): void {
  socket.setNoDelay(true);
  const next = answers();
  let answer = next();
  const later = next();
  let rest: Buffer = Buffer.alloc(0);
  let isGreeted = false;
  let received = 0;
  const settings = Buffer.alloc(FRAME_HEAD_BYTES);
  writeHead(settings, 0, 0, SETTINGS, 0, 0);
  socket.write(settings);
  socket.on("error", () => {});
  socket.on("data", (chunk: Buffer) => {
    const input = rest.length === 0 ? chunk : Buffer.concat([rest, chunk]);
    const out: Buffer[] = [];
    let at = 0;
    if (!isGreeted) {
      if (input.length < PREFACE.length) {
        rest = input;
        return;
      }
      isGreeted = true;
      at = PREFACE.length;
    }
    while (at + FRAME_HEAD_BYTES <= input.length) {
      const end = at + FRAME_HEAD_BYTES + input.readUIntBE(at, 3);
      if (end > input.length) break;
      const type = input[at + 3]!;
      const flags = input[at + 4]!;
      if (type === SETTINGS && (flags & ACK) === 0) {
        const acknowledgement = Buffer.alloc(FRAME_HEAD_BYTES);
        writeHead(acknowledgement, 0, 0, SETTINGS, ACK, 0);
        out.push(acknowledgement);
      } else if (type === DATA && (flags & END_STREAM) !== 0) {
        received += end - at - FRAME_HEAD_BYTES;
        out.push(answerFor(answer, input.readUInt32BE(at + 5)));
        answer = later;
      }
      at = end;
    }
    rest = Buffer.from(input.subarray(at));
    if (received > GIVE_BACK_BYTES) {
      const update = Buffer.alloc(FRAME_HEAD_BYTES + 4);
      writeHead(update, 0, 4, WINDOW_UPDATE, 0, 0);
      update.writeUInt32BE(received, FRAME_HEAD_BYTES);
      out.push(update);
      received = 0;
    }
    if (out.length > 0) socket.write(Buffer.concat(out));
  });
}

function answerFor(answer: Buffer, streamId: number): Buffer {
  const own = Buffer.from(answer);
  for (let at = 0; at < own.length; at += FRAME_HEAD_BYTES + own.readUIntBE(at, 3)) {
    own.writeUInt32BE(streamId, at + 5);
  }
  return own;
}

createServer(serve).listen(Number(values.port), "127.0.0.1");
