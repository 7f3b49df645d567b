// SPDX-License-Identifier: MIT
/*
 * Envelopes: what is signed, who signed it, and what is none.
 */
#include "base/base64.h"
#include "base/bytes.h"
#include "lib/testing.h"
#include "log/buffer.h"
#include "policy/dsse.h"

#include <errno.h>
#include <imastage/bytes.h>

#define TYPE "application/vnd.test+json"
#define PAYLOAD "{\"a\":1}"

static struct dsse_key *mine, *other;
static struct imastage_buffer payload;
static struct evidence_error error;

static int make_keys(void **state)
{
	(void)state;
	assert_int_equal(dsse_key_new(&mine), 0);
	assert_int_equal(dsse_key_new(&other), 0);
	return 0;
}

static int free_keys(void **state)
{
	(void)state;
	dsse_key_free(mine);
	dsse_key_free(other);
	return 0;
}

static int open_text(const char *text, const char *type)
{
	const struct dsse_keys keys = { 1, { mine } };
	int r;

	payload = (struct imastage_buffer){ 0 };
	r = dsse_open(bytes_of_text(text), type, &keys, &payload, NULL, &error);
	if (r == 0)
		assert_true(bytes_equal_text(
			bytes_of(payload.data, payload.len), PAYLOAD));
	else
		assert_null(payload.data);
	free(payload.data);
	return r;
}

/* An envelope as text, of the caller. */
static char *sign_with(const struct dsse_key *key, const char *type,
		       const char *text)
{
	struct imastage_buffer envelope = { 0 };

	assert_int_equal(dsse_sign(key, type, bytes_of_text(text), &envelope),
			 0);
	assert_int_equal(buffer_put(&envelope, bytes_of("", 1)), 0);
	return (char *)envelope.data;
}

/* Section "Protocol" of DSSE 1.0. */
TEST(what_is_signed)
{
	struct imastage_buffer pae = { 0 };

	assert_int_equal(dsse_pae("http://example.com/HelloWorld",
				  bytes_of_text("hello world"), &pae),
			 0);
	assert_true(bytes_equal_text(bytes_of(pae.data, pae.len),
				     "DSSEv1 29 http://example.com/HelloWorld "
				     "11 hello world"));
	free(pae.data);
}

TEST(there_and_back)
{
	cleanup_free char *text = sign_with(mine, TYPE, PAYLOAD);

	assert_int_equal(open_text(text, TYPE), 0);
	assert_int_equal(open_text(text, TYPE "2"), DSSE_OTHER_TYPE);
	assert_int_equal(open_text(text, ""), DSSE_OTHER_TYPE);
}

/* Whoever signed it, or nobody. */
TEST(unchecked)
{
	cleanup_free char *text = sign_with(other, TYPE, PAYLOAD);
	char *sig = strstr(text, "\"sig\":\"");

	sig[9] = sig[9] == 'A' ? 'B' : 'A';
	payload = (struct imastage_buffer){ 0 };
	assert_int_equal(dsse_open_unchecked(bytes_of_text(text), TYPE "2",
					     &payload, &error),
			 DSSE_OTHER_TYPE);
	assert_int_equal(dsse_open_unchecked(bytes_of_text("{\"payload\":0}"),
					     TYPE, &payload, &error),
			 -EBADMSG);
	assert_null(payload.data);
	assert_int_equal(dsse_open_unchecked(bytes_of_text(text), TYPE,
					     &payload, &error),
			 0);
	assert_true(
		bytes_equal_text(bytes_of(payload.data, payload.len), PAYLOAD));
	free(payload.data);
}

TEST(another_key)
{
	cleanup_free char *text = sign_with(other, TYPE, PAYLOAD);
	const struct dsse_keys both = { 2, { mine, other } }, none = { 0 };
	const char *id = NULL;

	assert_int_equal(open_text(text, TYPE), DSSE_UNSIGNED);
	assert_int_equal(dsse_open(bytes_of_text(text), TYPE, &none, &payload,
				   &id, &error),
			 DSSE_UNSIGNED);
	assert_null(id);
	assert_int_equal(dsse_open(bytes_of_text(text), TYPE, &both, &payload,
				   &id, &error),
			 0);
	assert_string_equal(id, dsse_key_id(other));
	free(payload.data);
}

