// The site of the scenarios: what people type. Texts that are data may stand in Chinese on an English page.

import { createPrivateKey, createPublicKey, generateKeyPairSync, sign } from 'node:crypto';
import { note, PEOPLE, recall } from './people.js';

/** The company and what it calls people for. */
export const COMPANY = '示范医院';
export const DEPARTMENT = '随访中心';
export const PURPOSE = '就诊回访';
export const LIST_SOURCE = '门诊登记表';

const HOUR_MS = 3_600_000;
const DAY_MS = 24 * HOUR_MS;

/** A zone in which it is about eleven in the morning now, so that calls are allowed. Etc/GMT-5 lies east. */
export function zoneOfMidday(now = Date.now()) {
  const offset = 11 - Math.floor((now % DAY_MS) / HOUR_MS);
  if (offset === 0) return { zone: 'Etc/GMT', offset };
  return { zone: offset > 0 ? `Etc/GMT-${offset}` : `Etc/GMT+${-offset}`, offset };
}

/** A date of the site, so many days from today, as `2026-01-31`. */
export function day(shift = 0) {
  const { offset } = zoneOfMidday();
  return new Date(Date.now() + offset * HOUR_MS + shift * DAY_MS).toISOString().slice(0, 10);
}

/** The authority that signs holiday calendars; made once and kept with the other notes. */
function authority() {
  const { key } = recall('authority');
  if (key) return createPrivateKey(key);
  const { privateKey } = generateKeyPairSync('ed25519');
  note('authority', { key: privateKey.export({ type: 'pkcs8', format: 'pem' }) });
  return privateKey;
}

/** Its public key in hex, as typed at the first visit. */
export const calendarKey = () => createPublicKey(authority()).export({ type: 'spki', format: 'der' }).subarray(-32).toString('hex');

/** A year's calendar and its signature. */
export function calendar(year) {
  const toml = `year = ${year}\noff = ["${year}-01-01"]\nworking = []\n`;
  return { toml, signature: sign(null, Buffer.from(toml), authority()) };
}

/** The head of a list of contacts, as the data department spells it. */
export const COLUMNS = ['手机号', '姓名', '授权时间', '授权方式', '授权用途', '授权到期', '授权凭证', '是否成年'];

/** A list of contacts who agreed two months ago. */
export function contacts(numbers, { purpose = PURPOSE, bad = [] } = {}) {
  const row = (number, n) => [number, `示例${n}`, day(-60), 'ticked', purpose, day(200), `form-${n}`, 'yes'].join(',');
  return `${COLUMNS.join(',')}\n${[...numbers.map(row), ...bad].join('\n')}\n`;
}

/** Numbers whose callee does what its last two digits say (see hil-tests/carrier). */
export function number(block, code) {
  return `199${String(block).padStart(6, '0')}${String(code).padStart(2, '0')}`;
}

/** As everybody but the audited sees a number. */
export const masked = (digits) => `${digits.slice(0, 3)}****${digits.slice(7)}`;

/** The lines. */
export const TRUNK = '电信中继一';
export const GROUP = '外线一组';
export const CALLER = '01088880001';

/** The first campaign's numbers: seven who answer and listen, one who presses 9, one busy, one who declines. */
export const CALLED = [...[0, 1, 2, 3, 4, 5, 6].map((n) => number(4_000 + n, n)), number(4_100, 61), number(4_200, 70), number(4_300, 75)];
/** Who opted out. */
export const OPTED_OUT = CALLED[7];
/** For the agent: two who listen, and one more who is never dialled. */
export const PREVIEWED = [number(5_000, 10), number(5_001, 11), number(5_002, 12)];
/** Called through SIPp, which does not look at the number. */
export const BY_SIPP = [number(6_000, 0), number(6_001, 1), number(6_002, 2)];

/** Called over the E1 card. */
export const BY_E1 = [number(7_000, 0), number(7_001, 1), number(7_002, 2), number(7_003, 3)];
/** The spans of the virtual card, their group and caller number. */
export const SPANS = ['联通数字中继一', '联通数字中继二'];
export const CARDS_GROUP = '数字中继组';
export const CARDS_CALLER = '01088880002';

/** The script. */
export const SCRIPT = '就诊回访话术';
export const PROMPTS = {
  identify: { text: '您好，这里是示范医院，来电回访您的就诊体验。', hz: 400, ms: 600 },
  recording_notice: { text: '本次通话将被录音。', hz: 500, ms: 600 },
  opt_out_hint: { text: '如需退订请按9。', hz: 620, ms: 600 },
  body: { text: '请您对就诊体验打分，谢谢。', hz: 2_500, ms: 3_000 },
  opt_out_confirmation: { text: '已为您退订，再见。', hz: 2_700, ms: 500 },
  hold: { text: '请稍候，正在为您接通。', hz: 2_900, ms: 500 },
  no_agent: { text: '抱歉，坐席忙。再见。', hz: 3_100, ms: 500 },
};

/** The campaigns. */
export const CAMPAIGN = '出院一周回访';
export const AGENT_CAMPAIGN = '重点患者回访';
export const SIPP_CAMPAIGN = '门诊满意度回访';
export const CARDS_CAMPAIGN = '住院满意度回访';

/** Everything above that is data and no text of the page. */
export const DATA = [
  ...Object.values(PROMPTS).map(({ text }) => text),
  ...[AGENT_CAMPAIGN, CAMPAIGN, SIPP_CAMPAIGN, CARDS_CAMPAIGN, SCRIPT, TRUNK, GROUP, ...SPANS, CARDS_GROUP, '登记-2026-11', '示例', '另一个人', '患者恢复良好', '不用脚本上传的语音', '急诊部'],
  // The kind of a source is kept in the words in which it was confirmed.
  ...['客户主动留下的联系方式'],
  ...[COMPANY, DEPARTMENT, PURPOSE, LIST_SOURCE, ...COLUMNS],
  ...Object.values(PEOPLE).map(({ name }) => name),
];
