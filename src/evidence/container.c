// SPDX-License-Identifier: MIT
/*
 * Reading an evidence file.
 *
 *	source -> frame, if any -> tar -> small members, at once
 *	                              \-> boot.log, records.ima: streams
 */
#include "evidence/container.h"
#include "base/bytes.h"
#include "base/util.h"
#include "evidence/frame.h"
#include "evidence/members.h"

#include <errno.h>

const struct tar_member container_members[NR_MEMBERS] = {
	[MEMBER_VERSION] = { "imastage-evidence-1", 0, false },
	[MEMBER_MANIFEST] = { "manifest.json", MANIFEST_LEN_MAX, false },
	[MEMBER_MSG] = { "quote.msg", CONTAINER_MSG_MAX, false },
	[MEMBER_SIG] = { "quote.sig", CONTAINER_SIG_MAX, false },
	[MEMBER_PCRS] = { "quote.pcrs", CONTAINER_PCRS_MAX, false },
	[MEMBER_AK] = { "ak.pub", CONTAINER_AK_MAX, false },
	[MEMBER_BOOT_LOG] = { "boot.log", CONTAINER_BOOT_LOG_MAX, true },
	[MEMBER_RECORDS] = { "records.ima", CONTAINER_RECORDS_MAX, false },
};

struct container {
	struct frame_reader *frame; /* owned */
	struct tar_member members[NR_MEMBERS]; /* with our own limits */
	struct tar_reader tar;
	struct container_error error;
	/* The small members, one behind the other. */
	struct imastage_bytes small[NR_MEMBERS];
	size_t used;
	uint64_t records_len; /* by the manifest */
	uint8_t room[MANIFEST_LEN_MAX + CONTAINER_MSG_MAX + CONTAINER_SIG_MAX +
		     CONTAINER_PCRS_MAX + CONTAINER_AK_MAX];
	bool begun; /* the small members are read */
	int failed;
};

int container_new(struct imastage_source source, uint64_t records_max,
		  struct container **ret_container)
{
	struct container *container = calloc(1, sizeof(*container));
	struct imastage_source unpacked = { frame_reader_read, NULL };

	if (!container)
		return -ENOMEM;
	if (frame_reader_new(source, &container->frame) < 0) {
		free(container);
		return -ENOMEM;
	}
	memcpy(container->members, container_members,
	       sizeof(container->members));
	if (records_max > 0 && records_max < CONTAINER_RECORDS_MAX)
		container->members[MEMBER_RECORDS].size_max = records_max;
	unpacked.context = container->frame;
	tar_reader_init(&container->tar, unpacked, container->members,
			NR_MEMBERS);
	*ret_container = container;
	return 0;
}

void container_free(struct container *container)
{
	if (!container)
		return;
	frame_reader_free(container->frame);
	free(container);
}

const struct container_error *container_error(const struct container *container)
{
	return &container->error;
}

/* The tar or what is below it has failed with @r. */
static int fail(struct container *container, int r)
{
	struct container_error *error = &container->error;
	const struct tar_error *tar = &container->tar.error;

	error->reason = frame_reader_refused(container->frame, &error->offset);
	error->in_frame = error->reason != NULL;
	if (!error->reason) {
		error->offset = tar->offset;
		error->member = tar->member;
		error->reason = tar->reason;
	}
	container->failed = r;
	return r;
}

/* ---- small members ----------------------------------------------------------- */

static int read_whole(struct container *container, size_t member, uint64_t size)
{
	uint8_t *start = container->room + container->used;
	size_t len = 0;
	ssize_t n;

	while (len < size) {
		n = tar_reader_read(&container->tar, start + len,
				    (size_t)size - len);
		if (n < 0)
			return (int)n;
		len += (size_t)n;
	}
	container->used += len;
	container->small[member] = bytes_of(start, len);
	return 0;
}

static int refuse(struct container *container, uint64_t offset,
		  enum member member, const char *reason)
{
	container->error = (struct container_error){
		.offset = offset,
		.member = container_members[member].name,
		.reason = reason,
	};
	container->failed = -EBADMSG;
	return container->failed;
}

static int read_manifest(struct container *container,
			 struct manifest *ret_manifest)
{
	const char *reason;

	/* Behind the header of the version, which has no bytes, and its own. */
	if (manifest_parse(container->small[MEMBER_MANIFEST], ret_manifest,
			   &reason) < 0)
		return refuse(container, 2 * TAR_BLOCK_LEN, MEMBER_MANIFEST,
			      reason);
	container->records_len = ret_manifest->bytes;
	return 0;
}

int container_small(struct container *container,
		    struct container_small *ret_small)
{
	struct manifest manifest;
	size_t member = MEMBER_VERSION;
	uint64_t size;
	int r = container->failed;

	if (r < 0)
		return r;
	if (container->begun)
		return -EINVAL;
	while (r == 0 && member < MEMBER_AK) {
		r = tar_reader_next(&container->tar, &member, &size);
		if (r == 0)
			r = read_whole(container, member, size);
	}
	if (r < 0)
		return fail(container, r);
	r = read_manifest(container, &manifest);
	if (r < 0)
		return r;
	container->begun = true;
	*ret_small = (struct container_small){
		.manifest = manifest,
		.msg = container->small[MEMBER_MSG],
		.sig = container->small[MEMBER_SIG],
		.pcrs = container->small[MEMBER_PCRS],
		.ak = container->small[MEMBER_AK],
	};
	return 0;
}

/* ---- streams ----------------------------------------------------------------- */

int container_next(struct container *container, enum container_part *ret_part,
		   uint64_t *ret_len)
{
	size_t member;
	int r = container->failed;

	if (r < 0)
		return r;
	if (!container->begun)
		return -EINVAL;
	r = tar_reader_next(&container->tar, &member, ret_len);
	if (r < 0)
		return fail(container, r);
	if (r == TAR_END)
		return CONTAINER_END;
	if (member == MEMBER_RECORDS && *ret_len != container->records_len)
		return refuse(container, container->tar.offset, MEMBER_RECORDS,
			      "the manifest names another number of bytes");
	*ret_part = member == MEMBER_BOOT_LOG ? CONTAINER_BOOT_LOG :
						CONTAINER_RECORDS;
	return 0;
}

static ssize_t read_stream(void *context, void *data, size_t len)
{
	struct container *container = context;
	ssize_t n = container->failed;

	if (n == 0)
		n = tar_reader_read(&container->tar, data, len);
	if (n < 0 && !container->failed)
		return fail(container, (int)n);
	return n;
}

struct imastage_source container_source(struct container *container)
{
	return (struct imastage_source){ read_stream, container };
}
