/**
 * What is done about the descriptors of a thread that is gone, and of one that is not.
 *
 * @module
 */
import {
  createDescriptorMemory,
  DescriptorBook,
} from "../../../../src/net/epoll/descriptor_book.ts";
import { AF_INET, openLibc, threadCalls } from "../../../../src/net/epoll/libc.ts";
import { NameLookup, portOf } from "../../../../src/net/epoll/name_lookup.ts";
import { System } from "../../../../src/net/epoll/system.ts";
import { ThreadRemains } from "../../../../src/net/epoll/thread_remains.ts";
import { openDescriptors } from "../../../support/tools/descriptors.ts";
import { libcPath } from "../../../support/tools/libc_path.ts";
import { until, withDeadline } from "../../../support/tools/poll.ts";
import { assert, assertEquals } from "../../../deps.ts";

/** A number that no thread has. */
const NO_THREAD = 0x3fff_fff0;

class Stage implements Disposable {
  readonly memory = createDescriptorMemory();
  readonly book = new DescriptorBook(this.memory);
  /** The calls of the thread whose remains are looked at. */
  readonly thread = new System(openLibc(libcPath), this.book);
  readonly system = new System(openLibc(libcPath));
  readonly remains = new ThreadRemains(this.system, this.memory);
  readonly before = new Set(openDescriptors().keys());

  /** A listener of the thread, a connection that it has accepted, and the other end. */
  async serve(): Promise<{ front: number; accepted: number; client: Deno.TcpConn; port: number }> {
    const { thread } = this;
    const front = thread.openSocket(AF_INET);
    const address = new NameLookup(thread).numeric("127.0.0.1", 0)!;
    thread.libc.bind(front, address, address.length);
    thread.libc.listen(front, 8);
    const port = portOf(thread.address(front, false));
    const client = await Deno.connect({ port });
    let accepted = -1;
    await until(() => (accepted = thread.accept(front)) >= 0, { what: "it is accepted" });
    return { front, accepted, client, port };
  }

  [Symbol.dispose](): void {
    const left = [...openDescriptors().keys()].filter((one) => !this.before.has(one));
    assertEquals(left, []);
  }
}

Deno.test("a thread's number and descriptors are noted, and forgotten as they are closed", async () => {
  using stage = new Stage();
  const { threadId } = threadCalls(Deno.build.arch);
  const own = Number(stage.system.libc.syscall(BigInt(threadId), 0n, 0n, 0n));
  assertEquals(stage.book.threadId, own);
  assert(stage.remains.isEmpty);
  const { front, accepted, client } = await stage.serve();
  assertEquals(stage.book.list(), [front, accepted].toSorted((one, other) => one - other));
  for (const descriptor of [front, accepted]) stage.thread.close(descriptor);
  assert(stage.remains.isEmpty);
  client.close();
});

Deno.test("of a thread that is gone connections end, who waits is rescued, and all is closed", async () => {
  using stage = new Stage();
  const { client, port } = await stage.serve();
  const event = stage.thread.opened(stage.thread.libc.eventfd(0, 0));
  assert(event >= 0);
  stage.book.threadId = NO_THREAD;
  const waiting = await Deno.connect({ port });
  const rescued = stage.remains.rescue();
  assertEquals(rescued.length, 1);
  assertEquals(await stage.remains.clear(), 0);
  assertEquals(await withDeadline(client.read(new Uint8Array(1)), "the end"), null);
  assert(stage.remains.isEmpty);
  const accepted = stage.system.accept(rescued[0]!);
  assert(accepted >= 0);
  for (const descriptor of [accepted, ...rescued]) stage.system.close(descriptor);
  for (const connection of [client, waiting]) connection.close();
});

Deno.test("of a thread that is there connections end at once, and its numbers stay taken until it goes", async () => {
  using stage = new Stage();
  const { front, accepted, client } = await stage.serve();
  const cleared = stage.remains.clear();
  assertEquals(await withDeadline(client.read(new Uint8Array(1)), "the end"), null);
  const open = openDescriptors();
  assert(open.has(front) && open.has(accepted));
  // It finds that it is connected to nobody.
  assert(stage.thread.receive(accepted, new Uint8Array(8), 8) < 0);
  stage.book.threadId = NO_THREAD;
  assertEquals(await cleared, 0);
  client.close();
});
