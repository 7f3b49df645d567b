// SPDX-License-Identifier: MIT
/*
 * What bench/log/run measures with. Records are those of bench/lib/record.h.
 *
 *	log-bench make NR >LIST		a list of NR records, sha1 digests right
 *	log-bench ceiling NR		the hashes that checking and replaying NR
 *					such records takes, and nothing else
 *	log-bench ceiling-read LIST	the same hashes over a list made by this, read
 *					from its file: what no replay can do without
 *	log-bench ceiling-evp NR	the ceiling by OpenSSL's EVP calls
 *	log-bench check THREADS LIST	checks both digests, replays both banks
 *	log-bench check-openssl THREADS LIST	the same without the instructions
 *					of src/log/sha_ni.c
 *	log-bench run PROGRAM...	what another program takes for it
 *
 * All but the first print a line of JSON: records, seconds, seconds of processor time,
 * peak memory in KiB.
 */
#include "base/util.h"
#include "log/sha_ni.h"
#include "../lib/measure.h"
#include "../lib/record.h"

#include <fcntl.h>
#include <openssl/evp.h>
#include <sys/resource.h>
#include <sys/wait.h>

struct start {
	double seconds, used;
};

static struct start begin(void)
{
	return (struct start){ now(), used() };
}

static void report(unsigned long long nr, double seconds, double cpu_seconds,
		   long peak)
{
	printf("{\"records\":%llu,\"seconds\":%.6f,\"cpu_seconds\":%.6f,"
	       "\"peak_kib\":%ld}\n",
	       nr, seconds, cpu_seconds, peak);
}

static void report_self(unsigned long long nr, struct start start)
{
	report(nr, now() - start.seconds, used() - start.used, peak_kib());
}

static void make_list(unsigned long long nr)
{
	uint8_t data[BENCH_DATA_LEN], record[BENCH_RECORD_LEN];

	for (unsigned long long i = 0; i < nr; i++) {
		size_t len;

		bench_fill_data(data, i);
		len = bench_put_record(record, data, sizeof(data));
		fwrite(record, len, 1, stdout);
	}
	if (fflush(stdout))
		err(1, "cannot write the list");
}

/* What the hashes of records are over; the values are behind each other's messages. */
struct messages {
	uint8_t data[BENCH_DATA_LEN]; /* unless others are hashed */
	uint8_t sha1[2 * SHA_DIGEST_LENGTH], sha256[2 * SHA256_DIGEST_LENGTH];
};

static void low_level(const uint8_t data[BENCH_DATA_LEN], struct messages *m)
{
	SHA256_CTX c256;
	SHA_CTX c1;

	SHA1_Init(&c1);
	SHA1_Update(&c1, data, BENCH_DATA_LEN);
	SHA1_Final(m->sha1 + SHA_DIGEST_LENGTH, &c1);
	SHA256_Init(&c256);
	SHA256_Update(&c256, data, BENCH_DATA_LEN);
	SHA256_Final(m->sha256 + SHA256_DIGEST_LENGTH, &c256);
	SHA1_Init(&c1);
	SHA1_Update(&c1, m->sha1, sizeof(m->sha1));
	SHA1_Final(m->sha1, &c1);
	SHA256_Init(&c256);
	SHA256_Update(&c256, m->sha256, sizeof(m->sha256));
	SHA256_Final(m->sha256, &c256);
}

/* An algorithm, fetched once, and its context, which is used again. */
struct evp {
	EVP_MD *md;
	EVP_MD_CTX *context;
};

static struct evp fetch(const char *name)
{
	struct evp evp = { EVP_MD_fetch(NULL, name, NULL), EVP_MD_CTX_new() };

	if (!evp.md || !evp.context)
		errx(1, "no %s", name);
	return evp;
}

static void evp_hash(struct evp *evp, const void *data, size_t len,
		     uint8_t *ret_digest)
{
	if (EVP_DigestInit_ex2(evp->context, evp->md, NULL) != 1 ||
	    EVP_DigestUpdate(evp->context, data, len) != 1 ||
	    EVP_DigestFinal_ex(evp->context, ret_digest, NULL) != 1)
		errx(1, "cannot hash");
}

/* Two template digests, two extends; all but the value is constant. */
static void measure_ceiling(unsigned long long nr)
{
	struct messages m = { 0 };
	struct start start;

	bench_fill_data(m.data, 0);
	start = begin();
	for (unsigned long long i = 0; i < nr; i++) {
		memcpy(m.data, &i, sizeof(i));
		low_level(m.data, &m);
	}
	report_self(nr, start);
}

/* The rest of a record that was cut is read behind what is there of it. */
static size_t hash_records(uint8_t *window, size_t len, struct messages *m,
			   unsigned long long *nr)
{
	size_t at = 0;

	for (; len - at >= BENCH_RECORD_LEN; at += BENCH_RECORD_LEN, ++*nr)
		low_level(window + at + BENCH_RECORD_LEN - BENCH_DATA_LEN, m);
	memmove(window, window + at, len - at);
	return len - at;
}

