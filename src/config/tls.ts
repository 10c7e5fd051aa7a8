/**
 * `tls` and `backend_tls`: which certificates are shown and wanted, read from their files and looked at, so that what
 * does not fit is said before anybody is served by it.
 *
 * @module
 */
import { createPrivateKey, X509Certificate } from "node:crypto";
import type { Endpoint } from "../endpoint.ts";
import type {
  BackendCertificates,
  BackendTlsConfig,
  Config,
  PemFile,
  TlsCertificates,
  TlsConfig,
  TlsPair,
} from "./config.ts";
import { isTable, joinPath } from "./key_names.ts";
import type { FieldRow, FieldRows } from "./key_row.ts";
import type { EntryPlace, Report } from "./problem.ts";
import type { SecretPlaces } from "./secret_source.ts";
import { parseHost, parseSocketAddress } from "./socket_address.ts";

/** Most names with certificates of their own. */
export const SNI_LIMIT = 256;
/** Largest file of certificates or a key, in characters. */
export const PEM_CHARACTERS_LIMIT = 1_048_576;

const pemFile = (defaultText: string | null, meaning: string): FieldRow => ({
  default: defaultText,
  accepted: "the path of a PEM file",
  meaning,
});

/** The keys of `tls`. */
export const tlsFields = {
  cert: pemFile(null, "The certificate, and behind it those between it and its CA."),
  key: pemFile(null, "The certificate's key, without a password."),
  listen_addr: {
    default: "the cluster's",
    accepted: "`host:port`, `[IPv6]:port`",
    meaning: "Where TLS is spoken, if not at the cluster's `listen_addr`: then both are open.",
  },
  client_ca: pemFile("none", "CAs: a client has to show a certificate of one of them."),
  min_version: {
    default: '`"1.2"`',
    accepted: '`"1.2"`, `"1.3"`',
    meaning: "The least version of TLS.",
  },
  sni: {
    default: "none",
    accepted: `at most ${SNI_LIMIT} of \`{ name, cert, key }\``,
    meaning:
      "Further pairs for clients that ask for a name; `*.example.org` is any name one label " +
      "below. Whoever asks for another name, or for none, gets `cert`.",
  },
  user_from: {
    default: "none",
    accepted: '`"CN"`',
    meaning:
      "The common name of the client's certificate is the user that it is logged in as from the " +
      "start, and again after `RESET`; a name that is none of `auth`'s users leaves the client to log " +
      "in as any other. It needs `client_ca`.",
  },
} as const satisfies FieldRows;

/** The keys of `backend_tls`. */
export const backendTlsFields = {
  ca: pemFile(
    'what OpenSSL (`io = "epoll"`) or Deno trusts',
    "CAs, or the servers' certificates themselves where they are self-signed. The default is for " +
      "servers of hosters with certificates of public CAs.",
  ),
  server_name: {
    default: "the host or address that is connected to",
    accepted: "a host name or an IP address",
    meaning:
      "The one name that all servers' certificates are for, told to them as well. Nodes of a " +
      "Redis Cluster are connected to as they announce themselves (`cluster-announce-hostname`).",
  },
  cert: pemFile("none", "Shown to servers that ask for a certificate. It needs `key`."),
  key: pemFile("none", "The certificate's key, without a password."),
  insecure: {
    default: "false",
    accepted: "`true`, `false`",
    meaning:
      "`true`: any certificate is taken, and whoever is between can read and change everything. " +
      "A warning says so.",
  },
} as const satisfies FieldRows;

const TLS_FIELDS = Object.keys(tlsFields);
const BACKEND_FIELDS = Object.keys(backendTlsFields);
const SNI_FIELDS = ["name", "cert", "key"];
const PATH = "expected the path of a PEM file";

/** Where the table stands. */
interface Place extends EntryPlace {
  readonly secrets: SecretPlaces;
}

/** What reads one table. */
interface Reading {
  readonly table: Record<string, unknown>;
  readonly path: string;
  readonly report: Report;
  readonly secrets: SecretPlaces;
}

/** How clients speak TLS, or null where they do not; what is wrong is reported, all at once. */
export function readTls(
  table: Record<string, unknown> | false | undefined,
  { pathOf, report, secrets }: Place,
): { tls: TlsConfig; certificates: TlsCertificates } | null {
  if (table === undefined || table === false) return null;
  const reading = { table, path: pathOf("tls"), report, secrets };
  const before = report.problems.length;
  reportUnknown(reading, TLS_FIELDS);
  const listen = readAddress(reading);
  const pair = readPair(reading, true);
  const clientCa = readCa(reading, "client_ca");
  const minVersion = readChoice(reading, "min_version", ["1.2", "1.3"]) ?? "1.2";
  const userFrom = readChoice(reading, "user_from", ["CN"]);
  if (userFrom !== null && table.client_ca === undefined) {
    report.problem(joinPath(reading.path, "user_from"), "expected client_ca beside it");
  }
  const named = readNames(reading);
  if (report.problems.length > before || pair === null) return null;
  return { tls: { listen, userFrom }, certificates: { pair, named, clientCa, minVersion } };
}

