// The pages and who sees them, written down once more, apart from the product: where both differ, one is wrong.

/** Each page of the navigation with the roles that see it; everybody else is refused. */
export const PAGES = {
  '/': 'system security audit compliance manager supervisor qa data technician',
  '/campaigns': 'compliance manager supervisor qa',
  '/scripts': 'compliance manager supervisor qa',
  '/contacts': 'compliance manager supervisor data',
  '/consents': 'compliance manager supervisor',
  '/dnc': 'system compliance manager supervisor qa data',
  '/desk': 'agent',
  '/floor': 'compliance manager supervisor',
  '/calls': 'compliance manager supervisor qa',
  '/recordings': 'supervisor qa',
  '/ledger': 'audit',
  '/lines': 'system security compliance manager technician',
  '/accounts': 'security audit',
  '/settings': 'system security audit compliance manager',
};

/** Whether a role sees a page. */
export const sees = (who, where) => PAGES[where].split(' ').includes(who);

/** The pages of a role, in the order of the navigation. */
export const pagesOf = (who) => Object.keys(PAGES).filter((where) => sees(who, where));
