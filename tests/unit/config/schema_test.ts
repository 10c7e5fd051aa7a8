/**
 * The rows of the schema: each accepts its range and no more, each default passes its own check,
 * and each key is in `default.toml` with what the row says.
 *
 * @module
 */
import { backupRequestFields } from "../../../src/config/backup_request.ts";
import type { FieldRows, KeyRow } from "../../../src/config/key_row.ts";
import { rateLimitFields } from "../../../src/config/rate_limit.ts";
import { parseToml, valibot } from "../../../deps.ts";
import { clusterKeys, runtimeKeys } from "../../../src/config/schema.ts";
import { assert, assertEquals, assertMatch } from "../../deps.ts";
import { problemsOf, redisText } from "./load_text.ts";

const defaultFile = await Deno.readTextFile(new URL("../../../default.toml", import.meta.url));

type Row = KeyRow<unknown, unknown>;
const rows = Object.entries({ ...clusterKeys, ...runtimeKeys }) as [string, Row][];

/** The numbers every integer key has to have: minimum, maximum, default. */
const integers: Record<string, [number, number, number | null]> = {
  thread: [1, 256, null],
  read_timeout: [1, 3_600_000, 1000],
  write_timeout: [1, 3_600_000, 1000],
  dial_timeout: [1, 3_600_000, 500],
  node_connections: [1, 64, 1],
  fetch_interval: [100, 86_400_000, 600_000],
  fetch: [1, 86_400, null],
  fetch_since_latest_cmd: [0, 86_400_000, 0],
  replica_max_lag: [1_000, 60_000, 10_000],
  ping_fail_limit: [0, 255, 0],
  ping_succ_interval: [10, 86_400_000, 1000],
  ping_interval: [10, 86_400_000, 10_000],
  max_pipeline: [1, 1_000_000, 512],
  dedicated_connections: [0, 65_536, 1024],
  script_cache_bytes: [0, 1_073_741_824, 8_388_608],
  client_output_limit: [1024, 17_179_869_184, 67_108_864],
  worker_output_limit: [1_048_576, 274_877_906_944, 268_435_456],
  max_backend_queue_bytes: [1024, 17_179_869_184, 67_108_864],
  backend_queue_soft_bytes: [1024, 17_179_869_184, 4_194_304],
  max_request_bytes: [1024, 1_073_741_824, 1_073_741_824],
  max_clients: [0, 10_000_000, 0],
  max_clients_per_address: [0, 10_000_000, 0],
  client_idle_timeout: [0, 86_400_000, 0],
  failover_wait: [0, 3_600_000, 0],
  circuit_timeouts: [0, 1_000_000, 0],
  client_read_ahead_bytes: [1024, 1_073_741_824, 65_536],
  slowlog_log_slower_than: [-1, 3_600_000_000, 10_000],
  slowlog_max_len: [0, 100_000, 128],
  hotkey_sample_every: [1, 1_000_000, 32],
  hotkey_capacity: [8, 65_536, 512],
  big_key_bytes: [0, 1_073_741_824, 1_048_576],
  drain_delay: [0, 3_600_000, 0],
  drain_idle: [0, 3_600_000, 1000],
  shutdown_timeout: [0, 3_600_000, 10_000],
  drain_timeout: [0, 86_400_000, 0],
  max_memory_bytes: [0, 1_099_511_627_776, 0],
  reload_max_moved: [0, 100, 100],
};

Deno.test("every integer key has its bounds and default", () => {
  const found = rows.filter(([, row]) => row.type === "integer").map(([key, row]) => [
    key,
    [row.bounds![0], row.bounds![1], row.default],
  ]);
  assertEquals(Object.fromEntries(found), integers);
});

for (const [key, [minimum, maximum]] of Object.entries(integers)) {
  Deno.test(`${key} accepts whole numbers from ${minimum} to ${maximum} and nothing else`, () => {
    const isOfCluster = key in clusterKeys;
    const { schema, expected } = Object.fromEntries(rows)[key]!;
    const isAccepted = (value: unknown) => valibot.safeParse(schema, value).success;
    assert(isAccepted(minimum));
    assert(isAccepted(maximum));
    for (const value of [minimum - 1, maximum + 1, minimum + 0.5, NaN, Infinity, -1e300]) {
      assert(!isAccepted(value), String(value));
    }
    for (const value of [String(minimum), true, null, [minimum], {}, new Date()]) {
      assert(!isAccepted(value), String(value));
    }
    const line = `${key} = ${maximum + 1}`;
    const text = isOfCluster ? redisText(line) : `[runtime]\n${line}\n${redisText()}`;
    assertEquals(problemsOf(text), [
      `a.toml: ${isOfCluster ? "clusters[0]" : "runtime"}.${line}: expected ${expected}`,
    ]);
  });
}

