/**
 * Several sockets as one listener.
 *
 * @module
 */
import { JoinedListener } from "../../../../src/net/epoll/joined_listener.ts";
import { assertEquals } from "../../../deps.ts";

Deno.test("all are shared, and closed alike; it is closed when all are", async () => {
  const calls: string[] = [];
  const freed = Promise.withResolvers<void>();
  const listener = (name: number) => ({
    port: 7_000,
    close(leavesWaiting?: boolean) {
      calls.push(`${name} ${leavesWaiting}`);
      return name === 2 ? freed.promise : Promise.resolve();
    },
    share: () => [name],
  });
  const joined = new JoinedListener([listener(1), listener(2)]);
  assertEquals([joined.port, joined.share()], [7_000, [1, 2]]);
  let isClosed = false;
  const closed = joined.close(true).then(() => isClosed = true);
  assertEquals(calls, ["1 true", "2 true"]);
  await new Promise((resolve) => setTimeout(resolve));
  assertEquals(isClosed, false);
  freed.resolve();
  await closed;
});
