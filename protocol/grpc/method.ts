/** How one kind of message becomes bytes; protobuf or anything else. */
export interface Codec<Message> {
  encode(message: Message): Uint8Array;
  /** The same behind `room` octets that are the caller's to write: spares a copy. Optional. */
  encodeBehind?(message: Message, room: number): Buffer;
  decode(bytes: Buffer): Message;
}

/** One method of a service. `path` is "/package.Service/Method". */
export interface Method<Request, Response> {
  readonly path: string;
  readonly requestStream: boolean;
  readonly responseStream: boolean;
  readonly request: Codec<Request>;
  readonly response: Codec<Response>;
}