/** How backends are spoken to, or null where that is without TLS; what is wrong is reported, all at once. */
export function readBackendTls(
  table: Record<string, unknown> | false | undefined,
  { pathOf, report, secrets }: Place,
): { tls: BackendTlsConfig; certificates: BackendCertificates } | null {
  if (table === undefined || table === false) return null;
  const reading = { table, path: pathOf("backend_tls"), report, secrets };
  const before = report.problems.length;
  reportUnknown(reading, BACKEND_FIELDS);
  const ca = readCa(reading, "ca");
  const serverName = readHost(reading, "server_name");
  const pair = readPair(reading, false);
  const { insecure: isInsecure = false } = table;
  if (typeof isInsecure !== "boolean") {
    report.problem(joinPath(reading.path, "insecure"), "expected true or false", isInsecure);
  } else if (isInsecure && (ca !== null || serverName !== null)) {
    const message =
      "expected ca and server_name, or insecure = true: it has no certificate looked at";
    report.problem(joinPath(reading.path, "insecure"), message, isInsecure);
  } else if (isInsecure) {
    report.warning(
      joinPath(reading.path, "insecure"),
      "servers are not known by their certificates: whoever is between can read and change everything",
    );
  }
  if (report.problems.length > before) return null;
  return {
    tls: { serverName, isInsecure: isInsecure as boolean },
    certificates: { ca, pair },
  };
}

/** What the admin server shows, or null where it speaks no TLS. */
export function readAdminTls(
  table: Record<string, unknown> | false | undefined,
  { pathOf, report, secrets }: Place,
): TlsPair | null {
  if (table === undefined || table === false) return null;
  const reading = { table, path: pathOf("admin_tls"), report, secrets };
  reportUnknown(reading, ["cert", "key"]);
  return readPair(reading, true);
}

/** Whether any cluster speaks TLS, to whomever. */
export function speaksTls({ clusters }: Pick<Config, "clusters">): boolean {
  return clusters.some(({ tls, backendTls }) => tls !== null || backendTls !== null);
}

/** Every file that a cluster's TLS is read from. */
export function tlsFiles(
  certificates: TlsCertificates | null,
  backendCertificates: BackendCertificates | null,
): PemFile[] {
  const files: (PemFile | null | undefined)[] = [];
  for (
    const pair of [
      certificates?.pair,
      ...certificates?.named.map((one) => one.pair) ?? [],
      backendCertificates?.pair,
    ]
  ) files.push(pair?.cert, pair?.key);
  files.push(certificates?.clientCa, backendCertificates?.ca);
  return files.filter((file) => file !== null && file !== undefined);
}

/** When the certificates that a configuration shows end, by their files. */
export function certificateEnds(
  { clusters }: Pick<Config, "clusters">,
): { cluster: string; file: string; endMs: number }[] {
  return clusters.flatMap(({ name, certificates, backendCertificates }) => {
    const pairs = [
      certificates?.pair,
      ...certificates?.named.map(({ pair }) => pair) ?? [],
      backendCertificates?.pair,
    ];
    const files = new Map(pairs.flatMap((pair) => pair ? [[pair.cert.path, pair.cert.pem]] : []));
    return [...files].flatMap(([file, pem]) => {
      const endMs = validUntilMs(pem);
      return endMs === null ? [] : [{ cluster: name, file, endMs }];
    });
  });
}

/** Why a certificate and a private key, PEM both, cannot be used together, or null. */
export function pairFault(
  cert: string,
  key: string,
): { field: "cert" | "key"; fault: string } | null {
  const certificate = certificatesOf(cert)[0];
  if (certificate === undefined) return { field: "cert", fault: "has no certificate in PEM" };
  if (certificate === null) {
    return { field: "cert", fault: "has a certificate that cannot be read" };
  }
  if (/-----BEGIN ENCRYPTED |^Proc-Type:.*ENCRYPTED/m.test(key)) {
    return { field: "key", fault: "is encrypted: expected a key without a password" };
  }
  try {
    if (certificate.checkPrivateKey(createPrivateKey(key))) return null;
  } catch {
    return { field: "key", fault: "has no private key in PEM" };
  }
  return { field: "key", fault: "does not fit the certificate" };
}

/** Why a text of CA certificates cannot be used, or null. */
export function caFault(pem: string): string | null {
  const certificates = certificatesOf(pem);
  if (certificates.length === 0) return "has no certificate in PEM";
  return certificates.includes(null) ? "has a certificate that cannot be read" : null;
}

/** When the first certificate of a text ends, milliseconds since 1970; null where there is none. */
export function validUntilMs(cert: string): number | null {
  const certificate = certificatesOf(cert)[0] ?? null;
  const endMs = certificate === null ? NaN : Date.parse(certificate.validTo);
  return Number.isNaN(endMs) ? null : endMs;
}

