/**
 * What comes from the process before this one, and goes to the one behind it: listening sockets, the admin port, the
 * clients that connect from then on.
 *
 * @module
 */
import type { Config, IoChoice } from "../../config/config.ts";
import { type Endpoint, formatEndpoint, listenEndpoints } from "../../endpoint.ts";
import type { Log } from "../../observe/log.ts";
import { StartError } from "../start_error.ts";
import { activationCount, activationSockets, type ActivationSource } from "./activation.ts";
import { FormerProcess } from "./former_process.ts";
import { GivenSockets } from "./given_sockets.ts";
import { type Heir, HeirReception, type OfferedSocket } from "./heir_reception.ts";
import { createTransport, type TakeoverDoor, type TakeoverTransport } from "./transport.ts";

/** What decides about a takeover. */
export interface TakeoverOptions {
  readonly config: Config;
  readonly io: IoChoice;
  /** Whether this process was started to take another one's place. */
  readonly isTakeover: boolean;
  readonly activation: ActivationSource;
  readonly log: Log;
}

/** What is asked of the process once it serves. */
export interface TakeoverHost {
  readonly isReady: boolean;
  /** Why no other process may take its place now; null: one may. */
  readonly hindrance: string | null;
  readonly config: Config;
  /** What the workers listen by. */
  share(): Promise<{ readonly endpoint: Endpoint; readonly descriptor: number }[]>;
  /** Another process answers from now on. */
  leave(): Promise<void>;
}

/** One process between the one before it and the one behind it. */
export class Takeover {
  readonly #options: TakeoverOptions;
  readonly #transport: TakeoverTransport;
  readonly #former: FormerProcess | null;
  /** Sockets that came from outside; null where there are none, or cannot be. */
  readonly sockets: GivenSockets | null;
  #door: TakeoverDoor | null = null;
  #reception: HeirReception | null = null;
  /** The process that has taken this one over, or null. */
  heir: Heir | null = null;
  readonly #succeeded: PromiseWithResolvers<Heir> = Promise.withResolvers();

  private constructor(
    options: TakeoverOptions,
    transport: TakeoverTransport,
    former: FormerProcess | null,
    sockets: GivenSockets | null,
  ) {
    this.#options = options;
    this.#transport = transport;
    this.#former = former;
    this.sockets = sockets;
  }

  /**
   * Takes what there is to be had, and sees that the next process can reach this one.
   *
   * @throws {StartError} If it cannot: nothing is left open then.
   */
  static async begin(options: TakeoverOptions): Promise<Takeover> {
    const { config, io, isTakeover, activation, log } = options;
    const transport = createTransport(io);
    const { system } = transport;
    if (system === null && activationCount(activation) > 0) {
      throw new StartError('Sockets from systemd (LISTEN_FDS) need io = "epoll"');
    }
    const former = await reachFormer(options, transport);
    const foreign = system === null
      ? []
      : [...activationSockets(system, activation), ...former?.sockets ?? []];
    const sockets = system === null ? null : new GivenSockets(system, foreign, config.clusters);
    const takeover = new Takeover(options, transport, former, sockets);
    if (former !== null) {
      log.info("Takes over", { pid: former.pid, sockets: foreign.length });
    } else if (isTakeover && config.runtime.takeoverSocket !== null) {
      log.warning("There is nobody to take over", { socket: config.runtime.takeoverSocket });
    }
    if (sockets !== null && sockets.unclaimedCount > 0) {
      log.warning("Sockets were given that no cluster listens on", {
        count: sockets.unclaimedCount,
      });
    }
    if (former === null) takeover.#openDoorOrFail();
    return takeover;
  }

  /** Settles when another process has taken this one over; never, if none does. */
  get succeeded(): Promise<Heir> {
    return this.#succeeded.promise;
  }

  /** Whether the cluster that listens there does so by a socket that came from outside. */
  has(endpoint: Endpoint): boolean {
    return this.sockets?.has(endpoint) ?? false;
  }

  /** The workers do not start: whoever is there already goes on. */
  giveUp(): void {
    this.#former?.close();
    this.sockets?.close();
    this.#door?.close();
  }

