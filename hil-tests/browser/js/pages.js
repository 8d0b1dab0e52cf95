// The pages and who sees them, written down once more, apart from the product: where both differ, one is wrong.

/** Each page of the navigation with the roles that see it; everybody else is refused. */
export const PAGES = {
  '/': 'system security audit compliance manager supervisor qa data technician',
  '/campaigns': 'compliance manager supervisor qa',
  '/scripts': 'compliance manager supervisor qa',
  '/contacts': 'compliance manager supervisor data',
  '/consents': 'compliance manager supervisor data',
  '/dnc': 'system compliance manager supervisor qa data',
  '/desk': 'agent',
  '/floor': 'compliance manager supervisor',
  '/calls': 'compliance manager supervisor qa',
  '/recordings': 'supervisor qa',
  '/ledger': 'audit',
  '/lines': 'system security compliance manager technician',
  '/accounts': 'security audit',
  '/consoles': 'security audit supervisor',
  '/settings': 'system security audit compliance manager',
  '/settings/box': 'system security audit technician',
};

/** Whether a role sees a page. */
export const sees = (who, where) => PAGES[where].split(' ').includes(who);

/** The pages of a role, in the order of the navigation. */
export const pagesOf = (who) => Object.keys(PAGES).filter((where) => sees(who, where));

const TRUNK = { name: '甲', host: '192.0.2.1', port: '5060', transport: 'udp', srtp: 'plain', codec: 'pcma', channels: '30', check_s: '30' };

/** Each form with the roles whose it is, and fields with which it would be taken. Nothing else is ever sent by it. */
export const FORMS = [
  ['/accounts', 'security', { name: '甲', login: 'never.made', role: 'Qa' }],
  ['/accounts/departments', 'system security', { department_name: '不会有的部门' }],
  ['/settings/custody', 'security', { custodian1: '2', custodian2: '3', custodian3: '4', custodian4: '5', custodian5: '6' }],
  ['/accounts/1/give', 'security', { login: 'never.given' }],
  ['/accounts/1/reset', 'security', {}],
  ['/accounts/1/off', 'security', {}],
  ['/accounts/1/on', 'security', {}],
  ['/accounts/1/unlock', 'security', {}],
  ['/accounts/sessions/1/end', 'security', {}],
  ['/lines/trunks', 'system', TRUNK],
  ['/lines/trunks/1', 'system', TRUNK],
  ['/lines/spans/1/set', 'system', { name: '丙', purpose: 'off', e1: '1', coding: 'hdb3', framing: 'ccs', timing: '0' }],
  ['/lines/spans/1/remove', 'system', { sure: 'yes' }],
  ['/lines/spans/1/order', 'system technician', { order: 'block-1' }],
  ['/lines/spans/1/bert', 'system technician', { slot: '9', pattern: 'prbs15' }],
  ['/lines/spans/1/trace', 'system technician', { file: 'span-1-1.pcap' }],
  ['/lines/groups', 'system', { name: '乙', member: '1', 'rank-1': '1', 'weight-1': '1' }],
  ['/lines/groups/1', 'system', { name: '乙', member: '1', 'rank-1': '1', 'weight-1': '1' }],
  ['/lines/groups/1/remove', 'system', {}],
  ['/lines/numbers', 'system', { number: '01088880009', contract: 'x', valid_to: '2030-01-01', group: '1' }],
  ['/lines/numbers/approve', 'compliance', { number: '01088880009' }],
  ['/lines/phones', 'system security', { person: '1', srtp: 'required' }],
  ['/lines/phones/udp', 'system', { allow: '1' }],
  ['/contacts/1/release', 'compliance manager data', { seen: 'yes' }],
  ['/campaigns/new', 'manager supervisor', { name: '丁', mode: 'announcement', class: 'return-visit' }],
  ['/scripts/1/approve', 'compliance', { read: 'yes' }],
  ['/campaigns/1/start', 'manager supervisor', {}],
  ['/campaigns/1/pause', 'compliance manager supervisor', {}],
  ['/recordings/1', 'supervisor qa', { purpose: 'quality' }],
  ['/ledger/verify', 'audit', {}],
  ['/dnc/add', 'compliance manager supervisor agent', { number: '19977770002', sure: 'yes' }],
  ['/dnc/lookup', 'compliance manager supervisor', { number: '19977770002' }],
  ['/settings/box/order/restart', 'system technician', {}],
  ['/settings/box/order/power-off', 'system technician', {}],
  ['/settings/box/order/diagnostics', 'system technician', {}],
  ['/settings/box/order/reset', 'system technician', { word: '恢复出厂' }],
  ['/settings/box/order/agree-1', 'system security audit', {}],
  ['/settings/box/order/withdraw-1', 'system security', {}],
  ['/settings/box/diagnostics', 'system technician', { bundle: 'd3'.repeat(32) }],
  ['/settings/network/agree', 'security', { proposed: '1' }],
  ['/settings/network/withdraw', 'system security', { proposed: '1' }],
  ['/settings/network/confirm', 'system security', { proposed: '1' }],
  ['/settings/network/close', 'system security', { name: 'x' }],
  ['/settings/network/keys', 'system', {}],
  ['/consoles/1/cut', 'security supervisor', {}],
  ['/desk/state', 'agent', { state: 'break' }],
  ['/desk/hang-up', 'agent', {}],
  ['/desk/refused', 'agent', {}],
];

/** Forms with files, the same way. */
export const UPLOADS = [
  ['/contacts/import', 'data', { department: '1', purpose: '就诊回访', source: 'left', document: 'x', source_date: '2026-01-01', responsible: 'x', lawful: 'yes' }, 'file'],
  ['/dnc/import', 'system compliance data', { issued: '2026-01-01' }, 'file'],
  ['/scripts/prompts/new', 'compliance manager supervisor', { text: '不会有的语音' }, 'file'],
  ['/settings/calendar', 'system compliance', {}, 'calendar', 'signature'],
  ['/settings/certificate', 'system', {}, 'chain', 'key'],
  ['/settings/box/upload', 'system', {}, 'bundle'],
];
