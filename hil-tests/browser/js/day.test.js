// A whole first day, in the order in which it happens: each scenario stands on those before it.

import { after } from 'node:test';
import { close } from './lib.js';
import './door.test.js';
import './roles.test.js';
import './hostile.test.js';
import './everypage.test.js';

after(close);
