/**
 * Constants and layouts against what the headers of this machine say, where it has a C compiler,
 * and against the running kernel in any case.
 *
 * @module
 */
import * as libc from "../../../../src/net/epoll/libc.ts";
import { System } from "../../../../src/net/epoll/system.ts";
import { askCompiler, compile, findCompiler } from "../../../support/tools/c_compiler.ts";
import { openDescriptors } from "../../../support/tools/descriptors.ts";
import { libcPath } from "../../../support/tools/libc_path.ts";
import { sanitizedTest } from "../../../support/tools/sanitized.ts";
import { assert, assertEquals, assertMatch, assertThrows } from "../../../deps.ts";

const compiler = findCompiler();

const HEADERS = [
  "errno.h",
  "fcntl.h",
  "netdb.h",
  "netinet/in.h",
  "netinet/tcp.h",
  "stddef.h",
  "stdio.h",
  "sys/epoll.h",
  "sys/eventfd.h",
  "sys/socket.h",
  "sys/stat.h",
  "sys/syscall.h",
  "sys/time.h",
  "sys/un.h",
  "unistd.h",
];

/** Every number that the module exports, by its name: the headers call it so, too. */
const constants = new Map<string, number>();
for (const [name, value] of Object.entries(libc)) {
  if (typeof value === "number") constants.set(name, value);
}

/** What the layouts say, by the expression that says it in C. */
const layouts = new Map<string, number>([
  ["sizeof(struct addrinfo)", libc.addrinfoLayout.size],
  ["offsetof(struct addrinfo, ai_flags)", libc.addrinfoLayout.flags],
  ["offsetof(struct addrinfo, ai_socktype)", libc.addrinfoLayout.socktype],
  ["offsetof(struct addrinfo, ai_addrlen)", libc.addrinfoLayout.addrlen],
  ["offsetof(struct addrinfo, ai_addr)", libc.addrinfoLayout.addr],
  ["offsetof(struct addrinfo, ai_next)", libc.addrinfoLayout.next],
  ["sizeof(struct sockaddr_in)", libc.sockaddrLayout.sizeIpv4],
  ["sizeof(struct sockaddr_in6)", libc.sockaddrLayout.sizeIpv6],
  ["offsetof(struct sockaddr_in, sin_family)", libc.sockaddrLayout.family],
  ["offsetof(struct sockaddr_in6, sin6_family)", libc.sockaddrLayout.family],
  ["offsetof(struct sockaddr_in, sin_port)", libc.sockaddrLayout.port],
  ["offsetof(struct sockaddr_in6, sin6_port)", libc.sockaddrLayout.port],
  ["offsetof(struct sockaddr_un, sun_path)", libc.unixAddressLayout.path],
  ["sizeof(((struct sockaddr_un *)0)->sun_path)", libc.unixAddressLayout.pathBytes],
  ["sizeof(mode_t)", 4],
  ["sizeof(struct epoll_event)", libc.epollEventLayout(Deno.build.arch).stride * 4],
  ["offsetof(struct epoll_event, data)", libc.epollEventLayout(Deno.build.arch).data * 4],
  ["offsetof(struct epoll_event, events)", 0],
  ["offsetof(struct sockaddr_un, sun_path)", libc.unixAddressLayout.path],
  ["sizeof(((struct sockaddr_un *)0)->sun_path)", libc.unixAddressLayout.pathBytes],
  ["sizeof(struct msghdr)", libc.messageLayout.size],
  ["offsetof(struct msghdr, msg_iov)", libc.messageLayout.parts],
  ["offsetof(struct msghdr, msg_iovlen)", libc.messageLayout.partCount],
  ["offsetof(struct msghdr, msg_control)", libc.messageLayout.control],
  ["offsetof(struct msghdr, msg_controllen)", libc.messageLayout.controlBytes],
  ["sizeof(struct cmsghdr)", libc.messageLayout.headerSize],
  ["offsetof(struct cmsghdr, cmsg_level)", libc.messageLayout.headerLevel],
  ["offsetof(struct cmsghdr, cmsg_type)", libc.messageLayout.headerType],
  ["sizeof(struct iovec)", libc.partLayout.size],
  ["offsetof(struct iovec, iov_base)", libc.partLayout.base],
  ["offsetof(struct iovec, iov_len)", libc.partLayout.length],
  ["sizeof(struct ucred)", libc.credentialsLayout.size],
  ["offsetof(struct ucred, uid)", libc.credentialsLayout.user],
  ["sizeof(struct timeval)", libc.timeLayout.size],
  ["offsetof(struct timeval, tv_sec)", libc.timeLayout.seconds],
  ["offsetof(struct timeval, tv_usec)", libc.timeLayout.microseconds],
  ["SYS_gettid", libc.threadCalls(Deno.build.arch).threadId],
  ["SYS_tgkill", libc.threadCalls(Deno.build.arch).signalThread],
  // The declarations of the functions count on these.
  ["sizeof(socklen_t)", 4],
  ["sizeof(size_t)", 8],
  ["sizeof(sa_family_t)", 2],
  ["sizeof(struct sockaddr_storage)", 128],
]);

