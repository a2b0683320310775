/* common/mongo/job: fields, lease, what is left by a dead process. */
#include <string.h>
#include <sys/wait.h>
#include <unistd.h>

#include "base/hash.h"
#include "mongo/job.h"
#include "rig.h"
#include "tap.h"

static struct rig rig;
static bson_error_t error;

static struct job *
take(const char *name)
{
	memset(&error, 0, sizeof error);
	return job_open(rig.conn, name, "mm-test", &error);
}

static void
test_name(void)
{
	struct ns_flags flags = {.db = "shop"};
	bson_t *source = tap_json("{\"set\":\"rs\",\"replicaSetId\":\"abc\","
				  "\"me\":\"h:1\"}"),
	       *moved = tap_json("{\"set\":\"rs\",\"replicaSetId\":\"abc\","
				 "\"me\":\"h:2\"}"),
	       *other = tap_json("{\"set\":\"rs\",\"replicaSetId\":\"abd\"}");
	struct ns_rules *rules = ns_rules_new(&flags, &error);
	char a[SHA256_TEXT], b[SHA256_TEXT], c[SHA256_TEXT];

	job_default_name(source, rules, a);
	job_default_name(moved, rules, b);
	job_default_name(other, rules, c);
	OK(strlen(a) == 64 && strcmp(a, b) == 0 && strcmp(a, c) != 0,
	    "the name is of the set, not of the member");
	ns_rules_free(rules);
	bson_destroy(source);
	bson_destroy(moved);
	bson_destroy(other);
}

static void
count_ns(void *arg, const char *ns)
{
	int *n = arg;

	if (strncmp(ns, "t.", 2) == 0)
		++*n;
}

static bool
count_staged(void *arg, const char *ns, const char *why, const bson_t *spec)
{
	int *n = arg;

	if (strcmp(ns, "t.a") == 0 && strcmp(why, "unique") == 0 &&
	    bson_has_field(spec, "key"))
		++*n;
	return true;
}

static void
test_life(void)
{
	bson_t *source = tap_json("{\"set\":\"rs\"}"),
	       *filters = tap_json("{\"include\":[\"t.*\"]}"),
	       *staged = tap_json(
		   "{\"0\":{\"ns\":\"t.a\",\"spec\":{\"key\":{\"a\":1},"
		   "\"name\":\"a_1\"},\"why\":\"unique\"}}"),
	       peeked;
	struct job_checkpoint cp, got;
	struct optime from = {10, 1, 2}, to = {20, 3, 2}, on = {30, 1, 2};
	struct job *j = take("life"), *second;
	int n = 0;

	OK(j && job_phase(j) == JOB_NONE && !job_read_checkpoint(j, &got) &&
		!job_lost(j),
	    "a new job: %s", error.message);
	second = take("life");
	OK(!second && error_status(&error) == MM_EXIT_REFUSED &&
		strstr(error.message, "mm-test"),
	    "a second writer: %s", error.message);
	OK(job_begin_load(j, source, filters, NULL, from, &error) &&
		job_phase(j) == JOB_LOADING,
	    "loading");
	OK(job_own(j, "t.a", staged, &error) &&
		job_own(j, "t.b", NULL, &error) &&
		job_own(j, "t.a", staged, &error),
	    "namespaces owned: %s", error.message);
	job_close(j);
	j = take("life");
	OK(j && job_phase(j) == JOB_LOADING, "taken again after it was given");
	job_each_owned(j, count_ns, &n);
	OK(n == 2, "what it owns is known");
	n = 0;
	OK(job_each_staged(rig.conn, "life", count_staged, &n, &error) &&
		n == 1,
	    "and what it holds back");
	OK(job_reset(j, &error) && job_phase(j) == JOB_NONE &&
		!bson_has_field(job_doc(j), "source"),
	    "forgotten: %s", error.message);
	n = 0;
	job_each_owned(j, count_ns, &n);
	OK(n == 2, "owned still: writes of the load before may arrive");
	n = 0;
	OK(job_each_staged(rig.conn, "life", count_staged, &n, &error) &&
		n == 0,
	    "and holds nothing back");
	OK(job_begin_load(j, source, filters, NULL, from, &error) &&
		job_own(j, "t.b", NULL, &error) &&
		job_end_load(j, from, from, to, &error) &&
		job_phase(j) == JOB_LOADED && job_read_checkpoint(j, &got) &&
		optime_same(got.read_from, from) &&
		optime_same(got.applied, from) && optime_same(got.seen, to),
	    "loaded, with its first checkpoint");
	OK(!job_begin_load(j, source, filters, NULL, from, &error) &&
		error_status(&error) == MM_EXIT_REFUSED,
	    "not loaded twice: %s", error.message);
	cp = (struct job_checkpoint){to, on, on};
	OK(job_save(j, &cp, &error) && job_phase(j) == JOB_APPLYING,
	    "a checkpoint");
	OK(job_peek(rig.conn, "life", &peeked, &error) == 1 &&
		job_doc_phase(&peeked) == JOB_APPLYING &&
		job_doc_checkpoint(&peeked, &got) &&
		optime_same(got.read_from, to) && optime_same(got.applied, on),
	    "that everybody can read");
	bson_destroy(&peeked);
	OK(job_peek(rig.conn, "nobody", &peeked, &error) == 0, "no such job");
	bson_destroy(&peeked);
	job_close(j);
	bson_destroy(source);
	bson_destroy(filters);
	bson_destroy(staged);
}

