/**
 * Who is let in: by token, by address, and not as a web page.
 *
 * @module
 */
import { tcpEndpoint } from "../../../src/endpoint.ts";
import {
  AdminAccess,
  HEADER_CHARACTERS_MAX,
  isLoopbackName,
  URL_CHARACTERS_MAX,
} from "../../../src/supervisor/admin_access.ts";
import { assertEquals } from "../../deps.ts";

const loopback = tcpEndpoint("127.0.0.1", 2110);
const everywhere = tcpEndpoint("0.0.0.0", 2110);
const open = new AdminAccess(loopback, null);
const locked = new AdminAccess(loopback, "sesame");
const openEverywhere = new AdminAccess(everywhere, null);
const lockedEverywhere = new AdminAccess(everywhere, "sesame");

interface Asked {
  method?: string;
  path?: string;
  host?: string | null;
  peer?: string;
  headers?: Record<string, string>;
}

/** The status of the refusal, or 0. */
function ask(access: AdminAccess, asked: Asked = {}): number {
  const { method = "GET", path = "/metrics", host = "127.0.0.1:2110", peer = "127.0.0.1" } = asked;
  const headers = new Headers(asked.headers);
  if (host !== null) headers.set("host", host);
  const url = `http://${host ?? "localhost"}${path}`;
  const request = new Request(url, { method, headers });
  return access.refusal(request, peer)?.status ?? 0;
}

function bearer(token: string): Record<string, string> {
  return { authorization: `Bearer ${token}` };
}

Deno.test("with a token all but /health, /ready and the empty page want it", () => {
  for (const access of [locked, lockedEverywhere]) {
    for (const path of ["/metrics", "/status", "/events", "/health/", "/dashboard"]) {
      assertEquals(ask(access, { path }), 401, path);
      assertEquals(ask(access, { path, headers: bearer("sesame") }), 0, path);
    }
    for (const path of ["/health", "/ready", "/", "/dashboard/page.js"]) {
      assertEquals(ask(access, { path }), 0, path);
    }
    for (const path of ["/pause", "/health", "/"]) {
      assertEquals(ask(access, { path, method: "POST" }), 401, path);
    }
    const headers = bearer("sesame");
    assertEquals(ask(access, { method: "POST", path: "/pause", headers }), 0);
    assertEquals(ask(access, { method: "POST", path: "/pause", headers, peer: "10.0.0.9" }), 0);
  }
});

Deno.test("a token has to be the whole word behind Bearer", () => {
  for (
    const authorization of [
      ...["", "sesame", "Basic sesame", "Bearer", "Bearer ", "Bearer sesam", "Bearer sesame1"],
      ...["Bearer Sesame", "Bearer sesame sesame", "Bearer undefined", "Bearer null"],
    ]
  ) assertEquals(ask(locked, { headers: { authorization } }), 401, authorization);
  assertEquals(ask(locked, { headers: { authorization: "bearer   sesame" } }), 0);
  // Where none is wanted, none helps either.
  assertEquals(ask(open, { host: "evil.example", headers: bearer("null") }), 403);
});

Deno.test("without a token, POST is for this machine on a loopback address", () => {
  const post: Asked = { method: "POST", path: "/pause" };
  assertEquals(ask(open, post), 0);
  assertEquals(ask(open, { ...post, peer: "::1" }), 0);
  assertEquals(ask(open, { ...post, peer: "::ffff:127.0.0.1" }), 0);
  assertEquals(ask(open, { ...post, peer: "10.0.0.9" }), 403);
  assertEquals(ask(openEverywhere, post), 403);
  assertEquals(ask(openEverywhere, { ...post, peer: "10.0.0.9" }), 403);
  for (const name of ["forwarded", "x-forwarded-for", "x-real-ip"]) {
    assertEquals(ask(open, { ...post, headers: { [name]: "10.0.0.9" } }), 403, name);
  }
  for (const method of ["PUT", "DELETE", "PATCH", "OPTIONS"]) {
    assertEquals(ask(openEverywhere, { method }), 403, method);
  }
});

Deno.test("a name that a page's owner may have pointed here is refused, whatever is asked", () => {
  for (const access of [open, openEverywhere]) {
    for (
      const host of [
        "evil.example",
        "evil.example:2110",
        "127.0.0.1.nip.io",
        "localhost.evil.example",
      ]
    ) {
      for (const path of ["/metrics", "/health", "/status"]) {
        assertEquals(ask(access, { host, path }), 403, host);
      }
    }
    for (const host of ["localhost", "LOCALHOST:2110", "127.0.0.1", "[::1]:2110", "10.1.2.3:80"]) {
      assertEquals(ask(access, { host }), 0, host);
    }
  }
  // HTTP/1.0 has no Host; no browser speaks it.
  assertEquals(ask(open, { host: null }), 0);
});

Deno.test("other machines may use any name, and who has the token too", () => {
  const host = "aster-0.aster:2110";
  assertEquals(ask(openEverywhere, { host, peer: "10.0.0.9" }), 0);
  assertEquals(ask(locked, { host, headers: bearer("sesame") }), 0);
  assertEquals(ask(locked, { host, path: "/health" }), 403);
});

Deno.test("pages of other origins are refused, token or not", () => {
  for (const origin of ["http://evil.example", "null", "https://127.0.0.1:2110", ""]) {
    assertEquals(ask(open, { headers: { origin } }), 403, origin);
    assertEquals(ask(locked, { headers: { origin, ...bearer("sesame") } }), 403, origin);
    assertEquals(ask(openEverywhere, { peer: "10.0.0.9", headers: { origin } }), 403, origin);
  }
  assertEquals(ask(open, { headers: { origin: "http://127.0.0.1:2110" } }), 0);
});

Deno.test("addresses, headers and bodies beyond their bounds are refused", () => {
  assertEquals(ask(open, { path: "/" + "x".repeat(URL_CHARACTERS_MAX) }), 414);
  assertEquals(ask(open, { headers: { x: "y".repeat(HEADER_CHARACTERS_MAX) } }), 431);
  assertEquals(
    ask(open, { method: "POST", path: "/pause", headers: { "content-length": "9" } }),
    413,
  );
});

Deno.test("isLoopbackName() knows every way to say this machine", () => {
  const own = ["localhost", "LocalHost", "127.0.0.1", "127.9.9.9", "::1", "0:0:0:0:0:0:0:1"];
  for (const name of own) assertEquals(isLoopbackName(name), true, name);
  const others = ["0.0.0.0", "::", "10.0.0.1", "127.example", "example"];
  for (const name of others) assertEquals(isLoopbackName(name), false, name);
});
