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
  static struct { int version; size_t sizes[3]; } version = {1, {16, 88, 96}};
  static struct {
    const void *version; const char *summary, *complexity, *since; const void *history;
    const char *tips; int arity; const void *keys; const void *args;
  } info = {&version, NULL, NULL, NULL, NULL, "request_policy:all_shards response_policy:agg_sum", 1, NULL, NULL};
  return inform(find(ctx, "learncount"), &info);
}
