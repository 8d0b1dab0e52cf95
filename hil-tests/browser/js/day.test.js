// A whole first day, in the order in which it happens: each scenario stands on those before it.

import './door.test.js';
import './roles.test.js';
import './hostile.test.js';
import './everypage.test.js';
