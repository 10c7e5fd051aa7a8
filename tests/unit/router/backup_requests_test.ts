/**
 * When a read is asked of a replica as well.
 *
 * @module
 */
import { NO_BACKUP_REQUESTS } from "../../../src/config/backup_request.ts";
import type { BackupRequestConfig } from "../../../src/config/config.ts";
import { BackupRequests, LOOK_MAX_MS } from "../../../src/router/backup_requests.ts";
import type { FakeTcpConn } from "../../support/fakes/fake_tcp_conn.ts";
import { delay, until } from "../../support/tools/poll.ts";
import { SlotScene } from "../../support/rigs/slot_scene.ts";
import { assertEquals } from "../../deps.ts";

const SHARD = { first: 0, last: 16_383, master: "h:7000", replicas: ["h:7001"] };

class Scene extends SlotScene {
  config: BackupRequestConfig = { ...NO_BACKUP_REQUESTS, isEnabled: true, triggerSlowMs: 20 };
  readonly backups: BackupRequests;

  constructor() {
    super([SHARD]);
    this.backups = new BackupRequests(this.rig.context, this.router, () => this.config);
    this.backups.reconfigure();
    // As if many requests had gone by: then there may be backups.
    this.rig.metrics.readRequests += 1_000;
  }

  /** A read that its master has not answered, and its replica's connection, with the backup on it. */
  async slowRead(text = "get foo\n") {
    const client = this.client();
    await client.conn.receives(text);
    const master = await this.accept(7000);
    this.rig.clock.advance(30);
    await until(() => this.rig.network.countTo(7001) > 0, { what: "a replica is connected to" });
    const replica = await this.accept(7001);
    return { client, master, replica };
  }

  async looks(): Promise<void> {
    await delay(5 * LOOK_MAX_MS);
  }

  override [Symbol.dispose](): void {
    this.backups.stop();
    super[Symbol.dispose]();
  }

  counts(): number[] {
    const { backupRequests, backupRequestsWon } = this.rig.metrics;
    return [backupRequests, backupRequestsWon];
  }
}

async function written(conn: FakeTcpConn): Promise<string> {
  await until(() => conn.written !== "", { what: "something is written" });
  return conn.takeWritten();
}

Deno.test("a slow read is asked of a replica, once, and the first answer is the client's", async () => {
  using scene = new Scene();
  const { client, master, replica } = await scene.slowRead();
  assertEquals(await written(replica), "get foo\n");
  await scene.looks();
  assertEquals(replica.takeWritten(), "");
  await replica.receives("R\n");
  assertEquals(client.conn.takeWritten(), "R\n");
  assertEquals(scene.counts(), [1, 1]);
  // The master's answer is read and dropped, and the next one is its own.
  await client.conn.receives("get bar\n");
  await master.receives("late\nM\n");
  assertEquals(client.conn.takeWritten(), "M\n");
  await scene.ends(client);
});

Deno.test("the master may still be first, and a client that leaves leaves nothing behind", async () => {
  using scene = new Scene();
  const { client, master, replica } = await scene.slowRead();
  await written(replica);
  await master.receives("M\n");
  assertEquals([client.conn.takeWritten(), scene.counts()], ["M\n", [1, 0]]);
  await replica.receives("late\n");
  await client.conn.receives("get foo\n");
  scene.rig.clock.advance(30);
  await written(replica);
  await client.conn.ends();
  await replica.receives("R\n");
  await master.receives("late\n");
  await scene.ends();
});

Deno.test("writes, scripts, and reads that are fast enough are asked of nobody else", async () => {
  using scene = new Scene();
  const client = scene.client();
  await client.conn.receives("put foo 1\nrun foo\ncount\n");
  const master = await scene.accept(7000);
  scene.rig.clock.advance(30);
  await scene.looks();
  await client.conn.receives("get foo\n");
  scene.rig.clock.advance(10);
  await scene.looks();
  assertEquals([scene.rig.network.countTo(7001), scene.counts()], [0, [0, 0]]);
  await master.receives("1\n2\n3\n4\n");
  await scene.ends(client);
});

Deno.test("there are no more backups than their share of the requests", async () => {
  using scene = new Scene();
  scene.config = { ...scene.config, maxPercent: 0.2 };
  await scene.looks();
  const { client, master, replica } = await scene.slowRead("get a\nget b\nget c\nget d\n");
  await scene.looks();
  assertEquals(await written(replica), "get a\nget b\n");
  assertEquals(scene.rig.metrics.backupRequestsCapped > 0, true);
  await replica.receives("A\nB\n");
  await master.receives("1\n2\nC\nD\n");
  assertEquals(client.conn.takeWritten(), "A\nB\nC\nD\n");
  await scene.ends(client);
});

Deno.test("what is slow follows from the mean, if that is less", async () => {
  using scene = new Scene();
  assertEquals(scene.backups.slowMs, 20);
  scene.config = { ...scene.config, triggerSlowMs: null };
  assertEquals(scene.backups.slowMs, Infinity);
  scene.rig.metrics.remoteTimer.observeTimes(4_000, 10);
  scene.rig.clock.advance(2_000);
  await scene.looks();
  assertEquals(scene.backups.slowMs, 8);
  scene.config = { ...scene.config, multiplier: 0.1 };
  assertEquals(scene.backups.slowMs, 1);
});

Deno.test("switched off, nobody looks any more", async () => {
  using scene = new Scene();
  scene.config = { ...scene.config, isEnabled: false };
  scene.backups.reconfigure();
  const client = scene.client();
  await client.conn.receives("get foo\n");
  const master = await scene.accept(7000);
  scene.rig.clock.advance(100);
  await scene.looks();
  assertEquals(scene.rig.network.countTo(7001), 0);
  await master.receives("M\n");
  await scene.ends(client);
});
