/**
 * Becomes another program, as systemd starts one whose sockets it holds: `activated_program.ts DESCRIPTOR ARGUMENTS…`
 * runs `deno run -A ARGUMENTS…` with the descriptor as the first of those that are handed over.
 *
 * @module
 */
import { libcPath } from "../tools/libc_path.ts";

const FIRST_DESCRIPTOR = 3;

const { symbols: libc } = Deno.dlopen(libcPath, {
  dup2: { parameters: ["i32", "i32"], result: "i32" },
  execv: { parameters: ["buffer", "buffer"], result: "i32" },
});

const [descriptor, ...args] = Deno.args;
Deno.env.set("LISTEN_PID", String(Deno.pid));
Deno.env.set("LISTEN_FDS", "1");
if (libc.dup2(Number(descriptor), FIRST_DESCRIPTOR) < 0) throw new Error("no such descriptor");
const words = [Deno.execPath(), "run", "-A", ...args].map((word) =>
  new TextEncoder().encode(`${word}\0`)
);
const addresses = BigUint64Array.from([
  ...words.map((word) => Deno.UnsafePointer.value(Deno.UnsafePointer.of(word))),
  0n,
]);
libc.execv(words[0]!, new Uint8Array(addresses.buffer));
throw new Error("the program cannot be started");
