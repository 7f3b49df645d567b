/* SPDX-License-Identifier: MIT */
/*
 * The bytes of one form of the list, from any offset on, as the kernel would
 * show them. Pure: where records come from is a struct view_list.
 *
 * A renderer remembers where it is: reading on costs what is read; reading
 * elsewhere costs finding the last place known before it, and the records from
 * there on (at most 256 in an archive), of which only the length is looked at.
 *
 * Memory: what a cursor needs, and at most RENDER_REST_MAX bytes of the record
 * at hand. A longer one is rendered again for each piece that is asked for.
 */
#ifndef VIEW_RENDER_H
#define VIEW_RENDER_H

#include "view/form.h"

#define RENDER_REST_MAX ((size_t)64 << 10)

/* Answer of a cursor: records are missing here that nobody has kept. */
#define VIEW_GAP 2

/* What else may be returned for it by who takes records: it has enough of them. */
#define VIEW_ENOUGH 3

struct view_cursor;

/* One list, from record 0 on, that only grows. Any function may fail. */
struct view_list_ops {
	/*
	 * The last place known that is at or before @offset of @form. -ESTALE:
	 * what was there is pruned.
	 */
	int (*locate)(void *list, const struct form *form, uint64_t offset,
		      struct form_place *ret_place);

	/* Begins with the record @index, which locate() gave. */
	int (*open)(void *list, uint64_t index,
		    struct view_cursor **ret_cursor);
	void (*close)(struct view_cursor *cursor);

	/*
	 * Gives the next records, as in the binary list of sha1, to @take, until
	 * that returns something else than 0, which is returned. Or
	 * IMASTAGE_END: no further one yet; the same cursor may go on later.
	 * VIEW_GAP. -ESTALE: the cursor cannot go on, another one could.
	 */
	int (*each)(struct view_cursor *cursor,
		    int (*take)(void *context,
				const struct imastage_record *record),
		    void *context);

	/*
	 * Copies what comes next, as bytes of the binary list of sha1: 1 to @len,
	 * up to anywhere in a record. 0: not here, each() is to be used. Not
	 * before each() has given a record, and each() not before it says 0.
	 */
	ssize_t (*copy)(struct view_cursor *cursor, void *data, size_t len);

	/*
	 * The same of the ASCII list of sha1, and whole lines: none when there may
	 * be no room. After it each() may go on at any time.
	 */
	ssize_t (*show)(struct view_cursor *cursor, void *data, size_t len);
};

struct view_list {
	const struct view_list_ops *ops;
	void *list;
};

struct render;

/* @form is copied. -ENOMEM; -ENOTSUP when OpenSSL lacks the bank. */
int render_new(struct view_list list, const struct form *form,
	       struct render **ret_render);
void render_free(struct render *render);

/* Would reading at @offset just go on? */
bool render_is_at(const struct render *render, uint64_t offset);

/*
 * Fills @data with bytes from @offset on and returns how many: fewer than @len
 * at the end of what is known so far, and before what cannot be read, which
 * the next call then says: -ENODATA where records are missing, lost or pruned,
 * or what the list's functions return.
 *
 * The line of a record of a template that Linux does not have is one without
 * fields. So the kernel shows it, too, should it be given one by kexec.
 */
ssize_t render_read(struct render *render, uint64_t offset, void *data,
		    size_t len);

#endif
