import { readdirSync, readFileSync } from "node:fs";
import { join } from "node:path";
import { debianImage, type Image } from "./debian-image.ts";

const POSTGRES = ["postgresql-15", "postgresql-client-15"];
const REDIS = ["redis-server", "redis-tools"];
const PYTHON = ["python3.11-minimal", "libpython3.11-minimal", "libpython3.11-stdlib", "libpq5"];
const NGINX = ["nginx", "nginx-common"];
const PROMETHEUS = ["prometheus"];
const EXPORTER = ["prometheus-node-exporter"];

/** What the images of each folder are made of. */
export const PACKAGES: Readonly<Record<string, readonly string[]>> = {
  shop: [...POSTGRES, ...REDIS, ...PYTHON],
  site: [...NGINX, ...REDIS, ...PYTHON],
  monitoring: [...PROMETHEUS, ...EXPORTER, ...PYTHON],
};

/** As the best known image of PostgreSQL begins: makes the database in an empty folder, and becomes its own user. */
const POSTGRES_ENTRYPOINT = `#!/bin/sh
set -e
if [ "$(id -u)" = 0 ]; then
  mkdir -p "$PGDATA" /var/run/postgresql
  chown -R postgres "$PGDATA" /var/run/postgresql
  chmod 700 "$PGDATA"
fi
as_postgres() { su -s /bin/sh postgres -c "PATH=$PATH; $*"; }
if [ ! -s "$PGDATA/PG_VERSION" ]; then
  as_postgres "initdb -D $PGDATA -U $POSTGRES_USER --pwfile=$POSTGRES_PASSWORD_FILE --auth-host=scram-sha-256 --auth-local=trust --no-sync" >/dev/null
  echo "host all all all scram-sha-256" >> "$PGDATA/pg_hba.conf"
  as_postgres "postgres --single -D $PGDATA postgres" <<END >/dev/null
create database $POSTGRES_DB
END
fi
exec su -s /bin/sh postgres -c "PATH=$PATH; exec $* -c listen_addresses='*'"
`;

export const postgresImage = (): Image =>
  debianImage({
    packages: POSTGRES,
    users: ["postgres"],
    files: [{ name: "usr/local/bin/docker-entrypoint.sh", content: POSTGRES_ENTRYPOINT, mode: 0o755 }],
    config: {
      Env: ["PATH=/usr/local/bin:/usr/bin:/usr/lib/postgresql/15/bin", "PGDATA=/var/lib/postgresql/data"],
      Entrypoint: ["docker-entrypoint.sh"],
      Cmd: ["postgres"],
      ExposedPorts: { "5432/tcp": {} },
      Volumes: { "/var/lib/postgresql/data": {} },
      StopSignal: "SIGINT",
    },
  });

const REDIS_ENTRYPOINT = `#!/bin/sh
set -e
chown -R redis /data
cd /data
exec su -s /bin/sh redis -c "exec $* --protected-mode no"
`;

export const redisImage = (): Image =>
  debianImage({
    packages: REDIS,
    users: ["redis"],
    files: [
      { name: "data/", type: "directory" },
      { name: "usr/local/bin/docker-entrypoint.sh", content: REDIS_ENTRYPOINT, mode: 0o755 },
    ],
    config: {
      Env: ["PATH=/usr/local/bin:/usr/bin"],
      Entrypoint: ["docker-entrypoint.sh"],
      Cmd: ["redis-server"],
      ExposedPorts: { "6379/tcp": {} },
      Volumes: { "/data": {} },
    },
  });

/** What the programs of all folders are made of. */
const SHARED = join(import.meta.dirname, "python");

const filesIn = (folder: string): Record<string, string> =>
  Object.fromEntries(readdirSync(folder).map((name) => [name, readFileSync(join(folder, name), "utf8")]));

/** The program in a folder, with Python and the client library of PostgreSQL; `instead` takes the place of its files. */
export function pythonImage(
  folder: string,
  version: string,
  instead: Readonly<Record<string, string>> = {},
): Image {
  const files = {
    ...filesIn(SHARED),
    ...filesIn(folder),
    "version.py": `VERSION = ${JSON.stringify(version)}\n`,
    ...instead,
  };
  return debianImage({
    packages: PYTHON,
    users: ["app"],
    files: Object.entries(files).map(([name, content]) => ({ name: `app/${name}`, content })),
    config: {
      Env: ["PATH=/usr/bin"],
      User: "app",
      WorkingDir: "/app",
      Cmd: ["python3.11", "server.py"],
      ExposedPorts: { "8000/tcp": {} },
    },
  });
}

/** As the best known image of nginx is set up: sites of conf.d, and logs that are the container's. */
const NGINX_CONF = `user www-data;
worker_processes 2;
error_log /dev/stderr;
pid /run/nginx.pid;
events {}
http {
    include /etc/nginx/mime.types;
    access_log off;
    include /etc/nginx/conf.d/*.conf;
}
`;

export const nginxImage = (): Image =>
  debianImage({
    packages: NGINX,
    users: ["www-data"],
    files: [
      { name: "etc/nginx/nginx.conf", content: NGINX_CONF },
      { name: "var/log/nginx/", type: "directory" },
      { name: "var/lib/nginx/", type: "directory" },
    ],
    config: {
      Env: ["PATH=/usr/bin:/usr/sbin"],
      Cmd: ["nginx", "-g", "daemon off;"],
      ExposedPorts: { "80/tcp": {} },
      StopSignal: "SIGQUIT",
    },
  });

export const prometheusImage = (): Image =>
  debianImage({
    packages: PROMETHEUS,
    users: ["nobody"],
    files: [{ name: "prometheus/", type: "directory", uid: 1000, gid: 1000 }],
    config: {
      Env: ["PATH=/usr/bin"],
      User: "nobody",
      WorkingDir: "/prometheus",
      Entrypoint: ["prometheus"],
      ExposedPorts: { "9090/tcp": {} },
      Volumes: { "/prometheus": {} },
    },
  });

export const exporterImage = (): Image =>
  debianImage({
    packages: EXPORTER,
    users: ["nobody"],
    config: {
      Env: ["PATH=/usr/bin"],
      User: "nobody",
      Entrypoint: ["prometheus-node-exporter"],
      ExposedPorts: { "9100/tcp": {} },
    },
  });
