// SPDX-License-Identifier: MIT
/*
 * Lines that approve a file. Names may be an attacker's: each is one word of the line, whatever
 * is in it, and the line is printable ASCII.
 */
#include "cmd/policy/approval.h"
#include "base/bytes.h"
#include "base/hex.h"
#include "base/text.h"
#include "log/buffer.h"

#include <stdlib.h>

/* ---- what is asked --------------------------------------------------------- */

void approval_file_of(const struct policy_reading *reading,
		      const struct policy_judgement *judgement,
		      struct approval_file *ret_file)
{
	*ret_file = (struct approval_file){
		.path = reading->path,
		.digest = reading->digest,
		.alg = reading->alg,
		.has_alg = reading->has_alg,
		.outcome = judgement->outcome,
		.space = judgement->space,
		.has_signature = judgement->signature.outcome ==
				 FILE_SIGNATURE_GOOD,
		.is_relabelled = reading->relabelled,
	};
}

/* ---- words ----------------------------------------------------------------- */

static bool is_plain(uint8_t c)
{
	return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') ||
	       (c >= '0' && c <= '9') || (c && strchr("/._+-:@,=%", c));
}

static bool is_printable(uint8_t c)
{
	return c >= ' ' && c < 0x7f;
}

static bool are_all(struct imastage_bytes word, bool (*is)(uint8_t c))
{
	for (size_t i = 0; i < word.len; i++)
		if (!is(word.data[i]))
			return false;
	return word.len > 0;
}

static int put_text(struct imastage_buffer *line, const char *text)
{
	return buffer_put(line, bytes_of_text(text));
}

/* '...', as any shell has it. */
static int put_quoted(struct imastage_buffer *line, struct imastage_bytes word)
{
	int r = put_text(line, "'");

	for (size_t i = 0; i < word.len && r == 0; i++)
		r = word.data[i] == '\'' ?
			    put_text(line, "'\\''") :
			    buffer_put(line, bytes_of(word.data + i, 1));
	return r < 0 ? r : put_text(line, "'");
}

/* $'...': a shell that does not know it takes another name, which does not begin with a slash. */
static int put_escaped(struct imastage_buffer *line, struct imastage_bytes word)
{
	char escaped[8];
	int r = put_text(line, "$'");

	for (size_t i = 0; i < word.len && r == 0; i++) {
		snprintf(escaped, sizeof(escaped),
			 is_plain(word.data[i]) ? "%c" : "\\x%02x",
			 word.data[i]);
		r = put_text(line, escaped);
	}
	return r < 0 ? r : put_text(line, "'");
}

static int put_word(struct imastage_buffer *line, struct imastage_bytes word)
{
	if (are_all(word, is_plain))
		return buffer_put(line, word);
	return are_all(word, is_printable) ? put_quoted(line, word) :
					     put_escaped(line, word);
}

/* ---- lines ----------------------------------------------------------------- */

/* A name that begins with a dash is no option. */
static int put_policy(const struct approval_policy *policy,
		      struct imastage_buffer *line)
{
	struct imastage_buffer name = { 0 };
	int r = policy->path[0] == '-' ? put_text(&name, "./") : 0;

	if (r == 0)
		r = put_text(&name, policy->path);
	if (r == 0)
		r = put_text(line, " ");
	if (r == 0)
		r = put_word(line, bytes_of(name.data, name.len));
	free(name.data);
	return r;
}

static int put_update(const struct approval_policy *policy,
		      struct imastage_buffer *line)
{
	int r = put_text(line, "imastage policy update -o");

	if (r == 0)
		r = put_policy(policy, line);
	return r < 0 ? r : put_policy(policy, line);
}

/* "sha256:0123..." */
static int put_digest(const struct approval_file *file,
		      struct imastage_buffer *word)
{
	char text[32 + HEX_TEXT_LEN(IMASTAGE_DIGEST_MAX)];

