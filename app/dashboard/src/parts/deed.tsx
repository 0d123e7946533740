/** A button that asks the API for something, says so while it runs and shows a refusal where it was pressed. */
import { type ReactNode, useId, useRef, useState } from "react";

interface DeedProps {
  readonly label: ReactNode;
  readonly act: () => Promise<unknown>;
  readonly danger?: boolean;
  readonly disabled?: boolean;
  /** Asked first, when given. */
  readonly confirm?: { readonly title: string; readonly body: ReactNode; readonly yes: string };
}

export function Deed({ label, act, danger = false, disabled = false, confirm }: DeedProps): ReactNode {
  const dialog = useRef<HTMLDialogElement>(null);
  const titleId = useId();
  const [running, setRunning] = useState(false);
  const [problem, setProblem] = useState<string>();

  const run = async (): Promise<void> => {
    setRunning(true);
    setProblem(undefined);
    try {
      await act();
    } catch (thrown) {
      setProblem(thrown instanceof Error ? thrown.message : String(thrown));
    } finally {
      setRunning(false);
    }
  };

  return (
    <span className="deed">
      <button
        type="button"
        className={danger ? "button danger" : "button"}
        disabled={disabled || running}
        aria-busy={running}
        onClick={() => (confirm ? dialog.current?.showModal() : void run())}
      >
        {label}
      </button>
      {problem !== undefined && (
        <span role="alert" className="problem">
          {problem}
        </span>
      )}
      {confirm && (
        <dialog ref={dialog} aria-labelledby={titleId} closedby="any">
          <h2 id={titleId}>{confirm.title}</h2>
          {confirm.body}
          <form method="dialog" className="row end">
            <button className="button quiet">Cancel</button>
            <button className={danger ? "button danger" : "button primary"} onClick={() => void run()}>
              {confirm.yes}
            </button>
          </form>
        </dialog>
      )}
    </span>
  );
}
