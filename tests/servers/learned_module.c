/* A module whose commands no table has, in the few calls of the servers' API that it takes. */
#include <stddef.h>
typedef struct Ctx Ctx; typedef struct Str Str;
static int (*create)(Ctx *, const char *, int (*)(Ctx *, Str **, int), const char *, int, int, int);
static void *(*call)(Ctx *, const char *, const char *, ...);
static int (*reply_with)(Ctx *, void *);
static int (*reply_status)(Ctx *, const char *);
static void *(*block)(Ctx *, int (*)(Ctx *, Str **, int), int (*)(Ctx *, Str **, int), void *, long long);
static void *(*find)(Ctx *, const char *);
static int (*create_member)(void *, const char *, int (*)(Ctx *, Str **, int), const char *, int, int, int);
static int (*inform)(void *, const void *);
static int (*reply_number)(Ctx *, long long);
static int (*reply_array)(Ctx *, long);
static int (*reply_error)(Ctx *, const char *);
static long long (*number_in)(void *);
static int (*to_number)(const Str *, long long *);
static int wrong_arity(Ctx *ctx) { return reply_status(ctx, "too few words"); }
static int put(Ctx *ctx, Str **argv, int argc) {
  if (argc != 3) return wrong_arity(ctx);
  return reply_with(ctx, call(ctx, "SET", "!ss", argv[1], argv[2]));
}
static int fetch(Ctx *ctx, Str **argv, int argc) {
  if (argc != 2) return wrong_arity(ctx);
  return reply_with(ctx, call(ctx, "GET", "s", argv[1]));
}
static int put_behind(Ctx *ctx, Str **argv, int argc) {
  if (argc != 4) return wrong_arity(ctx);
  return reply_with(ctx, call(ctx, "SET", "!ss", argv[2], argv[3]));
}
static int woken(Ctx *ctx, Str **argv, int argc) { return reply_status(ctx, "WAITED"); }
static int pop(Ctx *ctx, Str **argv, int argc) { block(ctx, woken, woken, NULL, 700); return 0; }
static int count(Ctx *ctx, Str **argv, int argc) { return reply_with(ctx, call(ctx, "DBSIZE", "")); }
static int where(Ctx *ctx, Str **argv, int argc) { return reply_status(ctx, "HERE"); }
/* Whether this server has more keys than the first word says. */
static int has_more(Ctx *ctx, Str **argv) {
  long long least = 0;
  to_number(argv[1], &least);
  return number_in(call(ctx, "DBSIZE", "")) > least;
}
static int over(Ctx *ctx, Str **argv, int argc) {
  if (argc != 2) return wrong_arity(ctx);
  reply_array(ctx, 3);
  reply_number(ctx, 1);
  reply_number(ctx, has_more(ctx, argv));
  return reply_number(ctx, 0);
}
static int over_or_error(Ctx *ctx, Str **argv, int argc) {
  if (argc != 2) return wrong_arity(ctx);
  return has_more(ctx, argv) ? reply_status(ctx, "OVER") : reply_error(ctx, "ERR not over");
}
static int put_many(Ctx *ctx, Str **argv, int argc) {
  for (int at = 2; at < argc - 1; at++) call(ctx, "SET", "!ss", argv[at], argv[argc - 1]);
  return reply_number(ctx, argc - 3);
}
static int put_into(Ctx *ctx, Str **argv, int argc) {
  if (argc != 4) return wrong_arity(ctx);
  return reply_with(ctx, call(ctx, "SET", "!ss", argv[3], argv[1]));
}
/* What the servers' header has of commands' descriptions. */
typedef struct {
  const char *notes; unsigned long long flags; int begins_by; union { int index; struct { const char *word; int from; } keyword; } begin;
  int found_by; union { struct { int last, step, limit; } range; struct { int index, first, step; } counted; } find;
} Keys;
static struct { int version; size_t sizes[3]; } version = {1, {16, sizeof(Keys), 96}};
static int describe(Ctx *ctx, const char *name, int arity, const char *tips, const Keys *keys) {
  struct {
    const void *version; const char *summary, *complexity, *since; const void *history;
    const char *tips; int arity; const void *keys; const void *args;
  } info = {&version, NULL, NULL, NULL, NULL, tips, arity, keys, NULL};
  return inform(find(ctx, name), &info);
}
static int for_all(Ctx *ctx, const char *name, int (*what)(Ctx *, Str **, int), int arity, const char *policy) {
  return create(ctx, name, what, "readonly", 0, 0, 0) || describe(ctx, name, arity, policy, NULL);
}
#define ALL "request_policy:all_shards response_policy:"
int RedisModule_OnLoad(Ctx *ctx, void **argv, int argc) {
  int (*api)(const char *, void *) = *(int (**)(const char *, void *))ctx;
  void (*attribs)(Ctx *, const char *, int, int);
  api("RedisModule_SetModuleAttribs", &attribs);
  api("RedisModule_CreateCommand", &create);
  api("RedisModule_Call", &call);
  api("RedisModule_ReplyWithCallReply", &reply_with);
  api("RedisModule_ReplyWithSimpleString", &reply_status);
  api("RedisModule_BlockClient", &block);
  api("RedisModule_GetCommand", &find);
  api("RedisModule_CreateSubcommand", &create_member);
  api("RedisModule_SetCommandInfo", &inform);
  api("RedisModule_ReplyWithLongLong", &reply_number);
  api("RedisModule_ReplyWithArray", &reply_array);
  api("RedisModule_ReplyWithError", &reply_error);
  api("RedisModule_CallReplyInteger", &number_in);
  api("RedisModule_StringToLongLong", &to_number);
  attribs(ctx, "learn", 1, 1);
  if (create(ctx, "learnput", put, "write deny-oom", 1, 1, 1)) return 1;
  if (create(ctx, "learn.put", put, "write deny-oom", 1, 1, 1)) return 1;
  if (create(ctx, "learnget", fetch, "readonly", 1, 1, 1)) return 1;
  if (create(ctx, "learncount", count, "readonly", 0, 0, 0)) return 1;
  if (create(ctx, "learnadmin", where, "admin", 0, 0, 0)) return 1;
  if (create(ctx, "learnwhere", where, "readonly", 0, 0, 0)) return 1;
  if (create(ctx, "learnpop", pop, "write blocking", 1, 1, 1)) return 1;
  if (create(ctx, "learnfamily", NULL, "", 0, 0, 0)) return 1;
  void *family = find(ctx, "learnfamily");
  if (create_member(family, "put", put_behind, "write deny-oom", 2, 2, 1)) return 1;
  if (create_member(family, "where", where, "readonly", 0, 0, 0)) return 1;
  if (describe(ctx, "learncount", 1, ALL "agg_sum", NULL)) return 1;
  if (for_all(ctx, "learnmost", count, 1, ALL "agg_max")) return 1;
  if (for_all(ctx, "learnleast", count, 1, ALL "agg_min")) return 1;
  if (for_all(ctx, "learnall", over, 2, ALL "agg_logical_and")) return 1;
  if (for_all(ctx, "learnany", over, 2, ALL "agg_logical_or")) return 1;
  if (for_all(ctx, "learnone", over_or_error, 2, ALL "one_succeeded")) return 1;
  if (for_all(ctx, "learneach", over_or_error, 2, ALL "all_succeeded")) return 1;
  if (for_all(ctx, "learnjoined", over, 2, "request_policy:all_shards")) return 1;
  /* Keys that no columns tell: as many as a number says, and the one behind a word. Both insert. */
  static const Keys many[2] = {{NULL, 0x42, 2, {.index = 1}, 3, {.counted = {0, 1, 1}}}};
  static const Keys into[2] = {{NULL, 0x42, 3, {.keyword = {"INTO", 1}}, 2, {.range = {0, 1, 0}}}};
  if (create(ctx, "learnmany", put_many, "write deny-oom", 0, 0, 0)) return 1;
  if (describe(ctx, "learnmany", -4, NULL, many)) return 1;
  if (create(ctx, "learninto", put_into, "write deny-oom", 0, 0, 0)) return 1;
  return describe(ctx, "learninto", 4, NULL, into);
}
