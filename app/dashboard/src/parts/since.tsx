import { type ReactNode, useEffect, useState } from "react";
import { span } from "../format.ts";

const TICK_MS = 1000;

/** How long ago a moment was, going on by itself; the moment itself on hover. */
export function Since({ time, suffix = "" }: { readonly time: string; readonly suffix?: string }): ReactNode {
  const [now, setNow] = useState(() => Date.now());
  useEffect(() => {
    const timer = setInterval(() => setNow(Date.now()), TICK_MS);
    return () => clearInterval(timer);
  }, []);
  return (
    <time dateTime={time} title={new Date(time).toLocaleString()}>
      {span(now - Date.parse(time))}
      {suffix}
    </time>
  );
}
