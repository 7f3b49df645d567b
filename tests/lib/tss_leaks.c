// SPDX-License-Identifier: MIT
/*
 * What LeakSanitizer does not report: memory that tpm2-tss 4.1.3 loses by itself when
 * a TPM cannot be opened. Nothing of ours is allocated below that function.
 */
const char *__lsan_default_suppressions(void);
const char *__lsan_default_options(void);

const char *__lsan_default_suppressions(void)
{
	return "leak:Tss2_TctiLdr_Initialize_Ex\n";
}

const char *__lsan_default_options(void)
{
	return "print_suppressions=0";
}
