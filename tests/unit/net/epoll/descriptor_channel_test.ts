/**
 * Lines and descriptors between two ends, with the kernel of this machine.
 *
 * @module
 */
import {
  connectDescriptorChannel,
  DescriptorChannel,
  DescriptorDoor,
  DESCRIPTORS_PER_LINE_MAX,
  removeDoor,
} from "../../../../src/net/epoll/descriptor_channel.ts";
import { LINE_BYTES_MAX } from "../../../../src/net/received_lines.ts";
import { AF_INET, EADDRINUSE } from "../../../../src/net/epoll/libc.ts";
import { NameLookup, portOf } from "../../../../src/net/epoll/name_lookup.ts";
import { SystemError } from "../../../../src/net/epoll/system.ts";
import { openDescriptors } from "../../../support/tools/descriptors.ts";
import { openSystem } from "../../../support/tools/libc_path.ts";
import { sanitizedTest } from "../../../support/tools/sanitized.ts";
import { assert, assertEquals, assertThrows } from "../../../deps.ts";

const WAIT_MS = 5_000;

/** A door in a folder of its own. */
class Scene implements Disposable {
  readonly system = openSystem();
  readonly #folder = Deno.makeTempDirSync();
  readonly path = `${this.#folder}/door`;
  readonly #before = openDescriptors().size;
  readonly door = new DescriptorDoor(this.system, this.path);

  /** Both ends of a connection: who connected, and who was behind the door. */
  async pair(): Promise<[DescriptorChannel, DescriptorChannel]> {
    const accepted = this.door.accept();
    const one = connectDescriptorChannel(this.system, this.path)!;
    return [one, (await accepted)!];
  }

  /** A socket that listens on a port of loopback. */
  listener(): { descriptor: number; port: number } {
    const { system } = this;
    const descriptor = system.openSocket(AF_INET);
    const address = new NameLookup(system).numeric("127.0.0.1", 0)!;
    system.libc.bind(descriptor, address, address.length);
    system.libc.listen(descriptor, 8);
    return { descriptor, port: portOf(system.address(descriptor, false)) };
  }

  [Symbol.dispose](): void {
    this.door.close();
    Deno.removeSync(this.#folder, { recursive: true });
    assertEquals(openDescriptors().size, this.#before);
  }
}

sanitizedTest(
  "the door is this user's alone from the first moment, and gone when closed",
  async () => {
    using scene = new Scene();
    assertEquals(Deno.statSync(scene.path).mode! & 0o777, 0o600);
    const error = assertThrows(() => new DescriptorDoor(scene.system, scene.path), SystemError);
    assertEquals(error.errno, EADDRINUSE);
    const waiting = scene.door.accept();
    scene.door.close();
    assertEquals(await waiting, null);
    assertEquals(await scene.door.accept(), null);
    assertThrows(() => Deno.statSync(scene.path), Deno.errors.NotFound);
    assertEquals(connectDescriptorChannel(scene.system, scene.path), null);
  },
);

sanitizedTest("a file that nobody is behind any more is no door, and can be removed", () => {
  using scene = new Scene();
  scene.door.close();
  const left = Deno.listen({ transport: "unix", path: scene.path });
  Deno.linkSync(scene.path, `${scene.path}.left`);
  left.close();
  assertEquals(connectDescriptorChannel(scene.system, `${scene.path}.left`), null);
  removeDoor(scene.system, `${scene.path}.left`);
  assertThrows(() => Deno.statSync(`${scene.path}.left`), Deno.errors.NotFound);
});

sanitizedTest("lines come as they were sent, and the end of the channel as none", async () => {
  using scene = new Scene();
  const [one, other] = await scene.pair();
  assert(one.isOfThisUser && other.isOfThisUser);
  one.send("first");
  one.send("zweite Zeile: \u00fc\u{1f600}");
  one.send("x".repeat(LINE_BYTES_MAX - 1));
  assertEquals(await other.receive(WAIT_MS), "first");
  assertEquals(await other.receive(WAIT_MS), "zweite Zeile: \u00fc\u{1f600}");
  assertEquals((await other.receive(WAIT_MS))?.length, LINE_BYTES_MAX - 1);
  other.send("back");
  assertEquals(await one.receive(WAIT_MS), "back");
  assertEquals(await one.receive(20), null);
  one.close();
  assertEquals(await other.receive(WAIT_MS), null);
  assertThrows(() => other.send("nobody"), SystemError);
  other.close();
});

sanitizedTest("a line that does not end ends the channel", async () => {
  using scene = new Scene();
  const [one, other] = await scene.pair();
  const waiting = other.receive(WAIT_MS);
  try {
    one.send("x".repeat(3 * LINE_BYTES_MAX));
  } catch (error) {
    assert(error instanceof SystemError);
  }
  other.close();
  one.close();
  assertEquals(await waiting, null);
});

sanitizedTest("descriptors go along with their line, and are of the same open file", async () => {
  using scene = new Scene();
  const { system } = scene;
  const [one, other] = await scene.pair();
  const listeners = [scene.listener(), scene.listener(), scene.listener()];
  one.send("none");
  one.send("two", listeners.slice(0, 2).map(({ descriptor }) => descriptor));
  one.send("one", [listeners[2]!.descriptor]);
  for (const { descriptor } of listeners) system.close(descriptor);
  assertEquals(await other.receive(WAIT_MS), "none");
  assertEquals(await other.receive(WAIT_MS), "two");
  const received = other.takeDescriptors(2);
  assertEquals(await other.receive(WAIT_MS), "one");
  received.push(...other.takeDescriptors(1));
  assertEquals(other.takeDescriptors(1), []);
  for (const [index, descriptor] of received.entries()) {
    assertEquals(portOf(system.address(descriptor, false)), listeners[index]!.port);
    // Those who sent them have closed them, and whoever connects is still accepted.
    const client = await Deno.connect({ port: listeners[index]!.port });
    const accepted = system.accept(descriptor);
    assert(accepted >= 0);
    for (const open of [accepted, descriptor]) system.close(open);
    client.close();
  }
  one.close();
  other.close();
});

sanitizedTest("what nobody takes is closed with the channel, also while it waits", async () => {
  using scene = new Scene();
  const [one, other] = await scene.pair();
  const { descriptor } = scene.listener();
  const many = new Array(DESCRIPTORS_PER_LINE_MAX).fill(descriptor);
  one.send("many", many);
  assertEquals(await other.receive(WAIT_MS), "many");
  const waiting = other.receive(WAIT_MS);
  other.close();
  assertEquals(await waiting, null);
  scene.system.close(descriptor);
  one.close();
});