/** All certificates of a text, null for one that cannot be read. */
function certificatesOf(pem: string): (X509Certificate | null)[] {
  const blocks = pem.match(
    /-----BEGIN (TRUSTED )?CERTIFICATE-----[^-]*-----END (TRUSTED )?CERTIFICATE-----/g,
  );
  return (blocks ?? []).map((block) => {
    try {
      return new X509Certificate(block);
    } catch {
      return null;
    }
  });
}

function readAddress({ table, path, report }: Reading): Endpoint | null {
  const { listen_addr: value } = table;
  if (value === undefined) return null;
  const address = typeof value === "string" ? parseSocketAddress(value) : null;
  if (address !== null && address.fault === null) return address.value;
  const fault = address === null ? "" : `: ${address.fault}`;
  const message = `expected an address "host:port" or "[IPv6]:port"${fault}`;
  report.problem(joinPath(path, "listen_addr"), message, value);
  return null;
}

function readHost({ table, path, report }: Reading, field: string): string | null {
  const { [field]: value } = table;
  if (value === undefined) return null;
  const host = typeof value === "string" && !value.startsWith("[") && value.includes(":")
    ? parseHost(`[${value}]`)
    : parseHost(String(value));
  if (typeof value === "string" && host.fault === null) return host.value;
  report.problem(joinPath(path, field), "expected a host name or an IP address", value);
  return null;
}

function readChoice<Choice extends string>(
  { table, path, report }: Reading,
  field: string,
  choices: readonly Choice[],
): Choice | null {
  const { [field]: value } = table;
  if (value === undefined) return null;
  const chosen = choices.find((choice) => choice === value);
  if (chosen !== undefined) return chosen;
  const expected = choices.map((choice) => `"${choice}"`).join(" or ");
  report.problem(joinPath(path, field), `expected ${expected}`, value);
  return null;
}

function readNames(reading: Reading): TlsCertificates["named"] {
  const { sni } = reading.table;
  if (sni === undefined) return [];
  const path = joinPath(reading.path, "sni");
  if (!Array.isArray(sni) || sni.length > SNI_LIMIT || !sni.every(isTable)) {
    reading.report.problem(path, `expected an array of at most ${SNI_LIMIT} tables`);
    return [];
  }
  const named: TlsCertificates["named"] = [];
  for (const [index, table] of sni.entries()) {
    const entry = { ...reading, table, path: `${path}[${index}]` };
    reportUnknown(entry, SNI_FIELDS);
    const name = readName(entry);
    const pair = readPair(entry, true);
    if (named.some((other) => other.name === name)) {
      reading.report.problem(joinPath(entry.path, "name"), "occurs twice: keep one", table.name);
    }
    if (name !== null && pair !== null) named.push({ name, pair });
  }
  return named;
}

function readName({ table, path, report }: Reading): string | null {
  const { name } = table;
  if (typeof name === "string" && /^(\*\.)?[a-z0-9_]([a-z0-9_.-]{0,250}[a-z0-9_])?$/i.test(name)) {
    return name.toLowerCase();
  }
  report.problem(joinPath(path, "name"), 'expected a host name, or "*." and one', name);
  return null;
}

/** Reads `cert` and `key`; null where both are left out, or something is wrong. */
function readPair(reading: Reading, isRequired: boolean): TlsPair | null {
  const { table, path, report } = reading;
  if (!isRequired && table.cert === undefined && table.key === undefined) return null;
  const cert = readPem(reading, "cert");
  const key = readPem(reading, "key");
  if (cert === null || key === null) return null;
  if (cert.pem === "" || key.pem === "") return { cert, key };
  const fault = pairFault(cert.pem, key.pem);
  if (fault !== null) {
    const { field } = fault;
    const file = field === "cert" ? cert : key;
    report.problem(joinPath(path, field), `the file ${file.path} ${fault.fault}`);
    return null;
  }
  const endMs = validUntilMs(cert.pem);
  if (endMs !== null && endMs < Date.now()) {
    const message = `the certificate in ${cert.path} has expired on ${
      new Date(endMs).toISOString()
    }`;
    report.warning(joinPath(path, "cert"), message);
  }
  return { cert, key };
}

function readCa(reading: Reading, field: string): PemFile | null {
  if (reading.table[field] === undefined) return null;
  const file = readPem(reading, field);
  if (file === null || file.pem === "") return file;
  const fault = caFault(file.pem);
  if (fault === null) return file;
  reading.report.problem(joinPath(reading.path, field), `the file ${file.path} ${fault}`);
  return null;
}

function readPem({ table, path, report, secrets }: Reading, field: string): PemFile | null {
  const { [field]: value } = table;
  const at = joinPath(path, field);
  if (typeof value !== "string" || value === "") {
    report.problem(at, value === undefined ? `missing: ${PATH}` : PATH, value);
    return null;
  }
  const pem = secrets.file(value, at, report, PEM_CHARACTERS_LIMIT);
  return pem === null ? null : { path: value, pem };
}

function reportUnknown({ table, path, report }: Reading, known: readonly string[]): void {
  for (const key of Object.keys(table)) {
    if (known.includes(key)) continue;
    report.problem(joinPath(path, key), `unknown key: expected ${known.join(", ")}`);
  }
}
