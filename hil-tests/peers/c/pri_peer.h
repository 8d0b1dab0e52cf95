/* SPDX-License-Identifier: GPL-2.0-only
 *
 * What the files of the peer share: its calls, its rules, and what happens to them. Linked with libpri, so under its
 * licence.
 */
#ifndef PRI_PEER_H
#define PRI_PEER_H

#include "pri_wire.h"

enum {
	MAX_CALLS = 64,
	MAX_RULES = 64,
	TIMESLOTS = 31,
	D_CHANNEL = 16,
	MAX_DIGITS = 64,
	/* No step of this kind. */
	NEVER = -1,
};

/* What happens to a call of the other side, by the first digits of the called number. Times in milliseconds; those of
 * ringing, answering and refusing count from the whole number, that of hanging up from the answer. */
struct rule {
	char number[MAX_DIGITS];
	/* How many digits the number has: fewer are asked for (overlap); 0 takes what comes. */
	long digits;
	/* Whether CALL PROCEEDING is sent (libpri clears a call that it has not answered without telling of it: leave it
	 * out only where something else is sent at once), and PROGRESS with in-band information after it. */
	long proceed, progress;
	/* Cause in the PROGRESS; 0 none. */
	long progress_cause;
	/* Whether ALERTING says that there is something to hear. */
	long in_band;
	long ring, answer, refuse, hang_up;
	long cause;
	/* The channel given instead of the one asked for; 0 that one. */
	long channel;
};

struct call {
	q931_call *call;
	long id;
	int channel;
	int ours;
	int answered;
	/* It is being hung up. */
	int clearing;
	char digits[MAX_DIGITS];
	struct rule rule;
	/* When each step is due; NEVER. */
	long long ring_at, answer_at, refuse_at, hang_up_at;
};

struct peer {
	struct pri *pri;
	struct wire wire;
	int events;
	int up;
	/* Whether digits of a number may follow its SETUP. */
	int overlap;
	/* Whether calls outlive the data link, for libpri's T309. */
	int t309;
	long next_id;
	struct call calls[MAX_CALLS];
	struct rule rules[MAX_RULES];
	int rule_count;
};

extern struct peer peer;

/* Milliseconds of the machine's monotonic clock. */
long long now_ms(void);

/* Calls (pri_calls.c). */
struct call *call_of(q931_call *call);
struct call *call_by_id(long id);
struct call *call_new(q931_call *call, int channel, int ours);
void call_forget(struct call *call);
void call_hang_up(struct call *call, int cause);
/* How many calls libpri itself holds: its own summary says so. */
long libpri_calls(void);
int channel_in_use(int channel, const struct call *but);
int idle_channel(void);
void call_rings(const pri_event_ring *ring);
void call_digits(const pri_event_ring *ring);
void call_answered(struct call *call);
/* Takes every step that is due; when the next one is, or NEVER. */
long long calls_step(long long now);

/* Orders (pri_orders.c). */
void order(const char *line);

/* Events of libpri (pri_events.c). */
void tell(pri_event *event);
/* The calls on a channel (0xff: on all) are no more; no message is sent for them. */
void destroy_calls(int channel);

#endif
