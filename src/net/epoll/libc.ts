/**
 * What is used of the C library: where it is, its functions, constants and struct layouts. All of it is that of
 * Linux on 64-bit little-endian machines, with glibc or musl; `libc_test.ts` compares it with what a C compiler
 * says.
 *
 * Memory is read by calling `memcpy` on an address: doing it through pointer objects needs a grant of all of FFI,
 * this the grant of this one library.
 *
 * @module
 */

/** Machines whose layouts are known here. */
export const supportedArchitectures: readonly string[] = ["x86_64", "aarch64"];

/**
 * Where Linux systems keep the C library that Deno itself runs on. Deno resolves a bare name in the working
 * directory.
 *
 * @param environment Deno's name of it (`Deno.build.env`). A second C library in a process writes its `errno`
 * into the first one's data, and the process dies of it: so the other one's is never among them.
 */
export function libcCandidates(architecture: string, environment?: string): string[] {
  // Alpine's own Deno: musl's loader is the library.
  if (environment === "musl") return [`/lib/ld-musl-${architecture}.so.1`];
  return [
    // Debian and Ubuntu; Fedora, RHEL and SUSE; Arch.
    `/lib/${architecture}-linux-gnu/libc.so.6`,
    `/usr/lib/${architecture}-linux-gnu/libc.so.6`,
    "/lib64/libc.so.6",
    "/usr/lib64/libc.so.6",
    "/usr/lib/libc.so.6",
    // Deno's images for Alpine bring glibc along, here or there.
    "/usr/local/lib/libc.so.6",
    "/usr/glibc-compat/lib/libc.so.6",
  ];
}

/**
 * Functions by name; a manual page of section 2 or 3 has each. Sizes go in and come back as 32 bits, which a
 * register holds with its upper half zero: nothing longer is ever asked for, and a number that may need 64 bits
 * costs as much as the system call does.
 */
const functions = {
  __errno_location: { parameters: [], result: "u64" },
  // int __xpg_strerror_r(int, char *, size_t): strerror_r as POSIX has it, in glibc and in musl.
  __xpg_strerror_r: { parameters: ["i32", "buffer", "u32"], result: "i32" },
  // Where a buffer is: this returns its first argument, and copies nothing.
  address_of: { name: "memcpy", parameters: ["buffer", "u64", "u32"], result: "u64" },
  accept4_elsewhere: {
    name: "accept4",
    parameters: ["i32", "pointer", "pointer", "i32"],
    result: "i32",
    nonblocking: true,
  },
  accept4: { parameters: ["i32", "pointer", "pointer", "i32"], result: "i32" },
  bind: { parameters: ["i32", "buffer", "u32"], result: "i32" },
  chmod: { parameters: ["buffer", "u32"], result: "i32" },
  close: { parameters: ["i32"], result: "i32" },
  connect: { parameters: ["i32", "buffer", "u32"], result: "i32" },
  dup3: { parameters: ["i32", "i32", "i32"], result: "i32" },
  epoll_create1: { parameters: ["i32"], result: "i32" },
  epoll_ctl: { parameters: ["i32", "i32", "i32", "buffer"], result: "i32" },
  epoll_wait: { parameters: ["i32", "buffer", "i32", "i32"], result: "i32" },
  epoll_wait_elsewhere: {
    name: "epoll_wait",
    parameters: ["i32", "buffer", "i32", "i32"],
    result: "i32",
    nonblocking: true,
  },
  eventfd: { parameters: ["u32", "i32"], result: "i32" },
  fchmod: { parameters: ["i32", "u32"], result: "i32" },
  // int fcntl(int, int, ...): with the one number that its commands here take.
  fcntl: { parameters: ["i32", "i32", "i32"], result: "i32" },
  freeaddrinfo: { parameters: ["u64"], result: "void" },
  getaddrinfo: { parameters: ["buffer", "pointer", "buffer", "buffer"], result: "i32" },
  getaddrinfo_elsewhere: {
    name: "getaddrinfo",
    parameters: ["buffer", "pointer", "buffer", "buffer"],
    result: "i32",
    nonblocking: true,
  },
  geteuid: { parameters: [], result: "u32" },
  getpeername: { parameters: ["i32", "buffer", "buffer"], result: "i32" },
  getsockname: { parameters: ["i32", "buffer", "buffer"], result: "i32" },
  getsockopt: { parameters: ["i32", "i32", "i32", "buffer", "buffer"], result: "i32" },
  listen: { parameters: ["i32", "i32"], result: "i32" },
  memcpy: { parameters: ["buffer", "u64", "u32"], result: "void" },
  mkdir: { parameters: ["buffer", "u32"], result: "i32" },
  // int open(const char *, int, ...): with no third number where nothing is made.
  open: { parameters: ["buffer", "i32"], result: "i32" },
  recv: { parameters: ["i32", "buffer", "u32", "i32"], result: "i32" },
  recvmsg_elsewhere: {
    name: "recvmsg",
    parameters: ["i32", "buffer", "i32"],
    result: "i32",
    nonblocking: true,
  },
  rename: { parameters: ["buffer", "buffer"], result: "i32" },
  rmdir: { parameters: ["buffer"], result: "i32" },
  send: { parameters: ["i32", "buffer", "u32", "i32"], result: "i32" },
  sendmsg: { parameters: ["i32", "buffer", "i32"], result: "i32" },
  setsockopt: { parameters: ["i32", "i32", "i32", "buffer", "u32"], result: "i32" },
  shutdown: { parameters: ["i32", "i32"], result: "i32" },
  socket: { parameters: ["i32", "i32", "i32"], result: "i32" },
  // long syscall(long, ...): with the up to three numbers that its calls here take.
  syscall: { parameters: ["i64", "i64", "i64", "i64"], result: "i64" },
  unlink: { parameters: ["buffer"], result: "i32" },
  write: { parameters: ["i32", "buffer", "u32"], result: "i32" },
} as const;

