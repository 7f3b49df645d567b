/* SPDX-License-Identifier: MIT */
/* The style sheet of the page: for a phone, for print, for a dark room. */
#ifndef REPORT_STYLE_H
#define REPORT_STYLE_H

extern const char report_style[];

#endif
