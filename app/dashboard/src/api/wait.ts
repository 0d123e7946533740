/** Waiting that a signal ends early, and work that pauses while nobody looks. */

/** Resolves after `delayMs`, or at once when aborted: callers look at the signal next. */
export function delay(delayMs: number, signal: AbortSignal): Promise<void> {
  return new Promise((resolve) => {
    if (signal.aborted) {
      resolve();
      return;
    }
    const finish = (): void => {
      clearTimeout(timer);
      signal.removeEventListener("abort", finish);
      resolve();
    };
    const timer = setTimeout(finish, delayMs);
    signal.addEventListener("abort", finish);
  });
}

/**
 * Runs `work` while the page is visible. Browsers allow six connections per host over HTTP/1.1, all tabs together:
 * hidden tabs must not hold any. Returns what ends it.
 */
export function whileVisible(work: (signal: AbortSignal) => void): () => void {
  let current: AbortController | undefined;
  const onChange = (): void => {
    if (document.hidden) {
      current?.abort();
      current = undefined;
    } else if (current === undefined) {
      current = new AbortController();
      work(current.signal);
    }
  };
  document.addEventListener("visibilitychange", onChange);
  onChange();
  return () => {
    document.removeEventListener("visibilitychange", onChange);
    current?.abort();
  };
}
