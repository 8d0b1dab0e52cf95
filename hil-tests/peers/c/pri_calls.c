/* SPDX-License-Identifier: GPL-2.0-only
 *
 * The peer's calls: which channel each holds, and what its rule does to it next. Sends no message but through libpri.
 */
#include "pri_json.h"
#include "pri_peer.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

struct call *call_of(q931_call *call)
{
	for (int i = 0; i < MAX_CALLS; i++)
		if (call && peer.calls[i].call == call)
			return &peer.calls[i];
	return NULL;
}

struct call *call_by_id(long id)
{
	for (int i = 0; i < MAX_CALLS; i++)
		if (peer.calls[i].call && peer.calls[i].id == id)
			return &peer.calls[i];
	return NULL;
}

struct call *call_new(q931_call *call, int channel, int ours)
{
	for (int i = 0; i < MAX_CALLS; i++) {
		struct call *found = &peer.calls[i];
		if (found->call)
			continue;
		memset(found, 0, sizeof *found);
		found->call = call;
		found->id = ++peer.next_id;
		found->channel = channel;
		found->ours = ours;
		found->ring_at = found->answer_at = found->refuse_at = found->hang_up_at = NEVER;
		found->rule.hang_up = NEVER;
		found->rule.cause = PRI_CAUSE_NORMAL_CLEARING;
		return found;
	}
	return NULL;
}

void call_forget(struct call *call)
{
	call->call = NULL;
}

long libpri_calls(void)
{
	static const char wanted[] = "active-calls:";
	char *text = pri_dump_info_str(peer.pri);
	const char *found = text ? strstr(text, wanted) : NULL;
	long calls = found ? strtol(found + sizeof wanted - 1, NULL, 10) : -1;
	free(text);
	return calls;
}

/* A call that ends with one message of ours (RELEASE COMPLETE) is gone at once, and libpri tells nothing of it. */
void call_hang_up(struct call *call, int cause)
{
	/* Once is enough, and more than once takes libpri to where it answers RELEASE no more. */
	if (call->clearing)
		return;
	call->clearing = 1;
	long before = libpri_calls();
	pri_hangup(peer.pri, call->call, cause);
	if (libpri_calls() >= before)
		return;
	json_begin("refused");
	json_add_number("call", call->id);
	json_add_number("channel", call->channel);
	json_add_number("cause", cause);
	json_end(peer.events);
	call_forget(call);
}

int channel_in_use(int channel, const struct call *but)
{
	for (int i = 0; i < MAX_CALLS; i++) {
		const struct call *call = &peer.calls[i];
		if (call->call && call != but && call->channel == channel)
			return 1;
	}
	return 0;
}

int idle_channel(void)
{
	/* From the top, as networks do: the user side begins at the bottom. */
	for (int channel = TIMESLOTS; channel > 0; channel--)
		if (channel != D_CHANNEL && !channel_in_use(channel, NULL))
			return channel;
	return 0;
}

/* The rule with the longest number that the called number begins with. */
static struct rule rule_for(const char *called)
{
	struct rule none = {.ring = NEVER, .answer = NEVER, .refuse = 0, .hang_up = NEVER};
	const struct rule *best = NULL;
	none.cause = PRI_CAUSE_UNALLOCATED;
	for (int i = 0; i < peer.rule_count; i++) {
		const struct rule *rule = &peer.rules[i];
		size_t length = strlen(rule->number);
		if (strncmp(called, rule->number, length) == 0 && (!best || length >= strlen(best->number)))
			best = rule;
	}
	return best ? *best : none;
}

static long long after(long long now, long wait)
{
	return wait == NEVER ? NEVER : now + wait;
}

/* The number is whole: the rule runs. A call that is refused without CALL PROCEEDING needs a cause for which libpri
 * sends RELEASE COMPLETE (1 is one): with any other it sends DISCONNECT, and that only on a call it has answered. */
