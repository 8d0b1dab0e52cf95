/* SPDX-License-Identifier: GPL-2.0-only
 *
 * The far end of a primary rate D channel, made of libpri: an exchange (network side) or a private exchange (user side)
 * that orders come to as JSON lines and that tells what happens as JSON lines. It carries no audio.
 *
 * This program links libpri, which is under version 2 of the GNU General Public License, and is therefore under that
 * licence too (README.md). It is a test peer: no part of the product contains it, links it or ships it.
 *
 * pri_peer [--user] [--wire fd:N | --wire /dev/dahdi/N] [--orders FD] [--events FD]
 */
#include "pri_json.h"
#include "pri_peer.h"

#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/time.h>
#include <time.h>
#include <unistd.h>

enum { ORDERS = 65536 };

struct peer peer;

static char orders[ORDERS];
static size_t orders_held;

long long now_ms(void)
{
	struct timespec now;
	clock_gettime(CLOCK_MONOTONIC, &now);
	return (long long)now.tv_sec * 1000 + now.tv_nsec / 1000000;
}

static void say(const char *event, char *text)
{
	json_begin(event);
	json_add_string("text", text);
	json_end(peer.events);
}

static void on_error(struct pri *pri, char *text)
{
	(void)pri;
	say("error", text);
}

static void on_message(struct pri *pri, char *text)
{
	(void)pri;
	say("message", text);
}

/* Milliseconds until libpri wants to run; -1 never. */
static long until_libpri(void)
{
	struct timeval *at = pri_schedule_next(peer.pri), now;
	if (!at)
		return -1;
	gettimeofday(&now, NULL);
	long ms = (at->tv_sec - now.tv_sec) * 1000 + (at->tv_usec - now.tv_usec) / 1000 + 1;
	return ms < 0 ? 0 : ms;
}

static int soonest(long libpri, long long step, long long now)
{
	long own = step == NEVER ? -1 : step > now ? (long)(step - now) : 0;
	return (int)(libpri < 0 ? own : own < 0 ? libpri : libpri < own ? libpri : own);
}

/* Takes what came; ends the program where nobody gives orders any more. */
static void take_orders(int fd)
{
	ssize_t some = read(fd, orders + orders_held, ORDERS - orders_held);
	if (some == 0)
		exit(0);
	if (some < 0) {
		if (errno == EAGAIN || errno == EINTR)
			return;
		exit(1);
	}
	orders_held += (size_t)some;
	char *line = orders, *end;
	while ((end = memchr(line, '\n', orders_held - (size_t)(line - orders)))) {
		*end = 0;
		order(line);
		line = end + 1;
	}
	orders_held -= (size_t)(line - orders);
	memmove(orders, line, orders_held);
	if (orders_held == ORDERS) {
		fprintf(stderr, "an order is too long\n");
		exit(1);
	}
}

static void run(int orders_fd)
{
	for (;;) {
		long long now = now_ms();
		long long step = calls_step(now);
		struct pollfd ready[] = {{.fd = peer.wire.hold ? -1 : peer.wire.fd, .events = POLLIN | POLLPRI},
			{.fd = orders_fd, .events = POLLIN}};
		if (poll(ready, 2, soonest(until_libpri(), step, now)) < 0 && errno != EINTR)
			exit(1);
		pri_event *event;
		/* Orders first: one that was given before a frame was sent counts for that frame. */
		if (ready[1].revents)
			take_orders(orders_fd);
		if (ready[0].revents && !peer.wire.hold && (event = pri_check_event(peer.pri)))
			tell(event);
		if (until_libpri() == 0 && (event = pri_schedule_run(peer.pri)))
			tell(event);
	}
}

int main(int count, char **arguments)
{
	const char *wire = NULL;
	int side = PRI_NETWORK, orders_fd = 0;
	peer.events = 1;
	peer.t309 = 1;
	for (int i = 1; i < count; i++) {
		const char *value = i + 1 < count ? arguments[i + 1] : NULL;
		if (strcmp(arguments[i], "--user") == 0) {
			side = PRI_CPE;
			continue;
		}
		if (value && strcmp(arguments[i], "--wire") == 0)
			wire = value;
		else if (value && strcmp(arguments[i], "--orders") == 0)
			orders_fd = atoi(value);
		else if (value && strcmp(arguments[i], "--events") == 0)
			peer.events = atoi(value);
		else
			wire = NULL, i = count;
		i++;
	}
	if (!wire) {
		fprintf(stderr, "pri_peer [--user] --wire fd:N|/dev/dahdi/N [--orders FD] [--events FD]\n");
		return 2;
	}
	wire_open(&peer.wire, wire);
	pri_set_error(on_error);
	pri_set_message(on_message);
	peer.pri = pri_new_cb(peer.wire.fd, side, PRI_SWITCH_EUROISDN_E1, wire_read, wire_write, &peer.wire);
	if (!peer.pri) {
		fprintf(stderr, "libpri does not start\n");
		return 1;
	}
	pri_set_debug(peer.pri, PRI_DEBUG_Q931_ANOMALY | PRI_DEBUG_CONFIG);
	pri_hangup_fix_enable(peer.pri, 1);
	say("ready", (char *)pri_get_version());
	run(orders_fd);
}
