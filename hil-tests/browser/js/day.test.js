// A whole first day, in the order in which it happens: each scenario stands on those before it.

import './door.test.js';
import './site.test.js';
import './lists.test.js';
import './scripts.test.js';
import './campaign.test.js';
import './recordings.test.js';
import './nojs.test.js';
import './desk.test.js';
import './sipp.test.js';
import './cards.test.js';
import './appliance.test.js';
import './network.test.js';
import './roles.test.js';
import './hostile.test.js';
import './crash.test.js';
// Custodians may look at what they agree to: after what each role may do.
import './custody.test.js';
import './ledger.test.js';
import './everypage.test.js';
