/**
 * Calls the hash functions inside a real nutcracker (twemproxy) and writes `hashes.json`. To be run by hand,
 * where gdb is installed:
 *
 *     deno run -A tests/golden/record_hashes.ts
 *
 * The program exports its functions, so a debugger can stop it at its start and call them one by one.
 *
 * @module
 */
import { GOLDEN_HASHES, GOLDEN_KEYS } from "./placement_cases.ts";

const KEY_BYTES_MAX = 64;

/** Every fifth short key: all lengths, ASCII, UTF-8 and random bytes. */
const keys = GOLDEN_KEYS.filter((key, i) => i % 5 === 0 && key.length <= KEY_BYTES_MAX);

/** A C string literal. All bytes are octal, so that no digit can be read as part of an escape. */
function cString(key: Uint8Array): string {
  return `"${[...key].map((byte) => "\\" + byte.toString(8).padStart(3, "0")).join("")}"`;
}

function printCall(hash: string, key: Uint8Array): string {
  const type = "((unsigned int (*)(const char *, unsigned long)) hash_" + hash + ")";
  return `print/u ${type}(${cString(key)}, ${key.length})`;
}

async function callAll(): Promise<number[]> {
  const calls = GOLDEN_HASHES.flatMap((hash) => keys.map((key) => printCall(hash, key)));
  const script = await Deno.makeTempFile({ suffix: ".gdb" });
  await Deno.writeTextFile(script, ["break main", "run", ...calls, "kill"].join("\n"));
  const gdb = new Deno.Command("gdb", { args: ["-batch", "-x", script, "nutcracker"] });
  const { stdout } = await gdb.output();
  await Deno.remove(script);
  const values = [...new TextDecoder().decode(stdout).matchAll(/^\$\d+ = (\d+)$/gm)];
  if (values.length !== calls.length) throw new Error(`Cannot use ${values.length} answers`);
  return values.map((value) => Number(value[1]));
}

const values = await callAll();
const golden = {
  origin: `Recorded by record_hashes.ts from nutcracker-0.5.0 (${Deno.build.target})`,
  format: "keys: base64, separated by spaces. hashes: one number per key, separated by spaces.",
  keys: keys.map((key) => btoa(String.fromCharCode(...key))).join(" "),
  hashes: Object.fromEntries(GOLDEN_HASHES.map((hash, i) => [
    hash,
    values.slice(i * keys.length, (i + 1) * keys.length).join(" "),
  ])),
};
const file = new URL("./hashes.json", import.meta.url);
await Deno.writeTextFile(file, JSON.stringify(golden, null, 2) + "\n");
