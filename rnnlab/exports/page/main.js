import {networkOf, sourceOf} from "../../engines/javascript/network.js";
import {choose, logProbability, probabilities} from "./sampling.js";
import {uniforms} from "./random.js";

export const engine = {networkOf, sourceOf, choose, logProbability, probabilities, uniforms};
