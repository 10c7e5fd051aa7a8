import { failures } from "../../../src/failure.ts";
import { acceptFailure, connectFailure, lackOf } from "../../../src/net/system_failures.ts";
import { assertEquals, assertStrictEquals } from "../../deps.ts";

Deno.test("every reason that the system gives for a failed connect is said", () => {
  const expected = {
    ECONNREFUSED: "connection refused",
    ETIMEDOUT: "connecting timed out",
    ECONNRESET: "connection lost",
    ECONNABORTED: "connection lost",
    ENOTCONN: "connection lost",
    EHOSTUNREACH: "no route to host",
    EHOSTDOWN: "no route to host",
    ENETUNREACH: "network unreachable",
    ENETDOWN: "network unreachable",
    EADDRNOTAVAIL: "no local address available to the proxy",
    EADDRINUSE: "no local address available to the proxy",
    EAFNOSUPPORT: "address family not supported by the proxy's system",
    EINVAL: "address cannot be connected to",
    EACCES: "permission denied by the proxy's system",
    EPERM: "permission denied by the proxy's system",
    EMFILE: "proxy has too many open files",
    ENFILE: "proxy's system has too many open files",
    ENOBUFS: "proxy's system has no memory for a connection",
    ENOMEM: "proxy's system has no memory for a connection",
    ENOSPC: "proxy's system has no memory for a connection",
  };
  for (const [name, text] of Object.entries(expected)) {
    assertEquals(connectFailure(name).text, text, name);
  }
  assertStrictEquals(connectFailure("EWHATEVER"), failures.connectFailed);
  assertStrictEquals(connectFailure(undefined), failures.connectFailed);
});

Deno.test("only descriptors and memory can be lacking, and that is never the backend's fault", () => {
  const lacking = ["EMFILE", "ENFILE", "ENOBUFS", "ENOMEM", "ENOSPC"];
  for (const name of lacking) {
    assertEquals([lackOf(name)!.source, connectFailure(name)], ["proxy", lackOf(name)!]);
  }
  for (const name of ["ECONNABORTED", "ENOTCONN", "EPROTO", "ENETDOWN", "EPERM", undefined]) {
    assertEquals(lackOf(name), null, name);
  }
});

Deno.test("an accept that fails for any other reason has lost this one client", () => {
  for (const name of ["ECONNABORTED", "ENOTCONN", "EPROTO", "ENETDOWN", "EINTR", undefined]) {
    assertStrictEquals(acceptFailure(name), failures.clientReset);
  }
  assertStrictEquals(acceptFailure("EMFILE"), failures.tooManyOpenFiles);
});