Deno.test({
  name: "every constant, size and offset is what the headers of this machine say",
  // Without a compiler there is nobody to ask; the tests below ask the kernel.
  ignore: compiler === null,
  async fn() {
    const expected = new Map([...constants, ...layouts]);
    assert(constants.size > 35, `${constants.size} constants`);
    const said = await askCompiler(compiler!, HEADERS, [...expected.keys()]);
    assertEquals(Object.fromEntries(said), Object.fromEntries(expected));
  },
});

Deno.test({
  name: "every function has the parameters that the headers of this machine say",
  // As above.
  ignore: compiler === null,
  async fn() {
    const prototypes = [
      ["__errno_location", "int *(*)(void)"],
      ["__xpg_strerror_r", "int (*)(int, char *, size_t)"],
      ["accept4", "int (*)(int, struct sockaddr *, socklen_t *, int)"],
      ["bind", "int (*)(int, const struct sockaddr *, socklen_t)"],
      ["chmod", "int (*)(const char *, mode_t)"],
      ["connect", "int (*)(int, const struct sockaddr *, socklen_t)"],
      ["dup3", "int (*)(int, int, int)"],
      ["epoll_create1", "int (*)(int)"],
      ["epoll_ctl", "int (*)(int, int, int, struct epoll_event *)"],
      ["epoll_wait", "int (*)(int, struct epoll_event *, int, int)"],
      ["eventfd", "int (*)(unsigned int, int)"],
      ["fchmod", "int (*)(int, mode_t)"],
      ["fcntl", "int (*)(int, int, ...)"],
      ["geteuid", "uid_t (*)(void)"],
      ["getsockopt", "int (*)(int, int, int, void *, socklen_t *)"],
      ["listen", "int (*)(int, int)"],
      ["mkdir", "int (*)(const char *, mode_t)"],
      ["open", "int (*)(const char *, int, ...)"],
      ["recv", "ssize_t (*)(int, void *, size_t, int)"],
      ["recvmsg", "ssize_t (*)(int, struct msghdr *, int)"],
      ["sendmsg", "ssize_t (*)(int, const struct msghdr *, int)"],
      ["shutdown", "int (*)(int, int)"],
      ["syscall", "long (*)(long, ...)"],
      ["rename", "int (*)(const char *, const char *)"],
      ["rmdir", "int (*)(const char *)"],
      ["send", "ssize_t (*)(int, const void *, size_t, int)"],
      ["setsockopt", "int (*)(int, int, int, const void *, socklen_t)"],
      ["socket", "int (*)(int, int, int)"],
      ["unlink", "int (*)(const char *)"],
    ] as const;
    const checks = prototypes.map(([name, type]) => `__typeof__(${type}) check_${name} = ${name};`);
    // Not every header declares the first; all C libraries for Linux have it.
    const declared = "extern int *__errno_location(void);";
    const posix = "extern int __xpg_strerror_r(int, char *, size_t);";
    await compile(compiler!, HEADERS, [declared, posix, ...checks, "int main(void) { return 0; }"]);
  },
});

