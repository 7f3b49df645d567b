/* SPDX-License-Identifier: MIT */
/*
 * What the benches that run in a guest share: records to measure, a task on each
 * CPU, results. Whatever fails ends the program.
 */
#ifndef BENCH_LIB_GUEST_H
#define BENCH_LIB_GUEST_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <sys/types.h>

#define IMA_DIR "/sys/kernel/security/ima/"
#define CURRENT IMA_DIR "binary_runtime_measurements"
#define STAGED CURRENT "_staged"
#define ASCII_STAGED IMA_DIR "ascii_runtime_measurements_staged"

/*
 * A record is a new small file in bench_dir, read once and removed; the policy has
 * to measure what root reads there. bench_serial is the number of the next: it
 * makes name and content.
 */
extern const char *bench_dir;
extern unsigned long bench_serial;

void die(const char *what) __attribute__((noreturn));
void die_of(const char *what) __attribute__((noreturn));
uint64_t now_ns(void);
int must_open(const char *path, int flags);
long read_number(const char *path);
void write_text(const char *path, const char *text);
void drop_caches(void);

uint64_t add_record(void);
void add_records(long nr);
long nr_current(void);
double time_read(int fd);
double time_command(int fd, const char *text);

void pin(int cpu);
pid_t start_on_cpu1(void (*work)(void), int *ret_pipe);
bool has_ended(int pipe);
void read_zeros(void);

void print(const char *what, long records, double value, const char *unit);
void print_percentiles(const char *when, long size, uint64_t *samples,
		       size_t nr);

#endif
