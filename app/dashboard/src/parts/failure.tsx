/** Why a release was halted: reason, exit code, last probe, last lines. */
import type { Failure } from "@plinth/resource";
import type { ReactNode } from "react";
import { shortInstance } from "../format.ts";
import { plainText } from "../model/log-buffer.ts";

const sentences: Readonly<Record<Failure["reason"], string>> = {
  CannotStart: "could not be started",
  Crashed: "crashed at start",
  Evicted: "wrote more than it may",
  NotReady: "never got ready",
  Refused: "was refused",
};

export function failureSentence({ service, reason }: Failure): string {
  return `${service} ${sentences[reason]}`;
}

export function FailureDetails({ failure }: { readonly failure: Failure }): ReactNode {
  return (
    <div className="failure">
      <dl className="facts">
        <dt>Reason</dt>
        <dd>
          <b>{failure.reason}</b>: {plainText(failure.message)}
        </dd>
        {failure.instance !== undefined && (
          <>
            <dt>Instance</dt>
            <dd className="mono">{shortInstance(failure.instance)}</dd>
          </>
        )}
        {failure.exitCode !== undefined && (
          <>
            <dt>Exit code</dt>
            <dd className="mono">{failure.exitCode}</dd>
          </>
        )}
        {failure.probe !== undefined && (
          <>
            <dt>Last probe</dt>
            <dd className="mono">{plainText(failure.probe)}</dd>
          </>
        )}
      </dl>
      {failure.log !== undefined && failure.log.length > 0 && (
        <pre className="lines" tabIndex={0} aria-label="The last lines it wrote">
          {failure.log.map(plainText).join("\n")}
        </pre>
      )}
    </div>
  );
}
