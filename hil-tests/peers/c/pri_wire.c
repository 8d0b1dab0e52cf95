/* SPDX-License-Identifier: GPL-2.0-only
 *
 * Frames between libpri and a socket or a DAHDI channel. libpri counts the two octets of the frame check sequence in
 * both directions, as DAHDI does; on a socket there is none, so two octets are taken off here and put on again.
 */
#include "pri_wire.h"

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <unistd.h>

#ifdef WITH_DAHDI
#include <dahdi/user.h>
#include <sys/ioctl.h>
#endif

enum {
	FCS = 2,
	/* An I frame's octets before its message: two of address, two of control. */
	I_HEADER = 4,
	/* A protocol discriminator that is none of call control's. */
	OTHER_PROTOCOL = 0x00,
};

static int is_socket(int fd)
{
	struct stat status;
	return fstat(fd, &status) == 0 && S_ISSOCK(status.st_mode);
}

static void fail(const char *what)
{
	perror(what);
	exit(1);
}

/* A channel that is in HDLC mode already is only opened; buffers are many and small, so that no frame waits. */
static int open_dahdi(const char *path)
{
	int fd = open(path, O_RDWR | O_NONBLOCK);
	if (fd < 0)
		fail(path);
#ifdef WITH_DAHDI
	struct dahdi_bufferinfo buffers = {0};
	buffers.txbufpolicy = DAHDI_POLICY_IMMEDIATE;
	buffers.rxbufpolicy = DAHDI_POLICY_IMMEDIATE;
	buffers.numbufs = 32;
	buffers.bufsize = 1024;
	if (ioctl(fd, DAHDI_SET_BUFINFO, &buffers))
		fail("DAHDI_SET_BUFINFO");
#endif
	return fd;
}

void wire_open(struct wire *wire, const char *name)
{
	memset(wire, 0, sizeof *wire);
	if (strncmp(name, "fd:", 3) == 0) {
		wire->fd = atoi(name + 3);
		int flags = fcntl(wire->fd, F_GETFL);
		if (flags < 0 || fcntl(wire->fd, F_SETFL, flags | O_NONBLOCK))
			fail(name);
	} else {
		wire->fd = open_dahdi(name);
	}
}

/* Where the message type of an I frame with a Q.931 message stands; none of other frames. */
static unsigned char *message_type(unsigned char *frame, int size)
{
	int reference = size > I_HEADER + 1 ? frame[I_HEADER + 1] & 0x0f : 0;
	int type = I_HEADER + 2 + reference;
	if (size <= type || frame[2] & 1 || frame[I_HEADER] != 0x08)
		return NULL;
	return frame + type;
}

int wire_read(struct pri *pri, void *buffer, int size)
{
	struct wire *wire = pri_get_userdata(pri);
	int socket = is_socket(wire->fd);
	ssize_t length = read(wire->fd, buffer, (size_t)(socket ? size - FCS : size));
	if (length == 0 && socket)
		exit(0);
	if (length <= 0)
		return 0;
	if (wire->mute)
		return 0;
	if (wire->drop_in > 0) {
		wire->drop_in--;
		return 0;
	}
	int frame = (int)length - (socket ? 0 : FCS);
	unsigned char *type = message_type(buffer, frame);
	if (wire->hide && type && *type == wire->hide)
		((unsigned char *)buffer)[I_HEADER] = OTHER_PROTOCOL;
	if (socket)
		memset((char *)buffer + length, 0, FCS);
	return frame + FCS;
}

int wire_write(struct pri *pri, void *buffer, int size)
{
	struct wire *wire = pri_get_userdata(pri);
	int length = is_socket(wire->fd) ? size - FCS : size;
	int times = 1;
	if (wire->mute)
		return size;
	if (wire->drop > 0) {
		wire->drop--;
		return size;
	}
	if (wire->duplicate > 0) {
		wire->duplicate--;
		times = 2;
	}
	while (times-- > 0) {
		ssize_t sent = write(wire->fd, buffer, (size_t)length);
		/* A queue that is full loses the frame, as a line would; layer 2 sends it again. */
		if (sent < 0 && errno != EAGAIN && errno != ENOBUFS)
			exit(errno == EPIPE || errno == ECONNRESET ? 0 : 1);
	}
	return size;
}
