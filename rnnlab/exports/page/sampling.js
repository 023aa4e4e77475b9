// How a token is chosen: the rules of rnnlab/generation/sampling.py, step by step.

/**
 * Return the id of a token: the most probable at temperature 0, else drawn by the cumulative distribution.
 *
 * Of equal logits, the lower id counts as the more probable. The token is the first id whose cumulative
 * weight is above `uniform` times the sum of all weights; `uniform` is a number in [0, 1).
 */
export function choose(logits, settings, uniform) {
  if (!settings.temperature) return mostProbable(logits);
  const weights = weightsOf(logits, settings);
  const total = sumOf(weights);
  const wanted = uniform * total;
  let sum = 0;
  for (let id = 0; id < weights.length; id++) {
    sum += weights[id];
    if (sum > wanted) return id;
  }
  return weights.length - 1;
}

/** The error for logits that are no numbers: the training diverged. */
export class NumbersError extends Error {
  constructor() {
    super("the network gives no finite logits: its training diverged");
    this.name = "NumbersError";
  }
}

/** Return the probability with which each token is drawn; at temperature 0, 1 for the most probable. */
export function probabilities(logits, settings) {
  if (!settings.temperature) {
    const certain = new Float64Array(logits.length);
    certain[mostProbable(logits)] = 1;
    return certain;
  }
  const weights = weightsOf(logits, settings);
  const total = sumOf(weights);
  return weights.map((weight) => weight / total);
}

/** Return the log-probability of a token in nats, at temperature 1, without top-k and top-p; NaN if there is none. */
export function logProbability(logits, id) {
  const most = logits[largest(logits)];
  let total = 0;
  for (let n = 0; n < logits.length; n++) total += Math.exp(logits[n] - most);
  return logits[id] - most - Math.log(total);
}

function sumOf(weights) {
  let total = 0;
  for (let id = 0; id < weights.length; id++) total += weights[id];
  if (!(total > 0)) throw new NumbersError();
  return total;
}

function mostProbable(logits) {
  const best = largest(logits);
  if (!Number.isFinite(logits[best])) throw new NumbersError();
  return best;
}

/** Return the id of the largest logit, or of the first NaN. */
function largest(logits) {
  let best = 0;
  for (let id = 1; id < logits.length; id++) if (logits[id] > logits[best] || Number.isNaN(logits[id])) best = id;
  return best;
}

/** Return weights proportional to the probabilities; 0 for tokens that min-p, top-k or top-p excludes. */
function weightsOf(logits, {temperature, topK, topP, minP}) {
  const most = logits[mostProbable(logits)];
  const weights = new Float64Array(logits.length);
  for (let id = 0; id < weights.length; id++) weights[id] = Math.exp((logits[id] - most) / temperature);
  if (minP) for (let id = 0; id < weights.length; id++) if (weights[id] < minP) weights[id] = 0;
  if (!topK && !topP) return weights;
  const order = Array.from(logits.keys()).sort((a, b) => logits[b] - logits[a] || a - b);
  if (topK) for (const id of order.slice(topK)) weights[id] = 0;
  if (topP) {
    let total = 0;
    for (const id of order) total += weights[id];
    let summed = 0;
    for (const id of order) {
      const share = weights[id] / total;
      summed += share;
      if (summed - share >= topP) weights[id] = 0; // the more probable tokens have P already
    }
  }
  return weights;
}
