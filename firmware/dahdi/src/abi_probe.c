/* Compiled by the test of the binary interface against the distribution's dahdi/user.h: prints the size and the
   offsets of each structure, and the number of each request that the crate uses. It is no part of the product. */
#include <stddef.h>
#include <stdio.h>
#include <dahdi/user.h>

#define SIZE(ours, theirs) printf("size %s %zu\n", ours, sizeof(struct theirs))
#define AT(ours, theirs, field) printf("at %s %zu\n", ours, offsetof(struct theirs, field))
#define NUMBER(ours, value) printf("number %s %lu\n", ours, (unsigned long)(unsigned int)(value))

int main(void)
{
	SIZE("Params", dahdi_params);
	AT("Params.signalling", dahdi_params, sigtype);
	AT("Params.capabilities", dahdi_params, sigcap);
	AT("Params.rx_off_hook", dahdi_params, rxisoffhook);
	AT("Params.name", dahdi_params, name);
	AT("Params.alarms", dahdi_params, chan_alarms);
	SIZE("SpanInfo", dahdi_spaninfo);
	AT("SpanInfo.alarms", dahdi_spaninfo, alarms);
	AT("SpanInfo.bipolar", dahdi_spaninfo, bpvcount);
	AT("SpanInfo.crc4", dahdi_spaninfo, crc4count);
	AT("SpanInfo.e_bit", dahdi_spaninfo, ebitcount);
	AT("SpanInfo.fas", dahdi_spaninfo, fascount);
	AT("SpanInfo.irq_misses", dahdi_spaninfo, irqmisses);
	AT("SpanInfo.line_config", dahdi_spaninfo, lineconfig);
	AT("SpanInfo.line_compat", dahdi_spaninfo, linecompat);
	AT("SpanInfo.span_type", dahdi_spaninfo, spantype);
	SIZE("Maint", dahdi_maintinfo);
	AT("Maint.command", dahdi_maintinfo, command);
	SIZE("LineConfig", dahdi_lineconfig);
	AT("LineConfig.config", dahdi_lineconfig, lineconfig);
	AT("LineConfig.sync", dahdi_lineconfig, sync);
	SIZE("ChannelConfig", dahdi_chanconfig);
	AT("ChannelConfig.signalling", dahdi_chanconfig, sigtype);
	AT("ChannelConfig.law", dahdi_chanconfig, deflaw);
	AT("ChannelConfig.net_device", dahdi_chanconfig, netdev_name);
	SIZE("BufferInfo", dahdi_bufferinfo);
	AT("BufferInfo.count", dahdi_bufferinfo, numbufs);
	AT("BufferInfo.size", dahdi_bufferinfo, bufsize);
	SIZE("AttachEcho", dahdi_attach_echocan);
	AT("AttachEcho.name", dahdi_attach_echocan, echocan);
	SIZE("Version", dahdi_versioninfo);
	AT("Version.echo_cancellers", dahdi_versioninfo, echo_canceller);
	SIZE("DynamicSpan", dahdi_dynamic_span);
	AT("DynamicSpan.address", dahdi_dynamic_span, addr);
	AT("DynamicSpan.channels", dahdi_dynamic_span, numchans);
	AT("DynamicSpan.span", dahdi_dynamic_span, spanno);
	SIZE("ToneZone", dahdi_tone_def_header);
	AT("ToneZone.zone", dahdi_tone_def_header, zone);
	AT("ToneZone.ring_cadence", dahdi_tone_def_header, ringcadence);
	AT("ToneZone.name", dahdi_tone_def_header, name);

	NUMBER("flush", DAHDI_FLUSH);
	NUMBER("get_params", DAHDI_GET_PARAMS);
	NUMBER("hook", DAHDI_HOOK);
	NUMBER("get_event", DAHDI_GETEVENT);
	NUMBER("span_stat", DAHDI_SPANSTAT);
	NUMBER("maint", DAHDI_MAINT);
	NUMBER("span_config", DAHDI_SPANCONFIG);
	NUMBER("channel_config", DAHDI_CHANCONFIG);
	NUMBER("set_tone_zone", DAHDI_SETTONEZONE);
	NUMBER("load_zone", DAHDI_LOADZONE);
	NUMBER("set_buffers", DAHDI_SET_BUFINFO);
	NUMBER("audio_mode", DAHDI_AUDIOMODE);
	NUMBER("echo_cancel", DAHDI_ECHOCANCEL);
	NUMBER("specify", DAHDI_SPECIFY);
	NUMBER("set_law", DAHDI_SETLAW);
	NUMBER("get_version", DAHDI_GETVERSION);
	NUMBER("attach_echo", DAHDI_ATTACH_ECHOCAN);
	NUMBER("dynamic_create", DAHDI_DYNAMIC_CREATE);
	NUMBER("dynamic_destroy", DAHDI_DYNAMIC_DESTROY);
	NUMBER("set_polarity", DAHDI_SETPOLARITY);
	NUMBER("startup", DAHDI_STARTUP);
	NUMBER("shutdown", DAHDI_SHUTDOWN);
	NUMBER("buffer_events", DAHDI_BUFFER_EVENTS);

	NUMBER("ELAST", ELAST);
	NUMBER("LINE_CCS", DAHDI_CONFIG_CCS);
	NUMBER("LINE_HDB3", DAHDI_CONFIG_HDB3);
	NUMBER("LINE_CRC4", DAHDI_CONFIG_CRC4);
	NUMBER("LINE_AMI", DAHDI_CONFIG_AMI);
	NUMBER("SIG_CLEAR", DAHDI_SIG_CLEAR);
	NUMBER("SIG_HDLC_FCS", DAHDI_SIG_HDLCFCS);
	NUMBER("SIG_FXS_KS", DAHDI_SIG_FXSKS);
	NUMBER("SIG_FXO_KS", DAHDI_SIG_FXOKS);
	NUMBER("LAW_ALAW", DAHDI_LAW_ALAW);
	NUMBER("POLICY_IMMEDIATE", DAHDI_POLICY_IMMEDIATE);
	NUMBER("FLUSH_BOTH", DAHDI_FLUSH_BOTH);
	NUMBER("HOOK_ON", DAHDI_ONHOOK);
	NUMBER("HOOK_OFF", DAHDI_OFFHOOK);
	NUMBER("HOOK_FLASH", DAHDI_FLASH);
	NUMBER("HOOK_RING", DAHDI_RING);
	NUMBER("HOOK_RING_OFF", DAHDI_RINGOFF);
	NUMBER("ALARM_RECOVER", DAHDI_ALARM_RECOVER);
	NUMBER("ALARM_LOOPBACK", DAHDI_ALARM_LOOPBACK);
	NUMBER("ALARM_YELLOW", DAHDI_ALARM_YELLOW);
	NUMBER("ALARM_RED", DAHDI_ALARM_RED);
	NUMBER("ALARM_BLUE", DAHDI_ALARM_BLUE);
	NUMBER("ALARM_NOT_OPEN", DAHDI_ALARM_NOTOPEN);
	NUMBER("ALARM_LOS", DAHDI_ALARM_LOS);
	NUMBER("ALARM_LFA", DAHDI_ALARM_LFA);
	NUMBER("ALARM_LMFA", DAHDI_ALARM_LMFA);
	NUMBER("EVENT_ON_HOOK", DAHDI_EVENT_ONHOOK);
	NUMBER("EVENT_RING_OFF_HOOK", DAHDI_EVENT_RINGOFFHOOK);
	NUMBER("EVENT_WINK_FLASH", DAHDI_EVENT_WINKFLASH);
	NUMBER("EVENT_ALARM", DAHDI_EVENT_ALARM);
	NUMBER("EVENT_NO_ALARM", DAHDI_EVENT_NOALARM);
	NUMBER("EVENT_ABORT", DAHDI_EVENT_ABORT);
	NUMBER("EVENT_OVERRUN", DAHDI_EVENT_OVERRUN);
	NUMBER("EVENT_BAD_FCS", DAHDI_EVENT_BADFCS);
	NUMBER("EVENT_POLARITY", DAHDI_EVENT_POLARITY);
	NUMBER("EVENT_RING_BEGIN", DAHDI_EVENT_RINGBEGIN);
	NUMBER("EVENT_REMOVED", DAHDI_EVENT_REMOVED);
	NUMBER("EVENT_READ_OVERRUN", DAHDI_EVENT_READ_OVERRUN);
	NUMBER("EVENT_WRITE_UNDERRUN", DAHDI_EVENT_WRITE_UNDERRUN);
	NUMBER("EVENT_PULSE_DIGIT", DAHDI_EVENT_PULSEDIGIT);

	NUMBER("Maintenance.None", DAHDI_MAINT_NONE);
	NUMBER("Maintenance.LocalLoop", DAHDI_MAINT_LOCALLOOP);
	NUMBER("Maintenance.NetworkLineLoop", DAHDI_MAINT_NETWORKLINELOOP);
	NUMBER("Maintenance.NetworkPayloadLoop", DAHDI_MAINT_NETWORKPAYLOADLOOP);
	NUMBER("Maintenance.FrameDefect", DAHDI_MAINT_FAS_DEFECT);
	NUMBER("Maintenance.MultiframeDefect", DAHDI_MAINT_MULTI_DEFECT);
	NUMBER("Maintenance.CrcDefect", DAHDI_MAINT_CRC_DEFECT);
	NUMBER("Maintenance.CasDefect", DAHDI_MAINT_CAS_DEFECT);
	NUMBER("Maintenance.PatternDefect", DAHDI_MAINT_PRBS_DEFECT);
	NUMBER("Maintenance.BipolarDefect", DAHDI_MAINT_BIPOLAR_DEFECT);
	NUMBER("Maintenance.Pattern", DAHDI_MAINT_PRBS);
	NUMBER("Maintenance.ResetCounters", DAHDI_RESET_COUNTERS);
	NUMBER("Maintenance.SimulateAlarm", DAHDI_MAINT_ALARM_SIM);
	return 0;
}
