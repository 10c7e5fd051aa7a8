/**
 * `rate_limit` in the file: every form, every mistake.
 *
 * @module
 */
import { clusterOf, problemsOf, redisText } from "./load_text.ts";
import { assertEquals } from "../../deps.ts";

Deno.test("a rate limit has a burst of a second and is per client, unless it says otherwise", () => {
  assertEquals(clusterOf(redisText("")).rateLimit, null);
  assertEquals(clusterOf(redisText("rate_limit = { per_second = 5 }")).rateLimit, {
    perSecond: 5,
    burst: 5,
    per: "client",
  });
  for (const per of ["client", "address", "user", "cluster"] as const) {
    const text = redisText(`rate_limit = { per_second = 10_000_000, burst = 1, per = "${per}" }`);
    assertEquals(clusterOf(text).rateLimit, { perSecond: 10_000_000, burst: 1, per });
  }
});

const COUNT = "expected an integer from 1 to 10000000 (requests)";

const mistakes: [table: string, ...problems: string[]][] = [
  ["{}", `.per_second: missing: ${COUNT}`],
  ["{ per_second = 0 }", `.per_second = 0: ${COUNT}`],
  ["{ per_second = 1.5 }", `.per_second = 1.5: ${COUNT}`],
  ['{ per_second = "5" }', `.per_second = "5": ${COUNT}`],
  ["{ per_second = 5, burst = 10_000_001 }", `.burst = 10000001: ${COUNT}`],
  [
    '{ per_second = 5, per = "ip" }',
    '.per = "ip": expected "client", "address", "user" or "cluster"',
  ],
  [
    "{ rate = 5, burst = 0 }",
    ".rate = 5: unknown key: expected per_second, burst, per",
    `.per_second: missing: ${COUNT}`,
    `.burst = 0: ${COUNT}`,
  ],
];

for (const [table, ...expected] of mistakes) {
  Deno.test(`rate_limit = ${table} is refused`, () => {
    assertEquals(
      problemsOf(redisText(`rate_limit = ${table}`)),
      expected.map((problem) => `a.toml: clusters[0].rate_limit${problem}`),
    );
  });
}

Deno.test("what is no table is refused", () => {
  assertEquals(problemsOf(redisText("rate_limit = 5")), [
    "a.toml: clusters[0].rate_limit = 5: expected a table such as " +
    "{ per_second = 1000, burst = 2000 }",
  ]);
});

Deno.test("a user's rate has the same form, and counts all of its requests together", () => {
  const user = (rate: string) =>
    redisText(`auth = { users = [{ username = "a", password = "p", rate = ${rate} }] }`);
  const rateOf = (rate: string) => clusterOf(user(rate)).users[0]!.rate;
  assertEquals(rateOf("{ per_second = 5 }"), { perSecond: 5, burst: 5, per: "user" });
  assertEquals(rateOf('{ per_second = 5, burst = 9, per = "client" }'), {
    ...{ perSecond: 5, burst: 9, per: "client" },
  });
  const path = "a.toml: clusters[0].auth.users[0].rate";
  assertEquals(problemsOf(user("5")), [
    `${path} = 5: expected a table such as { per_second = 100 }`,
  ]);
  assertEquals(problemsOf(user('{ per_second = 0, per = "cluster" }')), [
    `${path}.per_second = 0: expected an integer from 1 to 10000000 (requests)`,
    `${path}.per = "cluster": expected "client", "address" or "user"`,
  ]);
});
