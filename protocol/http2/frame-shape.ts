import { ErrorCode } from "./error-code.ts";
import { FrameType } from "./frame.ts";

/** What a frame's head must say (RFC 9113 §6), before anybody looks at its payload. */

export const FrameShape = { right: 0, onStream: 1, withoutStream: 2, length: 3, unwanted: 4 } as const;

const CONNECTION = 1;
const STREAM = 2;

interface Shape {
  readonly place: number;
  readonly bytesMin: number;
  readonly bytesMax: number;
}

const ANY = Number.POSITIVE_INFINITY;
const shapes: (Shape | undefined)[] = [];
const shape = (type: number, place: number, bytesMin: number, bytesMax: number): void => {
  shapes[type] = { place, bytesMin, bytesMax };
};
shape(FrameType.data, STREAM, 0, ANY);
shape(FrameType.headers, STREAM, 0, ANY);
shape(FrameType.priority, STREAM, 5, 5);
shape(FrameType.rstStream, STREAM, 4, 4);
shape(FrameType.settings, CONNECTION, 0, ANY);
// Pushes are never allowed by our settings, and a client may not send any.
shape(FrameType.pushPromise, STREAM, ANY, ANY);
shape(FrameType.ping, CONNECTION, 8, 8);
shape(FrameType.goaway, CONNECTION, 8, ANY);
shape(FrameType.windowUpdate, CONNECTION | STREAM, 4, 4);
shape(FrameType.continuation, STREAM, 0, ANY);
shape(FrameType.priorityUpdate, CONNECTION, 4, ANY);

/** What is wrong with such a frame, of `FrameShape`. Frames of other types are right: they are ignored. */
export function frameShape(type: number, streamId: number, length: number): number {
  const known = shapes[type];
  if (known === undefined) return FrameShape.right;
  if (type === FrameType.pushPromise) return FrameShape.unwanted;
  if (streamId === 0 ? (known.place & CONNECTION) === 0 : (known.place & STREAM) === 0) {
    return streamId === 0 ? FrameShape.withoutStream : FrameShape.onStream;
  }
  return length < known.bytesMin || length > known.bytesMax ? FrameShape.length : FrameShape.right;
}

export function shapeError(wrong: number): number {
  return wrong === FrameShape.length ? ErrorCode.frameSizeError : ErrorCode.protocolError;
}

export function shapeText(wrong: number): string {
  switch (wrong) {
    case FrameShape.onStream:
      return "a frame about the connection on a stream";
    case FrameShape.withoutStream:
      return "a frame about a stream without one";
    case FrameShape.length:
      return "a frame of a wrong length";
    default:
      return "PUSH_PROMISE was not asked for";
  }
}
