// SPDX-License-Identifier: MIT
/*
 * From tables of options to getopt_long() and help texts.
 */
#include "tool/opts.h"
#include "base/bytes.h"
#include "base/suggest.h"
#include "base/util.h"
#include "tool/cli.h"

#include <errno.h>
#include <getopt.h>

#define OPTS_MAX 64
#define FIRST_ID 256 /* of options, beyond all characters */
#define TEXT_COLUMN 26

/* All options of all groups in a row; the index is the id. */
struct flat {
	const struct opt *opt[OPTS_MAX];
	void *context[OPTS_MAX];
	size_t nr;
	struct option longs[OPTS_MAX + 2];
	char letters[2 * OPTS_MAX + 4];
};

static void add_letter(struct flat *flat, const struct opt *opt)
{
	size_t len = strlen(flat->letters);

	if (!opt->letter)
		return;
	flat->letters[len++] = opt->letter;
	if (opt->value)
		flat->letters[len++] = ':';
	flat->letters[len] = '\0';
}

static void add_opt(struct flat *flat, const struct opt *opt, void *context)
{
	if (!opt->name || flat->nr == OPTS_MAX)
		return;
	flat->longs[flat->nr] = (struct option){
		opt->name,
		opt->value ? required_argument : no_argument,
		NULL,
		FIRST_ID + (int)flat->nr,
	};
	add_letter(flat, opt);
	flat->opt[flat->nr] = opt;
	flat->context[flat->nr++] = context;
}

static void flatten(struct flat *flat, const struct opt_group *groups,
		    size_t nr_groups)
{
	memset(flat, 0, sizeof(*flat));
	strcpy(flat->letters, ":h");
	for (size_t i = 0; i < nr_groups; i++)
		for (const struct opt *opt = groups[i].opts; opt->text; opt++)
			add_opt(flat, opt, groups[i].context);
	flat->longs[flat->nr] =
		(struct option){ "help", no_argument, NULL, 'h' };
}

/* ---- help ------------------------------------------------------------------ */

static void print_text(const char *text, int column)
{
	for (;;) {
		size_t len = strcspn(text, "\n");

		if (column > TEXT_COLUMN - 2) {
			putchar('\n');
			column = 0;
		}
		printf("%*s%.*s\n", TEXT_COLUMN - column, "", (int)len, text);
		if (!text[len])
			return;
		text += len + 1;
		column = 0;
	}
}

static void print_opt(const struct opt *opt)
{
	char names[64];
	int column;

	if (!opt->name) {
		printf("\n%s\n", opt->text);
		return;
	}
	snprintf(names, sizeof(names), "  %s--%s%s%s",
		 opt->letter ? (char[]){ '-', opt->letter, ',', ' ', '\0' } :
			       "    ",
		 opt->name, opt->value ? " " : "",
		 opt->value ? opt->value : "");
	column = printf("%s", names);
	print_text(opt->text, column);
}

static int help(const struct command *command, const struct opt_group *groups,
		size_t nr_groups)
{
	printf("Usage: %s %s\n%s", cli_name(), command->synopsis,
	       command->summary);
	for (size_t i = 0; i < nr_groups; i++)
		for (const struct opt *opt = groups[i].opts; opt->text; opt++)
			print_opt(opt);
	print_text("this text", printf("  -h, --help"));
	if (command->epilogue)
		printf("\n%s", command->epilogue);
	return OPTS_HELP;
}

/* ---- parsing --------------------------------------------------------------- */

/* Place of the option that getopt_long() returned, or flat->nr. */
static size_t index_of(const struct flat *flat, int id)
{
	size_t i = 0;

	if (id >= FIRST_ID)
		return (size_t)(id - FIRST_ID);
	while (i < flat->nr && flat->opt[i]->letter != id)
		i++;
	return i;
}

static int refuse_value(const struct opt *opt, const char *value, int r)
{
	if (r > 0)
		return CLI_USAGE;
	if (r != -EINVAL && r != -ENOENT && r != -ERANGE && r != -ENOBUFS)
		return cli_usage("--%s %s: %s", opt->name, value ? value : "",
				 strerror(-r));
	return cli_usage("--%s wants %s, not '%s'", opt->name, opt->wanted,
			 value ? value : "");
}

static int take(const struct flat *flat, int id, const char *value)
{
	size_t i = index_of(flat, id);
	int r;

	if (i >= flat->nr)
		return cli_usage("there is no option like that");
	r = flat->opt[i]->set(flat->context[i], value);
	return r ? refuse_value(flat->opt[i], value, r) : CLI_OK;
}

/* The long name in "--name=value". */
static struct imastage_bytes long_name(const char *word)
{
	return bytes_of(word + 2, strcspn(word + 2, "="));
}

static bool is_named(const struct opt *opt, const char *word)
{
	struct imastage_bytes name;

	if (word[1] != '-')
		return opt->letter && word[1] == opt->letter;
	name = long_name(word);
	return name.len && opt->name &&
	       !strncmp(opt->name, (const char *)name.data, name.len);
}

int opts_find(const struct opt *opts, const char *word)
{
	for (const struct opt *opt = opts; opt && opt->text; opt++) {
		if (!is_named(opt, word))
			continue;
		if (!opt->value)
			return 0;
		return word[1] == '-' ? !strchr(word, '=') : !word[2];
	}
	return -ENOENT;
}

static int complain_of_name(const struct flat *flat, const char *given)
{
	struct suggest suggest = { .dashes = "--" };

	if (given[0] == '-' && given[1] == '-')
		suggest.word = long_name(given);
	for (size_t i = 0; suggest.word.len && i < flat->nr; i++)
		suggest_try(&suggest, flat->opt[i]->name);
	return cli_usage("there is no option '%s', or several begin so%s",
			 given, suggest_text(&suggest));
}

static int complain(const struct flat *flat, int id, char **argv)
{
	size_t i = index_of(flat, optopt);
	const char *given = argv[optind - 1];

	if (id == ':' && i < flat->nr)
		return cli_usage("--%s wants a value: %s", flat->opt[i]->name,
				 flat->opt[i]->wanted);
	if (optopt && optopt < FIRST_ID)
		return cli_usage("there is no option '-%c'", optopt);
	if (optopt)
		return cli_usage("'%s' takes no value", given);
	return complain_of_name(flat, given);
}

int opts_parse(const struct command *command, const struct opt_group *groups,
	       size_t nr_groups, int argc, char **argv, char ***ret_args)
{
	struct flat flat;
	bool wants_help = false;
	int id, r = CLI_OK;

	flatten(&flat, groups, nr_groups);
	opterr = 0;
	optind = 1;
	while (r == CLI_OK && (id = getopt_long(argc, argv, flat.letters,
						flat.longs, NULL)) != -1) {
		if (id == 'h')
			wants_help = true;
		else if (id == '?' || id == ':')
			r = complain(&flat, id, argv);
		else
			r = take(&flat, id, optarg);
	}
	if (r != CLI_OK)
		return r;
	if (wants_help)
		return help(command, groups, nr_groups);
	*ret_args = argv + optind;
	return CLI_OK;
}

int opts_parse_all(const struct command *command,
		   const struct opt_group *groups, size_t nr_groups, int argc,
		   char **argv)
{
	char **args;
	int r = opts_parse(command, groups, nr_groups, argc, argv, &args);

	if (r == CLI_OK && *args)
		r = cli_usage("'%s' is too much", *args);
	return r;
}
