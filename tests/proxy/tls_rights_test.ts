/**
 * TLS under exactly the rights that are printed for it, with the kind of files that Kubernetes mounts; and nothing that
 * such a run says has anything of a key.
 *
 * @module
 */
import { assert, assertEquals, assertMatch } from "../deps.ts";
import { type Certificate, TestCa } from "../support/servers/certificates.ts";
import { findFreePort } from "../support/tools/free_port.ts";
import { until } from "../support/tools/poll.ts";
import { RespClient } from "../support/clients/resp_client.ts";
import { makeServerDirectory, ServerProcess } from "../support/servers/server_process.ts";
import { testIo } from "../support/tools/test_engine.ts";
import { startTlsRedisServer } from "../servers/tls_servers.ts";

const REPOSITORY = decodeURIComponent(new URL("../../", import.meta.url).pathname);

/** Runs the program to its end, and returns all that it said. */
async function say(...args: string[]): Promise<string> {
  const { stdout, stderr } = await new Deno.Command(Deno.execPath(), {
    args: ["run", "-A", "mod.ts", ...args],
    cwd: REPOSITORY,
    env: { NO_COLOR: "1" },
    stdin: "null",
  }).output();
  return [stdout, stderr].map((bytes) => new TextDecoder().decode(bytes)).join("");
}

/** Puts a pair where a mount would: files that lead through one link, which is swapped. */
function mount(folder: string, name: string, { cert, key }: Certificate): void {
  Deno.mkdirSync(`${folder}/${name}`);
  Deno.writeTextFileSync(`${folder}/${name}/tls.crt`, cert);
  Deno.writeTextFileSync(`${folder}/${name}/tls.key`, key);
  Deno.symlinkSync(name, `${folder}/..new`);
  Deno.renameSync(`${folder}/..new`, `${folder}/..data`);
  for (const file of ["tls.crt", "tls.key"]) {
    try {
      Deno.symlinkSync(`..data/${file}`, `${folder}/${file}`);
    } catch {
      // It is there from the time before.
    }
  }
}

/** Lines of a key that would show it. */
function partsOf({ key }: Certificate): string[] {
  return key.split("\n").filter((line) => line.length > 20 && !line.startsWith("-----"));
}

Deno.test("TLS runs with exactly the rights that are printed, and says nothing of a key", async () => {
  using ca = new TestCa();
  const pairs = [ca.issue(), ca.issue(), ca.issue({ name: "proxy" })];
  const [first, second, own] = pairs as [Certificate, Certificate, Certificate];
  const { server, tlsPort } = await startTlsRedisServer(ca, ca.issue());
  await using _server = server;
  const [plain, secured, admin] = [findFreePort(), findFreePort(), findFreePort()];
  const directory = await makeServerDirectory();
  const folder = `${directory}/mounted`;
  Deno.mkdirSync(folder);
  mount(folder, "first", first);
  const file = `${directory}/aster.toml`;
  const text = `[runtime]
metrics = "127.0.0.1:${admin}"
log_level = "trace"

[[clusters]]
name = "main"
listen_addr = "127.0.0.1:${plain}"
cache_type = "redis"
servers = ["127.0.0.1:${tlsPort}:1"]
tls = { cert = "${folder}/tls.crt", key = "${folder}/tls.key", listen_addr = "127.0.0.1:${secured}" }
backend_tls = { ca = "${ca.certPath}", cert = "${own.certPath}", key = "${own.keyPath}" }
`;
  await Deno.writeTextFile(file, text);
  const options = [file, "--io", testIo()];
  const said: string[] = [];
  const printed = await say("--print-permissions", ...options);
  said.push(printed, await say("--check", ...options));
  assertMatch(
    said.at(-1)!,
    new RegExp(`TLS on 127\\.0\\.0\\.1:${secured}.*over TLS \\(verified\\)`),
  );
  const flags = printed.split("\n").find((line) => line.startsWith("--"))!.split(" ");
  assert(flags.some((flag) => /^--allow-read=/.test(flag) && flag.includes(folder)), printed);
  assertEquals(flags.some((flag) => /^--allow-ffi=.*libssl/.test(flag)), testIo() === "epoll");
  await using process = await ServerProcess.start({
    name: "aster",
    command: Deno.execPath(),
    arguments: ["run", ...flags, "mod.ts", ...options],
    workingDirectory: REPOSITORY,
    environment: { NO_COLOR: "1" },
    isServing: (started) => Promise.resolve(/aster is ready/.test(started.output())),
  }, directory);
  const ask = async () => {
    using client = await RespClient.connect({ port: secured, tls: { ca: ca.cert } });
    return await client.call("PING", "x");
  };
  assertEquals(await ask(), "x");
  using client = await RespClient.connect({ port: secured, tls: { ca: ca.cert } });
  assertEquals(await client.call("SET", "key", 1), "OK");
  mount(folder, "second", second);
  await until(() => /TLS certificates read again/.test(process.output()), { what: "the swap" });
  assertEquals([await ask(), await client.call("GET", "key")], ["x", "1"]);
  // What does not fit is said without what stands there.
  mount(folder, "third", { ...first, key: second.key });
  await until(() => /TLS certificates not replaced/.test(process.output()), {
    what: "the refusal",
  });
  assertEquals(await ask(), "x");
  for (const words of ["INFO", "CLIENT LIST", "CONFIG GET *"]) {
    said.push(JSON.stringify(await client.call(...words.split(" ")).catch(String)));
  }
  for (const path of ["/metrics", "/status", "/health", "/"]) {
    said.push(await (await fetch(`http://127.0.0.1:${admin}${path}`)).text());
  }
  said.push(Deno.readTextFileSync(`/proc/${process.pid}/cmdline`));
  assertEquals((await process.stop()).code, 0);
  said.push(process.output());
  const parts = [...pairs, second].flatMap(partsOf);
  assert(parts.length > 6, `${parts.length} parts`);
  const leaks = parts.filter((part) => said.some((one) => one.includes(part)));
  assertEquals(leaks, []);
  assert(!said.some((one) => one.includes("PRIVATE KEY")), "no key in PEM");
});
