import type { StreamHandler } from "@plinth/http2";
import type { Http2Exchange } from "./http2-exchange.ts";

/** The instance's side of an exchange. */
export class Http2Answer implements StreamHandler {
  readonly #exchange: Http2Exchange;

  constructor(exchange: Http2Exchange) {
    this.#exchange = exchange;
  }

  onHeaders(fields: string[], endStream: boolean): void {
    this.#exchange.answerHead(fields, endStream);
  }

  onInformational(fields: string[]): void {
    this.#exchange.answerInformational(fields);
  }

  onData(bytes: Buffer, endStream: boolean): void {
    this.#exchange.answerData(bytes, endStream);
  }

  onTrailers(fields: string[]): void {
    this.#exchange.answerTrailers(fields);
  }

  onReset(code: number, cause: number): void {
    this.#exchange.answerReset(code, cause);
  }

  onWritable(): void {
    this.#exchange.instanceWritable();
  }
}
