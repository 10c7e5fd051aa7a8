/**
 * From names to socket addresses, by the C library: the hosts file, DNS and whatever else this machine is
 * set up to ask.
 *
 * @module
 */
import { type Failure, failures } from "../../failure.ts";
import { lackOf } from "../system_failures.ts";
import {
  addrinfoLayout,
  AF_INET,
  AI_NUMERICHOST,
  AI_PASSIVE,
  EAI_AGAIN,
  EAI_FAIL,
  EAI_MEMORY,
  EAI_NONAME,
  EAI_SYSTEM,
  errorNames,
  SOCK_STREAM,
  sockaddrLayout,
} from "./libc.ts";
import type { System } from "./system.ts";

/** More addresses than that of one name are not tried. */
const ADDRESSES_MAX = 16;
/**
 * Lookups at a time. Deno's pool has 32 threads for each worker, and one of them is the loop's: names that are
 * never answered must not take them all.
 */
const LOOKUPS_MAX = 8;

/** Bytes of a `sockaddr_in` or `sockaddr_in6`. */
export type SocketAddressBytes = Uint8Array<ArrayBuffer>;

/** Looks names up for one thread. */
export class NameLookup {
  readonly #system: System;
  /** Lookups under way, by name: who asks meanwhile shares the answer. */
  readonly #underWay: Map<string, Promise<SocketAddressBytes[] | Failure>> = new Map();
  /** Those who wait for a thread. */
  readonly #waiting: (() => void)[] = [];
  #threads = 0;
  /** What other threads read and write: Deno does not keep it from being collected. */
  readonly #lent: Set<unknown> = new Set();

  constructor(system: System) {
    this.#system = system;
  }

  /**
   * The addresses to listen on. Waits for the answer: for the start only.
   *
   * @returns None where the name is unknown.
   */
  toListen(hostname: string, port: number): SocketAddressBytes[] {
    return this.#lookUp(hostname, port, AI_PASSIVE);
  }

  /** The address that `hostname` itself is, or null where it is a name. */
  numeric(hostname: string, port: number): SocketAddressBytes | null {
    return this.#lookUp(hostname, port, AI_NUMERICHOST)[0] ?? null;
  }

  /** The addresses of a name, looked up on another thread, none where it is unknown; or why it could not be asked. */
  async toConnect(hostname: string, port: number): Promise<SocketAddressBytes[] | Failure> {
    let lookup = this.#underWay.get(hostname);
    if (lookup === undefined) {
      lookup = this.#lookUpElsewhere(hostname);
      this.#underWay.set(hostname, lookup);
    }
    const found = await lookup;
    return "name" in found ? found : found.map((address) => withPort(address, port));
  }

  async #lookUpElsewhere(hostname: string): Promise<SocketAddressBytes[] | Failure> {
    const found = new BigUint64Array(1);
    const name = zeroTerminated(hostname);
    let result = EAI_NONAME;
    if (name !== null) {
      await this.#takeThread();
      const { libc } = this.#system;
      const lent = { name, hints: hints(0), found: bytesOf(found) };
      this.#lent.add(lent);
      result = await libc.getaddrinfo_elsewhere(name, null, lent.hints, lent.found);
      this.#lent.delete(lent);
      this.#giveThread();
    }
    this.#underWay.delete(hostname);
    if (result === 0) return this.#take(found[0]!);
    return this.#failureOf(result) ?? [];
  }

  /** Why there was no answer; null where the answer is that there is no such name. */
  #failureOf(result: number): Failure | null {
    switch (result) {
      case EAI_MEMORY:
        return failures.outOfMemory;
      case EAI_SYSTEM:
        return this.#lack() ?? failures.nameLookupFailed;
      case EAI_AGAIN:
      case EAI_FAIL:
        return failures.nameLookupFailed;
      default:
        return null;
    }
  }

  /** What the system lacks now. The error number of a lookup stayed on the thread that made it. */
  #lack(): Failure | null {
    const opened = this.#system.openSocket(AF_INET);
    if (opened < 0) return lackOf(errorNames.get(-opened));
    this.#system.close(opened);
    return null;
  }

  async #takeThread(): Promise<void> {
    if (this.#threads === LOOKUPS_MAX) {
      await new Promise<void>((resolve) => this.#waiting.push(resolve));
    } else {
      this.#threads += 1;
    }
  }

  /** The thread goes to whoever has waited longest. */
  #giveThread(): void {
    const next = this.#waiting.shift();
    if (next === undefined) this.#threads -= 1;
    else next();
  }

  #lookUp(hostname: string, port: number, flags: number): SocketAddressBytes[] {
    const found = new BigUint64Array(1);
    const name = zeroTerminated(hostname);
    const result = name === null
      ? EAI_NONAME
      : this.#system.libc.getaddrinfo(name, null, hints(flags), bytesOf(found));
    return result === 0 ? this.#take(found[0]!).map((address) => withPort(address, port)) : [];
  }

  /** Copies a list of the C library's and gives the list back. */
  #take(first: bigint): SocketAddressBytes[] {
    const addresses: SocketAddressBytes[] = [];
    for (let at = first; at !== 0n && addresses.length < ADDRESSES_MAX;) {
      const entry = new DataView(this.#system.read(at, addrinfoLayout.size).buffer);
      const length = entry.getUint32(addrinfoLayout.addrlen, true);
      addresses.push(
        this.#system.read(entry.getBigUint64(addrinfoLayout.addr, true), length),
      );
      at = entry.getBigUint64(addrinfoLayout.next, true);
    }
    this.#system.libc.freeaddrinfo(first);
    return addresses;
  }
}

/** A copy of an address, with this port: several may be connected to by one answer. */
function withPort(address: SocketAddressBytes, port: number): SocketAddressBytes {
  const copy = address.slice();
  new DataView(copy.buffer).setUint16(sockaddrLayout.port, port);
  return copy;
}

/** The family of an address. */
export function familyOf(address: Uint8Array): number {
  return address[sockaddrLayout.family]! | address[sockaddrLayout.family + 1]! << 8;
}

/** The port of an address. */
export function portOf(address: Uint8Array): number {
  return address[sockaddrLayout.port]! << 8 | address[sockaddrLayout.port + 1]!;
}

function hints(flags: number): Uint8Array<ArrayBuffer> {
  const bytes = new Uint8Array(addrinfoLayout.size);
  const view = new DataView(bytes.buffer);
  view.setInt32(addrinfoLayout.flags, flags, true);
  view.setInt32(addrinfoLayout.socktype, SOCK_STREAM, true);
  return bytes;
}

/** A name as C wants it; null for one that C would cut short. */
function zeroTerminated(text: string): Uint8Array<ArrayBuffer> | null {
  return text.includes("\0") ? null : new TextEncoder().encode(`${text}\0`);
}

function bytesOf(numbers: BigUint64Array<ArrayBuffer>): Uint8Array<ArrayBuffer> {
  return new Uint8Array(numbers.buffer);
}
