import type { Requester } from "./requester.ts";
import { joins, responseNeedsRewrite, type ResponseRewrite, rewriteResponse } from "./rewrite.ts";
import type { UpstreamConnection } from "./upstream-connection.ts";

/** Writes an answer to the client by ranges of what was read; an instance that is faster than it is held back. */
export class AnswerWriter {
  readonly rewrite: ResponseRewrite = { connection: "", unframe: false };
  /** Of the answer under way, as framed. */
  bodyBytes = 0;
  readonly #requester: Requester;

  constructor(requester: Requester) {
    this.#requester = requester;
  }

  write(connection: UpstreamConnection, bytes: Buffer): void {
    this.bodyBytes += bytes.length;
    if (!this.#requester.write(bytes)) connection.pause();
  }

  range(connection: UpstreamConnection, input: Buffer, from: number, to: number): void {
    this.write(connection, from === 0 && to === input.length ? input : input.subarray(from, to));
  }

  /** The answer's head and its body up to `to`, an offset in the decoder's input. */
  head(connection: UpstreamConnection, to: number): void {
    const head = connection.decoder.head;
    const bodyAt = head.start + head.length;
    if (!responseNeedsRewrite(head, this.rewrite)) {
      this.range(connection, head.buffer, head.start, to);
    } else {
      const bytes = rewriteResponse(head, to, this.rewrite);
      if (joins(head, to)) {
        this.write(connection, bytes);
      } else {
        this.#requester.cork();
        this.#requester.write(bytes);
        this.write(connection, head.buffer.subarray(bodyAt, to));
        this.#requester.uncork();
      }
    }
    this.bodyBytes = to - bodyAt;
  }

  /** The head of an answer before the answer. */
  interim(connection: UpstreamConnection): void {
    const { head } = connection.decoder;
    this.rewrite.connection = "";
    this.rewrite.unframe = false;
    this.head(connection, head.start + head.length);
  }

  /** The head after which the connection is no longer HTTP. */
  upgrade(connection: UpstreamConnection): void {
    const { head } = connection.decoder;
    this.rewrite.connection = "";
    this.rewrite.unframe = false;
    this.write(connection, rewriteResponse(head, head.start + head.length, this.rewrite));
  }
}
