/** An etcd by its JSON gateway, for the services that use the app's store: any etcd client would do as well. */

/** Why an etcd does not do what it was asked. */
export class EtcdRefusal extends Error {
  readonly kind: "full" | "away";

  constructor(kind: "full" | "away", why: string) {
    super(`the store is ${kind}: ${why}`);
    this.kind = kind;
  }
}

/** Less than a shopper's patience: calls wait while the store is started again. */
const TIMEOUT_MS = 2000;
/** gRPC's, as the gateway tells them. */
const RESOURCE_EXHAUSTED = 8;
const UNAUTHENTICATED = 16;

/** The gateway has bytes as base64. */
export const encoded = (text: string): string => Buffer.from(text).toString("base64");
export const decoded = (base64: string): string => Buffer.from(base64, "base64").toString();

export class Etcd {
  readonly #origin: string;
  readonly #user: { readonly name: string; readonly password: string };
  #token: Promise<string> | undefined;

  /** `url`: "etcd://USER:PASSWORD@HOST:PORT", as services that call a store are handed it. */
  constructor(url: string) {
    const { host, username, password } = new URL(url);
    this.#origin = `http://${host}`;
    this.#user = { name: username, password: decodeURIComponent(password) };
  }

  /** Whatever is sent may be sent twice: a store that was killed is back by then, and may have done it before. */
  // oxlint-disable-next-line typescript/no-unnecessary-type-parameters -- names what the method is known to answer
  async call<Answer>(method: string, message: unknown): Promise<Answer> {
    this.#token ??= this.#login();
    const token = this.#token;
    let answer = await this.#send(method, message, await token);
    if (answer["code"] === UNAUTHENTICATED) {
      // Tokens end with the store's process, and five minutes after their last use; whoever finds out logs in for all.
      if (this.#token === token) this.#token = this.#login();
      answer = await this.#send(method, message, await this.#token);
    }
    if (answer["code"] === undefined) return answer as Answer;
    const kind = answer["code"] === RESOURCE_EXHAUSTED ? "full" : "away";
    throw new EtcdRefusal(kind, String(answer["message"]));
  }

  async #login(): Promise<string> {
    try {
      const { token, message } = await this.#send("auth/authenticate", this.#user);
      if (typeof token !== "string") throw new EtcdRefusal("away", `no login: ${String(message)}`);
      return token;
    } catch (error) {
      this.#token = undefined;
      throw error;
    }
  }

  async #send(method: string, message: unknown, token?: string): Promise<Record<string, unknown>> {
    for (let attempt = 1; ; attempt++) {
      try {
        const response = await fetch(`${this.#origin}/v3/${method}`, {
          method: "POST",
          headers: token === undefined ? {} : { authorization: token },
          body: JSON.stringify(message),
          signal: AbortSignal.timeout(TIMEOUT_MS),
        });
        return (await response.json()) as Record<string, unknown>;
      } catch (error) {
        if (attempt === 2) throw new EtcdRefusal("away", String(error));
      }
    }
  }
}