/** The C library's functions. */
export type Libc = Deno.DynamicLibrary<typeof functions>["symbols"];

/**
 * Loads the C library.
 *
 * @throws {Deno.errors.NotCapable} If FFI is not granted for `path`.
 * @throws {Error} If there is no such library, or it lacks a function.
 */
export function openLibc(path: string): Libc {
  return Deno.dlopen(path, functions).symbols;
}

/** Address families: `bits/socket.h`, musl `sys/socket.h`. */
export const AF_UNIX = 1;
export const AF_INET = 2;
export const AF_INET6 = 10;

/** Socket types and flags: `bits/socket_type.h`, musl `sys/socket.h`. */
export const SOCK_STREAM = 1;
export const SOCK_NONBLOCK = 0o4000;
export const SOCK_CLOEXEC = 0o2000000;

/** Options: `asm-generic/socket.h`, `netinet/tcp.h`. */
export const SOL_SOCKET = 1;
export const SO_REUSEADDR = 2;
export const SO_ERROR = 4;
export const SO_KEEPALIVE = 9;
export const SO_REUSEPORT = 15;
export const SO_PEERCRED = 17;
export const SO_RCVTIMEO = 20;
export const SO_SNDTIMEO = 21;
export const SO_ACCEPTCONN = 30;
export const IPPROTO_TCP = 6;
export const TCP_NODELAY = 1;

/** Flags of recv, send and recvmsg, and what goes along with bytes: `bits/socket.h`. */
export const MSG_PEEK = 0x2;
export const MSG_NOSIGNAL = 0x4000;
export const MSG_CMSG_CLOEXEC = 0x40000000;
export const SCM_RIGHTS = 1;
export const SHUT_RDWR = 2;

/** Commands of fcntl, and the flag of an open file that it sets: `fcntl.h`. */
export const F_SETFD = 2;
export const FD_CLOEXEC = 1;
export const F_SETFL = 4;
export const F_DUPFD_CLOEXEC = 1030;
export const O_NONBLOCK = 0o4000;

/** Flags of open that look at what is at a path, links not followed: `fcntl.h`. */
export const O_NOFOLLOW = Deno.build.arch === "aarch64" ? 0o100000 : 0o400000;
export const O_CLOEXEC = 0o2000000;

/** Epoll: `linux/eventpoll.h`. */
export const EPOLL_CLOEXEC = 0o2000000;
export const EPOLL_CTL_ADD = 1;
export const EPOLL_CTL_DEL = 2;
export const EPOLL_CTL_MOD = 3;
export const EPOLLIN = 0x1;
export const EPOLLOUT = 0x4;
export const EPOLLERR = 0x8;
export const EPOLLHUP = 0x10;
export const EPOLLRDHUP = 0x2000;
/** The top bit of 32, which makes a number negative here. */
export const EPOLLET = 1 << 31;

/** `struct epoll_event` in units of 32 bits; packed on x86-64 alone (`linux/eventpoll.h`). */
export interface EpollEventLayout {
  /** From one event to the next. */
  readonly stride: number;
  /** Where the 64 bits of the user's data begin. */
  readonly data: number;
}

