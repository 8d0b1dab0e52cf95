/* SPDX-License-Identifier: GPL-2.0-only
 *
 * Flat JSON lines: the orders that come in, the events that go out. No nested values, no arrays.
 */
#ifndef PRI_JSON_H
#define PRI_JSON_H

#include <stddef.h>

/* Reads the string of a key; returns 0 where the line has none, or it does not fit. */
int json_string(const char *line, const char *key, char *to, size_t size);
/* Reads the number of a key; the other value where the line has none. */
long json_number(const char *line, const char *key, long otherwise);

/* One event line to a file descriptor, whole or not at all. Keys come in the order of these calls. */
void json_begin(const char *event);
void json_add_string(const char *key, const char *value);
void json_add_number(const char *key, long value);
void json_end(int fd);

#endif