	snprintf(text, sizeof(text),
		 "%s%s:", file->alg & POLICY_VERITY ? "verity:" : "",
		 policy_algorithm_name(file->alg));
	hex_encode(bytes_first(file->digest, IMASTAGE_DIGEST_MAX),
		   text + strlen(text));
	return put_text(word, text);
}

/* "/bin/x=sha256:0123..." */
static int put_path_digest(const struct approval_file *file,
			   struct imastage_buffer *word)
{
	int r = buffer_put(word, file->path);

	if (r == 0)
		r = put_text(word, "=");
	return r < 0 ? r : put_digest(file, word);
}

/*
 * Approves this digest under this path, for whoever has looked at the file; or this digest of a
 * template, for whoever knows what it is of.
 */
static int put_by_digest(const struct approval_policy *policy,
			 const struct approval_file *file,
			 struct imastage_buffer *line)
{
	bool withheld = file->outcome == POLICY_IS_WITHHELD;
	struct imastage_buffer word = { 0 };
	int r = put_update(policy, line);

	if (r == 0)
		r = put_text(line, withheld ? " --withheld " : " --digest ");
	if (r == 0)
		r = withheld ? put_digest(file, &word) :
			       put_path_digest(file, &word);
	if (r == 0)
		r = put_word(line, bytes_of(word.data, word.len));
	free(word.data);
	return r;
}

/* Approves what the package has now, in a folder where no other package is. */
static int put_by_package(const struct approval_policy *policy,
			  struct imastage_bytes package,
			  struct imastage_buffer *line)
{
	int r = put_text(line, "d=$(mktemp -d) && (cd \"$d\" && "
			       "apt-get download -- ");

	if (r == 0)
		r = put_word(line, package);
	if (r == 0)
		r = put_text(line, ") && ");
	if (r == 0)
		r = put_update(policy, line);
	return r < 0 ? r :
		       put_text(line, " --deb \"$d\" "
				      "--apt-lists /var/lib/apt/lists "
				      "--keyring /usr/share/keyrings/"
				      "debian-archive-keyring.gpg "
				      "--grace 7 && rm -r \"$d\"");
}

/* ---- whether there is one ---------------------------------------------------- */

/* Package names of Debian have their architecture behind a colon, those of RPM behind a dot. */
static bool is_debian(struct imastage_bytes package)
{
	return bytes_contain(package, ':') &&
	       !bytes_equal_text(bytes_first(package, 10), "initramfs:");
}

/* What keeps a digest from being listed, as a policy has to hold it; or NULL. */
static const char *unlistable(const struct approval_file *file)
{
	if (file->space != POLICY_FILES || file->is_relabelled)
		return "it is no file; list its digest by hand, in keyrings or "
		       "ima-buf of the policy, if you know what it is";
	if (!file->has_alg || !file->path.len || file->path.data[0] != '/')
		return "it has no path that begins at /; find out what made "
		       "it, and exclude its name only if nothing else helps";
	if (file->path.len > POLICY_NAME_LEN_MAX ||
	    bytes_contain(file->path, '\0') || !text_is_utf8(file->path))
		return "no policy can hold its name; rename the file";
	return NULL;
}

static bool lacks_signature(const struct approval_policy *policy,
			    const struct approval_file *file)
{
	return policy_switches(policy->policy)->require_both &&
	       !file->has_signature;
}

static const char *signed_advice(const struct approval_policy *policy)
{
	return policy->is_signed ?
		       "the policy is signed; update what was signed, and sign "
		       "it again" :
		       NULL;
}

