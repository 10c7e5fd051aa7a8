import { assertEquals, assertMatch } from "../deps.ts";
import { main } from "../../src/cli.ts";
import { CONFIG_VARIABLE } from "../../src/cli_config.ts";

interface Printed {
  code: number;
  out: string[];
  err: string[];
}

/** Calls the program in this process; what it prints is kept. */
async function call(...args: string[]): Promise<Printed> {
  const { log, error } = console;
  const out: string[] = [];
  const err: string[] = [];
  console.log = (line: string) => out.push(line);
  console.error = (line: string) => err.push(line);
  try {
    return { code: await main(args), out, err };
  } finally {
    console.log = log;
    console.error = error;
  }
}

async function withFile(
  text: string | Uint8Array,
  use: (file: string) => Promise<void>,
): Promise<void> {
  const file = await Deno.makeTempFile({ suffix: ".toml" });
  try {
    await Deno.writeFile(file, typeof text === "string" ? new TextEncoder().encode(text) : text);
    await use(file);
  } finally {
    await Deno.remove(file);
  }
}

const good = `[runtime]
metrics = "off"
log_level = "debug"
log_format = "json"

[[clusters]]
name = "main"
listen_addr = "[::1]:7000"
cache_type = "redis"
servers = ["127.0.0.1:6379:1 first", "127.0.0.1:6380:1 second"]
thread = 1
`;

Deno.test("main() answers -V and -h with code 0", async () => {
  const version = await call("-V");
  assertEquals([version.code, version.err], [0, []]);
  assertMatch(version.out.join("\n"), /^aster \d+\.\d+\.\d+$/);
  const help = await call("--help");
  assertEquals([help.code, help.err], [0, []]);
  assertMatch(help.out.join("\n"), /--takeover/);
});

Deno.test("main() answers a bad command line with code 2 and everything that is wrong", async () => {
  const { code, out, err } = await call("--bogus", "--log-level", "loud");
  assertEquals([code, out], [2, []]);
  assertEquals(err.length, 3);
  assertMatch(err[0]!, /^aster: .*--bogus/);
  assertMatch(err[1]!, /^aster: .*--log-level/);
  assertEquals(err[2], "aster: try --help");
});

Deno.test("main() checks a file and says what would run", async () => {
  await withFile(good, async (file) => {
    assertEquals(await call("--check", file), {
      code: 0,
      out: [
        'cluster "main": redis on [::1]:7000, 1 thread, 2 backends: ' +
        "first@127.0.0.1:6379,second@127.0.0.1:6380",
        "admin server: off",
        "I/O: deno; network of workers: config; log: json, debug and above",
      ],
      err: [],
    });
  });
});

Deno.test("main() says under --check which servers get other shares than their weights say", async () => {
  await withFile(good.replace('"redis"', '"redis"\nhash = "crc32"'), async (file) => {
    const { code, err } = await call("--check", file);
    assertEquals([code, err.length], [0, 2]);
    assertMatch(err[1]!, /^warning: cluster "main": .* gets 100 % instead of 50 %/);
  });
});

Deno.test("main() takes an unknown key for an error under --check only", async () => {
  await withFile(good + "colour = 1\n", async (file) => {
    const checked = await call("--check", file);
    assertEquals([checked.code, checked.out, checked.err.length], [2, [], 1]);
    assertMatch(checked.err[0]!, /^error: .*clusters\[0\]\.colour/);
    const printed = await call("--print-permissions", file);
    assertEquals([printed.code, printed.out.length, printed.err.length], [0, 1, 1]);
    assertMatch(printed.err[0]!, /^warning: .*clusters\[0\]\.colour/);
    assertMatch(printed.out[0]!, /^--no-prompt --allow-net=\[::1\]:7000,127\.0\.0\.1:6379,/);
  });
});

Deno.test("main() refuses a file that is not UTF-8 instead of replacing what it cannot read", async () => {
  const latin1 = Uint8Array.from(good.replace("first", "k\u00e4se"), (c) => c.charCodeAt(0));
  await withFile(latin1, async (file) => {
    const error = `error: ${file}: not valid TOML: expected text in UTF-8`;
    assertEquals(await call("--check", file), { code: 2, out: [], err: [error] });
  });
});

Deno.test("main() takes the configuration from the environment where no file is named", async () => {
  Deno.env.set(CONFIG_VARIABLE, good.replace('"[::1]:7000"', '"[::1]:7001"'));
  try {
    const { code, out } = await call("--check");
    assertEquals(code, 0);
    assertMatch(out[0]!, /^cluster "main": redis on \[::1\]:7001/);
    const printed = await call("--print-permissions");
    assertMatch(printed.out[0]!, / --allow-env=ASTER_CONFIG_TOML/);
    assertEquals(printed.out[0]!.includes("default.toml"), false);
    // A file that is named goes first.
    await withFile(good, async (file) => {
      assertMatch((await call("--check", file)).out[0]!, /\[::1\]:7000/);
    });
    Deno.env.set(CONFIG_VARIABLE, "colour = 1");
    const wrong = await call("--check");
    assertEquals(wrong.code, 2);
    assertMatch(wrong.err[0]!, /^error: ASTER_CONFIG_TOML: /);
  } finally {
    Deno.env.delete(CONFIG_VARIABLE);
  }
});
