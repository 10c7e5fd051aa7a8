/**
 * Those who are in the midst of something, by the hosts that they come from: of many from one host most can be done
 * without, whatever hosts the others come from. Of IPv6 a network of 64 bits is one host.
 *
 * @module
 */
import type { Endpoint } from "../endpoint.ts";
import { addressKey } from "./ip_address.ts";

/** A host with more than this is a crowd. */
export const CROWD_MIN = 64;

/** Who is under way, in order, by host. */
export class Crowds<Member> {
  readonly #byHost: Map<bigint, Set<Member>> = new Map();

  /** One more comes from there; returns whether it is one of a crowd. */
  add(member: Member, peer: Endpoint | null): boolean {
    const host = addressKey(peer);
    const ofHost = this.#byHost.get(host) ?? new Set();
    this.#byHost.set(host, ofHost.add(member));
    return ofHost.size > CROWD_MIN;
  }

  /** This one from there is over. */
  delete(member: Member, peer: Endpoint | null): void {
    const host = addressKey(peer);
    const ofHost = this.#byHost.get(host);
    ofHost?.delete(member);
    if (ofHost?.size === 0) this.#byHost.delete(host);
  }

  /** The oldest of the host that has the most; undefined where nobody is under way. */
  mostExpendable(): Member | undefined {
    let most: Set<Member> = new Set();
    for (const ofHost of this.#byHost.values()) if (ofHost.size > most.size) most = ofHost;
    const [oldest] = most;
    return oldest;
  }
}
