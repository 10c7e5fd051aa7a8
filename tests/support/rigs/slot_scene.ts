/**
 * A slot router with the proxy's core around it, without sockets and without time.
 *
 * @module
 */
import type { ReadPolicy } from "../../../src/config/config.ts";
import { failures } from "../../../src/failure.ts";
import { NOBODY } from "../../../src/request/exchange.ts";
import { SlotMap } from "../../../src/router/slot_map.ts";
import { SlotRouter } from "../../../src/router/slot_router.ts";
import type { SlotRange } from "../../../src/worker/messages.ts";
import { CoreRig, type RigClient } from "./core_rig.ts";
import type { FakeTcpConn } from "../fakes/fake_tcp_conn.ts";
import { slotDialect } from "../clients/slot_dialect.ts";

/** Slots 0 to 8191 and 8192 to 16383; `foo` has slot 12182, `bar` 5061. */
export const HALVES: SlotRange[] = [
  { first: 0, last: 8191, master: "h:7000", replicas: [] },
  { first: 8192, last: 16383, master: "h:7001", replicas: [] },
];

/** A router on fake connections; its backends' ports begin at 7000. */
export class SlotScene implements Disposable {
  readonly rig = new CoreRig({ backendCount: 0, retainsRequests: true });
  readonly router: SlotRouter;
  /** The nodes that a refresh was asked of; `?` for any. */
  readonly refreshes: string[] = [];
  /** The slots that MOVED spoke of, and their owners. */
  readonly moved: string[] = [];
  waitsEnded = 0;
  /** Whether requests may be sent key by key. */
  mayDivide = true;

  constructor(ranges: SlotRange[] = HALVES, readPolicy: ReadPolicy = "master", zone = "") {
    this.router = new SlotRouter(this.rig.context, {
      dialect: slotDialect,
      readPolicy,
      zone,
      mayDivide: () => this.mayDivide,
      slotMoved: (slot, address) => this.moved.push(`${slot} ${address}`),
      waitEnded: () => this.waitsEnded += 1,
      refreshWanted: (address) => this.refreshes.push(address ?? "?"),
    });
    this.rig.allBackends = () => this.router.backends();
    this.rig.takeUnsent = (exchange, failure) => this.router.takeUnsent(exchange, failure);
    if (ranges.length > 0) this.router.setMap(SlotMap.fromRanges(ranges));
  }

  /** A new client of this router. */
  client(): RigClient {
    return this.rig.client({ ...this.rig.sessionContext, router: this.router });
  }

  /** The attempt to connect to this port succeeds. */
  accept(port: number): Promise<FakeTcpConn> {
    return this.rig.accept(port - 7000);
  }

  /** The address that serves a slot, behind `r` where it is a replica's connection. */
  at(slot: number, isRead = false): string | null {
    const connection = this.router.connectionFor(slot, isRead, NOBODY);
    if (connection === null) return null;
    return `${connection.profile.isReadonly ? "r" : ""}${connection.backend.address}`;
  }

  /** Ends everything, and asserts that nothing was lost or broken on the way. */
  async ends(...clients: RigClient[]): Promise<void> {
    for (const { conn } of clients) await conn.ends();
    this.router.close(failures.shuttingDown);
    await this.rig.ends();
  }

  [Symbol.dispose](): void {
    this.rig[Symbol.dispose]();
  }
}
