/** Values of all sources as they come, until all have ended or the signal. A source's failure is the merge's. */
export async function* merge<Value>(
  sources: readonly AsyncIterable<Value>[],
  signal: AbortSignal,
): AsyncGenerator<Value> {
  const iterators = sources.map((source) => source[Symbol.asyncIterator]());
  const next = (index: number): Promise<{ index: number; result: IteratorResult<Value> }> =>
    iterators[index]!.next().then((result) => ({ index, result }));
  const pending = new Map(iterators.map((_, index) => [index, next(index)]));
  try {
    while (pending.size > 0) {
      const { index, result } = await Promise.race(pending.values());
      signal.throwIfAborted();
      if (result.done === true) {
        pending.delete(index);
        continue;
      }
      pending.set(index, next(index));
      yield result.value;
    }
  } finally {
    for (const promise of pending.values()) promise.catch(() => undefined);
    for (const index of pending.keys()) void iterators[index]!.return?.();
  }
}