sanitizedTest("struct epoll_event is packed on x86-64 alone", () => {
  assertEquals(libc.epollEventLayout("x86_64"), { stride: 3, data: 1 });
  assertEquals(libc.epollEventLayout("aarch64"), { stride: 4, data: 2 });
  assertEquals(libc.supportedArchitectures, ["x86_64", "aarch64"]);
});

sanitizedTest("the C library is looked for by whole paths", () => {
  for (const architecture of libc.supportedArchitectures) {
    const candidates = libc.libcCandidates(architecture);
    assertEquals(candidates[0], `/lib/${architecture}-linux-gnu/libc.so.6`);
    for (const candidate of candidates) {
      assertMatch(candidate, /^\/(usr\/)?((local|glibc-compat)\/)?lib(64)?\/.*libc\.so\.6$/);
    }
    assertEquals(new Set(candidates).size, candidates.length);
  }
});

sanitizedTest("a Deno on musl takes musl and no other, and one on glibc never takes musl", () => {
  for (const architecture of libc.supportedArchitectures) {
    const musl = `/lib/ld-musl-${architecture}.so.1`;
    assertEquals(libc.libcCandidates(architecture, "musl"), [musl]);
    assert(!libc.libcCandidates(architecture, "gnu").includes(musl));
    assert(!libc.libcCandidates(architecture).includes(musl));
  }
});

sanitizedTest("openLibc() of what is no C library is an error", () => {
  assertThrows(() => libc.openLibc("/no/such/libc.so.6"), Error);
  assertThrows(() => libc.openLibc(new URL(import.meta.url).pathname), Error);
});

Deno.test({
  name: "openLibc() without permission is refused by Deno",
  permissions: { ffi: false },
  fn() {
    assertThrows(() => libc.openLibc("/lib/libc.so.6"), Deno.errors.NotCapable);
  },
});

sanitizedTest("the running kernel takes the constants for what they are", () => {
  const before = openDescriptors().size;
  const system = new System(libc.openLibc(libcPath));
  for (const family of [libc.AF_INET, libc.AF_INET6]) {
    const descriptor = system.openSocket(family);
    const { SOL_SOCKET, IPPROTO_TCP } = libc;
    // From the headers of Linux: SO_TYPE, SO_PROTOCOL and SO_DOMAIN.
    assertEquals(system.option(descriptor, SOL_SOCKET, 3), libc.SOCK_STREAM);
    assertEquals(system.option(descriptor, SOL_SOCKET, 38), IPPROTO_TCP);
    assertEquals(system.option(descriptor, SOL_SOCKET, 39), family);
    const flags = Deno.readTextFileSync(`/proc/self/fdinfo/${descriptor}`);
    const wanted = libc.SOCK_NONBLOCK | libc.SOCK_CLOEXEC;
    assertEquals(parseInt(/flags:\s*(\d+)/.exec(flags)![1]!, 8) & wanted, wanted);
    for (const name of ["SO_REUSEADDR", "SO_KEEPALIVE", "SO_REUSEPORT"] as const) {
      assertEquals(system.option(descriptor, SOL_SOCKET, libc[name]), 0, name);
      assertEquals(system.setOption(descriptor, SOL_SOCKET, libc[name], 1), 0, name);
      assertEquals(system.option(descriptor, SOL_SOCKET, libc[name]), 1, name);
    }
    assertEquals(system.option(descriptor, SOL_SOCKET, libc.SO_ERROR), 0);
    assertEquals(system.setOption(descriptor, IPPROTO_TCP, libc.TCP_NODELAY, 1), 0);
    assertEquals(system.option(descriptor, IPPROTO_TCP, libc.TCP_NODELAY), 1);
    system.close(descriptor);
  }
  assertEquals(openDescriptors().size, before);
});
