import { randomBytes, scrypt, timingSafeEqual } from "node:crypto";
import { promisify } from "node:util";
import { refusal } from "../refusal.ts";

/** scrypt's cost, block size and parallelism: 32 MiB and some tenth of a second for each guess. */
const COST = 2 ** 15;
const BLOCK_SIZE = 8;
const PARALLELISM = 1;
const SALT_BYTES = 16;
const HASH_BYTES = 32;
/** scrypt takes 128 times cost times block size; Node refuses more than this. */
const MEMORY_BYTES_MAX = 64 * 2 ** 20;
/** Hashings at a time: they share four threads with whatever reads files. */
const HASHINGS_MAX = 2;
/** Those that wait for their turn, some three seconds of work; more are refused. */
const WAITING_MAX = 64;

const derive = promisify<string, Uint8Array, number, object, Buffer>(scrypt);

let running = 0;
const waiting: (() => void)[] = [];

/** Takes its turn, so that who guesses passwords cannot take the whole machine. */
async function hash(password: string, salt: Uint8Array, cost: number): Promise<Buffer> {
  if (running >= HASHINGS_MAX) {
    if (waiting.length >= WAITING_MAX) throw refusal("tooManyRequests");
    await new Promise<void>((resolve) => waiting.push(resolve));
  } else running += 1;
  try {
    const options = { N: cost, r: BLOCK_SIZE, p: PARALLELISM, maxmem: MEMORY_BYTES_MAX };
    return await derive(password, salt, HASH_BYTES, options);
  } finally {
    const next = waiting.shift();
    if (next === undefined) running -= 1;
    else next();
  }
}

/** "scrypt", the cost, salt and hash in base64, divided by dollar signs. */
export async function hashPassword(password: string): Promise<string> {
  const salt = randomBytes(SALT_BYTES);
  const hashed = await hash(password, salt, COST);
  return ["scrypt", COST, salt.toString("base64"), hashed.toString("base64")].join("$");
}

/** Whether it is the password; takes as long where there is nothing to compare with. */
export async function isPassword(password: string, hashed: string | undefined): Promise<boolean> {
  const [kind, cost, salt, expected] = (hashed ?? "").split("$");
  if (kind !== "scrypt" || cost === undefined || salt === undefined || expected === undefined) {
    await hash(password, Buffer.alloc(SALT_BYTES), COST);
    return false;
  }
  const actual = await hash(password, Buffer.from(salt, "base64"), Number(cost));
  const wanted = Buffer.from(expected, "base64");
  return actual.length === wanted.length && timingSafeEqual(actual, wanted);
}
