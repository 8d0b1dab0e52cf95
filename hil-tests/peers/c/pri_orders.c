/* SPDX-License-Identifier: GPL-2.0-only
 *
 * Orders, one JSON object a line, `do` names them. What is no order is told as an event and does nothing.
 */
#include "pri_json.h"
#include "pri_peer.h"

#include <stdio.h>
#include <string.h>

/* {"do":"rule","number":"1234","digits":0,"proceed":1,"ring":0,"answer":0,"refuse":-1,"cause":16,...} */
static void order_rule(const char *line)
{
	struct rule rule = {0};
	if (peer.rule_count == MAX_RULES || !json_string(line, "number", rule.number, sizeof rule.number))
		return;
	rule.digits = json_number(line, "digits", 0);
	rule.proceed = json_number(line, "proceed", 1);
	rule.progress = json_number(line, "progress", 0);
	rule.progress_cause = json_number(line, "progress_cause", 0);
	rule.in_band = json_number(line, "in_band", 0);
	rule.ring = json_number(line, "ring", NEVER);
	rule.answer = json_number(line, "answer", NEVER);
	rule.refuse = json_number(line, "refuse", NEVER);
	rule.hang_up = json_number(line, "hang_up", NEVER);
	rule.cause = json_number(line, "cause", PRI_CAUSE_NORMAL_CLEARING);
	rule.channel = json_number(line, "channel", 0);
	peer.rules[peer.rule_count++] = rule;
}

/* {"do":"call","to":"1234","from":"5678","channel":0,"exclusive":0,"complete":1,"hang_up":-1} */
static void order_call(const char *line)
{
	char to[MAX_DIGITS] = "", from[MAX_DIGITS] = "";
	int channel = (int)json_number(line, "channel", 0);
	json_string(line, "to", to, sizeof to);
	json_string(line, "from", from, sizeof from);
	/* An exchange takes no channel that it knows to be in use. */
	if (!channel || channel_in_use(channel, NULL))
		channel = idle_channel();
	q931_call *libpri_call = channel ? pri_new_call(peer.pri) : NULL;
	struct call *call = libpri_call ? call_new(libpri_call, channel, 1) : NULL;
	struct pri_sr *setup = call ? pri_sr_new() : NULL;
	if (!setup) {
		json_begin("no_call");
		json_end(peer.events);
		return;
	}
	call->rule.hang_up = json_number(line, "hang_up", NEVER);
	json_begin("calling");
	json_add_number("call", call->id);
	json_add_number("channel", channel);
	json_end(peer.events);
	pri_sr_set_channel(setup, channel, (int)json_number(line, "exclusive", 0), 0);
	pri_sr_set_bearer(setup, PRI_TRANS_CAP_SPEECH, PRI_LAYER_1_ALAW);
	pri_sr_set_called(setup, to, PRI_UNKNOWN, (int)json_number(line, "complete", 1));
	if (*from)
		pri_sr_set_caller(setup, from, NULL, PRI_NATIONAL_ISDN, PRES_ALLOWED_USER_NUMBER_PASSED_SCREEN);
	pri_setup(peer.pri, call->call, setup);
	pri_sr_free(setup);
}

static void order_digits(const char *line)
{
	char digits[MAX_DIGITS] = "";
	const struct call *call = call_by_id(json_number(line, "call", 0));
	json_string(line, "digits", digits, sizeof digits);
	for (const char *digit = digits; call && *digit; digit++)
		pri_information(peer.pri, call->call, *digit);
}

/* One call, or without a number all of them. */
static void order_hang_up(const char *line)
{
	long id = json_number(line, "call", 0);
	int cause = (int)json_number(line, "cause", PRI_CAUSE_NORMAL_CLEARING);
	for (int i = 0; i < MAX_CALLS; i++) {
		struct call *call = &peer.calls[i];
		if (call->call && (!id || call->id == id))
			call_hang_up(call, cause);
	}
}

static void order_restart(const char *line)
{
	long channel = json_number(line, "channel", 0);
	destroy_calls((int)channel);
	pri_reset(peer.pri, (int)channel);
}

static void order_set(const char *line)
{
	peer.overlap = (int)json_number(line, "overlap", peer.overlap);
	pri_set_overlapdial(peer.pri, peer.overlap);
	peer.t309 = (int)json_number(line, "t309", peer.t309);
	if (json_number(line, "tones_heard", -1) >= 0)
		pri_set_inbanddisconnect(peer.pri, (unsigned)json_number(line, "tones_heard", 0));
	if (json_number(line, "service", -1) >= 0)
		pri_set_service_message_support(peer.pri, (int)json_number(line, "service", 0));
	if (json_number(line, "debug", -1) >= 0)
		pri_set_debug(peer.pri, (int)json_number(line, "debug", 0));
}

static void order_timer(const char *line)
{
	char name[32];
	int timer = json_string(line, "name", name, sizeof name) ? pri_timer2idx(name) : -1;
	if (timer < 0 || pri_set_timer(peer.pri, timer, (int)json_number(line, "ms", 0)))
		fprintf(stderr, "no such timer: %s\n", line);
}

static void order_wire(const char *line)
{
	struct wire *wire = &peer.wire;
	wire->mute = (int)json_number(line, "mute", wire->mute);
	wire->drop = json_number(line, "drop", wire->drop);
	wire->drop_in = json_number(line, "drop_in", wire->drop_in);
	wire->duplicate = json_number(line, "duplicate", wire->duplicate);
	wire->hold = (int)json_number(line, "hold", wire->hold);
	wire->hide = (int)json_number(line, "hide", wire->hide);
}

static void order_report(const char *line)
{
	long calls = 0, busy = 0;
	for (int i = 0; i < MAX_CALLS; i++)
		calls += peer.calls[i].call != NULL;
	for (int channel = 1; channel <= TIMESLOTS; channel++)
		busy += channel_in_use(channel, NULL);
	json_begin("report");
	json_add_number("tag", json_number(line, "tag", 0));
	json_add_number("up", peer.up);
	json_add_number("calls", calls);
	json_add_number("busy", busy);
	json_add_number("libpri_calls", libpri_calls());
	json_end(peer.events);
}

static void order_service(const char *line)
{
	pri_maintenance_service(peer.pri, 0, (int)json_number(line, "channel", 0),
		(int)json_number(line, "status", 0));
}

void order(const char *line)
{
	static const struct {
		const char *name;
		void (*run)(const char *line);
	} orders[] = {
		{"rule", order_rule}, {"call", order_call}, {"digits", order_digits}, {"hang_up", order_hang_up},
		{"restart", order_restart}, {"set", order_set}, {"timer", order_timer}, {"wire", order_wire},
		{"report", order_report}, {"service", order_service},
	};
	char name[32] = "";
	json_string(line, "do", name, sizeof name);
	for (size_t i = 0; i < sizeof orders / sizeof *orders; i++)
		if (strcmp(name, orders[i].name) == 0) {
			orders[i].run(line);
			return;
		}
	json_begin("no_order");
	json_add_string("text", line);
	json_end(peer.events);
}
