// SPDX-License-Identifier: MIT
/*
 * What bench/log/run measures with. Lists are of template ima-ng with sha256
 * files and paths of 60 characters.
 *
 *	log-bench make NR >LIST		a list of NR records, sha1 digests right
 *	log-bench ceiling NR		the hashes that checking and replaying NR
 *					such records takes, and nothing else
 *	log-bench check THREADS LIST	checks both digests, replays both banks
 *	log-bench run PROGRAM...	what another program takes for it
 *
 * The last three print a line of JSON: records, seconds, peak memory in KiB.
 */
#define OPENSSL_SUPPRESS_DEPRECATED
#include "base/util.h"
#include "../lib/measure.h"

#include <fcntl.h>
#include <imastage/imastage.h>
#include <openssl/sha.h>
#include <sys/resource.h>
#include <sys/wait.h>

#define PATH_LEN 60
#define DIGEST_FIELD "sha256:"
#define FIELD_LEN (sizeof(DIGEST_FIELD) + SHA256_DIGEST_LENGTH)
#define DATA_LEN (4 + FIELD_LEN + 4 + PATH_LEN + 1)

static void report(unsigned long long nr, double seconds, long peak)
{
	printf("{\"records\":%llu,\"seconds\":%.6f,\"peak_kib\":%ld}\n", nr,
	       seconds, peak);
}

/* Template data of record @i, in host order as all of this. */
static void fill_data(uint8_t data[DATA_LEN], unsigned long long i)
{
	uint32_t field_len = FIELD_LEN, name_len = PATH_LEN + 1;
	uint8_t *at = data;
	char path[PATH_LEN + 1];

	snprintf(path, sizeof(path), "/usr/lib/%0*llu", PATH_LEN - 9, i);
	at = mempcpy(at, &field_len, sizeof(field_len));
	at = mempcpy(at, DIGEST_FIELD, sizeof(DIGEST_FIELD));
	SHA256((const uint8_t *)path, PATH_LEN, at);
	at += SHA256_DIGEST_LENGTH;
	at = mempcpy(at, &name_len, sizeof(name_len));
	memcpy(at, path, sizeof(path));
}

static void make_list(unsigned long long nr)
{
	uint8_t data[DATA_LEN], digest[SHA_DIGEST_LENGTH];
	uint32_t pcr = IMASTAGE_PCR_IMA, name_len = 6, data_len = DATA_LEN;

	for (unsigned long long i = 0; i < nr; i++) {
		fill_data(data, i);
		SHA1(data, sizeof(data), digest);
		fwrite(&pcr, sizeof(pcr), 1, stdout);
		fwrite(digest, sizeof(digest), 1, stdout);
		fwrite(&name_len, sizeof(name_len), 1, stdout);
		fwrite("ima-ng", name_len, 1, stdout);
		fwrite(&data_len, sizeof(data_len), 1, stdout);
		fwrite(data, sizeof(data), 1, stdout);
	}
	if (fflush(stdout))
		err(1, "cannot write the list");
}

/* Two template digests, two extends; all but the value is constant. */
static void measure_ceiling(unsigned long long nr)
{
	uint8_t data[DATA_LEN], sha1[2 * SHA_DIGEST_LENGTH] = { 0 };
	uint8_t sha256[2 * SHA256_DIGEST_LENGTH] = { 0 };
	double start;
	SHA256_CTX c256;
	SHA_CTX c1;

	fill_data(data, 0);
	start = now();
	for (unsigned long long i = 0; i < nr; i++) {
		memcpy(data, &i, sizeof(i));
		SHA1_Init(&c1);
		SHA1_Update(&c1, data, sizeof(data));
		SHA1_Final(sha1 + SHA_DIGEST_LENGTH, &c1);
		SHA256_Init(&c256);
		SHA256_Update(&c256, data, sizeof(data));
		SHA256_Final(sha256 + SHA256_DIGEST_LENGTH, &c256);
		SHA1_Init(&c1);
		SHA1_Update(&c1, sha1, sizeof(sha1));
		SHA1_Final(sha1, &c1);
		SHA256_Init(&c256);
		SHA256_Update(&c256, sha256, sizeof(sha256));
		SHA256_Final(sha256, &c256);
	}
	report(nr, now() - start, peak_kib());
}

static void measure_check(unsigned int nr_threads, const char *path)
{
	const unsigned int banks = 1u << IMASTAGE_SHA1 | 1u << IMASTAGE_SHA256;
	struct imastage_check_options options = { .nr_threads = nr_threads,
						  .any_thread_reads = true };
	struct imastage_summary summary;
	struct imastage_replay *replay;
	struct imastage_reader *reader;
	double start = now();
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
	report(summary.nr_records, now() - start, peak_kib());
	imastage_replay_free(replay);
	imastage_reader_free(reader);
	close(fd);
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
	report(0, now() - start, usage.ru_maxrss);
}

int main(int argc, char **argv)
{
	if (argc == 3 && !strcmp(argv[1], "make"))
		make_list(strtoull(argv[2], NULL, 10));
	else if (argc == 3 && !strcmp(argv[1], "ceiling"))
		measure_ceiling(strtoull(argv[2], NULL, 10));
	else if (argc == 4 && !strcmp(argv[1], "check"))
		measure_check((unsigned int)strtoul(argv[2], NULL, 10),
			      argv[3]);
	else if (argc > 2 && !strcmp(argv[1], "run"))
		measure_run(argv + 2);
	else
		errx(2, "usage: log-bench make NR | ceiling NR | "
			"check THREADS LIST | run PROGRAM...");
	return 0;
}
