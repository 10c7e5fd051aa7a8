import { tcpEndpoint } from "../../../src/endpoint.ts";
import { movedShare, type RingDescription } from "../../../src/router/moved_share.ts";
import { assert, assertEquals } from "../../deps.ts";

function ring(servers: readonly (readonly [port: number, alias?: string, weight?: number])[]) {
  return {
    ...{ hash: "fnv1a_64", distribution: "ketama", placement: "twemproxy", hashTag: null },
    servers: servers.map(([port, alias, weight]) => ({
      endpoint: tcpEndpoint("127.0.0.1", port),
      weight: weight ?? 1,
      alias: alias ?? null,
      address: `127.0.0.1:${port}`,
    })),
  } as RingDescription;
}

Deno.test("nothing moves where nothing changes, or where a server keeps its alias", () => {
  assertEquals(movedShare(ring([[1], [2]]), ring([[1], [2]])), 0);
  assertEquals(movedShare(ring([[1, "a"], [2, "b"]]), ring([[9, "a"], [2, "b"]])), 0);
});

Deno.test("a server more takes its share, as ketama does", () => {
  const share = movedShare(ring([[1], [2], [3]]), ring([[1], [2], [3], [4]]));
  assert(share > 0.18 && share < 0.32, String(share));
});

Deno.test("other addresses without aliases move everything", () => {
  assertEquals(movedShare(ring([[1], [2]]), ring([[3], [4]])), 1);
});

Deno.test("another hash moves nearly all that can move", () => {
  const before = ring([[1], [2], [3], [4]]);
  const share = movedShare(before, { ...before, hash: "md5" });
  assert(share > 0.6 && share < 0.9, String(share));
});
