/** Status: Plinth's own processes, what listens, the store, and what is worth knowing about this machine. */
import { type ReactNode, useEffect, useState } from "react";
import type { StatusReport } from "@plinth/resource";
import { request } from "../api/request.ts";
import { delay, whileVisible } from "../api/wait.ts";
import { bytes, count } from "../format.ts";
import { Badge } from "../parts/badge.tsx";

const POLL_MS = 2000;

function useStatus(): { report: StatusReport | undefined; problem: string | undefined } {
  const [report, setReport] = useState<StatusReport>();
  const [problem, setProblem] = useState<string>();
  useEffect(() => {
    const run = async (signal: AbortSignal): Promise<void> => {
      while (!signal.aborted) {
        try {
          setReport(await request<StatusReport>("/status", { signal }));
          setProblem(undefined);
        } catch (thrown) {
          if (!signal.aborted) setProblem(thrown instanceof Error ? thrown.message : String(thrown));
        }
        await delay(POLL_MS, signal);
      }
    };
    return whileVisible((signal) => void run(signal));
  }, []);
  return { report, problem };
}

function cpuTime(seconds: number | null): string {
  if (seconds === null) return "–";
  return seconds < 60
    ? `${seconds.toFixed(1)} s`
    : `${Math.floor(seconds / 60)} min ${Math.round(seconds % 60)} s`;
}

export function StatusPage(): ReactNode {
  const { report, problem } = useStatus();
  if (report === undefined) {
    return (
      <section className="card">
        <h1>Status</h1>
        <p className="soft">{problem ?? "Loading…"}</p>
      </section>
    );
  }
  return (
    <div className={problem === undefined ? "status-page" : "status-page stale"}>
      <section className="card">
        <h1>Status</h1>
        <dl className="facts">
          <dt>Version</dt>
          <dd>{report.version}</dd>
          <dt>Home</dt>
          <dd className="mono">{report.home}</dd>
          <dt>Store</dt>
          <dd>
            revision {count(report.store.revision)}{" "}
            {report.store.readOnly === null ? (
              <Badge tone="good">Writable</Badge>
            ) : (
              <Badge tone="bad">Read-only: {report.store.readOnly}</Badge>
            )}
          </dd>
        </dl>
      </section>
      <section className="card">
        <h2>Notices</h2>
        {report.notices.length === 0 && <p className="soft">Nothing to say.</p>}
        <ul className="plain">
          {report.notices.map((notice) => (
            <li key={notice}>
              <span className="text-warn" aria-hidden="true">
                ▲
              </span>{" "}
              {notice}
            </li>
          ))}
        </ul>
      </section>
      <section className="card">
        <h2>Processes</h2>
        <div className="scroll">
          <table>
            <thead>
              <tr>
                <th scope="col">Name</th>
                <th scope="col" className="number">
                  Pid
                </th>
                <th scope="col">Runtime</th>
                <th scope="col" className="number">
                  Memory
                </th>
                <th scope="col" className="number">
                  CPU time
                </th>
              </tr>
            </thead>
            <tbody>
              {report.processes.map((process) => (
                <tr key={`${process.name} ${process.pid}`}>
                  <th scope="row">{process.name}</th>
                  <td className="number">{process.pid}</td>
                  <td>{process.runtime}</td>
                  <td className="number">{bytes(process.memoryBytes)}</td>
                  <td className="number">{cpuTime(process.cpuSeconds)}</td>
                </tr>
              ))}
            </tbody>
          </table>
        </div>
      </section>
      <section className="card">
        <h2>Listening</h2>
        <div className="scroll">
          <table>
            <thead>
              <tr>
                <th scope="col">Name</th>
                <th scope="col">Address</th>
              </tr>
            </thead>
            <tbody>
              {report.listening.map(({ name, address, port }) => (
                <tr key={`${name} ${address} ${port}`}>
                  <th scope="row">{name}</th>
                  <td className="mono">
                    {address}:{port}
                  </td>
                </tr>
              ))}
            </tbody>
          </table>
        </div>
      </section>
    </div>
  );
}
