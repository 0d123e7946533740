import { mkdirSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import type { Children } from "./children.ts";

export const common = (directory: string): string => `
daemon off;
master_process on;
worker_processes 1;
pid ${directory}/pid;
error_log ${directory}/error.log warn;
events { worker_connections 4096; }
`;

export const temporary = (directory: string): string =>
  ["client_body", "proxy", "fastcgi", "uwsgi", "scgi"]
    .map((kind) => `${kind}_temp_path ${directory}/${kind};`)
    .join("\n  ");

export function startNginx(children: Children, directory: string, config: string): number {
  mkdirSync(directory, { recursive: true });
  const path = join(directory, "nginx.conf");
  writeFileSync(path, config);
  return children.start("nginx", "-c", path, "-p", directory, "-e", `${directory}/error.log`).pid!;
}

/** The upstream of all contenders: a small body from memory. */
export function startUpstream(children: Children, directory: string, port: number): number {
  return startNginx(
    children,
    directory,
    `${common(directory)}
http {
  ${temporary(directory)}
  access_log off;
  keepalive_requests 1000000000;
  server {
    listen 127.0.0.1:${port} backlog=4096;
    location / { default_type text/plain; return 200 "Hello from an instance behind a proxy.\\n"; }
  }
}`,
  );
}

/** The rival as people run it: one worker, upstream keep-alive, buffered access log, forwarding headers. */
export function startRival(children: Children, directory: string, port: number, upstream: number): number {
  return startNginx(
    children,
    directory,
    `${common(directory)}
http {
  ${temporary(directory)}
  access_log ${directory}/access.log combined buffer=64k flush=5s;
  keepalive_requests 1000000000;
  upstream instances { server 127.0.0.1:${upstream}; keepalive 128; keepalive_requests 1000000000; }
  server {
    listen 127.0.0.1:${port} backlog=4096;
    location / {
      proxy_pass http://instances;
      proxy_http_version 1.1;
      proxy_set_header Connection "";
      proxy_set_header Host $host;
      proxy_set_header X-Forwarded-For $remote_addr;
      proxy_set_header X-Forwarded-Proto $scheme;
    }
  }
}`,
  );
}
