/**
 * Real servers that speak TLS, and the proxy in front of them.
 *
 * @module
 */
import { type Aster, type AsterOptions, startAster } from "../support/servers/aster.ts";
import { type Certificate, TestCa } from "../support/servers/certificates.ts";
import { patientTimeouts } from "../support/rigs/cluster_config.ts";
import { withFreePorts } from "../support/tools/free_port.ts";
import { type RedisServer, startRedisServer } from "../support/servers/redis_server.ts";
import { RespClient } from "../support/clients/resp_client.ts";

/** A Redis server with two ports. */
export interface TlsRedisServer {
  readonly server: RedisServer;
  readonly tlsPort: number;
}

/** Starts a Redis server that speaks TLS at a second port. */
export function startTlsRedisServer(
  ca: TestCa,
  { certPath, keyPath }: Certificate,
  more: string[] = [],
): Promise<TlsRedisServer> {
  return withFreePorts(2, async ([port, tlsPort]) => ({
    server: await startRedisServer({
      port: port!,
      arguments: [
        ...["--tls-port", `${tlsPort}`, "--tls-cert-file", certPath, "--tls-key-file", keyPath],
        ...["--tls-ca-cert-file", ca.certPath, "--tls-auth-clients", "no"],
        ...more,
      ],
    }),
    tlsPort: tlsPort!,
  }));
}

/** Two Redis servers, the proxy, and TLS on all ways but to the plain port of the proxy. */
export class TlsPool implements AsyncDisposable {
  readonly ca: TestCa;
  /** What the proxy shows to clients. */
  readonly shown: Certificate;
  readonly servers: readonly TlsRedisServer[];
  readonly aster: Aster;
  readonly #owned: AsyncDisposableStack;

  constructor(
    parts: { ca: TestCa; shown: Certificate; servers: TlsRedisServer[]; aster: Aster },
    owned: AsyncDisposableStack,
  ) {
    this.ca = parts.ca;
    this.shown = parts.shown;
    this.servers = parts.servers;
    this.aster = parts.aster;
    this.#owned = owned;
  }

  /** The proxy's ports. */
  get plainPort(): number {
    return this.aster.ports[0]!;
  }

  get tlsPort(): number {
    return this.aster.ports[1]!;
  }

  /** A client of the proxy that speaks TLS. */
  connect(
    options: { cert?: string; key?: string; bytes?: boolean; deadlineMs?: number } = {},
  ): Promise<RespClient> {
    const { cert, key, ...others } = options;
    const pair = cert !== undefined && key !== undefined ? { cert, key } : {};
    return RespClient.connect({
      port: this.tlsPort,
      tls: { ca: this.ca.cert, ...pair },
      ...others,
    });
  }

  [Symbol.asyncDispose](): Promise<void> {
    return this.#owned.disposeAsync();
  }
}

/** What a pool is made with. */
export interface TlsPoolOptions extends AsterOptions {
  /** Further keys of `tls`, each behind a comma. */
  tls?: (ca: TestCa) => string;
  /** Further keys of `backend_tls`, each behind a comma. */
  backendTls?: (ca: TestCa) => string;
  /** Further lines of the `[[clusters]]` entry. */
  keys?: string;
  /** What the servers show; certificates of the CA for this machine if left out. */
  serverCertificate?: (ca: TestCa) => Certificate;
  /** Further arguments of the servers. */
  serverArguments?: string[];
}

/** Starts it all. */
export async function startTlsPool(options: TlsPoolOptions = {}): Promise<TlsPool> {
  await using owned = new AsyncDisposableStack();
  const ca = owned.use(new TestCa());
  const shown = ca.issue();
  const servers: TlsRedisServer[] = [];
  for (let count = 0; count < 2; count++) {
    const certificate = options.serverCertificate?.(ca) ?? ca.issue();
    const started = await startTlsRedisServer(ca, certificate, options.serverArguments);
    owned.use(started.server);
    servers.push(started);
  }
  const lines = servers.map(({ tlsPort }, index) => `"127.0.0.1:${tlsPort}:1 r${index}"`);
  const aster = await startAster(
    (plainPort, tlsPort) =>
      `[[clusters]]
name = "pool"
listen_addr = "127.0.0.1:${plainPort}"
cache_type = "redis"
servers = [${lines.join(", ")}]
tls = { cert = "${shown.certPath}", key = "${shown.keyPath}", listen_addr = "127.0.0.1:${tlsPort}"${
        options.tls?.(ca) ?? ""
      } }
backend_tls = { ca = "${ca.certPath}"${options.backendTls?.(ca) ?? ""} }
${patientTimeouts(options.keys ?? "")}
${options.keys ?? ""}
`,
    { metrics: true, ...options, portCount: 2 },
  );
  owned.use(aster);
  return new TlsPool({ ca, shown, servers, aster }, owned.move());
}
