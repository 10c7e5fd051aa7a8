/**
 * Two processes, one behind the other, played in one.
 *
 * @module
 */
import type { Config, IoChoice } from "../../../../src/config/config.ts";
import { formatEndpoint, tcpEndpoint } from "../../../../src/endpoint.ts";
import { AF_INET } from "../../../../src/net/epoll/libc.ts";
import { NameLookup, portOf } from "../../../../src/net/epoll/name_lookup.ts";
import { Log, type LogRecord } from "../../../../src/observe/log.ts";
import { StartError } from "../../../../src/supervisor/start_error.ts";
import { Takeover } from "../../../../src/supervisor/takeover/takeover.ts";
import { openDescriptors, socketsSince } from "../../../support/tools/descriptors.ts";
import { libcPath, openSystem } from "../../../support/tools/libc_path.ts";
import { until } from "../../../support/tools/poll.ts";
import { assert, assertEquals, assertRejects } from "../../../deps.ts";
import { clusterConfig, config } from "../cluster_configs.ts";

const epoll: IoChoice = { engine: "epoll", libcPath };
const deno: IoChoice = { engine: "deno" };
const noActivation = { pid: 7, get: () => undefined };
const system = openSystem();

class Stage implements Disposable {
  readonly records: LogRecord[] = [];
  readonly #folder = Deno.makeTempDirSync();
  readonly path = `${this.#folder}/door`;
  readonly config: Config;

  constructor(port = 7_000) {
    const made = config(clusterConfig("main", 1, port));
    this.config = { ...made, runtime: { ...made.runtime, takeoverSocket: this.path } };
  }

  begin(io: IoChoice, isTakeover: boolean): Promise<Takeover> {
    const log = new Log("info", (record) => this.records.push(record));
    const { config } = this;
    return Takeover.begin({ config, io, isTakeover, activation: noActivation, log });
  }

  messages(): string[] {
    return this.records.map(({ message }) => message);
  }

  [Symbol.dispose](): void {
    Deno.removeSync(this.#folder, { recursive: true });
  }
}

/** A process that serves; `calls` has what is asked of it. */
function host(config: Config, descriptors: number[], calls: string[]) {
  const endpoint = config.clusters[0]!.listen;
  return {
    isReady: true,
    hindrance: null,
    config,
    share: () => Promise.resolve(descriptors.map((descriptor) => ({ endpoint, descriptor }))),
    leave() {
      calls.push("leaves");
      return Promise.resolve();
    },
  };
}

function listen(): { descriptor: number; port: number } {
  const descriptor = system.openSocket(AF_INET);
  const address = new NameLookup(system).numeric("127.0.0.1", 0)!;
  system.libc.bind(descriptor, address, address.length);
  system.libc.listen(descriptor, 8);
  return { descriptor, port: portOf(system.address(descriptor, false)) };
}

for (const io of [deno, epoll]) {
  Deno.test(
    `on ${io.engine} the next process takes over, and the one behind it as well`,
    async () => {
      using stage = new Stage();
      const calls: string[] = [];
      const first = await stage.begin(io, false);
      first.receive(host(stage.config, [], calls));
      let former = first;
      for (let count = 1; count <= 2; count++) {
        const next = await stage.begin(io, true);
        assertEquals(calls.length, count - 1);
        await next.takeOver();
        assertEquals(calls.length, count);
        const heir = await former.succeeded;
        assertEquals(heir, former.heir);
        assertEquals([heir.pid, [...heir.listeners], heir.handedOver], [
          Deno.pid,
          [formatEndpoint(stage.config.clusters[0]!.listen)],
          [],
        ]);
        former.end();
        next.receive(host(stage.config, [], calls));
        former = next;
      }
      former.end();
    },
  );

  Deno.test(
    `on ${io.engine} a process that gives up leaves the former one as it was`,
    async () => {
      using stage = new Stage();
      const calls: string[] = [];
      const first = await stage.begin(io, false);
      first.receive(host(stage.config, [], calls));
      const next = await stage.begin(io, true);
      next.giveUp();
      const last = await stage.begin(io, true);
      await last.takeOver();
      assertEquals(calls, ["leaves"]);
      first.end();
      last.end();
    },
  );

  Deno.test(
    `on ${io.engine} a second process by mistake is an error, and so is a path that is no use`,
    async () => {
      using stage = new Stage();
      const first = await stage.begin(io, false);
      first.receive(host(stage.config, [], []));
      await assertRejects(() => stage.begin(io, false), StartError, "--takeover takes its place");
      first.end();
      stage.config.runtime.takeoverSocket = `${stage.path}/none/door`;
      await assertRejects(() => stage.begin(io, false), StartError, "takeover_socket");
    },
  );

  Deno.test(`on ${io.engine} nobody to take over is no error`, async () => {
    using stage = new Stage();
    const only = await stage.begin(io, true);
    assertEquals(stage.messages(), ["There is nobody to take over"]);
    await only.takeOver();
    only.end();
  });
}

Deno.test("on epoll the sockets go along, and stay open in one process only", async () => {
  const before = openDescriptors();
  const { descriptor, port } = listen();
  const [own, stranger] = [system.duplicate(descriptor), listen().descriptor];
  const sockets = socketsSince(before).length;
  {
    using stage = new Stage(port);
    const first = await stage.begin(epoll, false);
    // What a worker shares is closed when it was handed over.
    first.receive(host(stage.config, [own], []));
    const next = await stage.begin(epoll, true);
    const endpoint = tcpEndpoint("127.0.0.1", port);
    assert(next.has(endpoint));
    assertEquals(next.sockets!.socketsFor(endpoint, 0, 1).length, 1);
    await next.takeOver();
    assertEquals((await first.succeeded).handedOver, ["main"]);
    first.end();
    next.end();
  }
  // Whoever waits on another thread closes its end when that has heard of it.
  await until(() => socketsSince(before).length === sockets - 1, {
    what: "its sockets are closed",
  });
  for (const open of [descriptor, stranger]) system.close(open);
});

Deno.test("sockets from systemd need epoll", async () => {
  using stage = new Stage();
  const activation = { pid: 7, get: (name: string) => name === "LISTEN_PID" ? "7" : "1" };
  const log = new Log("info", () => {});
  await assertRejects(
    () => Takeover.begin({ config: stage.config, io: deno, isTakeover: false, activation, log }),
    StartError,
    "LISTEN_FDS",
  );
});
