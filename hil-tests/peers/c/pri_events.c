/* SPDX-License-Identifier: GPL-2.0-only
 *
 * What libpri tells, as lines, and what an exchange does about it: it hangs up what is hung up, forgets what is gone.
 */
#include "pri_json.h"
#include "pri_peer.h"

#include <stdio.h>

static void tell_call(const char *event, q931_call *of, int channel, int cause, int progress)
{
	const struct call *call = call_of(of);
	json_begin(event);
	if (call)
		json_add_number("call", call->id);
	json_add_number("channel", channel & 0xff);
	if (cause > 0)
		json_add_number("cause", cause);
	if (progress)
		json_add_number("progress", progress);
	json_end(peer.events);
}

static void tell_channel(const char *event, int channel)
{
	json_begin(event);
	json_add_number("channel", channel == -1 ? 0xff : channel & 0xff);
	json_end(peer.events);
}

void destroy_calls(int channel)
{
	for (int i = 0; i < MAX_CALLS; i++) {
		struct call *call = &peer.calls[i];
		if (!call->call || (channel != 0xff && call->channel != channel))
			continue;
		pri_destroycall(peer.pri, call->call);
		json_begin("destroyed");
		json_add_number("call", call->id);
		json_add_number("channel", call->channel);
		json_end(peer.events);
		call_forget(call);
	}
}

static void link_state(int up)
{
	peer.up = up;
	json_begin(up ? "up" : "down");
	json_end(peer.events);
	/* With T309 libpri keeps the calls itself; without, they are lost with the link. libpri cannot be told to. */
	if (!up && !peer.t309)
		destroy_calls(0xff);
}

static void hung_up(const pri_event_hangup *hangup, const char *event)
{
	struct call *call = call_of(hangup->call);
	tell_call(event, hangup->call, hangup->channel, hangup->cause, 0);
	if (hangup->e == PRI_EVENT_HANGUP_REQ) {
		if (call)
			call->clearing = 1;
		pri_hangup(peer.pri, hangup->call, hangup->cause);
		return;
	}
	if (hangup->e == PRI_EVENT_HANGUP)
		pri_hangup(peer.pri, hangup->call, hangup->cause);
	if (call)
		call_forget(call);
}

/* The channel that the other side gave to a call of ours. */
static void channel_given(q931_call *of, int channel)
{
	struct call *call = call_of(of);
	if (call && call->ours && (channel & 0xff))
		call->channel = channel & 0xff;
}

void tell(pri_event *event)
{
	switch (event->e) {
	case PRI_EVENT_DCHAN_UP:
		link_state(1);
		break;
	case PRI_EVENT_DCHAN_DOWN:
		link_state(0);
		break;
	case PRI_EVENT_RESTART:
		tell_channel("restart", event->restart.channel);
		destroy_calls(event->restart.channel == -1 ? 0xff : event->restart.channel & 0xff);
		break;
	case PRI_EVENT_RESTART_ACK:
		tell_channel("restart_ack", event->restartack.channel);
		break;
	case PRI_EVENT_RING:
		call_rings(&event->ring);
		break;
	case PRI_EVENT_INFO_RECEIVED:
		call_digits(&event->ring);
		break;
	case PRI_EVENT_SETUP_ACK:
		channel_given(event->setup_ack.call, event->setup_ack.channel);
		tell_call("setup_ack", event->setup_ack.call, event->setup_ack.channel, 0,
			event->setup_ack.progressmask);
		break;
	case PRI_EVENT_PROCEEDING:
		/* Its cause is not set by libpri: only PROGRESS has one. */
		channel_given(event->proceeding.call, event->proceeding.channel);
		tell_call("proceeding", event->proceeding.call, event->proceeding.channel, 0,
			event->proceeding.progressmask);
		break;
	case PRI_EVENT_PROGRESS:
		channel_given(event->proceeding.call, event->proceeding.channel);
		tell_call("progress", event->proceeding.call, event->proceeding.channel, event->proceeding.cause,
			event->proceeding.progressmask);
		break;
	case PRI_EVENT_RINGING:
		channel_given(event->ringing.call, event->ringing.channel);
		tell_call("ringing", event->ringing.call, event->ringing.channel, 0, event->ringing.progressmask);
		break;
	case PRI_EVENT_ANSWER:
		channel_given(event->answer.call, event->answer.channel);
		tell_call("answer", event->answer.call, event->answer.channel, 0, event->answer.progressmask);
		if (call_of(event->answer.call))
			call_answered(call_of(event->answer.call));
		break;
	case PRI_EVENT_CONNECT_ACK:
		tell_call("connect_ack", event->connect_ack.call, event->connect_ack.channel, 0, 0);
		break;
	case PRI_EVENT_HANGUP:
		hung_up(&event->hangup, "hangup");
		break;
	case PRI_EVENT_HANGUP_REQ:
		hung_up(&event->hangup, "hangup_req");
		break;
	case PRI_EVENT_HANGUP_ACK:
		hung_up(&event->hangup, "hangup_ack");
		break;
	case PRI_EVENT_SERVICE:
		tell_channel("service", event->service.channel);
		break;
	case PRI_EVENT_SERVICE_ACK:
		tell_channel("service_ack", event->service_ack.channel);
		break;
	case PRI_EVENT_CONFIG_ERR:
		json_begin("configuration");
		json_add_string("text", event->err.err);
		json_end(peer.events);
		break;
	default:
		json_begin("other");
		json_add_string("text", pri_event2str(event->e));
		json_end(peer.events);
		break;
	}
}
