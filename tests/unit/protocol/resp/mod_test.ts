import { type Failure, failures } from "../../../../src/failure.ts";
import { type Profile, PROFILES, profilesOf } from "../../../../src/protocol/protocol.ts";
import { createRespProtocol, type Credentials } from "../../../../src/protocol/resp/mod.ts";
import { assertEquals } from "../../../deps.ts";
import { bytesOf, protocol } from "./parse.ts";

const text = (bytes: Uint8Array) => new TextDecoder().decode(bytes);

Deno.test("a connection says its version first, then that it reads from a replica", () => {
  const frames = (profile: Profile) => protocol.handshake(profile).map(text);
  const hello = "*2\r\n$5\r\nHELLO\r\n$1\r\n3\r\n";
  const readonly = "*1\r\n$8\r\nREADONLY\r\n";
  assertEquals(frames(PROFILES[2].master), []);
  assertEquals(frames(PROFILES[2].replica), [readonly]);
  assertEquals(frames(PROFILES[3].master), [hello]);
  assertEquals(frames(PROFILES[3].replica), [hello, readonly]);
});

Deno.test("a connection logs in before all else, and selects its database", () => {
  const frames = (credentials: Credentials, profile: Profile) =>
    createRespProtocol(credentials).handshake(profile).map(text);
  const select = "*2\r\n$6\r\nSELECT\r\n$1\r\n5\r\n";
  const hello = "*2\r\n$5\r\nHELLO\r\n$1\r\n3\r\n";
  assertEquals(frames({ username: null, password: "p" }, profilesOf(3, 5).master), [
    "*2\r\n$4\r\nAUTH\r\n$1\r\np\r\n",
    hello,
    select,
  ]);
  assertEquals(frames({ username: "u", password: "p" }, PROFILES[2].master), [
    "*3\r\n$4\r\nAUTH\r\n$1\r\nu\r\n$1\r\np\r\n",
  ]);
});

Deno.test("a handshake's answer must be no error", () => {
  const cases: [reply: string, failure: Failure | null][] = [
    ["+OK\r\n", null],
    ["%0\r\n", null],
    ["-ERR x\r\n", failures.handshakeRefused],
    ["-WRONGPASS invalid username-password pair or user is disabled.\r\n", failures.backendLogin],
    ["-NOAUTH Authentication required.\r\n", failures.backendLogin],
    ["-ERR AUTH <password> called without any password\r\n", failures.backendLogin],
    ["-ERR Client sent AUTH, but no password is set\r\n", failures.backendLogin],
    ["-LOADING Redis is loading the dataset in memory\r\n", failures.backendLoading],
    ["-MASTERDOWN Link with MASTER is down.\r\n", failures.backendLoading],
    ["-ERR DB index is out of range\r\n", failures.backendDatabase],
  ];
  for (const [reply, failure] of cases) {
    const bytes = bytesOf(`x${reply}`);
    assertEquals(protocol.handshakeFailure(bytes, 1, bytes.length), failure, reply);
  }
});

Deno.test("a probe's answer must be PONG", () => {
  assertEquals(text(protocol.probe), "*1\r\n$4\r\nPING\r\n");
  for (
    const [reply, isYes] of [
      ["+PONG\r\n", true],
      ["-LOADING Redis is loading the dataset in memory\r\n", false],
      ["-NOAUTH Authentication required.\r\n", false],
      ["+PING\r\n", false],
    ]
  ) {
    const bytes = bytesOf(`x${reply}`);
    assertEquals(protocol.isProbeAccepted(bytes, 1, bytes.length), isYes, String(reply));
  }
});

Deno.test("a server that has no data to answer from is told from one that refuses the request", () => {
  for (
    const [reply, isYes] of [
      ["-LOADING Redis is loading the dataset in memory\r\n", true],
      [
        "-MASTERDOWN Link with MASTER is down and replica-serve-stale-data is set to 'no'.\r\n",
        true,
      ],
      ["-LOADINGS x\r\n", false],
      ["-ERR LOADING \r\n", false],
      ["-READONLY You can't write against a read only replica.\r\n", false],
    ] as const
  ) {
    const bytes = bytesOf(`x${reply}`);
    assertEquals(protocol.refusesForNow!(bytes, 1, bytes.length), isYes, reply);
  }
});
