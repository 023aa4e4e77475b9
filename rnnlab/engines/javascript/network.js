// A trained network, run one token after another. The time step of each cell is written out from the cell's
// equation (equation.py), and stands in `equations` under the name of the cell.
//
// Letters as everywhere in rnnlab: V tokens, D inputs and H units of a layer, G gates, T tokens of a window.
// Arrays are float32; sums are computed with float64, and rounded once.

export const equations = {};

export function sigmoid(a) {
  return 1 / (1 + Math.exp(-a));
}

/** Write x with mean 0 and variance 1 into `out`; the constant is that of the cells with normalisation. */
export function normalize(x, out) {
  let mean = 0;
  for (let n = 0; n < x.length; n++) mean += x[n];
  mean /= x.length;
  let variance = 0;
  for (let n = 0; n < x.length; n++) variance += (x[n] - mean) ** 2;
  const scale = 1 / Math.sqrt(variance / x.length + 1e-5);
  for (let n = 0; n < x.length; n++) out[n] = (x[n] - mean) * scale;
}

/**
 * Write matrix times vector into `out`. `matrix` has a row of `vector.length` numbers for each number of `out`.
 *
 * Eight rows are read at once: each number of the vector is then loaded once for eight products, and no sum
 * waits for itself. That is twice as fast as one row after the other.
 */
export function multiply(matrix, vector, out) {
  const columns = vector.length;
  const whole = out.length - (out.length % 8);
  for (let row = 0; row < whole; row += 8) {
    const at = row * columns;
    const at1 = at + columns, at2 = at1 + columns, at3 = at2 + columns, at4 = at3 + columns;
    const at5 = at4 + columns, at6 = at5 + columns, at7 = at6 + columns;
    let a = 0, b = 0, c = 0, d = 0, e = 0, f = 0, g = 0, h = 0;
    for (let n = 0; n < columns; n++) {
      const x = vector[n];
      a += matrix[at + n] * x;
      b += matrix[at1 + n] * x;
      c += matrix[at2 + n] * x;
      d += matrix[at3 + n] * x;
      e += matrix[at4 + n] * x;
      f += matrix[at5 + n] * x;
      g += matrix[at6 + n] * x;
      h += matrix[at7 + n] * x;
    }
    out[row] = a;
    out[row + 1] = b;
    out[row + 2] = c;
    out[row + 3] = d;
    out[row + 4] = e;
    out[row + 5] = f;
    out[row + 6] = g;
    out[row + 7] = h;
  }
  for (let row = whole; row < out.length; row++) {
    let sum = 0;
    for (let n = 0, at = row * columns; n < columns; n++, at++) sum += matrix[at] * vector[n];
    out[row] = sum;
  }
}

function add(vector, out) {
  for (let n = 0; n < out.length; n++) out[n] += vector[n];
}

/** Return a matrix of `columns` columns with rows and columns exchanged. */
function transposed(matrix, columns) {
  const rows = matrix.length / columns;
  const result = new Float32Array(matrix.length);
  for (let row = 0; row < rows; row++) {
    for (let column = 0; column < columns; column++) result[column * rows + row] = matrix[row * columns + column];
  }
  return result;
}

/** The encoding of tokens: `table` has a row of D numbers for each token; null for one-hot vectors, D = V. */
class Encoding {
  constructor(table, size) {
    this.size = size;
    this.table = table;
  }

  /** Return the vector of a token. */
  vector(id) {
    if (this.table) return this.table.subarray(id * this.size, (id + 1) * this.size);
    const vector = new Float32Array(this.size);
    vector[id] = 1;
    return vector;
  }
}

/** A recurrent layer: it reads a vector, or in the first layer a token, and changes its state. */
class RecurrentLayer {
  constructor({name, equation, gates, units, products}, numbers) {
    this.name = name;
    this.gates = gates;
    this.units = units;
    const columns = gates.length * units;
    const kernel = numbers(`${name}/kernel`); // (D, G·H)
    this.bias = numbers(`${name}/bias`);
    this.kernel = kernel;
    this.kernelByGate = null; // (G·H, D), made at the first use: the first layer may read tokens only
    this.inputs = kernel.length / columns;
    const recurrent = transposed(numbers(`${name}/recurrent_kernel`), columns); // (G·H, H)
    this.recurrent = recurrent;
    const parameters = [];
    for (let place = 0; numbers.has(`${name}/parameter_${place}`); place++) {
      parameters.push(numbers(`${name}/parameter_${place}`));
    }
    const rows = ([begin, blocks]) => recurrent.subarray(begin * units * units, (begin + blocks) * units * units);
    const {x, state, values, terms, step} = equations[equation](units, {products: products.map(rows), parameters});
    Object.assign(this, {x, state, values, terms, step});
    this.output = state[0];
  }

