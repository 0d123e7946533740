/** Why a stream or a connection ends (RFC 9113 §7). */
export const ErrorCode = {
  noError: 0,
  protocolError: 1,
  internalError: 2,
  flowControlError: 3,
  settingsTimeout: 4,
  streamClosed: 5,
  frameSizeError: 6,
  refusedStream: 7,
  cancel: 8,
  compressionError: 9,
  connectError: 10,
  enhanceYourCalm: 11,
  inadequateSecurity: 12,
  http11Required: 13,
} as const;

/** Who ended a stream before its time. */
export const ResetCause = {
  /** The peer, by RST_STREAM. */
  peer: 0,
  /** This session: the peer broke a rule, or a limit. */
  rule: 1,
  /** The peer has not looked at the stream and never will (GOAWAY, REFUSED_STREAM): it can be sent elsewhere. */
  unprocessed: 2,
  /** The connection is gone. */
  connection: 3,
} as const;
