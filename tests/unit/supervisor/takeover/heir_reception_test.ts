/**
 * How a process receives who takes it over.
 *
 * @module
 */
import { Log, type LogRecord } from "../../../../src/observe/log.ts";
import {
  HeirReception,
  type OfferedSocket,
  SOCKETS_PER_MESSAGE,
} from "../../../../src/supervisor/takeover/heir_reception.ts";
import type { TakeoverChannel } from "../../../../src/supervisor/takeover/transport.ts";
import { assert, assertEquals } from "../../../deps.ts";
import { channelPair, type FakeChannel } from "./channel_pair.ts";

const HELLO = { takeover: 1, pid: 9, takesSockets: true };

class Stage {
  readonly records: LogRecord[] = [];
  readonly calls: string[] = [];
  isReady = true;
  hindrance: string | null = null;
  sockets: OfferedSocket[] = [];
  #next: PromiseWithResolvers<TakeoverChannel | null> = Promise.withResolvers();
  readonly reception = new HeirReception(
    {
      accept: () => this.#next.promise,
      close: () => {
        this.calls.push("door closed");
        this.#next.resolve(null);
      },
    },
    this,
    new Log("info", (record) => this.records.push(record)),
  );

  offer(): Promise<OfferedSocket[]> {
    return Promise.resolve(this.sockets);
  }

  withdraw(sockets: readonly OfferedSocket[]): void {
    this.calls.push(`withdraws ${sockets.map(({ descriptor }) => descriptor)}`);
  }

  leave(): Promise<void> {
    this.calls.push("leaves");
    this.isReady = false;
    return Promise.resolve();
  }

  /** Another process connects. */
  connect(): FakeChannel {
    const [own, other] = channelPair();
    const { resolve } = this.#next;
    this.#next = Promise.withResolvers();
    resolve(own);
    return other;
  }
}

function socket(descriptor: number, cluster: string): OfferedSocket {
  return { descriptor, cluster, isHeld: false };
}

Deno.test("another process gets the sockets, and this one leaves when that one serves", async () => {
  const stage = new Stage();
  stage.sockets = [socket(50, "a"), socket(51, "b"), socket(52, "a")];
  const other = stage.connect();
  await other.says(HELLO);
  const held = [false, false, false];
  assertEquals(await other.hears(), { pid: Deno.pid, held, more: false });
  assertEquals(other.takeDescriptors(9), [50, 51, 52]);
  assert(!stage.calls.includes("leaves"));
  await other.says({ listeners: ["127.0.0.1:1"], taken: [0, 2] });
  assertEquals(await other.hears(), { left: true });
  assertEquals(await stage.reception.heir, {
    pid: 9,
    listeners: new Set(["127.0.0.1:1"]),
    handedOver: ["a"],
  });
  assertEquals(stage.calls, ["withdraws 50,51,52", "leaves", "door closed"]);
  assertEquals([stage.reception.heirPid, other.isEnded], [9, false]);
  stage.reception.close();
  assertEquals(other.isEnded, false);
  stage.reception.end();
  assertEquals(other.isEnded, true);
});

Deno.test("from its first word on a process is known as the one that takes over, until it gives up", async () => {
  const stage = new Stage();
  const other = stage.connect();
  assertEquals(stage.reception.heirPid, 0);
  await other.says(HELLO);
  await other.hears();
  assertEquals(stage.reception.heirPid, 9);
  other.close();
  await new Promise((resolve) => setTimeout(resolve));
  assertEquals(stage.reception.heirPid, 0);
  stage.reception.close();
});

Deno.test("sockets that one message has no room for go along with the next ones", async () => {
  const stage = new Stage();
  const count = 2 * SOCKETS_PER_MESSAGE + 1;
  stage.sockets = Array.from({ length: count }, (_, index) => socket(index, "a"));
  const other = stage.connect();
  await other.says(HELLO);
  const sizes: number[] = [];
  for (let more = true; more;) {
    const message = await other.hears() as { held: boolean[]; more: boolean };
    sizes.push(message.held.length);
    more = message.more;
  }
  assertEquals(sizes, [SOCKETS_PER_MESSAGE, SOCKETS_PER_MESSAGE, 1]);
  assertEquals(other.takeDescriptors(999).length, count);
  stage.reception.close();
});

Deno.test("a process that gives up changes nothing, and the next one is received", async () => {
  const stage = new Stage();
  for (const [said, answered] of [[[], 0], [[HELLO], 1], [[HELLO, { ready: true }], 1]] as const) {
    const other = stage.connect();
    for (const message of said) await other.says(message);
    for (let count = 0; count < answered; count++) await other.hears();
    other.close();
    await new Promise((resolve) => setTimeout(resolve));
  }
  assertEquals(stage.calls, ["withdraws ", "withdraws "]);
  const other = stage.connect();
  await other.says({ ...HELLO, takesSockets: false });
  await other.hears();
  await other.says({ listeners: [], taken: [] });
  assertEquals(await other.hears(), { left: true });
  assertEquals((await stage.reception.heir).pid, 9);
});

Deno.test("a process that ends while another one starts does not say that it goes on", async () => {
  const stage = new Stage();
  const other = stage.connect();
  await other.says(HELLO);
  await other.hears();
  stage.reception.close();
  await new Promise((resolve) => setTimeout(resolve));
  assertEquals([other.isEnded, stage.calls], [true, ["withdraws ", "door closed"]]);
  assertEquals(stage.records.map(({ message }) => message), [
    "Another process is about to take over",
  ]);
});

Deno.test("a process that ends while it is offered sockets has given up, and the next one is received", async () => {
  const stage = new Stage();
  stage.sockets = [socket(50, "a")];
  const gone = stage.connect();
  await gone.says(HELLO);
  gone.close();
  await new Promise((resolve) => setTimeout(resolve));
  assertEquals(stage.calls, ["withdraws 50"]);
  assertEquals(stage.records.map(({ message }) => message), [
    "Another process is about to take over",
    "The other process has given up, or ended: this one goes on",
  ]);
  const other = stage.connect();
  await other.says(HELLO);
  assertEquals(await other.hears(), { pid: Deno.pid, held: [false], more: false });
  stage.reception.close();
});

Deno.test("who cannot be taken over says why", async () => {
  const stage = new Stage();
  const other = stage.connect();
  await other.says({ ...HELLO, takeover: 2 });
  assertEquals(await other.hears(), { refused: "its version speaks otherwise" });
  await new Promise((resolve) => setTimeout(resolve));
  const nameless = stage.connect();
  await nameless.says({ takeover: 1 });
  assertEquals(await nameless.hears(), { refused: "the process does not say which it is" });
  await new Promise((resolve) => setTimeout(resolve));
  stage.hindrance = "requests are paused there";
  const early = stage.connect();
  await early.says(HELLO);
  assertEquals(await early.hears(), { refused: stage.hindrance });
  await new Promise((resolve) => setTimeout(resolve));
  stage.isReady = false;
  const late = stage.connect();
  await late.says(HELLO);
  assertEquals(await late.hears(), { refused: "it is about to end" });
  assertEquals(stage.calls, []);
});

Deno.test("who is told to end meanwhile ends by itself", async () => {
  const stage = new Stage();
  const other = stage.connect();
  await other.says(HELLO);
  await other.hears();
  stage.isReady = false;
  await other.says({ listeners: [], taken: [] });
  assertEquals(await other.receive(), null);
  assertEquals(stage.calls, ["withdraws "]);
});