/** Layout of `struct epoll_event` on a machine. */
export function epollEventLayout(architecture: string): EpollEventLayout {
  return architecture === "x86_64" ? { stride: 3, data: 1 } : { stride: 4, data: 2 };
}

/** Numbers of system calls that not every C library has a function for: `asm/unistd.h`. */
export interface ThreadCalls {
  /** `gettid`. */
  readonly threadId: number;
  /** `tgkill`. */
  readonly signalThread: number;
}

/** The numbers on a machine. */
export function threadCalls(architecture: string): ThreadCalls {
  return architecture === "x86_64"
    ? { threadId: 186, signalThread: 234 }
    : { threadId: 178, signalThread: 131 };
}

/** Event descriptors: `bits/eventfd.h`. */
export const EFD_CLOEXEC = 0o2000000;
export const EFD_NONBLOCK = 0o4000;

/** Errors: `asm-generic/errno-base.h`, `asm-generic/errno.h`. */
export const EPERM = 1;
export const ENOENT = 2;
export const ESRCH = 3;
export const ENXIO = 6;
export const EINTR = 4;
export const EAGAIN = 11;
export const ENOMEM = 12;
export const EACCES = 13;
export const EEXIST = 17;
export const ENOTDIR = 20;
export const EINVAL = 22;
export const ENFILE = 23;
export const EMFILE = 24;
export const ENOSPC = 28;
export const ELOOP = 40;
export const EAFNOSUPPORT = 97;
export const EADDRINUSE = 98;
export const EADDRNOTAVAIL = 99;
export const ENETDOWN = 100;
export const ENETUNREACH = 101;
export const ECONNABORTED = 103;
export const ECONNRESET = 104;
export const ENOBUFS = 105;
export const ENOTCONN = 107;
export const ETIMEDOUT = 110;
export const ECONNREFUSED = 111;
export const EHOSTDOWN = 112;
export const EHOSTUNREACH = 113;
export const EINPROGRESS = 115;

/** The names of those that have a meaning of their own for connections. */
export const errorNames: ReadonlyMap<number, string> = new Map(
  Object.entries({
    EPERM,
    ENOENT,
    EAGAIN,
    ENOMEM,
    EACCES,
    ENOTDIR,
    EINVAL,
    ENFILE,
    EMFILE,
    ENOSPC,
    EAFNOSUPPORT,
    EADDRINUSE,
    EADDRNOTAVAIL,
    ENETDOWN,
    ENETUNREACH,
    ECONNABORTED,
    ECONNRESET,
    ENOBUFS,
    ENOTCONN,
    ETIMEDOUT,
    ECONNREFUSED,
    EHOSTDOWN,
    EHOSTUNREACH,
  }).map(([name, errno]) => [errno, name]),
);

/** `getaddrinfo`: `netdb.h`. */
export const AI_PASSIVE = 0x1;
export const AI_NUMERICHOST = 0x4;
export const EAI_NONAME = -2;
export const EAI_AGAIN = -3;
export const EAI_FAIL = -4;
export const EAI_MEMORY = -10;
export const EAI_SYSTEM = -11;

/** `struct addrinfo` (`netdb.h`): sizes and offsets in bytes, alike in glibc and musl. */
export const addrinfoLayout = {
  size: 48,
  flags: 0,
  socktype: 8,
  addrlen: 16,
  addr: 24,
  next: 40,
} as const;

/** `struct sockaddr_in` and `sockaddr_in6` (`netinet/in.h`): sizes and offsets in bytes. */
export const sockaddrLayout = {
  family: 0,
  /** In network byte order. */
  port: 2,
  ipv4: 4,
  sizeIpv4: 16,
  ipv6: 8,
  sizeIpv6: 28,
} as const;

/** `struct sockaddr_un` (`sys/un.h`): sizes and offsets in bytes. */
export const unixAddressLayout = { path: 2, pathBytes: 108 } as const;

/** `struct msghdr` and `struct cmsghdr` (`bits/socket.h`): sizes and offsets in bytes, alike in glibc and musl. */
export const messageLayout = {
  size: 56,
  parts: 16,
  partCount: 24,
  control: 32,
  controlBytes: 40,
  headerSize: 16,
  headerLevel: 8,
  headerType: 12,
} as const;

/** `struct iovec` (`bits/types/struct_iovec.h`): sizes and offsets in bytes. */
export const partLayout = { size: 16, base: 0, length: 8 } as const;

/** `struct ucred` and `struct timeval`: sizes and offsets in bytes. */
export const credentialsLayout = { size: 12, user: 4 } as const;
export const timeLayout = { size: 16, seconds: 0, microseconds: 8 } as const;
