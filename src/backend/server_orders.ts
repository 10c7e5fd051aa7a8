/**
 * What operators have ordered of one cluster's servers, as one worker knows it: which are paused, and which are
 * taken out by hand. It outlives reloads, so servers go by their names: the alias, else `host:port`.
 *
 * @module
 */

/** What waits while a server or the cluster is paused; the greater is the stricter. */
export const PauseMode = { None: 0, Writes: 1, All: 2 } as const;
/** One of the values of {@link PauseMode}. */
export type PauseModeCode = 0 | 1 | 2;

/** One pause that is on. */
export interface Pause {
  readonly mode: PauseModeCode;
  /** When it ends by itself, milliseconds of `Clock.realMs`. */
  readonly endMs: number;
}

/** What an operator has made of a server of a ring. */
export type ServerState =
  /** It has its keys, unless it is ejected. */
  | "ready"
  /** It gets no new requests; what was given to it finishes, and it is pinged. */
  | "drain"
  /** As `drain`, but it may be away: what was not sent fails, and it is not pinged. */
  | "maint";

/** What differs from the configuration. */
export interface ServerSetting {
  readonly state: ServerState;
  /** Its weight in place of the configuration's, or null. */
  readonly weight: number | null;
}

const AS_CONFIGURED: ServerSetting = { state: "ready", weight: null };

/** Which servers of one cluster operators have paused or taken out, by name, as one worker knows it. */
export class ServerOrders {
  /** Whether any pause is on: all that is read where none is. */
  isPausing = false;
  #cluster: Pause | null = null;
  readonly #servers = new Map<string, Pause>();
  /** Pauses that are about to end, by server; null: the whole cluster's. */
  readonly #ending = new Set<string | null>();
  readonly #settings = new Map<string, ServerSetting>();

  /** The pauses that are on, by server; null: the whole cluster. */
  *pauses(): Generator<[server: string | null, pause: Pause]> {
    if (this.#cluster !== null) yield [null, this.#cluster];
    yield* this.#servers;
  }

  /** The pause of exactly this server, or of the cluster. */
  pauseOf(server: string | null): Pause | null {
    return server === null ? this.#cluster : this.#servers.get(server) ?? null;
  }

  /** Takes the place of an earlier pause of the same. */
  pause(server: string | null, pause: Pause): void {
    this.#ending.delete(server);
    if (server === null) this.#cluster = pause;
    else this.#servers.set(server, pause);
    this.#count();
  }

  /** The pause of this server is about to be over: its server is looked at again, requests wait on. */
  beginResume(server: string | null): void {
    if (this.pauseOf(server) !== null) this.#ending.add(server);
  }

  /** The pause of this server is over. */
  resume(server: string | null): void {
    this.#ending.delete(server);
    if (server === null) this.#cluster = null;
    else this.#servers.delete(server);
    this.#count();
  }

  /** What of the whole cluster waits. */
  get clusterMode(): PauseModeCode {
    return this.#cluster?.mode ?? PauseMode.None;
  }

  /** Whether single servers are paused. */
  get arePaused(): boolean {
    return this.#servers.size > 0;
  }

  /** What waits at this server. */
  modeAt(server: string): PauseModeCode {
    const own = this.#servers.get(server)?.mode ?? PauseMode.None;
    return own > this.clusterMode ? own : this.clusterMode;
  }

  /** Whether a server may be away, as an operator has ordered: it is paused, and no pause of it is about to end. */
  mayBeAway(server: string): boolean {
    const isPausedAlone = this.#servers.has(server) && !this.#ending.has(server);
    return isPausedAlone || (this.#cluster !== null && !this.#ending.has(null));
  }

  /** Whether a request for this server has to wait. */
  holds(server: string, isWrite: boolean): boolean {
    const mode = this.modeAt(server);
    return mode === PauseMode.All || (mode === PauseMode.Writes && isWrite);
  }

  /** Takes the place of an earlier setting of the same server. */
  set(server: string, setting: ServerSetting): void {
    this.#settings.set(server, setting);
  }

  /** What was made of a server by hand. */
  settingOf(server: string): ServerSetting {
    return this.#settings.get(server) ?? AS_CONFIGURED;
  }

  /** Servers that the configuration does not have any more are forgotten. */
  keepSettings(servers: ReadonlySet<string>): void {
    for (const server of this.#settings.keys()) {
      if (!servers.has(server)) this.#settings.delete(server);
    }
  }

  #count(): void {
    this.isPausing = this.#cluster !== null || this.#servers.size > 0;
  }
}
