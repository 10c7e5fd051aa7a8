import { EventStreams, STREAMS_MAX } from "../../../../src/supervisor/dashboard/event_streams.ts";
import { assertEquals } from "../../../deps.ts";

async function read(response: Response, count: number): Promise<string[]> {
  const reader = response.body!.getReader();
  const texts: string[] = [];
  while (texts.length < count) {
    const { done, value } = await reader.read();
    if (done) break;
    texts.push(new TextDecoder().decode(value));
  }
  await reader.cancel();
  return texts;
}

Deno.test("a stream begins with what there is, and goes on each second; one look serves all", async () => {
  let looks = 0;
  const streams = new EventStreams(() => Promise.resolve({ look: ++looks }));
  const [one, other] = await Promise.all([
    read(streams.open({ history: { a: 1 } }), 2),
    read(streams.open({}), 1),
  ]);
  assertEquals(one, [
    'event: history\ndata: {"a":1}\n\n',
    'event: status\ndata: {"look":1}\n\n',
  ]);
  assertEquals(other, ['event: status\ndata: {"look":1}\n\n']);
  // Nobody looks any more: nothing is asked for, and no timer runs, which the test's own check would tell.
  assertEquals([streams.size, looks], [0, 1]);
});

Deno.test("streams are bounded, and end when the proxy does", async () => {
  const streams = new EventStreams(() => Promise.resolve({}));
  const open = Array.from({ length: STREAMS_MAX }, () => streams.open({}));
  const refused = streams.open({});
  assertEquals(refused.status, 503);
  await refused.body?.cancel();
  streams.close();
  for (const response of open) assertEquals(await response.text(), "");
  assertEquals(streams.size, 0);
});

Deno.test("a look that fails ends no stream", async () => {
  let looks = 0;
  const streams = new EventStreams(() => {
    looks += 1;
    return looks === 1 ? Promise.reject(new Error("not now")) : Promise.resolve({ look: looks });
  });
  assertEquals(await read(streams.open({}), 1), ['event: status\ndata: {"look":2}\n\n']);
});
