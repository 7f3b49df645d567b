// SPDX-License-Identifier: MIT
/*
 * A program that uses libimastage as installed, compiled as C and as C++:
 * replays the binary list on its input and prints PCR 10 of the sha256 bank.
 */
#include <imastage/imastage.h>

int main(void)
{
	struct imastage_summary summary;
	struct imastage_reader *reader;
	struct imastage_replay *replay;
	struct imastage_bytes value;

	if (imastage_reader_new_fd(0, NULL, &reader) < 0 ||
	    imastage_replay_new(1u << IMASTAGE_SHA256, 1u << IMASTAGE_PCR_IMA,
				&replay) < 0)
		return 1;
	if (imastage_check(reader, replay, NULL, NULL, &summary) < 0) {
		fprintf(stderr, "%s\n", imastage_reader_error(reader)->reason);
		return 1;
	}
	value = imastage_replay_value(replay, IMASTAGE_SHA256,
				      IMASTAGE_PCR_IMA);
	for (size_t i = 0; i < value.len; i++)
		printf("%02x", value.data[i]);
	printf("\n");
	imastage_replay_free(replay);
	imastage_reader_free(reader);
	return 0;
}
