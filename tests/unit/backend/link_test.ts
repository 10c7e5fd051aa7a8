/**
 * A link to a backend by itself: its states, its handshake, its deadlines, and who hears of its end.
 *
 * @module
 */
import { BackendLink, LinkState, type LinkUser } from "../../../src/backend/link.ts";
import { SendLog } from "../../../src/bytes/send_log.ts";
import { type Failure, failures } from "../../../src/failure.ts";
import { PROFILES } from "../../../src/protocol/protocol.ts";
import { assertEquals } from "../../deps.ts";
import { CoreRig, type RigOptions } from "../../support/rigs/core_rig.ts";
import { turn } from "../../support/fakes/fake_tcp_conn.ts";

class Scene implements Disposable, LinkUser {
  readonly rig: CoreRig;
  readonly log: SendLog;
  readonly link: BackendLink;
  readonly heard: string[] = [];
  isReplyDue = false;
  isHeld = false;
  readonly isBehind = false;
  readonly queuedBytes = 0;
  readonly awaitedBy = null;

  constructor(options: RigOptions = {}) {
    this.rig = new CoreRig(options);
    const { backends, context } = this.rig;
    this.log = new SendLog(context.chunks);
    const connectorOptions = {
      profile: PROFILES[2].master,
      limits: context.limits,
      keepsBackoff: true,
    };
    this.link = new BackendLink(backends[0]!, context, connectorOptions, this);
  }

  connected(): void {
    this.heard.push("connected");
  }

  opened(): void {
    this.heard.push("opened");
  }

  received(): void {
    const { buffer } = this.link.replies;
    const { bytes, consumed, received } = buffer;
    this.heard.push(new TextDecoder().decode(bytes.subarray(consumed, received)));
    buffer.consume(received);
  }

  wrote(): void {}

  shed(failure: Failure): void {
    this.link.close(failure);
  }

  checkDeadlines(): boolean {
    return false;
  }

  ending(): void {
    this.heard.push("ending");
  }

  lost(failure: Failure, wasTrying: boolean): void {
    this.log.clear();
    this.heard.push(`lost: ${failure.name}${wasTrying ? " while trying" : ""}`);
  }

  /** What was heard since the last call. */
  take(): string[] {
    return this.heard.splice(0);
  }

  async ends(): Promise<void> {
    this.link.close(failures.shuttingDown);
    await this.rig.ends();
  }

  [Symbol.dispose](): void {
    this.rig[Symbol.dispose]();
  }
}

Deno.test("a link goes from idle to ready and back, and tells its user of each", async () => {
  using scene = new Scene({ handshake: ["hello", "select"] });
  const { link } = scene;
  assertEquals([link.state, link.isReady, link.isConnecting], [LinkState.Idle, false, false]);
  link.open();
  link.open();
  assertEquals([link.state, scene.rig.network.countTo(7000)], [LinkState.Connecting, 1]);
  const conn = await scene.rig.accept(0);
  assertEquals([link.state, link.isConnecting], [LinkState.Handshaking, true]);
  await conn.receives("ok\nok\nmore\n");
  assertEquals([link.state, link.isReady], [LinkState.Ready, true]);
  assertEquals(scene.take(), ["connected", "opened", "more\n"]);
  await conn.ends();
  assertEquals([link.state, scene.take()], [LinkState.Idle, ["ending", "lost: backend_closed"]]);
  assertEquals([link.isInBackoff, link.mayConnect], [false, true], "nothing was due");
  await scene.ends();
});

Deno.test("a push in a handshake is dropped, in pieces too, and is no reply to it", async () => {
  using scene = new Scene({ handshake: ["hello"] });
  scene.link.open();
  const conn = await scene.rig.accept(0);
  await conn.receives(">invali", "dation\n", "ok\n");
  assertEquals([scene.link.isReady, scene.rig.metrics.pushesDropped], [true, 1]);
  await scene.ends();
});

Deno.test("a handshake that is refused or late is an attempt that failed", async () => {
  using scene = new Scene({ handshake: ["hello"], limits: { dialTimeoutMs: 500 } });
  const { link } = scene;
  link.open();
  const conn = await scene.rig.accept(0);
  await conn.receives("no\n");
  assertEquals(scene.take().at(-1), "lost: handshake_refused while trying");
  assertEquals([link.isInBackoff, link.lastFailure], [true, failures.handshakeRefused]);
  link.open();
  assertEquals(link.state, LinkState.Idle, "it is left alone");
  scene.rig.clock.advance(5_000);
  link.open();
  await scene.rig.accept(0);
  scene.rig.clock.advance(499);
  assertEquals(link.state, LinkState.Handshaking);
  scene.rig.clock.advance(100);
  assertEquals(scene.take().at(-1), "lost: connect_timeout while trying");
  await scene.ends();
});

Deno.test("a write without progress gives the socket up", async () => {
  using scene = new Scene({ limits: { writeTimeoutMs: 300 } });
  const { link, log } = scene;
  link.open();
  const conn = await scene.rig.accept(0);
  conn.takesWrites = false;
  log.append(new TextEncoder().encode("hello\n"), 0, 6);
  link.flush();
  await turn();
  scene.rig.clock.advance(250);
  assertEquals(link.isReady, true);
  scene.rig.clock.advance(100);
  assertEquals(scene.take().at(-1), "lost: backend_write_timeout");
  await scene.ends();
});

Deno.test("who closes is not blamed on the backend; a parked link makes no socket", async () => {
  using scene = new Scene();
  const { link } = scene;
  scene.isReplyDue = true;
  link.open();
  await scene.rig.accept(0);
  link.park();
  assertEquals([link.state, link.mayConnect], [LinkState.Parked, true]);
  link.open();
  link.park();
  assertEquals([link.state, scene.rig.network.countTo(7000)], [LinkState.Parked, 1]);
  link.unpark();
  assertEquals([link.state, scene.rig.network.countTo(7000)], [LinkState.Connecting, 2]);
  link.unpark();
  link.close(failures.shuttingDown);
  assertEquals(scene.take().at(-1), "lost: shutting_down while trying");
  await scene.rig.refuse(0);
  assertEquals(scene.take(), [], "an attempt that was given up tells nobody");
  await scene.ends();
});

Deno.test("everybody who listens to the end hears of each, behind the user, until they ask no more", async () => {
  using scene = new Scene();
  const { link } = scene;
  const first = ({ name }: Failure) => scene.heard.push(`first: ${name}`);
  const second = ({ name }: Failure) => {
    scene.heard.push(`second: ${name}`);
    link.removeEndListener(second);
  };
  link.addEndListener(first);
  link.addEndListener(second);
  link.open();
  const conn = await scene.rig.accept(0);
  scene.take();
  await conn.ends();
  assertEquals(scene.take(), [
    "ending",
    "lost: backend_closed",
    "first: backend_closed",
    "second: backend_closed",
  ]);
  link.open();
  await scene.rig.refuse(0);
  assertEquals(scene.take(), ["lost: connect_refused while trying", "first: connect_refused"]);
  link.removeEndListener(first);
  link.removeEndListener(first);
  link.close(failures.shuttingDown);
  assertEquals(scene.take(), ["lost: shutting_down"]);
  await scene.ends();
});