  /** Read the one-hot vector of a token: a row of the kernel. */
  readToken(id) {
    const columns = this.x.length;
    for (let n = 0; n < columns; n++) this.x[n] = this.kernel[id * columns + n] + this.bias[n];
    this.step();
  }

  readVector(vector) {
    this.kernelByGate ??= transposed(this.kernel, this.x.length);
    multiply(this.kernelByGate, vector, this.x);
    add(this.bias, this.x);
    this.step();
  }
}

/** A dense layer: a vector of D numbers in, K numbers out. */
class Dense {
  constructor(kernelByOutput, bias) {
    this.kernel = kernelByOutput; // (K, D)
    this.bias = bias;
    this.output = new Float32Array(bias.length);
  }

  read(vector) {
    multiply(this.kernel, vector, this.output);
    add(this.bias, this.output);
    return this.output;
  }
}

function denseOf(name, numbers) {
  const bias = numbers(`${name}/bias`);
  return new Dense(transposed(numbers(`${name}/kernel`), bias.length), bias);
}

/** A stack of recurrent layers with a head. */
class RecurrentNetwork {
  constructor(description, encoding, numbers) {
    this.encoding = encoding;
    this.layers = description.layers.map((layer) => new RecurrentLayer(layer, numbers));
    const last = this.layers.at(-1);
    // In a residual stack, a layer's output is its h plus its input.
    this.sums = description.residual ? this.layers.slice(1).map((layer) => new Float32Array(layer.units)) : null;
    this.head = null;
    if (description.head) {
      this.head = description.tied ? new Dense(encoding.table, numbers("head/bias")) : denseOf("head", numbers);
    }
    this.hidden = this.sums?.length ? this.sums.at(-1) : last.output;
  }

  reset() {
    for (const layer of this.layers) for (const part of layer.state) part.fill(0);
  }

  readToken(id) {
    if (this.encoding.table) this.readVector(this.encoding.vector(id));
    else {
      this.layers[0].readToken(id);
      this.readAbove();
    }
  }

  /** Read a vector in the place of a token's encoding, (D). */
  readVector(vector) {
    this.layers[0].readVector(vector);
    this.readAbove();
  }

  readAbove() {
    let below = this.layers[0].output;
    for (let place = 1; place < this.layers.length; place++) {
      const layer = this.layers[place];
      layer.readVector(below);
      if (!this.sums) below = layer.output;
      else {
        const sum = this.sums[place - 1];
        for (let n = 0; n < sum.length; n++) sum[n] = layer.output[n] + below[n];
        below = sum;
      }
    }
  }

  logits() {
    return this.head ? this.head.read(this.hidden) : this.hidden;
  }

  /** Read tokens or vectors, one after another, and return the logits of the next token. */
  logitsAfter(inputs) {
    for (const input of inputs) typeof input === "number" ? this.readToken(input) : this.readVector(input);
    return this.logits();
  }

  saved() {
    return this.layers.map((layer) => layer.state.map((part) => part.slice()));
  }

  restore(saved) {
    this.layers.forEach((layer, place) => layer.state.forEach((part, number) => part.set(saved[place][number])));
  }
}

const ACTIVATIONS = {
  relu: (a) => Math.max(a, 0),
  tanh: Math.tanh,
  sigmoid,
  elu: (a) => (a > 0 ? a : Math.expm1(a)),
};

/** Dense layers over the last T tokens; fewer tokens are filled up with zeros on the left. It has no state. */
class MlpNetwork {
  constructor(description, encoding, numbers) {
    this.encoding = encoding;
    this.window = description.window;
    this.activation = ACTIVATIONS[description.activation];
    this.dense = description.layers.map(({name}) => denseOf(name, numbers));
    this.layers = description.layers.map(({name, units}, place) => ({
      name, units, gates: "", state: [], values: new Map([["h", this.dense[place].output]]),
    }));
    this.head = denseOf("head", numbers);
  }

  reset() {}