static void number_complete(struct call *call)
{
	const struct rule *rule = &call->rule;
	long long now = now_ms();
	json_begin("number");
	json_add_number("call", call->id);
	json_add_string("called", call->digits);
	json_end(peer.events);
	call->refuse_at = after(now, rule->refuse);
	call->ring_at = after(now, rule->ring);
	call->answer_at = after(now, rule->answer);
	if (rule->proceed)
		pri_proceeding(peer.pri, call->call, call->channel, 0);
	if (rule->progress && rule->progress_cause)
		pri_progress_with_cause(peer.pri, call->call, call->channel, 1, (int)rule->progress_cause);
	else if (rule->progress)
		pri_progress(peer.pri, call->call, call->channel, 1);
}

/* The channel a call of the other side gets; 0 where there is none for it. */
static int channel_for(const struct call *call, const pri_event_ring *ring)
{
	int asked = ring->channel & 0xff;
	if (call->rule.channel)
		return (int)call->rule.channel;
	if (asked > 0 && asked <= TIMESLOTS && !channel_in_use(asked, call))
		return asked;
	return ring->flexible ? idle_channel() : 0;
}

void call_rings(const pri_event_ring *ring)
{
	struct call *call = call_new(ring->call, 0, 0);
	if (!call) {
		pri_hangup(peer.pri, ring->call, PRI_CAUSE_SWITCH_CONGESTION);
		return;
	}
	snprintf(call->digits, sizeof call->digits, "%.*s", MAX_DIGITS - 1, ring->callednum);
	call->rule = rule_for(call->digits);
	json_begin("ring");
	json_add_number("call", call->id);
	json_add_number("channel", ring->channel & 0xff);
	json_add_number("flexible", ring->flexible);
	json_add_number("complete", ring->complete);
	json_add_string("called", ring->callednum);
	json_add_string("calling", ring->callingnum);
	json_add_number("presentation", ring->callingpres);
	json_add_number("called_plan", ring->calledplan);
	json_add_number("bearer", ring->ctype);
	json_add_number("layer1", ring->layer1);
	json_end(peer.events);
	int channel = channel_for(call, ring);
	if (!channel) {
		call_hang_up(call, PRI_CAUSE_REQUESTED_CHAN_UNAVAIL);
		return;
	}
	call->channel = channel;
	if (peer.overlap && !ring->complete && (long)strlen(call->digits) < call->rule.digits)
		pri_need_more_info(peer.pri, call->call, channel, 0);
	else
		number_complete(call);
}

void call_digits(const pri_event_ring *ring)
{
	struct call *call = call_of(ring->call);
	if (!call)
		return;
	size_t length = strlen(call->digits);
	snprintf(call->digits + length, sizeof call->digits - length, "%.*s", MAX_DIGITS - 1, ring->callednum);
	json_begin("digits");
	json_add_number("call", call->id);
	json_add_string("called", ring->callednum);
	json_add_number("complete", ring->complete);
	json_end(peer.events);
	if (ring->complete || (long)strlen(call->digits) >= call->rule.digits)
		number_complete(call);
}

void call_answered(struct call *call)
{
	call->answered = 1;
	call->hang_up_at = after(now_ms(), call->rule.hang_up);
}

static int due(long long *at, long long now)
{
	if (*at == NEVER || *at > now)
		return 0;
	*at = NEVER;
	return 1;
}

static void step(struct call *call, long long now)
{
	if (due(&call->refuse_at, now) || due(&call->hang_up_at, now)) {
		call->ring_at = call->answer_at = call->refuse_at = call->hang_up_at = NEVER;
		call_hang_up(call, (int)call->rule.cause);
		return;
	}
	if (due(&call->ring_at, now))
		pri_acknowledge(peer.pri, call->call, call->channel, (int)call->rule.in_band);
	if (due(&call->answer_at, now)) {
		pri_answer(peer.pri, call->call, call->channel, 0);
		call_answered(call);
	}
}

long long calls_step(long long now)
{
	long long next = NEVER;
	for (int i = 0; i < MAX_CALLS; i++) {
		struct call *call = &peer.calls[i];
		if (!call->call)
			continue;
		step(call, now);
		const long long at[] = {call->ring_at, call->answer_at, call->refuse_at, call->hang_up_at};
		for (size_t k = 0; k < sizeof at / sizeof *at; k++)
			if (at[k] != NEVER && (next == NEVER || at[k] < next))
				next = at[k];
	}
	return next;
}
