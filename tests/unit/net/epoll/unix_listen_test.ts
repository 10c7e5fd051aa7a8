/**
 * Listening at a file by the kernel's own calls, step by step; as a listener it is the contract's.
 *
 * @module
 */
import { unixAsidePath, unixWorkshop } from "../../../../src/endpoint.ts";
import { SystemError } from "../../../../src/net/epoll/system.ts";
import {
  clearAside,
  isServed,
  listenAside,
  placeSocket,
  removeSocketFile,
} from "../../../../src/net/epoll/unix_listen.ts";
import { openSystem } from "../../../support/tools/libc_path.ts";
import { sanitizedTest } from "../../../support/tools/sanitized.ts";
import { assertEquals, assertThrows } from "../../../deps.ts";

const system = openSystem();

function fileTest(title: string, run: (path: string) => void): void {
  sanitizedTest(title, () => {
    const directory = Deno.makeTempDirSync();
    try {
      run(`${directory}/s.sock`);
    } finally {
      Deno.removeSync(directory, { recursive: true });
    }
  });
}

function namesBeside(path: string): string[] {
  const names = [...Deno.readDirSync(path.slice(0, path.lastIndexOf("/")))].map(({ name }) => name);
  return names.toSorted();
}

fileTest("a socket listens before it is found, and is found by its mode", (path) => {
  const descriptor = listenAside(system, path, 0o640);
  assertEquals([namesBeside(path), isServed(system, path)], [["s.sock.new"], false]);
  assertEquals(Deno.lstatSync(unixWorkshop(path)).mode! & 0o777, 0o700);
  assertEquals(isServed(system, unixAsidePath(path)), true);
  placeSocket(system, path);
  assertEquals([namesBeside(path), isServed(system, path)], [["s.sock"], true]);
  assertEquals(Deno.lstatSync(path).mode! & 0o777, 0o640);
  removeSocketFile(system, path);
  assertEquals(namesBeside(path), ["s.sock"], "somebody listens by it");
  system.close(descriptor);
  assertEquals(isServed(system, path), false);
  removeSocketFile(system, path);
  assertEquals(namesBeside(path), []);
});

fileTest("who waits aside keeps others away; what was left there does not", (path) => {
  const descriptor = listenAside(system, path, 0o600);
  assertThrows(() => listenAside(system, path, 0o600), Error, "another process is about to listen");
  assertEquals(isServed(system, unixAsidePath(path)), true);
  system.close(descriptor);
  const other = listenAside(system, path, 0o600);
  system.close(other);
  clearAside(system, path);
  assertEquals(namesBeside(path), []);
});

fileTest(
  "who ends while another process is about to take the place leaves the file to it",
  (path) => {
    const former = listenAside(system, path, 0o600);
    placeSocket(system, path);
    const next = listenAside(system, path, 0o600);
    system.close(former);
    removeSocketFile(system, path);
    assertEquals(namesBeside(path), ["s.sock", "s.sock.new"]);
    placeSocket(system, path);
    assertEquals(isServed(system, path), true);
    system.close(next);
    removeSocketFile(system, path);
    assertEquals(namesBeside(path), []);
  },
);

fileTest("what is in the way is told", (path) => {
  Deno.writeTextFileSync(path, "precious");
  assertThrows(() => listenAside(system, path, 0o600), Error, "the file there is no socket");
  assertEquals([namesBeside(path), Deno.readTextFileSync(path)], [["s.sock"], "precious"]);
  Deno.removeSync(path);
  assertThrows(() => listenAside(system, `${path}/none/s`, 0o600), SystemError);
  const descriptor = listenAside(system, path, 0o600);
  Deno.mkdirSync(path);
  assertThrows(() => placeSocket(system, path), SystemError);
  system.close(descriptor);
  clearAside(system, path);
  assertEquals(namesBeside(path), ["s.sock"]);
});
