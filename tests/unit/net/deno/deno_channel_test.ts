/**
 * Lines between two ends of a unix socket of Deno's.
 *
 * @module
 */
import {
  connectDenoChannel,
  DenoChannel,
  DenoDoor,
} from "../../../../src/net/deno/deno_channel.ts";
import { ManualClock } from "../../../support/fakes/manual_clock.ts";
import { assertEquals, assertRejects, assertThrows } from "../../../deps.ts";

const WAIT_MS = 5_000;
const LINE_BYTES = 60_000;

class Scene implements Disposable {
  readonly clock = new ManualClock();
  readonly #folder = Deno.makeTempDirSync();
  readonly path = `${this.#folder}/door`;
  readonly door = new DenoDoor(this.clock, this.path);

  /** Both ends of a connection: who connected, and who was behind the door. */
  async pair(): Promise<[DenoChannel, DenoChannel]> {
    const accepted = this.door.accept();
    const one = await connectDenoChannel(this.clock, this.path);
    return [one!, (await accepted)!];
  }

  [Symbol.dispose](): void {
    this.door.close();
    Deno.removeSync(this.#folder, { recursive: true });
  }
}

Deno.test("the door is this user's alone, and gone when closed", async () => {
  using scene = new Scene();
  assertEquals(Deno.statSync(scene.path).mode! & 0o777, 0o600);
  const waiting = scene.door.accept();
  scene.door.close();
  assertEquals(await waiting, null);
  assertThrows(() => Deno.statSync(scene.path), Deno.errors.NotFound);
  assertEquals(await connectDenoChannel(scene.clock, scene.path), null);
});

Deno.test("what a process has left at the path is no door, and is not bound over", async () => {
  using scene = new Scene();
  const left = `${scene.path}.left`;
  Deno.linkSync(scene.path, left);
  scene.door.close();
  assertEquals(await connectDenoChannel(scene.clock, left), null);
  assertThrows(() => new DenoDoor(scene.clock, left), Deno.errors.AddrInUse);
});

Deno.test("a door that others could open is none", () => {
  const folder = Deno.makeTempDirSync();
  const before = Deno.umask(0);
  try {
    assertThrows(() => new DenoDoor(new ManualClock(), `${folder}/door`), Error, "umask");
    assertEquals([...Deno.readDirSync(folder)], []);
  } finally {
    Deno.umask(before);
    Deno.removeSync(folder, { recursive: true });
  }
});

Deno.test("lines come as they were sent, and the end of the channel as none", async () => {
  using scene = new Scene();
  const [one, other] = await scene.pair();
  await one.send("first");
  await one.send("zweite Zeile: \u00fc\u{1f600}");
  await one.send("x".repeat(LINE_BYTES));
  assertEquals(await other.receive(WAIT_MS), "first");
  assertEquals(await other.receive(WAIT_MS), "zweite Zeile: \u00fc\u{1f600}");
  assertEquals((await other.receive(WAIT_MS))?.length, LINE_BYTES);
  await other.send("back");
  assertEquals(await one.receive(WAIT_MS), "back");
  assertEquals(one.takeDescriptors(), []);
  one.close();
  assertEquals(await other.receive(WAIT_MS), null);
  await assertRejects(() => other.send("nobody"));
  other.close();
});

Deno.test("a line that does not come in time is none, and ends the channel", async () => {
  using scene = new Scene();
  const [one, other] = await scene.pair();
  const waiting = other.receive(100);
  scene.clock.advance(200);
  assertEquals(await waiting, null);
  assertEquals(await one.receive(WAIT_MS), null);
  one.close();
});

Deno.test("a line that does not end ends the wait", async () => {
  using scene = new Scene();
  const [one, other] = await scene.pair();
  const sent = one.send("x".repeat(3 * 65_536)).catch(() => {});
  assertEquals(await other.receive(WAIT_MS), null);
  other.close();
  await sent;
  one.close();
});