const refused: [line: string, shown: string][] = [
  ['name = ""', '""'],
  ['name = "-a"', '"-a"'],
  ['name = "имя"', '"имя"'],
  [`name = "${"n".repeat(65)}"`, `"${"n".repeat(65)}"`],
  ["name = 1", "1"],
  ['hash_tag = "{"', '"{"'],
  ['hash_tag = "{{}"', '"{{}"'],
  ['hash_tag = ""', '""'],
  ['hash_tag = "é}"', '"é}"'],
  ['hash = "sha1"', '"sha1"'],
  ['distribution = "Ketama "', '"Ketama "'],
  ['placement = "other"', '"other"'],
  ['read_from_slave = "true"', '"true"'],
  ["read_from_slave = 1", "1"],
  ['cache_type = "memcached"', '"memcached"'],
  ["listen_addr = 9001", "9001"],
  ['servers = "127.0.0.1:7011"', '"127.0.0.1:7011"'],
  ["read_timeout = 1979-05-27", "a date"],
];
for (const [line, shown] of refused) {
  Deno.test(`loadConfig() refuses ${line}`, () => {
    const key = line.split(" ")[0]! as keyof typeof clusterKeys;
    const text = redisText().replace(new RegExp(`^${key} = .*\n`, "m"), "") + line;
    assertEquals(problemsOf(text), [
      `a.toml: clusters[0].${key} = ${shown}: expected ${clusterKeys[key].expected}`,
    ]);
  });
}

const accepted = [
  `name = "${"n".repeat(64)}"`,
  'name = "9.a_b-C"',
  'hash_tag = "<>"',
  'hash_tag = "||"',
];
for (const line of accepted) {
  Deno.test(`loadConfig() accepts ${line}`, () => {
    const text = redisText().replace(new RegExp(`^${line.split(" ")[0]} = .*\n`, "m"), "") + line;
    assertEquals(problemsOf(text), []);
  });
}

/** The keys of tables that are explained with their ranges. */
const fieldsOf: Record<string, FieldRows> = {
  backup_request: backupRequestFields,
  rate_limit: rateLimitFields,
};

/** What stands above a key in `default.toml`, and its line. */
function explanationOf(key: string): { explanation: string; line: string } {
  const lines = defaultFile.split("\n");
  const at = lines.findIndex((line) => new RegExp(`^(# )?${key} = `).test(line));
  assert(at > 0, `${key} is missing`);
  let first = at;
  while (lines[first - 1]!.startsWith("# ")) first--;
  const explanation = lines.slice(first, at).map((line) => line.slice(2)).join(" ");
  return { explanation, line: lines[at]! };
}

for (const [key, row] of rows) {
  Deno.test(`${key} passes its own default, and says in sentences what it means`, () => {
    if (row.default !== null) assert(valibot.safeParse(row.schema, row.default).success);
    assert(row.isRequired ? row.default === null : true);
    assertMatch(row.meaning, /^[A-Z`][^]{10,}\.$/);
  });

  Deno.test(`default.toml has ${key}, explained with unit, range and choices`, () => {
    const { explanation, line } = explanationOf(key);
    assert(explanation.length > 20, `${key} is not explained`);
    if (row.bounds !== null) {
      const [minimum, maximum] = row.bounds;
      assert(`${explanation} ${row.default}`.includes(`${minimum} to ${maximum}`), explanation);
    }
    if (row.unit === "ms" || row.unit === "bytes") {
      assert(explanation.includes(row.unit), explanation);
    }
    for (const [choice] of row.expected.matchAll(/"[a-z0-9_-]+"/g)) {
      assert(explanation.includes(choice), `${choice} is missing in: ${explanation}`);
    }
    const fields = Object.values(fieldsOf[key] ?? {}).map(({ accepted }) => accepted);
    for (const [range] of fields.join("\n").matchAll(/\d+ to \d+/g)) {
      assert(explanation.includes(range), `${range} is missing in: ${explanation}`);
    }
    // Numbers of some length are limits and defaults.
    const said = [row.expected, row.meaning, row.default, ...row.bounds ?? [], ...fields].join(" ");
    for (const [number] of explanation.matchAll(/(?<![\w.])\d{3,}(?![\w.])/g)) {
      assert(said.includes(number), `${number} is none of the numbers of the row: ${explanation}`);
    }
    const { [key]: example } = parseToml(line.replace(/^# /, ""));
    assert(valibot.safeParse(row.schema, example).success, line);
    if (line.startsWith("#") && row.default !== null) {
      assertEquals(line, `# ${key} = ${JSON.stringify(row.default)}`);
    }
  });
}
