/* SPDX-License-Identifier: MIT */
/*
 * The verbs. Each returns enum cli_status; argv[0] is its whole name.
 */
#ifndef CMD_CMD_H
#define CMD_CMD_H

int cmd_ak(int argc, char **argv);
int cmd_archive(int argc, char **argv);
int cmd_attest(int argc, char **argv);
int cmd_challenge(int argc, char **argv);
int cmd_collect(int argc, char **argv);
int cmd_enroll(int argc, char **argv);
int cmd_hold(int argc, char **argv);
int cmd_holds(int argc, char **argv);
int cmd_key(int argc, char **argv);
int cmd_log(int argc, char **argv);
int cmd_machine(int argc, char **argv);
int cmd_mount(int argc, char **argv);
int cmd_policy(int argc, char **argv);
int cmd_reload(int argc, char **argv);
int cmd_release(int argc, char **argv);
int cmd_reverify(int argc, char **argv);
int cmd_status(int argc, char **argv);
int cmd_verify(int argc, char **argv);

int cmd_ak_create(int argc, char **argv);
int cmd_ak_export(int argc, char **argv);
int cmd_ak_show(int argc, char **argv);

int cmd_archive_cat(int argc, char **argv);
int cmd_archive_evidence(int argc, char **argv);
int cmd_archive_export(int argc, char **argv);
int cmd_archive_list(int argc, char **argv);
int cmd_archive_prune(int argc, char **argv);
int cmd_archive_verify(int argc, char **argv);

int cmd_enroll_accept(int argc, char **argv);
int cmd_enroll_answer(int argc, char **argv);
int cmd_enroll_challenge(int argc, char **argv);
int cmd_enroll_request(int argc, char **argv);

int cmd_key_create(int argc, char **argv);
int cmd_key_show(int argc, char **argv);

int cmd_log_align(int argc, char **argv);
int cmd_log_convert(int argc, char **argv);
int cmd_log_diff(int argc, char **argv);
int cmd_log_replay(int argc, char **argv);
int cmd_log_show(int argc, char **argv);
int cmd_log_stat(int argc, char **argv);

int cmd_policy_check(int argc, char **argv);
int cmd_policy_compile(int argc, char **argv);
int cmd_policy_diff(int argc, char **argv);
int cmd_policy_show(int argc, char **argv);

int cmd_machine_add(int argc, char **argv);
int cmd_machine_list(int argc, char **argv);
int cmd_machine_forget(int argc, char **argv);
int cmd_machine_readmit(int argc, char **argv);
int cmd_machine_remove(int argc, char **argv);
int cmd_machine_show(int argc, char **argv);

int cmd_policy_create(int argc, char **argv);
int cmd_policy_explain(int argc, char **argv);
int cmd_policy_learn_boot(int argc, char **argv);
int cmd_policy_update(int argc, char **argv);

#endif
