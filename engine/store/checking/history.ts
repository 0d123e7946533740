/** One call as its client saw it. */
export interface Call<Request, Response> {
  readonly client: number;
  readonly request: Request;
  /** Undefined: the answer was lost. It may have happened at any time from its start on, also after its end; or never. */
  readonly response: Response | undefined;
  /** Milliseconds on the monotonic clock of the one process that recorded everything. */
  readonly startMs: number;
  readonly endMs: number;
}
