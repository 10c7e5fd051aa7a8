/**
 * One hash slot on its way from one node to another, step by step, so that a test can stop in between.
 *
 * @module
 */
import type { ClusterNode } from "./cluster_node.ts";
import { until } from "../tools/poll.ts";
import { RespError, type RespValue } from "../clients/resp_client.ts";

const KEYS_AT_ONCE = 100;
const MIGRATE_TIMEOUT_MS = 5_000;

/** A migration in progress. */
export class SlotMigration {
  readonly slot: number;
  readonly source: ClusterNode;
  readonly target: ClusterNode;
  readonly #nodes: readonly ClusterNode[];

  /** @param nodes All nodes of the cluster. */
  constructor(
    slot: number,
    source: ClusterNode,
    target: ClusterNode,
    nodes: readonly ClusterNode[],
  ) {
    if (source === target) throw new Error(`Slot ${slot} is at ${target.address} already`);
    this.slot = slot;
    this.source = source;
    this.target = target;
    this.#nodes = nodes;
  }

  /** From now on the source answers ASK for keys it does not have, and the target serves behind ASKING. */
  async begin(): Promise<void> {
    await this.target.call("CLUSTER", "SETSLOT", this.slot, "IMPORTING", this.source.id);
    await this.source.call("CLUSTER", "SETSLOT", this.slot, "MIGRATING", this.target.id);
  }

  /** Moves the keys named, or all keys of the slot. */
  async moveKeys(keys?: readonly string[]): Promise<void> {
    if (keys !== undefined) return await this.#migrate(keys);
    while (true) {
      const found = await this.source.call(
        "CLUSTER",
        "GETKEYSINSLOT",
        this.slot,
        KEYS_AT_ONCE,
      ) as string[];
      if (found.length === 0) return;
      await this.#migrate(found);
    }
  }

  async #migrate(keys: readonly string[]): Promise<void> {
    const { hostname, port } = this.target;
    const words = ["MIGRATE", hostname, port, "", 0, MIGRATE_TIMEOUT_MS, "KEYS", ...keys];
    await this.source.call(...words);
  }

  /** Gives the slot to the target; every running master learns it at once, replicas by gossip. */
  async finish(): Promise<void> {
    await this.#setOwner(this.target);
    await this.#setOwner(this.source);
    for (const node of this.#nodes) {
      if (node !== this.target && node !== this.source && node.isRunning) {
        await this.#setOwner(node);
      }
    }
    await this.#spreadEpoch();
  }

  /**
   * Waits until every node knows the epoch under which the target got the slot, and every master still gives it
   * the slot. A node that does not know it believes a late packet of the former owner, which has an older one,
   * and then nodes redirect to each other for a while. Any packet of the target tells; a published message goes
   * to all at once.
   */
  async #spreadEpoch(): Promise<void> {
    const running = this.#nodes.filter((node) => node.isRunning);
    const epoch = await this.target.epochOf(this.target);
    await this.target.call("PUBLISH", "aster-test-epoch", "");
    await until(async () => {
      for (const node of running) {
        if (await node.epochOf(this.target) < epoch) return false;
        if (await node.masterId() !== null) continue;
        if (await node.ownerPort(this.slot) !== this.target.announcedPort) return false;
      }
      return true;
    }, { what: `all nodes know epoch ${epoch}` });
  }

  /** Ends the migration without a change of owner; keys that moved stay where they are. */
  async cancel(): Promise<void> {
    await this.source.call("CLUSTER", "SETSLOT", this.slot, "STABLE");
    await this.target.call("CLUSTER", "SETSLOT", this.slot, "STABLE");
  }

  async #setOwner(node: ClusterNode): Promise<RespValue> {
    try {
      return await node.call("CLUSTER", "SETSLOT", this.slot, "NODE", this.target.id);
    } catch (error) {
      if (error instanceof RespError && error.message.includes("only with masters")) return null;
      throw error;
    }
  }
}
