/**
 * Secrets stay secret: a whole run, started with exactly the rights that are printed for it, and everything that it
 * says is looked through for them.
 *
 * @module
 */
import { assert, assertEquals, assertMatch } from "../deps.ts";
import { withFreePorts } from "../support/tools/free_port.ts";
import { until } from "../support/tools/poll.ts";
import { startRedisServer } from "../support/servers/redis_server.ts";
import { RespClient } from "../support/clients/resp_client.ts";
import { makeServerDirectory, ServerProcess } from "../support/servers/server_process.ts";
import { testIo } from "../support/tools/test_engine.ts";
import { digestOf } from "../support/rigs/user_config.ts";

const REPOSITORY = decodeURIComponent(new URL("../../", import.meta.url).pathname);

const SECRETS = {
  front: "front-53cr37",
  app: "app-53cr37",
  next: "next-53cr37",
  given: "given-53cr37",
  back: "back-53cr37",
  token: "token-53cr37",
  wrong: "wrong-53cr37",
  argument: "argument-53cr37",
};
const ENVIRONMENT = { FRONT_PASSWORD: SECRETS.front, BACK_PASSWORD: SECRETS.back };

interface Place {
  directory: string;
  port: number;
  adminPort: number;
  servers: readonly string[];
}

function configText({ directory, port, adminPort, servers }: Place, more = ""): string {
  return `[runtime]
metrics = "127.0.0.1:${adminPort}"
admin_token = "file:${directory}/token"
audit_log = "${directory}/audit.log"
log_level = "trace"
log_format = "json"

[[clusters]]
name = "main"
listen_addr = "127.0.0.1:${port}"
cache_type = "redis"
servers = [${servers.map((server) => `"${server}:1"`).join(", ")}]
thread = 2
slowlog_log_slower_than = 0
admin_commands = "forward"
backend_password = "env:BACK_PASSWORD"
auth = { password = "env:FRONT_PASSWORD", users = [
  { username = "app", password = "file:${directory}/app", key_patterns = ["app:*"] },
  { username = "given", password = "sha256:${digestOf(SECRETS.given)}", read_only = true },
] }
${more}`;
}

/** Runs the program to its end, and returns all that it said. */
async function say(...args: string[]): Promise<string> {
  const { stdout, stderr } = await new Deno.Command(Deno.execPath(), {
    args: ["run", "-A", "mod.ts", ...args],
    cwd: REPOSITORY,
    env: { ...ENVIRONMENT, NO_COLOR: "1" },
    stdin: "null",
  }).output();
  const decoder = new TextDecoder();
  return decoder.decode(stdout) + decoder.decode(stderr);
}

/** What is known of a process by looking from outside, but for its environment, which was given to it. */
async function seenFromOutside(pid: number): Promise<string> {
  const shown: string[] = [];
  for (const name of ["cmdline", "comm", "status"]) {
    shown.push(await Deno.readTextFile(`/proc/${pid}/${name}`));
  }
  return shown.join("\n");
}

async function withRun(use: (run: Place, process: ServerProcess) => Promise<void>): Promise<void> {
  await using first = await startRedisServer();
  await using second = await startRedisServer();
  for (const server of [first, second]) {
    await server.call("CONFIG", "SET", "requirepass", SECRETS.back);
  }
  await withFreePorts(2, async ([port, adminPort]) => {
    const directory = await makeServerDirectory();
    await Deno.writeTextFile(`${directory}/token`, `${SECRETS.token}\n`);
    await Deno.writeTextFile(`${directory}/app`, `${SECRETS.app}\n`);
    const servers = [first.address, second.address];
    const place: Place = { directory, port: port!, adminPort: adminPort!, servers };
    const file = `${directory}/aster.toml`;
    await Deno.writeTextFile(file, configText(place));
    const options = [file, "--io", testIo()];
    const printed = await say("--print-permissions", ...options);
    const flags = printed.split("\n").find((line) => line.startsWith("--"))!.split(" ");
    assert(flags.some((flag) => flag.startsWith("--allow-env=") && /BACK_PASSWORD/.test(flag)));
    assert(flags.includes(`--allow-write=${directory}/audit.log`), printed);
    await using process = await ServerProcess.start({
      name: "aster",
      command: Deno.execPath(),
      arguments: ["run", ...flags, "mod.ts", ...options],
      workingDirectory: REPOSITORY,
      environment: { ...ENVIRONMENT, NO_COLOR: "1" },
      isServing: (started) => Promise.resolve(/aster is ready/.test(started.output())),
    }, directory);
    await use(place, process);
  });
}

async function ask(port: number, user: string, password: string, lines: string): Promise<string> {
  using client = await RespClient.connect({ port });
  const requests = [["AUTH", user, password], ...lines.split("|").map((line) => line.split(" "))];
  const replies = await client.pipeline(requests);
  return replies.map((reply) => reply instanceof Error ? reply.message : JSON.stringify(reply))
    .join("\n");
}

