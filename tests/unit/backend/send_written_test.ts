import type { BackendConnection } from "../../../src/backend/connection.ts";
import { sendFragment, sendRewritten } from "../../../src/backend/send_written.ts";
import { PROFILES } from "../../../src/protocol/protocol.ts";
import { type Exchange, NOBODY } from "../../../src/request/exchange.ts";
import { CoreRig, type RigOptions } from "../../support/rigs/core_rig.ts";
import { RecordingReceiver, sendText } from "../../support/fakes/recording_receiver.ts";
import { assertEquals } from "../../deps.ts";

class Scene implements Disposable {
  readonly rig: CoreRig;
  readonly connection: BackendConnection;
  readonly receiver = new RecordingReceiver();

  constructor(options: RigOptions = {}) {
    this.rig = new CoreRig({ backendCount: 1, retainsRequests: true, ...options });
    this.connection = this.rig.backends[0]!.connectionFor(0, PROFILES[2].master);
  }

  /** Parses a line into the shared frame. */
  parse(line: string): Uint8Array {
    const bytes = new TextEncoder().encode(`..${line}\n`);
    const { protocol, frame } = this.rig.sessionContext;
    assertEquals(protocol.createRequestParser(frame).parse(bytes, 2, bytes.length), 0);
    return bytes;
  }

  begin(): Exchange {
    const exchange = this.rig.requests.takeExchange();
    exchange.begin(this.receiver, 0, 0, false, NOBODY);
    return exchange;
  }

  sendRewritten(line: string): Exchange {
    const bytes = this.parse(line);
    const { protocol, frame } = this.rig.sessionContext;
    const exchange = this.begin();
    sendRewritten(this.connection, protocol, exchange, frame, bytes);
    return exchange;
  }

  sendFragment(line: string, ...keys: number[]): Exchange {
    const bytes = this.parse(line);
    const { protocol, frame } = this.rig.sessionContext;
    const nextKey = new Int32Array(10).fill(-1);
    keys.forEach((key, index) => nextKey[key] = keys[index + 1] ?? -1);
    const selection = { firstKey: keys[0]!, keyCount: keys.length, nextKey };
    const exchange = this.begin();
    sendFragment(this.connection, protocol, exchange, frame, bytes, selection);
    return exchange;
  }

  [Symbol.dispose](): void {
    this.rig[Symbol.dispose]();
  }
}

function bytesOf({ chunk, start, end }: Exchange): string {
  return new TextDecoder().decode(chunk!.bytes.subarray(start, end));
}

Deno.test("the exchange has the bytes that the protocol wrote, not the client's", async () => {
  using scene = new Scene();
  const rewritten = scene.sendRewritten("rewrite a");
  const fragment = scene.sendFragment("mget a b c d", 1, 3);
  assertEquals([bytesOf(rewritten), bytesOf(fragment)], ["rewritten a\n", "mget b d\n"]);
  const conn = await scene.rig.accept(0);
  assertEquals(conn.takeWritten(), "rewritten a\nmget b d\n");
  await conn.receives("ok\nB,D\n");
  assertEquals(scene.receiver.take(), ["ok\n", "B,D\n"]);
  await scene.rig.ends();
});

Deno.test("a full queue refuses both, and nothing is written", async () => {
  using scene = new Scene({ limits: { queueBytesMax: 20 } });
  sendText(scene.rig.requests, scene.connection, "x".repeat(15), scene.receiver);
  scene.sendRewritten("rewrite a");
  scene.sendFragment("mget a b c d", 1, 3);
  const refused = "!backend_queue_full 10.0.0.1:7000";
  assertEquals(scene.receiver.take(), [refused, refused]);
  assertEquals(scene.connection.log.unwrittenBytes, 15);
  await scene.rig.ends();
});
