// SPDX-License-Identifier: MIT
/*
 * Writing an evidence file. A member's header has its length, so each stream is counted
 * first and written then.
 */
#include "base/bytes.h"
#include "evidence/container.h"
#include "evidence/frame.h"
#include "evidence/members.h"
#include "evidence/tar_write.h"

#include <errno.h>

struct content {
	const struct container_small *small;
	const struct container_stream *streams[NR_MEMBERS]; /* or NULL */
	uint64_t len[NR_MEMBERS];
	char manifest[MANIFEST_LEN_MAX];
	struct imastage_bytes whole[NR_MEMBERS];
};

/* ---- what there is, and how long --------------------------------------------- */

static int count(void *context, const void *data, size_t len)
{
	uint64_t *sum = context;

	(void)data;
	if (len > CONTAINER_RECORDS_MAX - *sum)
		return -EFBIG;
	*sum += len;
	return 0;
}

static int measure(struct content *content, enum member member,
		   const struct container_stream *stream)
{
	struct imastage_sink sink = { count, &content->len[member] };
	int r = stream->write(stream->context, sink);

	if (r < 0)
		return r;
	content->streams[member] = stream;
	return 0;
}

static int make_manifest(struct content *content)
{
	struct manifest manifest = content->small->manifest;
	size_t len;
	int r;

	manifest.bytes = content->len[MEMBER_RECORDS];
	r = manifest_write(&manifest, content->manifest, &len);
	if (r == 0)
		content->whole[MEMBER_MANIFEST] =
			bytes_of(content->manifest, len);
	return r;
}

static void take_small(struct content *content)
{
	content->whole[MEMBER_MSG] = content->small->msg;
	content->whole[MEMBER_SIG] = content->small->sig;
	content->whole[MEMBER_PCRS] = content->small->pcrs;
	content->whole[MEMBER_AK] = content->small->ak;
	for (size_t i = 0; i < NR_MEMBERS; i++)
		if (!content->streams[i])
			content->len[i] = content->whole[i].len;
}

static int check_lengths(const struct content *content)
{
	for (size_t i = 0; i < NR_MEMBERS; i++)
		if (content->len[i] > container_members[i].size_max)
			return -EFBIG;
	return 0;
}

static int prepare(struct content *content,
		   const struct container_stream *boot_log,
		   const struct container_stream *records)
{
	int r = measure(content, MEMBER_RECORDS, records);

	if (r == 0 && boot_log)
		r = measure(content, MEMBER_BOOT_LOG, boot_log);
	if (r == 0)
		r = make_manifest(content);
	if (r < 0)
		return r;
	take_small(content);
	return check_lengths(content);
}

/* ---- the tar ------------------------------------------------------------------ */

/* Only so much as was counted. */
static int put(void *context, const void *data, size_t len)
{
	struct tar_writer *tar = context;

	return len > tar->left ? -ESTALE : tar_writer_put(tar, data, len);
}

static int put_member(struct tar_writer *tar, const struct content *content,
		      size_t i)
{
	const struct container_stream *stream = content->streams[i];
	struct imastage_bytes whole = content->whole[i];
	struct imastage_sink sink = { put, tar };
	int r = tar_writer_member(tar, container_members[i].name,
				  content->len[i]);

	if (r < 0)
		return r;
	r = stream ? stream->write(stream->context, sink) :
		     tar_writer_put(tar, whole.data, whole.len);
	if (r < 0)
		return r;
	return tar->left > 0 ? -ESTALE : 0;
}

static int put_tar(struct imastage_sink sink, const struct content *content)
{
	struct tar_writer tar;
	int r = 0;

	tar_writer_init(&tar, sink);
	for (size_t i = 0; r == 0 && i < NR_MEMBERS; i++)
		if (!container_members[i].optional || content->streams[i])
			r = put_member(&tar, content, i);
	return r < 0 ? r : tar_writer_finish(&tar);
}

static int put_frame(struct imastage_sink sink, const struct content *content)
{
	struct imastage_sink packed = { frame_writer_write, NULL };
	struct frame_writer *frame;
	int r = frame_writer_new(sink, &frame);

	if (r < 0)
		return r;
	packed.context = frame;
	r = put_tar(packed, content);
	if (r == 0)
		r = frame_writer_finish(frame);
	frame_writer_free(frame);
	return r;
}

int container_write(struct imastage_sink sink, bool pack,
		    const struct container_small *small,
		    const struct container_stream *boot_log,
		    const struct container_stream *records)
{
	struct content content = { .small = small };
	int r = prepare(&content, boot_log, records);

	if (r < 0)
		return r;
	return pack ? put_frame(sink, &content) : put_tar(sink, &content);
}
