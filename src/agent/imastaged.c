// SPDX-License-Identifier: MIT
/*
 * imastaged: the program. Reads its configuration and becomes the agent.
 */
#include "agent/agent.h"
#include "agent/log.h"
#include "service/config_look.h"
#include "base/bytes.h"
#include "base/suggest.h"
#include "service/notify.h"
#include "base/text.h"
#include "base/util.h"

#include <getopt.h>
#include <limits.h>
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
	"      --check-config      say which that is, whether it is right, and "
	"end\n"
	"      --print-config      print all of it, defaults too, and end\n"
	"  -v, --verbose           say more\n"
	"  -V, --version           which one this is\n"
	"  -h, --help              this text\n"
	"\n"
	"It stays in the foreground. SIGHUP: read the configuration again and "
	"drain;\nSIGUSR1: write the metrics file; SIGTERM, SIGINT: end.\n"
	"Exit status: 0 ended, 1 failed, 2 wrong usage or configuration, "
	"which the unit\ndoes not try again.\n";

struct options {
	char *config;
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

/* What getopt_long() cannot take; @given: it as a whole. */
static int complain(const char *given, int id)
{
	struct suggest suggest = { .dashes = "--" };
	size_t len = strlen(given);

	if (len > 2 && !strncmp(given, "--", 2))
		suggest.word = bytes_of(given + 2, len - 2);
	for (const struct option *o = longs; suggest.word.len && o->name; o++)
		suggest_try(&suggest, o->name);
	if (id == ':')
		text_print_line(stderr, "imastaged: '%s' wants a value", given);
	else
		text_print_line(stderr, "imastaged: there is no option '%s'%s",
				given, suggest_text(&suggest));
	return '?';
}

static int parse(int argc, char **argv, struct options *options)
{
	int id, status = 0;

	opterr = 0;
	while (status == 0 && !options->done &&
	       (id = getopt_long(argc, argv, ":c:vVh", longs, NULL)) != -1) {
		if (id == '?' || id == ':')
			id = complain(argv[optind - 1], id);
		status = take(options, id);
	}
	if (status == 0 && !options->done && optind < argc) {
		text_print_line(stderr, "imastaged: '%s' is too much",
				argv[optind]);
		status = take(options, '?');
	}
	return status;
}

static void say_finding(void *context, enum config_finding finding,
			const char *text)
{
	const char *path = context;

	log_line(finding == CONFIG_NOTE ? SAY_NOTICE : SAY_ERROR, "%s: %s",
		 path ? path : CONFIG_PATH, text);
}

/* For the service what may still come is no matter: it is tried again, and says so itself. */
static void say_what_is_wrong(void *context, enum config_finding finding,
			      const char *text)
{
	if (finding == CONFIG_WRONG)
		say_finding(context, finding, text);
}

/* What the configuration names is looked at, too. */
static int look_at_config(const struct options *options,
			  const struct config *config)
{
	char *path = options->config;
	char name[PATH_MAX + 64];
	enum config_finding worst = config_look(
		config, options->check ? say_finding : say_what_is_wrong, path);

	if (!options->check)
		return worst == CONFIG_WRONG ? EXIT_USAGE : 0;
	config_name_file(path, name, sizeof(name));
	text_print_line(stdout, "%s: %s", name,
			worst == CONFIG_NOTE ? "right" : "wrong");
	return worst == CONFIG_NOTE ? 0 : EXIT_USAGE;
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
 * What others can do to us by our descriptors and environment: a pipe that breaks is an error.
 */
static void prepare(void)
{
	signal(SIGPIPE, SIG_IGN);
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
	setenv("TSS2_LOG", "all+NONE", 0);
	if (options.verbose)
		log_set_level(SAY_DEBUG);
	status = read_config(options.config, &config);
	if (status)
		return status;
	if (options.print)
		config_print(stdout, &config);
	if (!options.print || options.check)
		status = look_at_config(&options, &config);
	if (status || options.check || options.print)
		return fflush(stdout) == EOF ? EXIT_FAILURE : status;
	prepare();
	return agent_run(&config, options.config) < 0 ? EXIT_FAILURE :
							EXIT_SUCCESS;
}
