// A second network with the same weights, which reads a recorded step again: for its numbers, for the steps
// inside a window, and for what the prediction would be without one of the tokens. The network that plays is
// never touched.

/** The recorded steps of a player, read again. */
export class Again {
  #engine;
  #player;
  #record;
  #network = null;
  #source = null;

  constructor(engine, player, record) {
    this.#engine = engine;
    this.#player = player;
    this.#record = record;
  }

  /** The network; it is made at the first use, and again when the player has another one. */
  get network() { return this.#made.network; }

  get #made() {
    const {description, snapshot} = this.#player.network;
    if (this.#network?.snapshot !== snapshot) {
      this.#network = this.#engine.networkOf(description, snapshot);
      this.#source = this.#engine.sourceOf(this.#network);
    }
    return {network: this.#network, source: this.#source};
  }

  get #reading() {
    const {regime, window, activation} = this.#player.description;
    return activation && regime === "stream" ? {regime: "windows", window} : {regime, window};
  }

  /** Number of ids that the network has read together at its first step. */
  get #head() {
    const {regime, window} = this.#reading;
    return regime === "stream" ? 1 : Math.min(window, this.#player.seedLength);
  }

  /**
   * Read ids[index] again; the network's layers then have the values and terms of its last time step.
   *
   * Returns {input, before}: the vector that each layer has read, and each part of its state before the step.
   * Returns null if the state before it is no longer recorded.
   */
  read(index) {
    const inputs = this.#goTo(index);
    if (!inputs) return null;
    const {network} = this;
    const last = inputs.at(-1);
    for (const id of inputs.slice(0, -1)) network.readToken(id);
    const before = network.saved();
    network.readToken(last);
    const input = network.layers.map((_, place) => {
      if (place === 0) return network.encoding.vector(last);
      return network.sums && place > 1 ? network.sums[place - 2] : network.layers[place - 1].output;
    });
    return {input, before};
  }

  /** Return the logits after ids[index]; null if they are no longer known. */
  logits(index) {
    if (index === this.#record.end - 1) return this.#player.logits;
    return this.read(index) && this.network.logits();
  }

  /**
   * Return the last time steps up to ids[index], at most `count`: {index, id, values}, where `values` has a Map
   * from each part of a layer to the value of one of its units. In a network that reads windows, these are
   * the steps inside the window.
   */
  steps(index, count, units) {
    const picked = (parts) => this.network.layers.map((_, layer) => parts(layer));
    if (this.#reading.regime === "stream") {
      const indices = Array.from({length: Math.min(count, index + 1)}, (_, place) => index - place).reverse();
      return indices.filter((each) => this.#record.has(each)).map((each) => ({
        index: each,
        id: this.#player.ids[each],
        values: picked((layer) => new Map([...this.network.layers[layer].values.keys()].map(
          (name) => [name, this.#record.value(layer, name, each, units[layer])],
        ))),
      }));
    }
    const inputs = this.#goTo(index) ?? [];
    const {layers} = this.network;
    return inputs.map((id, place) => {
      this.network.readToken(id);
      const values = picked((layer) => new Map(
        [...layers[layer].values].map(([name, values]) => [name, values[units[layer]]]),
      ));
      return {index: index - inputs.length + 1 + place, id, values};
    }).slice(-count);
  }

  /** Return the mean encoding over the training data, (D), or over the vocabulary if that is not known. */
  meanEncoding() {
    const {encoding} = this.network;
    const {tokens} = this.#player.description;
    const counts = this.#player.description.frequencies ?? tokens.map(() => 1);
    const total = counts.reduce((sum, count) => sum + count, 0);
    if (!encoding.table) return Float32Array.from(counts, (count) => count / total);
    const mean = new Float64Array(encoding.size);
    counts.forEach((count, id) => {
      const vector = encoding.vector(id);
      for (let place = 0; place < mean.length; place++) mean[place] += count / total * vector[place];
    });
    return Float32Array.from(mean);
  }

  /**
   * Yield [place, nats] for the last tokens up to ids[index], the last one first: by how much each of them
   * raises the log-probability of a token; the mean encoding stands in the place of the token. Between two
   * results, null is yielded after each read token. The definition is that of rnnlab/tracing/influence.py.
   */
  *influence(index, id, most) {
    const {regime, window} = this.#reading;
    const known = this.#engine.logProbability(Float32Array.from(this.logits(index)), id);
    const {source} = this.#made;
    const ids = this.#player.ids.slice(0, index + 1);
    const mean = this.meanEncoding();
    const first = regime === "windows" ? Math.max(0, index + 1 - window) : 0;
    const head = this.#head;
    for (let place = index; place >= Math.max(first, index + 1 - most); place--) {
      const inputs = [...ids];
      inputs[place] = mean;
      let logits;
      let next;
      if (regime === "windows") {
        logits = source.start(inputs.slice(first));
        next = inputs.length;
      } else if (place < head) {
        logits = source.start(inputs.slice(0, head));
        next = head;
      } else {
        const state = this.#stateAfter(place - 1);
        if (!state) return;
        const recent = ids.slice(Math.max(0, place - window), place);
        source.restore(regime === "stream" ? state : {recent, state});
        next = place;
      }
      for (; next < inputs.length; next++) {
        logits = source.feed(inputs[next]);
        yield null;
      }
      yield [place, known - this.#engine.logProbability(logits, id)];
    }
  }

  /** Bring the network to the state before ids[index]; return the ids that it reads at this step. */
  #goTo(index) {
    const {regime, window} = this.#reading;
    const {network} = this;
    const {ids} = this.#player;
    const isFirst = index < this.#head;
    if (regime === "windows" || isFirst) network.reset();
    else {
      const state = this.#stateAfter(index - 1);
      if (!state) return null;
      network.restore(state);
    }
    if (regime === "stream") return [ids[index]];
    return ids.slice(Math.max(0, index + 1 - window), index + 1);
  }

  #stateAfter(index) {
    if (!this.#record.has(index)) return null;
    return this.#player.description.layers.map(({state}, layer) => (
      (state ?? []).map((name) => this.#record.values(layer, name, index))
    ));
  }
}
