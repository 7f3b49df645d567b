// SPDX-License-Identifier: MIT
/*
 * imastaged: the program. Reads its configuration and becomes the agent.
 */
#include "agent/agent.h"
#include "agent/log.h"
#include "service/notify.h"
#include "base/util.h"

#include <getopt.h>
#include <signal.h>
#include <sys/stat.h>

enum {
	EXIT_USAGE = 2
};

static const char usage[] =
	"Usage: imastaged [OPTION]...\n"
	"Saves every record of the IMA measurement list before it is deleted "
	"from the\nkernel, and keeps the kernel's list short.\n"
	"\n"
	"  -c, --config FILE       its configuration (" CONFIG_PATH ")\n"
	"      --check-config      look whether that is right, and end\n"
	"      --print-config      print all of it, defaults too, and end\n"
	"  -v, --verbose           say more\n"
	"  -V, --version           which one this is\n"
	"  -h, --help              this text\n"
	"\n"
	"It stays in the foreground. SIGHUP: read the configuration again and "
	"drain;\nSIGUSR1: write the metrics file; SIGTERM, SIGINT: end.\n"
	"Exit status: 0 ended, 1 failed, 2 wrong usage or configuration.\n";

struct options {
	const char *config;
	bool check, print, verbose;
	bool done; /* nothing else is to be done */
};

static const struct option longs[] = {
	{ "config", required_argument, NULL, 'c' },
	{ "check-config", no_argument, NULL, 'C' },
	{ "print-config", no_argument, NULL, 'P' },
	{ "verbose", no_argument, NULL, 'v' },
	{ "version", no_argument, NULL, 'V' },
	{ "help", no_argument, NULL, 'h' },
	{ 0 },
};

static int take(struct options *options, int id)
{
	switch (id) {
	case 'c':
		options->config = optarg;
		return 0;
	case 'C':
		options->check = true;
		return 0;
	case 'P':
		options->print = true;
		return 0;
	case 'v':
		options->verbose = true;
		return 0;
	case 'V':
		printf("imastaged " IMASTAGE_VERSION "\n");
		options->done = true;
		return 0;
	case 'h':
		fputs(usage, stdout);
		options->done = true;
		return 0;
	default:
		fprintf(stderr, "Try 'imastaged --help'.\n");
		return EXIT_USAGE;
	}
}

static int parse(int argc, char **argv, struct options *options)
{
	int id, status = 0;

	while (status == 0 && !options->done &&
	       (id = getopt_long(argc, argv, "c:vVh", longs, NULL)) != -1)
		status = take(options, id);
	if (status == 0 && !options->done && optind < argc) {
		fprintf(stderr, "imastaged: '%s' is too much\n", argv[optind]);
		status = take(options, '?');
	}
	return status;
}

static int read_config(const char *path, struct config *config)
{
	struct config_error error;
	int r = config_read(path, config, &error);

	if (r == 0)
		return 0;
	if (error.line)
		log_line(SAY_ERROR, "%s:%u: %s", path ? path : CONFIG_PATH,
			 error.line, error.text);
	else
		log_line(SAY_ERROR, "%s: %s", path ? path : CONFIG_PATH,
			 error.text);
	return EXIT_USAGE;
}

/*
 * What others can do to us by our descriptors and environment: TSS is silent, for it
 * writes where nobody reads; a pipe that breaks is an error.
 */
static void prepare(void)
{
	signal(SIGPIPE, SIG_IGN);
	setenv("TSS2_LOG", "all+NONE", 0);
	umask(0077);
	notify_init();
	agent_block_signals();
}

int main(int argc, char **argv)
{
	struct options options = { 0 };
	struct config config;
	int status = parse(argc, argv, &options);

	if (status || options.done)
		return status;
	log_init();
	if (options.verbose)
		log_set_level(SAY_DEBUG);
	status = read_config(options.config, &config);
	if (status)
		return status;
	if (options.print)
		config_print(stdout, &config);
	if (options.check || options.print)
		return fflush(stdout) == EOF ? EXIT_FAILURE : EXIT_SUCCESS;
	prepare();
	return agent_run(&config, options.config) < 0 ? EXIT_FAILURE :
							EXIT_SUCCESS;
}
