/**
 * Both ways between two processes, as a takeover uses them.
 *
 * @module
 */
import type { IoChoice } from "../../../../src/config/config.ts";
import { createTransport } from "../../../../src/supervisor/takeover/transport.ts";
import { libcPath } from "../../../support/tools/libc_path.ts";
import { assertEquals, assertThrows } from "../../../deps.ts";

const WAIT_MS = 5_000;

const choices: IoChoice[] = [{ engine: "deno" }, { engine: "epoll", libcPath }];

for (const io of choices) {
  for (const other of choices) {
    Deno.test(`a process on ${io.engine} reaches one on ${other.engine}`, async () => {
      const folder = Deno.makeTempDirSync();
      const path = `${folder}/door`;
      const transport = createTransport(io);
      assertEquals(transport.system !== null, io.engine === "epoll");
      assertEquals(await transport.connect(path), null);
      const door = createTransport(other).open(path);
      const accepting = door.accept();
      const channel = (await transport.connect(path))!;
      const accepted = (await accepting)!;
      await channel.send("hello");
      assertEquals(await accepted.receive(WAIT_MS), "hello");
      await accepted.send("back");
      assertEquals(await channel.receive(WAIT_MS), "back");
      channel.close();
      assertEquals(await accepted.receive(WAIT_MS), null);
      accepted.close();
      door.close();
      assertEquals([...Deno.readDirSync(folder)], []);
      Deno.removeSync(folder);
    });
  }

  Deno.test(`open() on ${io.engine} replaces a socket that was left, and nothing else`, () => {
    const folder = Deno.makeTempDirSync();
    const transport = createTransport(io);
    const left = Deno.listen({ transport: "unix", path: `${folder}/first` });
    Deno.linkSync(`${folder}/first`, `${folder}/door`);
    left.close();
    transport.open(`${folder}/door`).close();
    assertThrows(() => transport.open(`${folder}/none/door`), Error);
    Deno.writeTextFileSync(`${folder}/door`, "precious");
    assertThrows(() => transport.open(`${folder}/door`), Error, "something else");
    assertEquals(Deno.readTextFileSync(`${folder}/door`), "precious");
    Deno.removeSync(folder, { recursive: true });
  });
}
