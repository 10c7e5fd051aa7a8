/**
 * Heads of requests: what is taken, and what is not because somebody else might read it otherwise.
 *
 * @module
 */
import { endOfHead, HEAD_LINES_MAX, parseHead } from "../../../src/supervisor/http_head.ts";
import { assertEquals } from "../../deps.ts";

const encoder = new TextEncoder();

function parse(text: string) {
  const bytes = encoder.encode(text.replaceAll("\n", "\r\n") + "\r\n\r\n");
  return parseHead(bytes, "127.0.0.1:2110");
}

/** Method, URL and whether the connection goes on; or the status. */
function seen(text: string): unknown {
  const head = parse(text);
  if ("status" in head) return head.status;
  return [head.request.method, head.request.url, head.keepsAlive];
}

Deno.test("the end of a head is found wherever reads have cut it", () => {
  const bytes = encoder.encode("GET / HTTP/1.1\r\nHost: a\r\n\r\nmore");
  const end = bytes.length - 4;
  for (let from = 0; from < end; from++) assertEquals(endOfHead(bytes, from, bytes.length), end);
  assertEquals(endOfHead(bytes, 0, end - 1), -1);
});

Deno.test("requests of HTTP/1.1 and 1.0", () => {
  assertEquals(seen("GET /metrics?a=b HTTP/1.1\nHost: localhost:2110"), [
    "GET",
    "http://localhost:2110/metrics?a=b",
    true,
  ]);
  assertEquals(seen("POST /pause HTTP/1.1\nhost:[::1]:2110\nConnection: close"), [
    "POST",
    "http://[::1]:2110/pause",
    false,
  ]);
  assertEquals(seen("HEAD /health HTTP/1.0"), ["HEAD", "http://127.0.0.1:2110/health", false]);
  assertEquals(seen("GET / HTTP/1.0\nConnection: Keep-Alive"), [
    "GET",
    "http://127.0.0.1:2110/",
    true,
  ]);
  // A proxy's form. Whose name that is is looked at with the request.
  assertEquals(seen("GET http://evil.example/status HTTP/1.1\nHost: localhost"), [
    "GET",
    "http://evil.example/status",
    true,
  ]);
  assertEquals(seen("PUT /x HTTP/1.1\nHost: a\nContent-Length: 7"), ["PUT", "http://a/x", false]);
});

const wrong: [text: string, status: number][] = [
  ["", 400],
  ["GET /", 400],
  ["GET / HTTP/2.0\nHost: a", 400],
  ["GET  / HTTP/1.1\nHost: a", 400],
  ["G(T / HTTP/1.1\nHost: a", 400],
  ["GET / HTTP/1.1", 400],
  ["GET / HTTP/1.1\nHost: a\nHost: b", 400],
  ["GET / HTTP/1.1\nHost: localhost\nORIGIN: http://a\nOrigin: http://localhost", 400],
  ["GET / HTTP/1.1\nHost: user@evil.example", 400],
  ["GET / HTTP/1.1\nHost: localhost/..", 400],
  ["GET / HTTP/1.1\nHost: localhost evil", 400],
  ["GET / HTTP/1.1\nHost: localhost:99999999", 400],
  ["GET / HTTP/1.1\nHost:", 400],
  ["GET / HTTP/1.1\nHost : localhost", 400],
  ["GET / HTTP/1.1\nHost: localhost\n folded", 400],
  ["GET / HTTP/1.1\nHost: localhost\nno colon", 400],
  ["GET / HTTP/1.1\nHost: a\nX: a\rOrigin: b", 400],
  ["GET / HTTP/1.1\nHost: a\nX: \0", 400],
  ["GET * HTTP/1.1\nHost: a", 400],
  ["GET a/b HTTP/1.1\nHost: a", 400],
  ["GET https://a/ HTTP/1.1\nHost: a", 400],
  ["GET http://user:word@127.0.0.1/ HTTP/1.1\nHost: a", 400],
  ["CONNECT a:80 HTTP/1.1\nHost: a", 400],
  ["TRACE / HTTP/1.1\nHost: a", 405],
  ["GET / HTTP/1.1\nHost: a\n" + "A: b\n".repeat(HEAD_LINES_MAX) + "A: b", 431],
];

for (const [text, status] of wrong) {
  Deno.test(`${JSON.stringify(text.slice(0, 70))} is ${status}`, () => {
    assertEquals(seen(text), status);
  });
}
