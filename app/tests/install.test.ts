import assert from "node:assert/strict";
import { execFileSync, spawnSync } from "node:child_process";
import { existsSync, mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { test } from "node:test";
import { createPlinth, createProject, type Plinth, startLoad } from "./index.ts";
import { allReady, pids, site } from "./site.ts";
import { bootSystemd, lacksSystemd } from "./systemd-machine.ts";

const skip = lacksSystemd() ?? false;

const newHome = (): string => mkdtempSync(join(tmpdir(), "plinth-home-"));

async function run(plinth: Plinth, ...words: string[]): Promise<string> {
  const { code, stdout, stderr } = await plinth.run(words);
  assert.equal(code, 0, `plinth ${words.join(" ")}\n${stdout}${stderr}`);
  return stdout + stderr;
}

test(
  "install takes over from the supervisor without a failed request, systemd keeps the daemon, uninstall leaves apps running",
  { skip },
  async () => {
    await using machine = await bootSystemd();
    using project = createProject();
    site(project);
    await using plinth = createPlinth({}, newHome(), machine);
    await plinth.up(project.directory);
    const before = await allReady(plinth, 3);
    assert.deepEqual((await plinth.status()).watcher, { kind: "supervisor", unit: null });
    await using load = startLoad({ port: await plinth.ingressPort() });
    await load.more(50);

    assert.match(await run(plinth, "install"), /took over the daemon that ran/);
    await load.more(50);
    const { watcher, processes } = await plinth.status();
    assert.deepEqual(watcher, { kind: "systemd", unit: "plinth.service" });
    assert.deepEqual(processes.map(({ name }) => name).toSorted(), ["daemon", "proxy"]);
    assert.match(await run(plinth, "status"), /systemd \(plinth\.service\)/);

    const first = await plinth.pidOf("daemon");
    assert.match(await run(plinth, "install"), /Nothing was to be changed/);
    assert.equal(await plinth.pidOf("daemon"), first, "nothing differs, nothing is touched");
    machine.systemctl("kill", "--signal=SIGKILL", "plinth.service");
    await plinth.until("another daemon answers", async () => (await plinth.pidOf("daemon")) !== first);
    await plinth.up(project.directory);
    assert.deepEqual(pids(await allReady(plinth, 3)), pids(before));

    assert.match(await run(plinth, "uninstall"), /does not keep Plinth running/);
    assert.equal((await plinth.run(["status"])).code, 4);
    await load.more(50);
    await run(plinth, "start");
    assert.deepEqual((await plinth.status()).watcher, { kind: "supervisor", unit: null });
    assert.deepEqual(pids(await allReady(plinth, 3)), pids(before));
    assert.deepEqual((await load.stop()).failures, {});

    await run(plinth, "install");
    await run(plinth, "uninstall", "--down");
  },
);

test("down --all is not undone by systemd, and up has it start the daemon again", { skip }, async () => {
  await using machine = await bootSystemd();
  using project = createProject();
  site(project);
  await using plinth = createPlinth({}, newHome(), machine);
  await plinth.up(project.directory);
  await run(plinth, "install");
  await run(plinth, "down", "--all");
  await plinth.until("the unit rests", async () => {
    return machine.systemctl("show", "--property=ActiveState", "--value", "plinth.service") === "inactive";
  });
  await plinth.up(project.directory);
  await allReady(plinth, 3);
  assert.equal((await plinth.status()).watcher?.kind, "systemd");
});

test(
  "after a reboot every released app returns by itself, with one restart counted for each instance",
  { skip },
  async () => {
    await using machine = await bootSystemd();
    using project = createProject();
    site(project);
    await using plinth = createPlinth({}, newHome(), machine);
    await plinth.up(project.directory);
    await run(plinth, "install");
    const before = await allReady(plinth, 3);
    await machine.reboot();
    const after = await plinth.until("all instances are ready again", async () => {
      const rows = await plinth.ps();
      return rows.length === 3 && rows.every(({ ready }) => ready) && rows;
    });
    assert.deepEqual(
      after.map(({ instance }) => instance).toSorted(),
      before.map(({ instance }) => instance).toSorted(),
    );
    assert.deepEqual(
      after.map(({ restarts }) => restarts),
      [1, 1, 1],
    );
    assert.equal((await plinth.get("/")).status, 200);
  },
);

test(
  "a daemon that systemd cannot start is no takeover: the supervisor is back, and no unit is left",
  { skip },
  async () => {
    await using machine = await bootSystemd();
    using project = createProject();
    site(project);
    await using plinth = createPlinth({}, newHome(), machine);
    await plinth.up(project.directory);
    const before = await allReady(plinth, 3);
    machine.override("[Service]\nExecStart=\nExecStart=/nowhere/plinth\n");
    const { code, stderr } = await plinth.run(["install"]);
    assert.equal(code, 4);
    assert.match(stderr, /Cannot run "systemctl start plinth\.service"/);
    assert.deepEqual((await plinth.status()).watcher, { kind: "supervisor", unit: null });
    assert.deepEqual(pids(await allReady(plinth, 3)), pids(before));
    assert.match(await run(plinth, "uninstall"), /nothing to take away/);
  },
);

test("the unit is one that systemd understands, whatever stands in the home's path", async (context) => {
  const directory = newHome();
  const home = join(directory, 'a b%h $HOME "q"');
  const plinth = createPlinth({}, home);
  const text = await run(plinth, "install", "--print");
  assert.match(text, /%%h \$\$HOME \\"q\\"/);
  if (!existsSync("/usr/bin/systemd-analyze")) return context.skip("no systemd here (Debian's systemd)");
  writeFileSync(join(directory, "plinth.service"), text);
  const parameters = ["verify", "--man=no", join(directory, "plinth.service")];
  const { status, stderr } = spawnSync("systemd-analyze", parameters, { encoding: "utf8" });
  assert.deepEqual({ status, stderr }, { status: 0, stderr: "" });
  rmSync(directory, { recursive: true });
});

/** One machine without systemd, for a script; its crontabs are its own. "$0" is the launcher, "$1" the home. */
const WITHOUT_SYSTEMD = `mount -t tmpfs none /var/spool/cron
mkdir -m 1730 /var/spool/cron/crontabs
[ ! -d /run/systemd ] || mount -t tmpfs none /run/systemd
export PLINTH_HOME="$1"
echo "7 7 * * * true" | crontab -
if "$0" install; then exit 9; fi
"$0" install --cron
"$0" install --cron
crontab -l
# As cron does after a start: with little in the environment.
crontab -l | sed -n "s/^@reboot //p" | env -i HOME="$HOME" sh -e
"$0" status
"$0" down --all
"$0" uninstall
echo left: "$(crontab -l)"`;

const lacksCron =
  process.geteuid?.() !== 0 || !existsSync("/usr/bin/crontab") || !existsSync("/var/spool/cron");

test(
  "without systemd install sets up nothing but a line of the crontab that is asked for, which starts Plinth",
  { skip: lacksCron && "needs root and crontab (Debian's cron)" },
  () => {
    const home = newHome();
    const launcher = join(import.meta.dirname, "../cli/plinth");
    const said = execFileSync(
      "unshare",
      ["--mount", "--", "/bin/sh", "-ec", WITHOUT_SYSTEMD, launcher, home],
      {
        encoding: "utf8",
        stdio: ["ignore", "pipe", "pipe"],
      },
    );
    assert.match(said, /^@reboot PATH=.*plinth start --home .*$/m);
    assert.match(said, /^Wrote into your crontab:\n(.*)\nYour crontab has it already:\n\1$/m);
    assert.match(said, /^7 7 \* \* \* true\n@reboot .*\nPlinth [\d.]+ runs in /m);
    assert.match(said, /^Watched over by: a supervisor/m);
    assert.match(said, /^left: 7 7 \* \* \* true$/m);
    rmSync(home, { recursive: true });
  },
);
