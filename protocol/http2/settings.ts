import { ErrorCode } from "./error-code.ts";
import {
  FRAME_BYTES_DEFAULT,
  FRAME_BYTES_LARGEST,
  Setting,
  WINDOW_BYTES_DEFAULT,
  WINDOW_BYTES_LARGEST,
} from "./frame.ts";
import type { Limits } from "./limits.ts";

/** Entries of one SETTINGS frame: there are seven settings, and some peers send a few that nobody knows. */
const ENTRIES_MAX = 64;

/** What the peer has said of itself. */
export interface PeerSettings {
  tableBytes: number;
  streamsMax: number;
  windowBytes: number;
  frameBytes: number;
  extendedConnect: boolean;
}

export function initialPeerSettings(): PeerSettings {
  return {
    tableBytes: 4096,
    // No peer should allow fewer (§6.5.2); more are known of when its SETTINGS are there.
    streamsMax: 100,
    windowBytes: WINDOW_BYTES_DEFAULT,
    frameBytes: FRAME_BYTES_DEFAULT,
    extendedConnect: false,
  };
}

/** What we say of ourselves, as id, value, id, value … */
export function ownSettings(limits: Limits, isServer: boolean, extendedConnect: boolean): number[] {
  const pairs: number[] = isServer
    ? [Setting.maxConcurrentStreams, limits.streamsMax]
    : [Setting.enablePush, 0];
  pairs.push(Setting.initialWindowSize, limits.streamWindowBytes);
  pairs.push(Setting.maxHeaderListSize, limits.fieldListBytesMax);
  if (extendedConnect) pairs.push(Setting.enableConnectProtocol, 1);
  return pairs;
}

/** Takes over a SETTINGS payload; answers an error code. `fromServer`: the sender is one. */
export function readSettings(
  payload: Buffer,
  from: number,
  to: number,
  settings: PeerSettings,
  fromServer: boolean,
): number {
  if ((to - from) % 6 !== 0) return ErrorCode.frameSizeError;
  if (to - from > ENTRIES_MAX * 6) return ErrorCode.enhanceYourCalm;
  for (let at = from; at < to; at += 6) {
    const value = payload.readUInt32BE(at + 2);
    switch (payload.readUInt16BE(at)) {
      case Setting.headerTableSize:
        settings.tableBytes = value;
        break;
      case Setting.enablePush:
        if (value > 1 || (fromServer && value === 1)) return ErrorCode.protocolError;
        break;
      case Setting.maxConcurrentStreams:
        settings.streamsMax = value;
        break;
      case Setting.initialWindowSize:
        if (value > WINDOW_BYTES_LARGEST) return ErrorCode.flowControlError;
        settings.windowBytes = value;
        break;
      case Setting.maxFrameSize:
        if (value < FRAME_BYTES_DEFAULT || value > FRAME_BYTES_LARGEST) return ErrorCode.protocolError;
        settings.frameBytes = value;
        break;
      case Setting.enableConnectProtocol:
        // Once given it cannot be taken back (RFC 8441 §3).
        if (value > 1 || (settings.extendedConnect && value === 0)) return ErrorCode.protocolError;
        settings.extendedConnect = value === 1;
        break;
      default: // what nobody knows is ignored (§6.5.2)
    }
  }
  return ErrorCode.noError;
}