/* Why no digest that is listed would approve the file; or NULL. */
static const char *advise(const struct approval_policy *policy,
			  const struct approval_file *file)
{
	switch (file->outcome) {
	case POLICY_UNLISTED:
	case POLICY_DIFFERS:
	case POLICY_RETIRED:
	case POLICY_UNSIGNED:
		break;
	case POLICY_IS_WITHHELD:
		if (!file->has_alg)
			return "the quote is of sha1 alone, which proves "
			       "nothing of it; quote sha256";
		return signed_advice(policy);
	case POLICY_IS_DENIED:
		return "the policy denies its digest; take it out of deny only "
		       "if it came there by mistake";
	case POLICY_IS_WEAK:
		return "a digest by SHA-1 or MD5 proves nothing; boot with "
		       "ima_hash=sha256";
	case POLICY_IS_VIOLATION:
		return "nothing proves what was read; find out who writes to "
		       "the file while it is measured";
	case POLICY_UNPROVED:
		return "nothing proves it; have the PCR that it is of quoted "
		       "and replayed";
	default:
		return "no policy approves it; find out who changed the list "
		       "or the boot";
	}
	if (lacks_signature(policy, file))
		return "the policy requires a signature, too; sign the file, "
		       "and measure it again";
	if (unlistable(file))
		return unlistable(file);
	return signed_advice(policy);
}

/* A newer package helps where an older one is listed, or none. */
static bool may_be_of_package(const struct approval_file *file,
			      const struct explanation *found)
{
	return found->guess && found->guess != EXPLAIN_BY_DIGEST &&
	       is_debian(found->package.name) &&
	       (file->outcome == POLICY_UNLISTED ||
		file->outcome == POLICY_DIFFERS);
}

/* The digest, and the package: before it where the policy names the package for the path. */
static int make_lines(const struct approval_policy *policy,
		      const struct approval_file *file,
		      const struct explanation *found, struct approval *made)
{
	bool has_package = may_be_of_package(file, found);
	size_t place = has_package && !approval_guess(found);
	int r = put_by_digest(policy, file, &made->commands[place]);

	if (r == 0 && has_package)
		r = put_by_package(policy, found->package.name,
				   &made->commands[!place]);
	made->nr_commands = 1 + has_package;
	return r;
}

int approval_make(const struct approval_policy *policy,
		  const struct approval_file *file,
		  const struct explanation *found,
		  struct approval *ret_approval)
{
	struct approval made = { 0 };
	int r = 0;

	*ret_approval = made;
	if (file->outcome <= POLICY_EXCLUDED)
		return 0;
	made.advice = advise(policy, file);
	if (!made.advice)
		r = make_lines(policy, file, found, &made);
	if (r < 0)
		approval_free(&made);
	else
		*ret_approval = made;
	return r;
}

void approval_free(struct approval *approval)
{
	for (size_t i = 0; i < APPROVAL_COMMANDS_MAX; i++)
		free(approval->commands[i].data);
}

/* ---- what is said of it -------------------------------------------------------- */

const char *approval_guess(const struct explanation *found)
{
	static const char *const words[] = {
		[EXPLAIN_NO_PACKAGE] = NULL,
		[EXPLAIN_BY_PATH] = NULL,
		[EXPLAIN_BY_MERGED_PATH] = "it has the other name of this path",
		[EXPLAIN_BY_DIGEST] = "it has this digest under another name",
		[EXPLAIN_BY_FOLDER] = "no other has files in this folder",
	};

	return words[found->guess];
}

void approval_put(const struct approval *approval,
		  const struct explanation *found, struct json *json)
{
	const char *guess = approval_guess(found);

	if (found->guess) {
		json_bytes(json, "package", found->package.name);
		json_bytes(json, "version", found->package.version);
		json_text(json, "package_because",
			  guess ? guess : "it has this path");
		json_boolean(json, "package_guessed", guess);
	}
	json_open(json, "commands", '[');
	for (size_t i = 0; i < approval->nr_commands; i++)
		json_bytes(json, NULL,
			   bytes_of(approval->commands[i].data,
				    approval->commands[i].len));
	json_close(json, ']');
	if (approval->advice)
		json_text(json, "advice", approval->advice);
}

void approval_print_package(FILE *file, const struct explanation *found)
{
	const char *guess = approval_guess(found);

	if (guess)
		fputs("perhaps ", file);
	text_print(file, found->package.name);
	if (found->package.version.len > 0)
		putc(' ', file);
	text_print(file, found->package.version);
	fprintf(file, ": %s", guess ? guess : "it has this path");
}
