/**
 * `cluster_view` as the file has it.
 *
 * @module
 */
import { readClusterView } from "../../../src/config/cluster_view.ts";
import { Report } from "../../../src/config/problem.ts";
import { tcpEndpoint } from "../../../src/endpoint.ts";
import { assertEquals } from "../../deps.ts";

function read(list: string[] | undefined) {
  const report = new Report("a.toml");
  const siblings = readClusterView(list, { pathOf: (key) => `c.${key}`, report });
  return { siblings, problems: report.problems.map(({ path, message }) => `${path}: ${message}`) };
}

Deno.test("addresses and host names are read", () => {
  assertEquals(read(undefined), { siblings: [], problems: [] });
  assertEquals(read(["10.0.0.1:1", "[fe80::1]:2", "proxy-3.example:3"]), {
    siblings: [
      tcpEndpoint("10.0.0.1", 1),
      tcpEndpoint("fe80::1", 2),
      tcpEndpoint("proxy-3.example", 3),
    ],
    problems: [],
  });
});

Deno.test("what clients cannot connect to, or is there twice, is said", () => {
  const { problems } = read(["0.0.0.0:1", "10.0.0.1:1", "10.0.0.1:1", "here"]);
  const expected = 'expected an address "host:port" or "[IPv6]:port"';
  assertEquals(problems, [
    `c.cluster_view[0]: ${expected}: clients cannot connect to it`,
    `c.cluster_view[2]: ${expected}: it is there twice`,
    `c.cluster_view[3]: ${expected}: the port is missing`,
  ]);
});
