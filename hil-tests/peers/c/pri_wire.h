/* SPDX-License-Identifier: GPL-2.0-only
 *
 * The D channel as libpri reads and writes it: a socket that keeps frames apart, or a DAHDI channel in HDLC mode. What a
 * bad line does to frames is done here: losing them, doubling them, losing every RESTART.
 */
#ifndef PRI_WIRE_H
#define PRI_WIRE_H

#include <libpri.h>

struct wire {
	int fd;
	/* All frames of both directions are lost. */
	int mute;
	/* Frames of the other side wait. */
	int hold;
	/* How many of the next frames to the other side are lost, or sent twice. */
	long drop, duplicate;
	/* How many of the next frames from the other side are lost. */
	long drop_in;
	/* RESTART of the other side is made unreadable before libpri sees it: layer 2 acknowledges it, layer 3 does not. */
	int hide_restart;
};

/* Opens "fd:N" or the path of a DAHDI channel; ends the program where that fails. */
void wire_open(struct wire *wire, const char *name);
/* What libpri calls; its user data is the wire. */
int wire_read(struct pri *pri, void *buffer, int size);
int wire_write(struct pri *pri, void *buffer, int size);

#endif
