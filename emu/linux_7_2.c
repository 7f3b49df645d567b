// SPDX-License-Identifier: MIT
/* What Linux 7.2 does otherwise. See linux_7_2.h. */

#include "emu/linux_7_2.h"

#include <linux/errno.h>
#include <linux/limits.h>
#include <linux/list.h>
#include <linux/string.h>

#include "emu/caller.h"
#include "emu/kernel_private.h"

/* ---- who may ------------------------------------------------------------- */

static bool is_owner(const struct exclusion *exclusion,
		     const struct caller_id *id)
{
	return exclusion->owner.start && exclusion->owner.tid == id->tid &&
	       exclusion->owner.start == id->start;
}

int exclusion_open(struct exclusion *exclusion, const struct task *writer)
{
	struct caller_id id = { 0 };

	if (writer)
		id = caller_task_id(writer);
	if (is_owner(exclusion, &id)) {
		exclusion->nested++;
		return 0;
	}
	if (exclusion->users < 0 || (writer && exclusion->users))
		return -EBUSY;
	exclusion->owner = id;
	exclusion->users += writer ? -1 : 1;
	return 0;
}

void exclusion_close(struct exclusion *exclusion, pid_t closer, bool writes)
{
	if (!writes) {
		exclusion->users--;
	} else if (exclusion->owner.start && exclusion->owner.tid == closer &&
		   exclusion->nested) {
		exclusion->nested--;
	} else {
		exclusion->owner = (struct caller_id){ 0 };
		exclusion->users++;
	}
}

/* ---- commands ------------------------------------------------------------ */

/*
 * As kstrtoul() does: a sign, digits, one more newline than the command's own, and
 * then the string has to end, whatever is behind that.
 */
static int parse_number(const char *text, u64 *ret_nr)
{
	const char *digit;
	u64 nr = 0;

	if (*text == '+')
		text++;
	for (digit = text; *digit >= '0' && *digit <= '9'; digit++) {
		if (__builtin_mul_overflow(nr, 10, &nr) ||
		    __builtin_add_overflow(nr, *digit - '0', &nr))
			return -ERANGE;
	}
	if (digit == text || (*digit && (digit[0] != '\n' || digit[1])))
		return -EINVAL;
	*ret_nr = nr;
	return 0;
}

static int parse_letter(char letter, struct ima_staging_cmd *ret_cmd)
{
	if (letter != 'A' && letter != 'D')
		return -EINVAL;
	*ret_cmd = (struct ima_staging_cmd){
		.verb = letter == 'A' ? IMA_STAGING_STAGE : IMA_STAGING_DELETE,
		.nr = U64_MAX,
	};
	return 0;
}

int linux_7_2_parse(const char *text, size_t len, bool staged,
		    struct ima_staging_cmd *ret_cmd)
{
	char number[IMA_STAGING_CMD_MAX + 1] = { 0 };
	struct ima_staging_cmd cmd = { .verb = IMA_STAGING_TRIM };
	int ret;

	if (len < IMA_STAGING_CMD_MIN || len > IMA_STAGING_CMD_MAX ||
	    text[len - 1] != '\n')
		return -EINVAL;
	if (staged)
		return len == 2 ? parse_letter(text[0], ret_cmd) : -EINVAL;

	memcpy(number, text, len - 1);
	ret = parse_number(number, &cmd.nr);
	if (ret)
		return ret;
	if (!cmd.nr)
		return -EINVAL;
	*ret_cmd = cmd;
	return 0;
}

/* ---- N ------------------------------------------------------------------- */

/* Under both locks. There are so many. */
static void cut(struct kernel *kernel, u64 nr, struct list_head *ret_deleted)
{
	struct ima_staging *s = &kernel->staging;
	struct list_head *node = &kernel->current_list;

	for (u64 i = 0; i < nr; i++) {
		struct ima_queue_entry *qe;

		node = node->next;
		qe = list_entry(node, struct ima_queue_entry, later);
		kernel->len -= ima_binary_runtime_size(qe->template_desc,
						       qe->template_data_len);
	}
	list_cut_position(ret_deleted, &kernel->current_list, node);
	spin_lock(&s->count_lock);
	atomic_long_sub((long)nr, &kernel->nr_current);
	atomic64_add((long)nr, &s->nr_deleted);
	spin_unlock(&s->count_lock);
	WRITE_ONCE(s->generation, s->generation + 1);
}

int linux_7_2_trim(struct kernel *kernel, uint64_t nr)
{
	struct ima_staging *s = &kernel->staging;
	struct ima_queue_entry *qe, *next;
	LIST_HEAD(deleted);
	int ret = 0;

	if (s->flush_digests)
		return -EINVAL;
	down_write(&s->walk_sem);
	mutex_lock(&kernel->extend_lock);
	if (nr > (u64)atomic_long_read(&kernel->nr_current))
		ret = -ENOENT;
	else if (s->suspended)
		ret = -ESTALE;
	else
		cut(kernel, nr, &deleted);
	mutex_unlock(&kernel->extend_lock);
	up_write(&s->walk_sem);

	list_for_each_entry_safe(qe, next, &deleted, later) {
		list_del(&qe->later);
		ima_record_free(qe);
	}
	return ret;
}