async function admin(place: Place, path: string, method = "GET"): Promise<string> {
  const response = await fetch(`http://127.0.0.1:${place.adminPort}${path}`, {
    method,
    headers: { authorization: `Bearer ${SECRETS.token}` },
  });
  return `${path} ${response.status} ${await response.text()}`;
}

Deno.test("nothing that a run says has a secret in it, and a rotated file is read by a reload", async () => {
  await withRun(async (place, process) => {
    const { directory, port } = place;
    const file = `${directory}/aster.toml`;
    const said: string[] = [];
    const reload = async (text: string, pattern: RegExp) => {
      const before = process.output().length;
      await Deno.writeTextFile(file, text);
      process.signal("SIGHUP");
      await until(() => pattern.test(process.output().slice(before)), {
        what: `the reload says ${pattern}: ${process.output().slice(before)}`,
      });
    };

    said.push(await ask(port, "default", SECRETS.front, "SET app:1 a|GET app:1|INFO|CLIENT LIST"));
    said.push(await ask(port, "app", SECRETS.app, "GET app:1|GET other|CONFIG GET *|ACL WHOAMI"));
    said.push(await ask(port, "given", SECRETS.given, "GET app:1|SET app:1 b|CLIENT INFO"));
    assertEquals(said.every((text) => text.startsWith('"OK"')), true, said.join());
    assertMatch(await ask(port, "app", SECRETS.wrong, "PING"), /^WRONGPASS/);
    using hello = await RespClient.connect({ port });
    await hello.pipeline([["HELLO", "2", "AUTH", "app", SECRETS.app], [
      "NOSUCH",
      SECRETS.argument,
    ]]);
    const admins =
      "CONFIG GET cluster.*|CONFIG SET masterauth argument-53cr37|ACL LOG 100|SLOWLOG GET 100|" +
      `MIGRATE 127.0.0.1 1 app:none 0 10 AUTH ${SECRETS.argument}|SLOWLOG GET 100|ACL DRYRUN app GET x|CLIENT LIST`;
    said.push(await ask(port, "default", SECRETS.front, admins));
    assertMatch(said.at(-1)!, /cluster\.main\./);

    // A password that is rotated: the file is read anew, and both engines take the new one at once.
    await Deno.writeTextFile(`${directory}/app`, SECRETS.next);
    await reload(configText(place), /"Configuration reloaded"/);
    assertMatch(await ask(port, "app", SECRETS.next, "PING"), /^"OK"/);
    assertMatch(await ask(port, "app", SECRETS.app, "PING"), /^WRONGPASS/);
    // What is wrong with a file is said without what stands there.
    const wrongs = [
      `password = [${JSON.stringify(SECRETS.argument)}, 1]`,
      `password = "${SECRETS.argument}`,
      `password = "${SECRETS.argument}"\npassword = "${SECRETS.argument}"`,
      `backend_auth = { user = "${SECRETS.argument}" }`,
      `redis_auth = "${SECRETS.argument}"`,
    ];
    for (const wrong of wrongs) {
      await reload(configText(place, wrong), /"Configuration not reloaded/);
    }
    await Deno.remove(`${directory}/app`);
    await reload(configText(place), /file .*\/app does not exist/);
    assertMatch(await ask(port, "app", SECRETS.next, "PING"), /^"OK"/, "the former stays in force");
    await Deno.writeTextFile(`${directory}/app`, SECRETS.next);
    await reload(configText(place), /"Configuration reloaded/);

    for (
      const path of [
        "/metrics",
        "/health",
        "/ready",
        "/status",
        "/slowlog",
        "/hotkeys",
        "/clients",
        "/",
        "/nosuch",
      ]
    ) {
      said.push(await admin(place, path));
    }
    said.push(await admin(place, "/reload?dry-run", "POST"), await admin(place, "/reload", "POST"));
    said.push(await say("--check", file), await say("--print-permissions", file));
    said.push(
      await say(
        "status",
        "--admin",
        `127.0.0.1:${place.adminPort}`,
        "--token",
        `file:${directory}/token`,
      ),
    );
    said.push(await seenFromOutside(process.pid));
    assertEquals((await process.stop()).code, 0);
    said.push(process.output(), await Deno.readTextFile(`${directory}/audit.log`));
    assertMatch(said.at(-1)!, /"login_failed"/);

    const hidden = Object.values(SECRETS).flatMap((secret) => [secret, digestOf(secret)]);
    const leaks = hidden.flatMap((secret) =>
      said.flatMap((text) => {
        const at = text.indexOf(secret);
        return at < 0 ? [] : [text.slice(Math.max(0, at - 80), at + secret.length + 20)];
      })
    );
    assertEquals(leaks, []);
    console.log(`looked through ${said.reduce((sum, text) => sum + text.length, 0)} characters`);
  });
});
