/* SPDX-License-Identifier: MIT */
/*
 * The verbs. Each returns enum cli_status; argv[0] is its whole name.
 */
#ifndef CLI_CMD_H
#define CLI_CMD_H

int cmd_log(int argc, char **argv);

int cmd_log_align(int argc, char **argv);
int cmd_log_convert(int argc, char **argv);
int cmd_log_diff(int argc, char **argv);
int cmd_log_replay(int argc, char **argv);
int cmd_log_show(int argc, char **argv);
int cmd_log_stat(int argc, char **argv);

#endif
