// SPDX-License-Identifier: MIT
/*
 * Looking at what a configuration names.
 */
#include "service/config_look.h"
#include "base/path.h"
#include "base/util.h"
#include "tpm/tpm.h"

#include <errno.h>
#include <grp.h>
#include <stdarg.h>
#include <sys/un.h>

struct look {
	const struct config *config;
	struct config defaults;
	void (*found)(void *context, enum config_finding finding,
		      const char *text);
	void *context;
	enum config_finding worst;
};

__attribute__((format(printf, 3, 4))) static void
find(struct look *look, enum config_finding finding, const char *format, ...)
{
	char text[3 * CONFIG_TEXT_MAX];
	va_list arguments;

	va_start(arguments, format);
	vsnprintf(text, sizeof(text), format, arguments);
	va_end(arguments);
	look->found(look->context, finding, text);
	if (finding > look->worst)
		look->worst = finding;
}

/* ---- groups ---------------------------------------------------------------- */

int config_find_group(const char *name, gid_t *ret_group)
{
	struct group *group;

	*ret_group = (gid_t)-1;
	if (!*name)
		return 0;
	errno = 0;
	group = getgrnam(name);
	if (!group)
		return errno && errno != ESRCH ? -errno : -ENOENT;
	*ret_group = group->gr_gid;
	return 0;
}

static void look_at_group(struct look *look, const char *key, const char *name)
{
	gid_t group;
	int r = config_find_group(name, &group);

	if (r == -ENOENT)
		find(look, CONFIG_WRONG,
		     "%s %s: there is no such group; make it, or name another",
		     key, name);
	else if (r < 0)
		find(look, CONFIG_MISSING, "%s %s: %s", key, name,
		     strerror(-r));
}

/* ---- paths ----------------------------------------------------------------- */

static void look_at_folder(struct look *look, const char *key, const char *path,
			   enum config_finding finding, const char *remedy)
{
	struct stat st;

	if (stat(path, &st) < 0)
		find(look, finding, "%s %s: %s; %s", key, path, strerror(errno),
		     remedy);
	else if (!S_ISDIR(st.st_mode))
		find(look, CONFIG_MISSING, "%s %s: is no folder; %s", key, path,
		     remedy);
}

/* The archive itself may not be there yet. */
static void look_at_archive(struct look *look, const char *path)
{
	char parent[CONFIG_TEXT_MAX], *slash;
	struct stat st;

	if (!strcmp(path, look->defaults.archive))
		return;
	strcpy(parent, path);
	slash = strrchr(parent, '/');
	*(slash == parent ? slash + 1 : slash) = '\0';
	if (stat(path, &st) < 0 && errno == ENOENT)
		look_at_folder(look, "archive: the folder", parent,
			       CONFIG_MISSING, "make it");
	else
		look_at_folder(look, "archive", path, CONFIG_MISSING,
			       "name a folder");
}

static bool find_place(struct look *look, const char *key, const char *path,
		       struct path_place *ret_place)
{
	int r = path_walk(path, ret_place);

	if (r == -ENOENT)
		find(look, CONFIG_MISSING,
		     "%s %s: its folder does not exist; make it", key, path);
	else if (r < 0)
		find(look, CONFIG_MISSING, "%s %s: %s", key, path,
		     path_strerror(r));
	return r == 0;
}

static void look_at_socket(struct look *look, const char *key, const char *path,
			   const char *usual)
{
	struct path_place place;

	if (!*path || !strcmp(path, usual))
		return;
	if (strlen(path) >= sizeof(((struct sockaddr_un *)NULL)->sun_path)) {
		find(look, CONFIG_WRONG,
		     "%s %s: too long for a socket; use a shorter path", key,
		     path);
		return;
	}
	if (!find_place(look, key, path, &place))
		return;
	if (!place.walked_trusted)
		find(look, CONFIG_MISSING,
		     "%s %s: other users can write to its folder, or to one "
		     "above it; use a folder of root's",
		     key, path);
	else if (place.exists && !S_ISSOCK(place.st.st_mode))
		find(look, CONFIG_MISSING,
		     "%s %s: is there and no socket; remove it, or use another "
		     "name",
		     key, path);
	path_fini(&place);
}

static void look_at_metrics_file(struct look *look, const char *path)
{
	struct path_place place;

	if (!*path || !find_place(look, "metrics_file", path, &place))
		return;
	if (place.exists && !S_ISREG(place.st.st_mode))
		find(look, CONFIG_MISSING, "metrics_file %s: %s", path,
		     path_strerror(-EEXIST));
	path_fini(&place);
}

static void look_at_boot_id(struct look *look, const char *path)
{
	if (access(path, R_OK) < 0)
		find(look, CONFIG_MISSING,
		     "boot_id %s: %s; name a file that tells one kernel from "
		     "another",
		     path, strerror(errno));
}

static void look_at_tpm(struct look *look, const char *tcti)
{
	if (*tcti && !tpm_is_tcti(tcti))
		find(look, CONFIG_WRONG,
		     "tpm %s: TSS has no such way to a TPM; write auto, none, "
		     "or one like device:/dev/tpmrm0",
		     tcti);
}

enum config_finding config_look(const struct config *config,
				void (*found)(void *context,
					      enum config_finding finding,
					      const char *text),
				void *context)
{
	struct look look = {
		.config = config,
		.found = found,
		.context = context,
	};

	config_defaults(&look.defaults);
	look_at_group(&look, "control_group", config->control_group);
	look_at_group(&look, "view_group", config->view_group);
	look_at_tpm(&look, config->tpm);
	look_at_archive(&look, config->archive);
	look_at_folder(&look, "source", config->source, CONFIG_NOTE,
		       "this kernel has no IMA, or securityfs is not mounted");
	look_at_boot_id(&look, config->boot_id);
	if (*config->view)
		look_at_folder(&look, "view", config->view, CONFIG_MISSING,
			       "make it");
	look_at_socket(&look, "control", config->control,
		       look.defaults.control);
	look_at_socket(&look, "metrics_socket", config->metrics_socket,
		       look.defaults.metrics_socket);
	look_at_metrics_file(&look, config->metrics_file);
	return look.worst;
}
