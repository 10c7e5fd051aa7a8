/**
 * What only Deno's own way of listening at a file has to mind; the rest is the contract's.
 *
 * @module
 */
import { unixWorkshop } from "../../../../src/endpoint.ts";
import {
  listenAtFile,
  placeSocket,
  WORKSHOP_STALE_MS,
} from "../../../../src/net/deno/unix_listen.ts";
import { assertEquals, assertThrows } from "../../../deps.ts";

async function inDirectory(run: (path: string) => void | Promise<void>): Promise<void> {
  const directory = await Deno.makeTempDir();
  try {
    await run(`${directory}/s.sock`);
  } finally {
    await Deno.remove(directory, { recursive: true });
  }
}

function namesBeside(path: string): string[] {
  return [...Deno.readDirSync(path.slice(0, path.lastIndexOf("/")))].map(({ name }) => name);
}

Deno.test("one that waits aside is put into its place later, and removed at its end", () =>
  inDirectory((path) => {
    const { close } = listenAtFile(path, 0o640, true);
    assertEquals(namesBeside(path), ["s.sock.new"]);
    assertEquals(Deno.lstatSync(unixWorkshop(path)).mode! & 0o777, 0o700);
    placeSocket(path);
    assertEquals(namesBeside(path), ["s.sock"]);
    assertEquals(Deno.lstatSync(path).mode! & 0o777, 0o640);
    close();
    assertEquals(namesBeside(path), []);
  }));

Deno.test("one that is never put into its place leaves nothing", () =>
  inDirectory((path) => {
    listenAtFile(path, 0o600, true).close();
    assertEquals(namesBeside(path), []);
  }));

Deno.test("a workshop is somebody's until it is old", () =>
  inDirectory((path) => {
    Deno.mkdirSync(unixWorkshop(path));
    assertThrows(
      () => listenAtFile(path, 0o600),
      Error,
      "another process is about to listen there",
    );
    const old = new Date(Date.now() - WORKSHOP_STALE_MS - 1_000);
    Deno.utimeSync(unixWorkshop(path), old, old);
    listenAtFile(path, 0o600).close();
    assertEquals(namesBeside(path), []);
  }));

Deno.test("who ends while another process is about to take the place leaves the file to it", () =>
  inDirectory((path) => {
    const { close } = listenAtFile(path, 0o600);
    Deno.mkdirSync(unixWorkshop(path));
    close();
    assertEquals(namesBeside(path).toSorted(), ["s.sock", "s.sock.new"]);
  }));

Deno.test("a file that is gone already is no error at the end", () =>
  inDirectory((path) => {
    const { close } = listenAtFile(path, 0o600);
    Deno.removeSync(path);
    close();
    assertEquals(namesBeside(path), []);
  }));

Deno.test("the end of a socket takes nothing away from one that waits to take its place", () =>
  inDirectory(async (path) => {
    const former = listenAtFile(path, 0o600);
    const accepting = former.listener.accept().catch(() => null);
    const next = listenAtFile(path, 0o600, true);
    former.close();
    // Deno itself removes what is where the former was bound, once nobody waits for a client any more.
    await accepting;
    await new Promise((resolve) => setImmediate(resolve));
    placeSocket(path);
    const connection = await Deno.connect({ transport: "unix", path });
    (await next.listener.accept()).close();
    connection.close();
    next.close();
    assertEquals(namesBeside(path), []);
  }));
