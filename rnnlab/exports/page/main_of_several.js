// The page of several networks, side by side.

import {Comparison} from "./compare.js";
import {begin} from "./start.js";

begin(Comparison);
