// SPDX-License-Identifier: MIT
/*
 * A thread that serves the view until it is told to stop.
 */
#include "agent/viewer.h"
#include "agent/log.h"
#include "service/config_look.h"
#include "view/bind.h"
#include "view/view.h"

#include <errno.h>
#include <pthread.h>
#include <stdlib.h>
#include <string.h>

struct viewer {
	struct config config;
	struct archive_options archive;
	struct view *view;
	pthread_t thread;
	bool bound; /* over the kernel's files */
};

static void *run(void *arg)
{
	struct viewer *viewer = arg;
	int r = view_run(viewer->view);

	if (r < 0)
		log_line(SAY_ERROR, "the view at %s has ended: %s",
			 viewer->config.view, strerror(-r));
	return NULL;
}

static int open_view(struct viewer *viewer, struct source *source)
{
	struct view_options options = {
		.archive = &viewer->archive,
		.source = source,
		.boot_id = viewer->config.boot_id,
		.say = &log_say,
		.allow_other = true,
	};
	int r = config_find_group(viewer->config.view_group, &options.group);

	if (r < 0)
		return r;
	viewer->archive = (struct archive_options){
		.dir = viewer->config.archive,
		.say = &log_say,
	};
	r = view_open(&options, &viewer->view);
	if (r == 0)
		r = view_mount(viewer->view, viewer->config.view);
	if (r == 0)
		r = -pthread_create(&viewer->thread, NULL, run, viewer);
	return r;
}

/* Only once it is served: who opens what is mounted asks it. */
static void bind(struct viewer *viewer)
{
	if (!viewer->config.view_bind)
		return;
	viewer->bound = bind_over(viewer->config.view, viewer->config.source,
				  &log_say) == 0;
}

int viewer_start(const struct config *config, struct source *source,
		 struct viewer **ret_viewer)
{
	struct viewer *viewer = calloc(1, sizeof(*viewer));
	int r = -ENOMEM;

	if (viewer) {
		viewer->config = *config;
		r = open_view(viewer, source);
	}
	if (r < 0) {
		log_line(SAY_ERROR, "there is no view at %s: %s", config->view,
			 strerror(-r));
		if (viewer)
			view_close(viewer->view);
		free(viewer);
		return r;
	}
	bind(viewer);
	log_line(SAY_INFO, "the whole list is at %s", config->view);
	*ret_viewer = viewer;
	return 0;
}

void viewer_stop(struct viewer *viewer)
{
	if (!viewer)
		return;
	if (viewer->bound)
		(void)bind_undo(viewer->config.source, &log_say);
	view_stop(viewer->view);
	pthread_join(viewer->thread, NULL);
	view_close(viewer->view);
	free(viewer);
}
