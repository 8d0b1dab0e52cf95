/* SPDX-License-Identifier: GPL-2.0-only
 *
 * Flat JSON lines. Knows nothing of calls.
 */
#include "pri_json.h"

#include <errno.h>
#include <poll.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

enum { LINE = 4096 };

static char out[LINE];
static size_t used;

/* Where the value of a key begins. */
static const char *value_of(const char *line, const char *key)
{
	char quoted[64];
	int length = snprintf(quoted, sizeof quoted, "\"%s\":", key);
	if (length < 0 || (size_t)length >= sizeof quoted)
		return NULL;
	const char *found = strstr(line, quoted);
	return found ? found + length : NULL;
}

int json_string(const char *line, const char *key, char *to, size_t size)
{
	const char *from = value_of(line, key);
	size_t length = 0;
	if (!from || *from++ != '"')
		return 0;
	while (from[length] && from[length] != '"')
		length++;
	if (from[length] != '"' || length >= size)
		return 0;
	memcpy(to, from, length);
	to[length] = 0;
	return 1;
}

long json_number(const char *line, const char *key, long otherwise)
{
	const char *from = value_of(line, key);
	char *end;
	if (!from)
		return otherwise;
	long value = strtol(from, &end, 10);
	return end == from ? otherwise : value;
}

static void add(const char *text, size_t length)
{
	/* Two octets stay for the end of the line. */
	if (used + length + 2 > LINE)
		length = LINE - 2 - used;
	memcpy(out + used, text, length);
	used += length;
}

static void add_text(const char *text)
{
	add(text, strlen(text));
}

static void add_quoted(const char *text)
{
	add_text("\"");
	for (; *text; text++) {
		char escaped[8];
		/* Room for the closing quote and the end of the line: a long text is cut, the line stays whole. */
		if (used + sizeof escaped + 4 > LINE)
			break;
		if (*text == '"' || *text == '\\')
			snprintf(escaped, sizeof escaped, "\\%c", *text);
		else if ((unsigned char)*text < 0x20 || (unsigned char)*text > 0x7e)
			snprintf(escaped, sizeof escaped, "\\u%04x", (unsigned char)*text);
		else
			snprintf(escaped, sizeof escaped, "%c", *text);
		add_text(escaped);
	}
	add_text("\"");
}

void json_begin(const char *event)
{
	used = 0;
	add_text("{\"event\":");
	add_quoted(event);
}

void json_add_string(const char *key, const char *value)
{
	add_text(",");
	add_quoted(key);
	add_text(":");
	add_quoted(value);
}

void json_add_number(const char *key, long value)
{
	char text[32];
	snprintf(text, sizeof text, "%ld", value);
	add_text(",");
	add_quoted(key);
	add_text(":");
	add_text(text);
}

void json_end(int fd)
{
	size_t sent = 0;
	add_text("}\n");
	while (sent < used) {
		ssize_t some = write(fd, out + sent, used - sent);
		if (some > 0) {
			sent += (size_t)some;
		} else if (errno == EAGAIN) {
			struct pollfd writable = {.fd = fd, .events = POLLOUT};
			poll(&writable, 1, -1);
		} else if (errno != EINTR) {
			/* Nobody listens any more. */
			exit(0);
		}
	}
}
