/**
 * CLIENT MAINT_NOTIFICATIONS, and what those are told who asked for it by that: where to go on before they are closed
 * here. Their libraries connect there, finish what is under way here, and no command fails.
 *
 * @module
 */
import { formatEndpoint, type TcpEndpoint, tcpEndpoint } from "../../endpoint.ts";
import { OK_REPLY, SYNTAX_ERROR } from "../../protocol/resp/write/replies.ts";
import type { Handoff, LocalClient } from "../../session/stages.ts";

/** What decides where clients go on; read anew each time, as a reload may change it. */
export interface HandoffOptions {
  readonly config: { readonly clientHandoff: boolean; readonly handoffAddress: string | null };
  /** Where a client is sent whose own address cannot be told. */
  advertisedTo(client: LocalClient): TcpEndpoint;
  clients(): Iterable<LocalClient>;
}

/** The kinds of address that a client may ask for. All get the same one, but for `none`, which wants none. */
const ENDPOINT_TYPES = ["internal-ip", "internal-fqdn", "external-ip", "external-fqdn", "none"];

/** An IPv4 address as a socket for both kinds has it. */
const MAPPED_IPV4 = /^::ffff:(\d+\.\d+\.\d+\.\d+)$/i;

/** Who wants to be told. */
export class ClientHandoff {
  readonly #options: HandoffOptions;
  /** Those that do, and whether they want an address. */
  readonly #wanting: WeakMap<LocalClient, boolean> = new WeakMap();

  /** What everybody was told; null before that. */
  #told: { readonly sequence: number; readonly endMs: number } | null = null;

  constructor(options: HandoffOptions) {
    this.#options = options;
  }

  /** Whether a client may ask for it; if not there is no such subcommand. A push is no reply only in RESP3. */
  isOffered(client: LocalClient): boolean {
    const { clientHandoff, handoffAddress } = this.#options.config;
    // Who takes the place of a unix socket is found behind the same file: no address leads there.
    if (client.local?.kind === "unix" && handoffAddress === null) return false;
    return clientHandoff && client.profiles.master.version === 3;
  }

  /** Answers CLIENT MAINT_NOTIFICATIONS with the words behind it; null where `client` was answered already. */
  answer(client: LocalClient, words: readonly string[]): Uint8Array | null {
    const [state, ...options] = words.map((word) => word.toLowerCase());
    if (state === "off" && options.length === 0) {
      this.#wanting.delete(client);
      return OK_REPLY;
    }
    const endpointType = readEndpointType(options);
    if (state !== "on" || endpointType === null) return SYNTAX_ERROR;
    this.#wanting.set(client, endpointType !== "none");
    if (this.#told === null) return OK_REPLY;
    // It was still on its way in when the others were told.
    client.reply(OK_REPLY);
    this.#push(client, this.#told);
    return null;
  }

  /** RESET. */
  reset(client: LocalClient): void {
    this.#wanting.delete(client);
  }

  /** Tells each that wants it, once. Nobody may be accepted here any more: they would come back. */
  tell({ seconds, isTaken }: Handoff): void {
    if (this.#options.config.handoffAddress === null && !isTaken) return;
    const told = this.#told = {
      // Libraries drop what they have seen already by this number: others may have counted before this process.
      sequence: Math.floor(Date.now() / 1000),
      endMs: performance.now() + seconds * 1000,
    };
    for (const client of this.#options.clients()) this.#push(client, told);
  }

  #push(client: LocalClient, { sequence, endMs }: { sequence: number; endMs: number }): void {
    const wantsAddress = this.#wanting.get(client);
    if (wantsAddress === undefined || !this.isOffered(client)) return;
    const seconds = Math.max(1, Math.round((endMs - performance.now()) / 1000));
    const push = movingPush(sequence, seconds, wantsAddress ? this.#addressFor(client) : null);
    client.isMovingOn = true;
    client.push(push);
  }

  #addressFor(client: LocalClient): string {
    const { config } = this.#options;
    if (config.handoffAddress !== null) return config.handoffAddress;
    const { local } = client;
    if (local?.kind !== "tcp") return formatEndpoint(this.#options.advertisedTo(client));
    return formatEndpoint(tcpEndpoint(local.hostname.replace(MAPPED_IPV4, "$1"), local.port));
  }
}

/** The type that the options ask for; null where they cannot be understood. */
function readEndpointType(options: readonly string[]): string | null {
  if (options.length === 0) return ENDPOINT_TYPES[0]!;
  const [name, type] = options;
  const isKnown = options.length === 2 && name === "moving-endpoint-type" &&
    ENDPOINT_TYPES.includes(type!);
  return isKnown ? type! : null;
}

/** An address is left out for those only who asked for none: to others that is an error. */
function movingPush(sequence: number, seconds: number, address: string | null): Uint8Array {
  const where = address === null ? "_" : `$${address.length}\r\n${address}`;
  return new TextEncoder().encode(
    `>4\r\n$6\r\nMOVING\r\n:${sequence}\r\n:${seconds}\r\n${where}\r\n`,
  );
}
