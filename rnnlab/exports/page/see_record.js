// The record of the last time steps: every gate and every part of the state of every layer.

const MOST_STEPS = 512;
const MOST_NUMBERS = 6_000_000;

/** The values of the layers after the network has read ids[index], for the last indices. */
export class StepRecord {
  #indices;
  #values; // for each layer, from the name of a part to the numbers of all steps

  constructor(layers) {
    const each = layers.reduce((sum, layer) => sum + layer.units * layer.values.size, 0);
    this.capacity = Math.max(64, Math.min(MOST_STEPS, Math.floor(MOST_NUMBERS / each)));
    this.layers = layers;
    this.version = 0; // changes when a recorded step becomes void
    this.end = 0; // index after that of the last step
    this.#indices = new Int32Array(this.capacity).fill(-1);
    this.#values = layers.map((layer) => new Map(
      [...layer.values.keys()].map((name) => [name, new Float32Array(this.capacity * layer.units)]),
    ));
  }

  /** Copy the values of the layers: they have read ids[index]. */
  push(index) {
    const place = index % this.capacity;
    this.#indices[place] = index;
    this.layers.forEach((layer, number) => {
      const kept = this.#values[number];
      for (const [name, values] of layer.values) kept.get(name).set(values, place * layer.units);
    });
    this.end = index + 1;
  }

  /** Forget the steps from the index `length` on. */
  cut(length) {
    for (let place = 0; place < this.capacity; place++) {
      if (this.#indices[place] >= length) this.#indices[place] = -1;
    }
    this.end = Math.min(this.end, length);
    this.version += 1;
  }

  has(index) {
    return index >= 0 && index < this.end && this.#indices[index % this.capacity] === index;
  }

  /** The smallest index that may still be recorded. */
  get begin() {
    return Math.max(0, this.end - this.capacity);
  }

  /** Return one part of one layer after ids[index], (H); null if it is not recorded. */
  values(layer, name, index) {
    if (!this.has(index)) return null;
    const {units} = this.layers[layer];
    const begin = (index % this.capacity) * units;
    return this.#values[layer].get(name).subarray(begin, begin + units);
  }

  /** Return the value of one unit; NaN if it is not recorded. */
  value(layer, name, index, unit) {
    return this.values(layer, name, index)?.[unit] ?? NaN;
  }

  /** Return the units whose part varies most over the recorded steps, at most `count`, most first. */
  mostVarying(layer, name, count) {
    const {units} = this.layers[layer];
    const sums = new Float64Array(units);
    const squares = new Float64Array(units);
    let steps = 0;
    for (let index = this.begin; index < this.end; index++) {
      const values = this.values(layer, name, index);
      if (!values) continue;
      steps += 1;
      for (let unit = 0; unit < units; unit++) {
        sums[unit] += values[unit];
        squares[unit] += values[unit] ** 2;
      }
    }
    const spread = squares.map((square, unit) => square - sums[unit] ** 2 / Math.max(steps, 1));
    return [...spread.keys()].sort((a, b) => spread[b] - spread[a] || a - b).slice(0, count);
  }
}
