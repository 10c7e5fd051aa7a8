import {
  joinStatistics,
  mergeSettings,
  mergeStatistics,
} from "../../../src/memcached/statistics.ts";
import { assertEquals } from "../../deps.ts";

const first = [
  ["pid", "10"],
  ["uptime", "100"],
  ["time", "1796004851"],
  ["version", "1.6.18"],
  ["rusage_user", "0.500000"],
  ["bytes_read", "18446744073709551615"],
  ["3:chunk_size", "152"],
  ["3:used_chunks", "1"],
  ["items:3:age", "7"],
  ["items:3:number", "4"],
] as const;
const second = [
  ["pid", "11"],
  ["uptime", "50"],
  ["time", "1796004852"],
  ["version", "1.6.9"],
  ["rusage_user", "0.250000"],
  ["bytes_read", "1"],
  ["3:chunk_size", "152"],
  ["3:used_chunks", "2"],
  ["4:used_chunks", "5"],
  ["items:3:age", "9"],
  ["items:3:number", "2"],
  ["since 1.6.30", "yes"],
] as const;

Deno.test("statistics of several servers add up where they count, and are one where they do not", () => {
  assertEquals(mergeStatistics([first, second]), [
    ["pid", "10"],
    ["uptime", "50"],
    ["time", "1796004852"],
    ["version", "1.6.9"],
    ["rusage_user", "0.750000"],
    ["bytes_read", "18446744073709551616"],
    ["3:chunk_size", "152"],
    ["3:used_chunks", "3"],
    ["items:3:age", "9"],
    ["items:3:number", "6"],
    ["4:used_chunks", "5"],
    ["since 1.6.30", "yes"],
  ]);
});

Deno.test("those of one server stay as they are", () => {
  assertEquals(mergeStatistics([second]), [...second]);
  assertEquals(mergeSettings([second]), [...second]);
  assertEquals(joinStatistics([second], ["a:1"]), [...second]);
});

Deno.test("settings are the first server's, but for what all have together", () => {
  assertEquals(
    mergeSettings([
      [["maxbytes", "64"], ["verbosity", "1"], ["tcpport", "1"]],
      [["maxbytes", "32"], ["verbosity", "2"], ["tcpport", "2"]],
    ]),
    [["maxbytes", "96"], ["verbosity", "1"], ["tcpport", "1"]],
  );
});

Deno.test("connections are listed one server after the other, by its name", () => {
  assertEquals(joinStatistics([[["23:state", "x"]], [["23:state", "y"]]], ["a:1", "b:2"]), [
    ["a:1:23:state", "x"],
    ["b:2:23:state", "y"],
  ]);
});
