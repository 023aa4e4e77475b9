// The page of one network.

import {begin} from "./start.js";

begin(null);