/* The type is signed, too: it cannot be changed in the envelope. */
TEST(a_type_that_was_changed)
{
	cleanup_free char *text = sign_with(mine, TYPE, PAYLOAD);
	char *at = strstr(text, TYPE);

	at[12] = 'w';
	assert_int_equal(open_text(text, "application/wnd.test+json"),
			 DSSE_UNSIGNED);
}

/* Each character of it counts, but for the member that hints at the key. */
TEST(each_character)
{
	cleanup_free char *text = sign_with(mine, TYPE, PAYLOAD);
	size_t hint = (size_t)(strstr(text, dsse_key_id(mine)) - text);
	size_t member = (size_t)(strstr(text, "keyid") - text);

	for (size_t i = 0; text[i] != '\n'; i++) {
		char before = text[i];

		if (i >= member && i < hint + DSSE_KEY_ID_LEN)
			continue;
		text[i] = before == 'A' ? 'B' : 'A';
		if (open_text(text, TYPE) == 0)
			fail_msg("character %zu", i);
		text[i] = before;
	}
	assert_int_equal(open_text(text, TYPE), 0);
	text[hint] ^= 1;
	assert_int_equal(open_text(text, TYPE), 0);
}

TEST(cut_off)
{
	cleanup_free char *text = sign_with(mine, TYPE, PAYLOAD);

	for (size_t len = strlen(text) - 1; len-- > 0;) {
		text[len] = '\0';
		assert_int_equal(open_text(text, TYPE), -EBADMSG);
	}
}

/* ---- several signatures ---------------------------------------------------------- */

/* The signature object of @key. */
static void get_signature(const struct dsse_key *key, char ret_text[256])
{
	cleanup_free char *text = sign_with(key, TYPE, PAYLOAD);
	const char *at = strstr(text, "[{");

	snprintf(ret_text, 256, "%.*s", (int)(strstr(at, "}]") + 1 - (at + 1)),
		 at + 1);
}

#define HEAD "{\"payload\":\"eyJhIjoxfQ==\",\"payloadType\":\"" TYPE "\","

TEST(several)
{
	char first[256], second[256], text[4096];

	get_signature(other, first);
	get_signature(mine, second);
	snprintf(text, sizeof(text), HEAD "\"signatures\":[%s , %s]}", first,
		 second);
	assert_int_equal(open_text(text, TYPE), 0);
	snprintf(text, sizeof(text), HEAD "\"signatures\":[%s,%s]}", second,
		 first);
	assert_int_equal(open_text(text, TYPE), 0);
	snprintf(text, sizeof(text), HEAD "\"signatures\":[%s]}", first);
	assert_int_equal(open_text(text, TYPE), DSSE_UNSIGNED);
	snprintf(text, sizeof(text), HEAD "\"signatures\":[]}");
	assert_int_equal(open_text(text, TYPE), DSSE_UNSIGNED);
	snprintf(text, sizeof(text),
		 HEAD "\"signatures\":[%s,%s,%s,%s,%s,%s,%s,%s,%s]}", second,
		 first, first, first, first, first, first, first, first);
	assert_int_equal(open_text(text, TYPE), -EBADMSG);
}

TEST(what_others_write)
{
	char mine_text[256], text[4096];

	get_signature(mine, mine_text);
	/* No hint, members that are not known, the other alphabet. */
	snprintf(text, sizeof(text),
		 HEAD "\"new\":[],\"signatures\":[{\"new\":1,%s]}",
		 strstr(mine_text, "\"sig\""));
	assert_int_equal(open_text(text, TYPE), 0);
	for (char *at = strstr(text, "\"sig\""); *at; at++)
		*at = *at == '+' ? '-' : *at == '/' ? '_' : *at;
	assert_int_equal(open_text(text, TYPE), 0);
}