  /** The workers serve: the former process, if there is one, leaves. */
  async takeOver(): Promise<void> {
    const { config, log } = this.#options;
    const taken = this.sockets?.taken ?? [];
    this.sockets?.settle();
    if (this.#former === null) return;
    const listeners = config.clusters.flatMap(listenEndpoints).map(formatEndpoint);
    if (!await this.#former.ready({ listeners, taken })) {
      log.error("The former process does not say that it leaves", { pid: this.#former.pid });
    }
    try {
      this.#openDoor();
    } catch (error) {
      log.error("No other process will be able to take over", { reason: reasonOf(error) });
    }
  }

  /** Lets the next process in, from now on. */
  receive(host: TakeoverHost): void {
    if (this.#door === null) return;
    this.#reception = new HeirReception(this.#door, {
      get isReady() {
        return host.isReady;
      },
      get hindrance() {
        return host.hindrance;
      },
      offer: () => this.#offer(host),
      withdraw: (sockets) => this.#withdraw(sockets),
      leave: () => host.leave(),
    }, this.#options.log);
    this.#reception.heir.then((heir) => {
      this.heir = heir;
      this.#succeeded.resolve(heir);
    });
  }

  /** Number of the process that is about to take this one over, or has; 0: there is none. */
  get heirPid(): number {
    return this.#reception?.heirPid ?? 0;
  }

  /** Whether the process before this one still serves clients, which orders to this one do not reach. */
  get isFormerServing(): boolean {
    return this.#former?.isLeaving ?? false;
  }

  /** Lets nobody in any more. */
  close(): void {
    this.#reception?.close();
    this.#door?.close();
  }

  /** Nobody is served any more: says so to the process behind this one, and listens to none. */
  end(): void {
    this.close();
    this.#reception?.end();
    this.#former?.close();
  }

  async #offer(host: TakeoverHost): Promise<OfferedSocket[]> {
    const clusterAt = (endpoint: string) =>
      host.config.clusters.find((cluster) =>
        listenEndpoints(cluster).some((one) => formatEndpoint(one) === endpoint)
      )?.name;
    const offered: OfferedSocket[] = [];
    const add = (endpoint: string, descriptor: number, isHeld: boolean) => {
      const cluster = clusterAt(endpoint);
      if (cluster !== undefined) offered.push({ cluster, descriptor, isHeld });
      else if (!isHeld) this.#transport.system?.close(descriptor);
    };
    for (const { endpoint, descriptor } of await host.share()) {
      add(formatEndpoint(endpoint), descriptor, false);
    }
    for (const { endpoint, descriptor } of this.sockets?.held() ?? []) {
      add(endpoint, descriptor, true);
    }
    return offered;
  }

  #withdraw(sockets: readonly OfferedSocket[]): void {
    for (const { descriptor, isHeld } of sockets) {
      if (!isHeld) this.#transport.system?.close(descriptor);
    }
  }

  #openDoorOrFail(): void {
    try {
      this.#openDoor();
    } catch (error) {
      const { takeoverSocket } = this.#options.config.runtime;
      this.giveUp();
      throw new StartError(`Cannot open takeover_socket ${takeoverSocket}: ${reasonOf(error)}`);
    }
  }

  #openDoor(): void {
    const { takeoverSocket } = this.#options.config.runtime;
    if (takeoverSocket !== null) this.#door = this.#transport.open(takeoverSocket);
  }
}

/** The process behind the socket, if there is one and it is to be taken over. */
async function reachFormer(
  { config, isTakeover }: TakeoverOptions,
  transport: TakeoverTransport,
): Promise<FormerProcess | null> {
  const { takeoverSocket } = config.runtime;
  if (takeoverSocket === null) return null;
  try {
    const channel = await transport.connect(takeoverSocket);
    if (channel === null) return null;
    if (isTakeover) return await FormerProcess.greet(channel, transport.system !== null);
    channel.close();
  } catch (error) {
    throw new StartError(`Cannot take over by ${takeoverSocket}: ${reasonOf(error)}`);
  }
  throw new StartError(
    `takeover_socket ${takeoverSocket} is another process's that runs: --takeover takes its place`,
  );
}

function reasonOf(error: unknown): string {
  return error instanceof Error ? error.message : String(error);
}