/* A holder that dies without a word. To be done before there are threads.
 * Unless it is reaped its entry in the table of processes stays. */
static void
leave_dead_holder(const char *name, bool reap)
{
	pid_t pid = fork();
	siginfo_t info;

	if (pid == 0) {
		struct rig own = {.pid = rig.pid};

		memcpy(own.uri, rig.uri, sizeof own.uri);
		rig_open(&own, SIDE_TARGET);
		_exit(job_open(own.conn, name, "mm-child", &error) ? 0 : 1);
	}
	waitid(P_PID, (id_t)pid, &info, WEXITED | (reap ? 0 : WNOWAIT));
	OK(info.si_code == CLD_EXITED && info.si_status == 0,
	    "a child took \"%s\"", name);
}

static void
test_dead(void)
{
	struct job *j = take("dead");

	OK(j, "taken over from a dead process: %s", error.message);
	job_close(j);
	j = take("zombie");
	OK(j, "from one that nobody has waited for: %s", error.message);
	job_close(j);
}

static void
set_writer(const char *name, const char *set)
{
	char *json = bson_strdup_printf(
	    "{\"update\":\"jobs\",\"updates\":[{\"q\":{\"_id\":\"%s\"},"
	    "\"u\":{\"$set\":%s}}]}",
	    name, set);

	rig_run(&rig, "mm_control", json, NULL);
	bson_free(json);
}

static void
test_lost(void)
{
	struct job_checkpoint cp = {{1, 1, 1}, {1, 1, 1}, {1, 1, 1}};
	struct job *j = take("lost"), *other;

	OK(j && job_save(j, &cp, &error), "saved: %s", error.message);
	set_writer("lost",
	    "{\"writer.epoch\":{\"$numberLong\":\"77\"},\"writer.host\":"
	    "\"x\"}");
	OK(!job_save(j, &cp, &error) &&
		error_status(&error) == MM_EXIT_REFUSED && job_lost(j),
	    "not any more: %s", error.message);
	job_close(j);
	OK(!take("lost"), "the other one has it: %s", error.message);
	set_writer("lost",
	    "{\"writer.expires\":{\"$date\":{\"$numberLong\":\"1000\"}}}");
	other = take("lost");
	OK(other, "until its lease is over: %s", error.message);
	job_close(other);
}

static void
test_faults(void)
{
	struct job_checkpoint cp = {{1, 1, 1}, {2, 1, 1}, {1, 1, 1}}, got;
	static const char *const lose[] = {"find", "insert", "update"};
	int64_t before = rig_fired(&rig, "loseReply");
	struct job *j;

	for (size_t i = 0; i < 3; i++) {
		char *json = bson_strdup_printf(
		    "{\"simulate\":\"loseReply\",\"command\":\"%s\"}", lose[i]);

		rig_run(&rig, "admin", json, NULL);
		bson_free(json);
	}
	j = take("fault");
	OK(j, "taken though replies are lost: %s", error.message);
	rig_run(&rig, "admin",
	    "{\"simulate\":\"writeConcernError\",\"command\":\"update\"}",
	    NULL);
	OK(job_save(j, &cp, &error) && job_read_checkpoint(j, &got) &&
		optime_same(got.applied, cp.applied),
	    "saved though a write concern failed: %s", error.message);
	OK(rig_fired(&rig, "loseReply") == before + 3 &&
		rig_fired(&rig, "writeConcernError") == 1,
	    "all of that happened");
	job_close(j);
}

/* The clock that counts is the target's. */
static void
test_clock(void)
{
	struct job_checkpoint cp = {{1, 1, 1}, {2, 1, 1}, {1, 1, 1}};
	struct job *j = take("clock"), *other;

	OK(j && !take("clock"), "held");
	rig_run(&rig, "admin", "{\"simulate\":\"clock\",\"ms\":119000}", NULL);
	OK(!take("clock"), "after 119 s too");
	rig_run(&rig, "admin", "{\"simulate\":\"clock\",\"ms\":125000}", NULL);
	other = take("clock");
	OK(other && job_save(other, &cp, &error), "then it is taken: %s",
	    error.message);
	OK(!job_save(j, &cp, &error) && job_lost(j),
	    "and the first one cannot write: %s", error.message);
	job_close(j);
	OK(!job_lost(other) && job_save(other, &cp, &error),
	    "nor give it away: %s", error.message);
	job_close(other);
	rig_run(&rig, "admin", "{\"simulate\":\"clock\",\"ms\":0}", NULL);
}

int
main(void)
{
	if (!rig_start(&rig, NULL))
		return tap_done();
	leave_dead_holder("dead", true);
	leave_dead_holder("zombie", false);
	rig_open(&rig, SIDE_TARGET);
	test_dead();
	test_name();
	test_life();
	test_lost();
	if (rig.sim) {
		test_faults();
		test_clock();
	}
	rig_stop(&rig);
	return tap_done();
}
