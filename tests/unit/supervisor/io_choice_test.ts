import { libcCandidates, supportedArchitectures } from "../../../src/net/epoll/libc.ts";
import { chooseIo, findLibc, IoUnavailable } from "../../../src/supervisor/io_choice.ts";
import { libcPath, libsslPath } from "../../support/tools/libc_path.ts";
import { assert, assertEquals, assertMatch, assertThrows } from "../../deps.ts";

const PROGRAM = new URL("../../support/programs/granted_program.ts", import.meta.url).pathname;

const here = { os: Deno.build.os, architecture: Deno.build.arch };
/** An architecture that is supported and not this one. */
const elsewhere = supportedArchitectures.find((name) => name !== here.architecture)!;
/** A path for which no test's machine has a library. */
const missingLibc = libcCandidates(elsewhere)[0]!;

/** What the program of {@link PROGRAM} says under `permissions`. */
async function runProgram(permissions: string[]): Promise<Record<string, unknown>> {
  const { code, stdout, stderr } = await new Deno.Command(Deno.execPath(), {
    args: ["run", "--no-prompt", "--no-check", ...permissions, PROGRAM],
    env: { NO_COLOR: "1" },
  }).output();
  assertEquals([code, new TextDecoder().decode(stderr)], [0, ""]);
  return JSON.parse(new TextDecoder().decode(stdout));
}

Deno.test({
  name: "Deno's own sockets need nothing, on any machine",
  permissions: "none",
  fn() {
    assertEquals(chooseIo("deno"), { engine: "deno" });
    assertEquals(chooseIo("deno", { os: "windows", architecture: "riscv64" }), { engine: "deno" });
  },
});

Deno.test("epoll is refused on another system, and the message says what runs there", () => {
  for (const os of ["darwin", "windows", "freebsd"]) {
    const error = assertThrows(() => chooseIo("epoll", { ...here, os }), IoUnavailable);
    assertEquals(
      error.message,
      `io = "epoll" runs on Linux only, not on ${os}: use io = "deno"`,
    );
  }
});

Deno.test("epoll is refused on another architecture, and the message names those it knows", () => {
  const machine = { os: "linux", architecture: "riscv64" };
  const error = assertThrows(() => chooseIo("epoll", machine), IoUnavailable);
  assertEquals(
    error.message,
    'io = "epoll" runs on x86_64 and aarch64 only, not on riscv64',
  );
});

Deno.test({
  name: "without permission the message names the grant that would help",
  permissions: { ffi: false, read: true },
  fn() {
    const error = assertThrows(() => chooseIo("epoll"), IoUnavailable);
    assertMatch(error.message, /needs FFI permission/);
    assert(error.message.endsWith(`--allow-ffi=${libcPath}`), error.message);
  },
});

Deno.test({
  name: "without permission to look for it the message names the likeliest library",
  permissions: "none",
  fn() {
    const error = assertThrows(() => chooseIo("epoll"), IoUnavailable);
    const likeliest = libcCandidates(Deno.build.arch, Deno.build.env)[0];
    assert(error.message.endsWith(`--allow-ffi=${likeliest}`), error.message);
  },
});

Deno.test({
  name: "a grant for something else is as good as none",
  permissions: { ffi: ["/lib/other.so"], read: true },
  fn() {
    assertThrows(() => chooseIo("epoll"), IoUnavailable, "needs FFI permission");
  },
});

Deno.test({
  name: "a grant for a library that is not there is told with its path",
  permissions: { ffi: [missingLibc] },
  fn() {
    const machine = { os: "linux", architecture: elsewhere };
    const error = assertThrows(() => chooseIo("epoll", machine), IoUnavailable);
    assertEquals(error.message, `io = "epoll" finds no C library among ${missingLibc}`);
  },
});

Deno.test({
  name: "the library that is granted is chosen",
  permissions: { ffi: [libcPath] },
  fn() {
    assertEquals(chooseIo("epoll"), { engine: "epoll", libcPath });
  },
});

Deno.test("all of FFI granted, the first library that can be loaded is chosen", () => {
  assertEquals(chooseIo("epoll"), { engine: "epoll", libcPath, libsslPath });
  assertEquals(chooseIo("epoll", undefined, true), { engine: "epoll", libcPath, libsslPath });
});

Deno.test({
  name: "TLS without permission for OpenSSL is refused, and the message names the grant",
  permissions: { ffi: [libcPath], read: true },
  fn() {
    const error = assertThrows(() => chooseIo("epoll", undefined, true), IoUnavailable);
    assertEquals(
      error.message,
      'TLS with io = "epoll" needs FFI permission for OpenSSL (libssl 1.1.1 or 3): ' +
        `--allow-ffi=${libsslPath}`,
    );
  },
});

Deno.test({
  name: "TLS where OpenSSL is not there is refused, and the message says where it was looked for",
  permissions: { ffi: [libcPath, "/lib64/libssl.so.3"] },
  fn() {
    const error = assertThrows(() => chooseIo("epoll", undefined, true), IoUnavailable);
    assertMatch(error.message, /finds no OpenSSL \(.*\) among \/lib64\/libssl\.so\.3$/);
  },
});

Deno.test("findLibc() finds what is on this machine, by the architecture's own paths first", () => {
  assert(Deno.statSync(findLibc()!).isFile, "a file");
  const found = findLibc({ os: "linux", architecture: "no-such" });
  assert(found === null || !found.includes("no-such"), `${found}`);
});

Deno.test("a process with the grant that was named has all that epoll needs", async () => {
  const { unavailable } = await runProgram(["--allow-read"]);
  const named = /--allow-ffi=\S+$/.exec(String(unavailable))![0];
  const report = await runProgram([named]);
  assertMatch(String(report.taken), /^Address (already )?in use$/);
  assertEquals(report, {
    choice: { engine: "epoll", libcPath },
    heard: ["connected", "name_unresolved", "connect_refused"],
    taken: report.taken,
    net: "prompt",
    echo: "hello",
  });
});
