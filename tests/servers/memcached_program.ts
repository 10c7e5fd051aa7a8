/**
 * Runs the `memcached` library against `127.0.0.1:PORT` and prints what it got as JSON. A program of its own,
 * because the library's connection pool needs Deno's `--unsafe-proto`.
 *
 * @module
 */
import { clientLibraries } from "../deps.ts";

/** The library has no types. */
type Callback = (error: unknown, value: unknown) => void;
interface Library {
  end(): void;
  [method: string]: (...args: unknown[]) => void;
}

const { default: Memcached } = await clientLibraries.memcached();
const client = new Memcached(`127.0.0.1:${Deno.args[0]}`) as unknown as Library;
const results: Record<string, unknown> = {};

/** Calls a method with a callback and notes what it got under `name`. */
async function note(name: string, method: string, ...args: unknown[]): Promise<void> {
  results[name] = await new Promise((resolve) => {
    const callback: Callback = (error, value) =>
      resolve(error instanceof Error ? `error: ${error.message}` : error ?? value);
    client[method]!(...args, callback);
  });
}

/** Whether an answer of statistics came, and the names in it that every server has. */
async function names(method: string): Promise<void> {
  await note(method, method);
  const given = JSON.stringify(results[method]);
  const expected = ["pid", "curr_items", "maxbytes", "chunk_size", "evicted"];
  results[method] = expected.filter((name) => given.includes(`"${name}"`));
}

async function run(): Promise<void> {
  const keys = Array.from({ length: 50 }, (_, index) => `user:${index * 7919}:name`);
  await note("set", "set", "text", "zwölf", 100);
  await note("get", "get", "text");
  await note("get nothing", "get", "nothing");
  await note("add", "add", "text", "other", 100);
  await note("replace", "replace", "text", "new", 100);
  await note("append", "append", "text", "er");
  await note("prepend", "prepend", "text", "re");
  await note("get changed", "get", "text");
  await note("set number", "set", "number", 5, 100);
  await note("incr", "incr", "number", 3);
  await note("decr", "decr", "number", 2);
  await note("set object", "set", "object", { a: [1, "ü"] }, 100);
  await note("get object", "get", "object");
  await note("touch", "touch", "text", 100);
  await note("delete", "del", "text");
  await note("delete again", "del", "text");
  await note("set large", "set", "large", "x".repeat(500_000), 100);
  await Promise.all(keys.map((key, index) => note(key, "set", key, `value ${index}`, 100)));
  await note("many", "getMulti", [...keys, "nothing"]);
  const gets = await new Promise<{ cas: string }>((resolve) =>
    client.gets!("number", (_error: unknown, value: { cas: string }) => resolve(value))
  );
  await note("cas", "cas", "number", 7, gets.cas, 100);
  await note("cas again", "cas", "number", 8, gets.cas, 100);
  await note("version", "version");
  await note("large", "get", "large");
  results.large = String(results.large).length;
  await note("gets nothing", "gets", "nothing");
  await note("add new", "add", "added", true, 100);
  await note("get added", "get", "added");
  await note("replace nothing", "replace", "nothing", 1, 100);
  await note("append nothing", "append", "nothing", "er");
  await note("prepend nothing", "prepend", "nothing", "re");
  await note("incr nothing", "incr", "nothing", 1);
  await note("incr text", "incr", "added", 1);
  await note("decr below zero", "decr", "number", 1000);
  await note("touch nothing", "touch", "nothing", 100);
  await note("cas nothing", "cas", "nothing", 1, gets.cas, 100);
  await note("set expired", "set", "expired", "gone", -1);
  await note("get expired", "get", "expired");
  await note("set buffer", "set", "buffer", new TextEncoder().encode("\r\nEND\r\n"), 100);
  await note("get buffer", "get", "buffer");
  await note("set empty", "set", "empty", "", 100);
  await note("get empty", "get", "empty");
  await note("too large", "set", "large", "x".repeat(1_048_000), 100);
  await note("key too long", "get", "k".repeat(251));
  // What servers count differs; that the answers end, and what they name, does not.
  for (const method of ["stats", "settings", "slabs", "items"]) await names(method);
  await note("cachedump", "cachedump", `127.0.0.1:${Deno.args[0]}`, 1, 1);
  // Which keys a server lists is a matter of time.
  results.cachedump = String(results.cachedump).startsWith("error");
  await note("flush", "flush");
  await note("get flushed", "getMulti", ["number", "added"]);
}

await run();
client.end();
console.log(JSON.stringify(results));
// The library keeps timers of its own.
Deno.exit(0);