TEST(what_is_none)
{
	static const char *const bad[] = {
		"",
		"[]",
		"{}",
		HEAD "\"signatures\":{}}",
		HEAD "\"signatures\":\"\"}",
		HEAD "\"signatures\":[1]}",
		HEAD "\"signatures\":[{}]}",
		HEAD "\"signatures\":[{\"sig\":1}]}",
		HEAD "\"signatures\":[{\"sig\":\"a\"}]}",
		HEAD "\"signatures\":[{\"sig\":\"\",\"sig\":\"\"}]}",
		HEAD "\"payload\":\"\",\"signatures\":[]}",
		HEAD "\"signatures\":[],\"signatures\":[]}",
		"{\"payload\":\"eyJhIjoxfQ\",\"payloadType\":\"" TYPE
		"\",\"signatures\":[]}",
		"{\"payload\":\"eyJhIjoxfQ==\",\"payloadType\":1,"
		"\"signatures\":[]}",
		HEAD "\"signatures\":[[[[[[[[[[]]]]]]]]]]}",
	};

	for (size_t i = 0; i < ARRAY_SIZE(bad); i++)
		if (open_text(bad[i], TYPE) != -EBADMSG)
			fail_msg("%s", bad[i]);
}

/* ---- keys -------------------------------------------------------------------------- */

static struct dsse_key *through_pem(const struct dsse_key *key, bool private)
{
	struct imastage_buffer pem = { 0 };
	struct dsse_key *again;

	assert_int_equal(dsse_key_write(key, private, &pem), 0);
	assert_int_equal(dsse_key_read(bytes_of(pem.data, pem.len), &again), 0);
	free(pem.data);
	return again;
}

TEST(keys_as_text)
{
	struct dsse_key *private = through_pem(mine, true);
	struct dsse_key *public = through_pem(mine, false);
	struct imastage_buffer nothing = { 0 };

	assert_true(dsse_key_signs(private));
	assert_false(dsse_key_signs(public));
	assert_string_equal(dsse_key_id(private), dsse_key_id(mine));
	assert_string_equal(dsse_key_id(public), dsse_key_id(mine));
	assert_string_not_equal(dsse_key_id(mine), dsse_key_id(other));
	assert_int_equal(dsse_key_write(public, true, &nothing), -EINVAL);
	assert_int_equal(dsse_sign(public, TYPE, bytes_of_text(PAYLOAD),
				   &nothing),
			 -EINVAL);
	assert_null(nothing.data);
	dsse_key_free(private);
	dsse_key_free(public);
}

/* P-384, made by openssl. */
#define OTHER_CURVE                                                          \
	"-----BEGIN PUBLIC KEY-----\n"                                       \
	"MHYwEAYHKoZIzj0CAQYFK4EEACIDYgAEIFoODcZrkCoqbCDjQ8k6aQuir+yesy2Q\n" \
	"8WOkzq2/bn5QitPwJ0vqi7uVdPVCDe3M5oKAjqxuJOHfwdoGiiUovHqUEXjXnuAV\n" \
	"urFeg0Fki5MByQMK7Tb/NP9/K5moemry\n"                                 \
	"-----END PUBLIC KEY-----\n"

TEST(what_is_no_key)
{
	static char long_text[DSSE_PEM_MAX + 1];
	struct dsse_key *key;

	memset(long_text, '-', sizeof(long_text));
	assert_int_equal(dsse_key_read(bytes_of_text(""), &key), -EBADMSG);
	assert_int_equal(dsse_key_read(bytes_of_text("-----BEGIN"), &key),
			 -EBADMSG);
	assert_int_equal(dsse_key_read(bytes_of(long_text, sizeof(long_text)),
				       &key),
			 -EBADMSG);
	assert_int_equal(dsse_key_read(bytes_of_text(OTHER_CURVE), &key),
			 -EBADMSG);
}

TEST_MAIN_WITH(make_keys, free_keys, cmocka_unit_test(what_is_signed),
	       cmocka_unit_test(there_and_back), cmocka_unit_test(unchecked),
	       cmocka_unit_test(another_key),
	       cmocka_unit_test(a_type_that_was_changed),
	       cmocka_unit_test(each_character), cmocka_unit_test(cut_off),
	       cmocka_unit_test(several), cmocka_unit_test(what_others_write),
	       cmocka_unit_test(what_is_none), cmocka_unit_test(keys_as_text),
	       cmocka_unit_test(what_is_no_key))
