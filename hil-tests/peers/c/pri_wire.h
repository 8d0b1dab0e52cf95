/* SPDX-License-Identifier: GPL-2.0-only
 *
 * The D channel as libpri reads and writes it: a socket that keeps frames apart, or a DAHDI channel in HDLC mode. What a
 * bad line does to frames is done here: losing them, doubling them, hiding messages.
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
	/* Messages of this type from the other side are made unreadable before libpri sees them, 0 none: layer 2
	 * acknowledges them, layer 3 never answers. */
	int hide;
};

/* Opens "fd:N" or the path of a DAHDI channel; ends the program where that fails. */
void wire_open(struct wire *wire, const char *name);
/* What libpri calls; its user data is the wire. */
int wire_read(struct pri *pri, void *buffer, int size);
int wire_write(struct pri *pri, void *buffer, int size);

#endif
