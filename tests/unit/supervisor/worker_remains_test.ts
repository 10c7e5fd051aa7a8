/**
 * Where workers leave anything, and what becomes of it.
 *
 * @module
 */
import { tcpEndpoint } from "../../../src/endpoint.ts";
import { DescriptorBook } from "../../../src/net/epoll/descriptor_book.ts";
import { AF_INET } from "../../../src/net/epoll/libc.ts";
import { NameLookup, portOf } from "../../../src/net/epoll/name_lookup.ts";
import { Log } from "../../../src/observe/log.ts";
import { createRemains } from "../../../src/supervisor/worker_remains.ts";
import { openDescriptors } from "../../support/tools/descriptors.ts";
import { libcPath, openSystem } from "../../support/tools/libc_path.ts";
import { until } from "../../support/tools/poll.ts";
import { assert, assertEquals } from "../../deps.ts";
import { clusterConfig } from "./cluster_configs.ts";

const log = new Log("info", () => {});
/** A number that no thread has. */
const NO_THREAD = 0x3fff_fff0;

Deno.test("Deno's sockets end with their thread: nothing is left", () => {
  assertEquals(createRemains({ engine: "deno" }, log), null);
});

Deno.test("on epoll the sockets that a worker listened by are had for the next one, and the others closed", async () => {
  const remains = createRemains({ engine: "epoll", libcPath }, log)!;
  const memory = remains.createMemory();
  assertEquals(remains.take(memory, []), null);
  const system = openSystem();
  const [front, idle] = [system.openSocket(AF_INET), system.openSocket(AF_INET)];
  const address = new NameLookup(system).numeric("127.0.0.1", 0)!;
  system.libc.bind(front, address, address.length);
  system.libc.listen(front, 8);
  const port = portOf(system.address(front, false));
  const book = new DescriptorBook(memory);
  book.threadId = NO_THREAD;
  book.note(front);
  book.note(idle);
  const rescued = remains.take(memory, [clusterConfig("main", 1, port)])!;
  assertEquals(rescued.socketsFor(tcpEndpoint("127.0.0.1", port), 0, 1).length, 1);
  await until(() => book.list().length === 0, { what: "all is closed" });
  rescued.close();
  const open = openDescriptors();
  assert(!open.has(front) && !open.has(idle));
});