  logitsAfter(inputs) {
    const size = this.encoding.size;
    const last = inputs.slice(-this.window);
    let values = new Float32Array(this.window * size);
    last.forEach((input, place) => {
      const vector = typeof input === "number" ? this.encoding.vector(input) : input;
      values.set(vector, (this.window - last.length + place) * size);
    });
    for (const layer of this.dense) {
      values = layer.read(values);
      for (let n = 0; n < values.length; n++) values[n] = this.activation(values[n]);
    }
    return this.head.read(values);
  }

  saved() {
    return null;
  }

  restore() {}
}

/**
 * Return the network of a description with the weights of one of its snapshots.
 *
 * `network.layers[i].values` maps the name of each gate and each part of the state to its numbers after the
 * last step; they are overwritten by the next one.
 */
export function networkOf(description, snapshot) {
  const numbers = numbersOf(description, snapshot);
  const table = numbers.has("table") ? numbers("table") : null;
  const size = table ? table.length / description.tokens.length : description.tokens.length;
  const kind = description.activation ? MlpNetwork : RecurrentNetwork;
  const network = new kind(description, new Encoding(table, size), numbers);
  return Object.assign(network, {description, snapshot});
}

/** Return a function from the name of a tensor to its numbers; `has(name)` says whether there is one. */
function numbersOf({tensors, float}, {data}) {
  const characters = atob(data);
  const bytes = new Uint8Array(characters.length);
  for (let n = 0; n < bytes.length; n++) bytes[n] = characters.charCodeAt(n);
  const all = float === 16 ? widened(new Uint16Array(bytes.buffer)) : new Float32Array(bytes.buffer);
  const found = new Map();
  let begin = 0;
  for (const {name, shape} of tensors) {
    const end = begin + shape.reduce((product, length) => product * length, 1);
    found.set(name, all.subarray(begin, end));
    begin = end;
  }
  return Object.assign((name) => found.get(name), {has: (name) => found.has(name)});
}

/** Return numbers of 16 bits (sign, 5 bits of exponent, 10 bits of fraction; IEEE 754) as numbers of 32 bits. */
function widened(halves) {
  const result = new Float32Array(halves.length);
  for (let n = 0; n < halves.length; n++) {
    const sign = halves[n] >> 15 ? -1 : 1;
    const exponent = (halves[n] >> 10) & 31;
    const fraction = halves[n] & 1023;
    result[n] = sign * (exponent ? (1 + fraction / 1024) * 2 ** (exponent - 15) : fraction * 2 ** -24);
  }
  return result;
}

/**
 * Return a source of logits that reads tokens in the regime of the training:
 *
 * stream             the seed once, then each token; the state is carried from step to step
 * windows            at each step the last T tokens, from a zero state
 * stateful_windows   at each step the last T tokens; the state is carried from step to step
 *
 * The next step overwrites the logits. A vector (D) may stand in the place of a token.
 */
export function sourceOf(network) {
  const {regime, window} = network.description;
  return regime === "stream" && !network.description.activation
    ? new StreamSource(network)
    : new WindowSource(network, window, regime === "stateful_windows");
}

class StreamSource {
  constructor(network) {
    this.network = network;
  }

  start(inputs) {
    this.network.reset();
    return this.network.logitsAfter(inputs);
  }

  feed(input) {
    return this.network.logitsAfter([input]);
  }

  /** Return what is needed to go on from here later. */
  saved() {
    return this.network.saved();
  }

  restore(saved) {
    this.network.restore(saved);
  }
}

class WindowSource {
  constructor(network, window, stateful) {
    Object.assign(this, {network, window, stateful, recent: []});
  }

  start(inputs) {
    this.network.reset();
    // A seed longer than a window is read in windows, each of which begins one token after the one before.
    const first = this.stateful ? inputs.slice(0, this.window) : inputs.slice(-this.window);
    this.recent = [...first];
    let logits = this.read();
    if (this.stateful) for (const input of inputs.slice(this.window)) logits = this.feed(input);
    return logits;
  }

  feed(input) {
    this.recent = [...this.recent, input].slice(-this.window);
    return this.read();
  }

  read() {
    if (!this.stateful) this.network.reset();
    return this.network.logitsAfter(this.recent);
  }

  saved() {
    return {recent: this.recent, state: this.network.saved()};
  }

  restore({recent, state}) {
    this.recent = recent;
    this.network.restore(state);
  }
}