/* In pieces as large as the reader's, which is what is fastest. */
static void measure_ceiling_read(const char *path)
{
	static uint8_t window[64 << 10];
	struct start start = begin();
	int fd = open(path, O_RDONLY | O_CLOEXEC);
	struct messages m = { 0 };
	unsigned long long nr = 0;
	size_t len = 0;
	ssize_t n;

	if (fd < 0)
		err(1, "%s", path);
	while ((n = read(fd, window + len, sizeof(window) - len)) > 0)
		len = hash_records(window, len + (size_t)n, &m, &nr);
	if (n < 0)
		err(1, "%s", path);
	report_self(nr, start);
	close(fd);
}

static void measure_ceiling_evp(unsigned long long nr)
{
	struct evp e1 = fetch("SHA1"), e256 = fetch("SHA256");
	struct messages m = { 0 };
	struct start start;

	bench_fill_data(m.data, 0);
	start = begin();
	for (unsigned long long i = 0; i < nr; i++) {
		memcpy(m.data, &i, sizeof(i));
		evp_hash(&e1, m.data, BENCH_DATA_LEN,
			 m.sha1 + SHA_DIGEST_LENGTH);
		evp_hash(&e256, m.data, BENCH_DATA_LEN,
			 m.sha256 + SHA256_DIGEST_LENGTH);
		evp_hash(&e1, m.sha1, sizeof(m.sha1), m.sha1);
		evp_hash(&e256, m.sha256, sizeof(m.sha256), m.sha256);
	}
	report_self(nr, start);
	EVP_MD_CTX_free(e1.context);
	EVP_MD_CTX_free(e256.context);
	EVP_MD_free(e1.md);
	EVP_MD_free(e256.md);
}

static void measure_check(unsigned int nr_threads, const char *path)
{
	const unsigned int banks = 1u << IMASTAGE_SHA1 | 1u << IMASTAGE_SHA256;
	struct imastage_check_options options = { .nr_threads = nr_threads,
						  .any_thread_reads = true };
	struct imastage_summary summary;
	struct imastage_replay *replay;
	struct imastage_reader *reader;
	struct start start = begin();
	int fd = open(path, O_RDONLY | O_CLOEXEC);

	if (fd < 0)
		err(1, "%s", path);
	if (imastage_reader_new_fd(fd, NULL, &reader) < 0 ||
	    imastage_replay_new(banks, 1u << IMASTAGE_PCR_IMA, &replay) < 0)
		errx(1, "out of memory");
	if (imastage_check(reader, replay, NULL, &options, &summary) < 0)
		errx(1, "%s: %s", path, imastage_reader_error(reader)->reason);
	if (summary.nr_bad > 0)
		errx(1, "%s: a record's digest is wrong", path);
	report_self(summary.nr_records, start);
	imastage_replay_free(replay);
	imastage_reader_free(reader);
	close(fd);
}

static double seconds_of(struct timeval time)
{
	return (double)time.tv_sec + (double)time.tv_usec * 1e-6;
}

/* The peak is not below ours, which is small, nor that of who started us. */
static void measure_run(char **program)
{
	double start = now();
	struct rusage usage;
	pid_t pid = fork();
	int status;

	if (pid < 0)
		err(1, "fork");
	if (pid == 0) {
		if (!freopen("/dev/null", "w", stdout) ||
		    !freopen("/dev/null", "w", stderr))
			_exit(1);
		execvp(program[0], program);
		_exit(127);
	}
	if (wait4(pid, &status, 0, &usage) != pid || status)
		errx(1, "%s did not end with 0", program[0]);
	report(0, now() - start,
	       seconds_of(usage.ru_utime) + seconds_of(usage.ru_stime),
	       usage.ru_maxrss);
}

static bool is_check(const char *word)
{
	if (!strcmp(word, "check-openssl"))
		sha_ni_hide(true);
	return !strncmp(word, "check", 5);
}

int main(int argc, char **argv)
{
	if (argc == 3 && !strcmp(argv[1], "make"))
		make_list(strtoull(argv[2], NULL, 10));
	else if (argc == 3 && !strcmp(argv[1], "ceiling"))
		measure_ceiling(strtoull(argv[2], NULL, 10));
	else if (argc == 3 && !strcmp(argv[1], "ceiling-read"))
		measure_ceiling_read(argv[2]);
	else if (argc == 3 && !strcmp(argv[1], "ceiling-evp"))
		measure_ceiling_evp(strtoull(argv[2], NULL, 10));
	else if (argc == 4 && is_check(argv[1]))
		measure_check((unsigned int)strtoul(argv[2], NULL, 10),
			      argv[3]);
	else if (argc > 2 && !strcmp(argv[1], "run"))
		measure_run(argv + 2);
	else
		errx(2,
		     "usage: log-bench make NR | ceiling NR | ceiling-read LIST | ceiling-evp NR | "
		     "check THREADS LIST | check-openssl THREADS LIST | run PROGRAM...");
	return 0;
}
