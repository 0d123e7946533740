import { type ReactNode, useState } from "react";

/** A shell command to copy. */
export function Command({ children }: { readonly children: string }): ReactNode {
  const [copied, setCopied] = useState(false);
  const copy = (): void => {
    navigator.clipboard.writeText(children).then(
      () => setCopied(true),
      () => setCopied(false),
    );
  };
  return (
    <span className="command">
      <code>{children}</code>
      <button type="button" className="button quiet" onClick={copy} aria-label={`Copy “${children}”`}>
        {copied ? "Copied" : "Copy"}
      </button>
    </span>
  );
}

export function Empty({
  title,
  children,
}: {
  readonly title: string;
  readonly children?: ReactNode;
}): ReactNode {
  return (
    <section className="empty">
      <h1>{title}</h1>
      {children}
    </section>
  );
}
