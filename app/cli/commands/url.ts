import { chooseApp } from "../app-name.ts";
import type { Context } from "../command.ts";
import { UsageFault } from "../exit-code.ts";
import { urlsOf } from "../urls.ts";

/** What is dialled as a web address. */
const OF_HTTP: ReadonlySet<string | undefined> = new Set(["http", "http2", "grpc"]);

export async function run(context: Context): Promise<void> {
  const { client, output, json, signal, words } = context;
  const named = context.text("APP/SERVICE")!;
  const slash = named.indexOf("/");
  const service = named.slice(slash + 1);
  const app = await chooseApp(context, slash < 0 ? undefined : named.slice(0, slash));
  const { name } = app.metadata;
  const spec = Object.hasOwn(app.spec.services, service) ? app.spec.services[service] : undefined;
  if (spec === undefined) {
    const among = Object.keys(app.spec.services);
    throw new UsageFault(`There is no service "${service}" in ${name}`, words, {
      hint: `Its services: ${among.join(", ")}.`,
      mistyped: { word: service, among },
    });
  }
  const caller = context.text("as");
  if (context.is("revoke")) {
    if (caller === undefined) throw new UsageFault("--revoke needs --as NAME", words);
    await client.revokeCaller(name, service, caller, { signal });
    if (json) output.json({});
    else output.note(`${caller} has no address for ${name}/${service} any more`);
    return;
  }
  if (caller === undefined) {
    const urls = urlsOf(app, await client.status({ signal }))
      .filter((one) => one.service === service)
      .map(({ url }) => url);
    if (json) output.json({ urls });
    else if (urls.length > 0) for (const url of urls) output.result(url);
    else
      throw new UsageFault(`${name}/${service} is reached by services of ${name} only`, words, {
        hint: `\`plinth url ${name}/${service} --as NAME\` gives a caller from outside an address of its own.`,
      });
    return;
  }
  const { address, port } = await client.admitCaller(name, service, caller, { signal });
  const url = OF_HTTP.has(spec.protocol) ? `http://${address}:${port}` : `${address}:${port}`;
  if (json) output.json({ address, port, url });
  else output.result(url);
}
