/**
 * Who starts the proxy holds its port, as systemd does: whoever connects while no proxy runs is served by the next one.
 *
 * @module
 */
import { AF_INET, SOCK_STREAM } from "../../src/net/epoll/libc.ts";
import { NameLookup, portOf } from "../../src/net/epoll/name_lookup.ts";
import { assertEquals, assertMatch } from "../deps.ts";
import { type Aster, startAster } from "../support/servers/aster.ts";
import { connectFakeClient } from "../support/fakes/fake_client.ts";
import { openSystem } from "../support/tools/libc_path.ts";
import { withDeadline } from "../support/tools/poll.ts";
import { request } from "../support/clients/resp_text.ts";
import { testIo } from "../support/tools/test_engine.ts";

/** A socket that listens, and that programs started from here have as well. */
class HeldSocket implements Disposable {
  readonly #system = openSystem();
  readonly descriptor = this.#system.libc.socket(AF_INET, SOCK_STREAM, 0);
  readonly port: number;

  constructor() {
    const { libc } = this.#system;
    const address = new NameLookup(this.#system).numeric("127.0.0.1", 0)!;
    assertEquals(libc.bind(this.descriptor, address, address.length), 0);
    assertEquals(libc.listen(this.descriptor, 64), 0);
    this.port = portOf(this.#system.address(this.descriptor, false));
  }

  [Symbol.dispose](): void {
    this.#system.close(this.descriptor);
  }
}

function start({ descriptor, port }: HeldSocket): Promise<Aster> {
  const program = decodeURIComponent(
    new URL("../support/programs/activated_program.ts", import.meta.url).pathname,
  );
  return startAster(
    () =>
      `[runtime]
drain_idle = 50
shutdown_timeout = 2000

[[clusters]]
name = "main"
listen_addr = "127.0.0.1:${port}"
cache_type = "redis"
thread = 2
servers = ["127.0.0.1:9"]
`,
    { denoArguments: ["-A", program, String(descriptor)], metrics: true },
  );
}

Deno.test({
  name: "sockets of who starts the proxy: nobody is lost who connects before, between and after",
  // Deno's sockets cannot be made of descriptors.
  ignore: testIo() !== "epoll",
  async fn() {
    using held = new HeldSocket();
    await using early = await connectFakeClient(held.port);
    await early.sends("PING\r\n");
    {
      await using first = await start(held);
      await early.receives("+PONG\r\n");
      await early.sends(request("HELLO", "3"));
      await early.receivesUpTo("modules\r\n*0\r\n");
      await early.sends(request("CLIENT", "MAINT_NOTIFICATIONS", "ON"));
      await early.receives("+OK\r\n");
      first.process.signal("SIGTERM");
      // The port is there for whoever comes back.
      assertMatch(await early.receivesUpTo(`127.0.0.1:${held.port}\r\n`), /MOVING/);
      await using between = await connectFakeClient(held.port);
      await between.sends("PING\r\n");
      await early.receivesEnd();
      assertEquals((await withDeadline(first.process.ended, "the proxy ends")).code, 0);
      await between.isSilent();
      await using second = await start(held);
      await between.receives("+PONG\r\n");
      for (let count = 0; count < 20; count++) {
        await using later = await connectFakeClient(held.port);
        await later.sends("PING\r\n");
        await later.receives("+PONG\r\n");
      }
      assertEquals((await second.stop()).code, 0);
    }
  },
});
