// The controller of one network: it reads a seed, writes token after token, and tells the views what happened.
//
// A Player belongs to one network and knows nothing of the document, so that a page can have several.
//
//   new Player(description, engine)  description: a Network of the page's data; engine: {networkOf, sourceOf, choose,
//                                    probabilities, logProbability, uniforms} of rnnlab/engines/javascript
//   player.description               the Network of the page's data
//   player.network                   the engine's network; network.layers[i].values are those of the last step told
//   player.ids                       ids of the seed and of what was written after it; the player alone changes it
//   player.bits                      surprise of each id in bits; NaN where the network gave no probability
//   player.seedLength                number of ids of the seed, with a boundary token at its beginning
//   player.logits                    Float32Array(V): the logits of the token after player.ids
//   player.settings                  {temperature, greedy, topK, topP, minP, randomSeed, length, samples, rate};
//                                    change them with player.set({…}); null: no such cut; length 0: without end;
//                                    rate: tokens a second, Infinity: as fast as possible, "music": a caller of step()
//   player.state                     "reading" (a long seed), "ready", "running" or "ended" (by the stop token)
//
//   player.onStep(callback)          callback({index, id, bits}) after the network has read ids[index]; the tokens of
//                                    a first window, which are read together, are told as one step, that of the last
//   player.onCut(callback)           callback(length): the ids from `length` on, and their steps, are void; 0: all are,
//                                    and player.ids is another array from now on
//   player.onFrame(callback)         callback() once an animation frame after any of these, and after set(): draw in it
//   player.onState(callback)         callback(state, error): the state changed; error: what stopped the writing, or null
//                                    each of the four returns a function that ends it
//
//   player.begin(ids, {empty})       reads a seed (ids without the boundary token); what was written is gone;
//                                    empty: there is no seed, and nothing can be written
//   player.start(), stop(), step()   step writes one token and returns its id, or -1 if there is none or it fails
//   player.take(id)                  adds a token that a person chose
//   player.takeAt(index, id)         the same in the place of ids[index]; what follows is gone
//   player.restart()                 begins the same seed again
//   player.useNetwork(network)       the same seed continued by another network of the same shape, with the same random
//                                    numbers, to the same length; see snapshotOf for the snapshot that plays first
//   player.logitsBefore(index)       the logits from which ids[index] was chosen, or null; costs up to 64 steps
//   player.sampling                  the settings as the engine's choose and probabilities take them
//
// The n-th written token of a text is drawn with the n-th random number, whatever was taken by hand, as `rnnlab
// generate` draws it; the next text after the same seed (`nextText`) has the numbers of the next lane, as the next
// sample of `rnnlab generate` has.

const SLICE = 12; // milliseconds of an animation frame in which steps are computed, to begin with
const LEAST_SLICE = 6; // as it is where drawing takes long
const MOST_SLICE = 30;
const LATE = 36; // milliseconds from frame to frame above which fewer than 30 frames a second are drawn
const COST = 22; // milliseconds of a frame for steps and for what is drawn by script; the browser needs the rest
const KEPT_EVERY = 64; // tokens between two kept states
const MOST_KEPT = 2000; // above this number, every other kept state is dropped

export function snapshotOf(description) {
  return description.snapshots.find((snapshot) => snapshot.kept) ?? description.snapshots.at(-1);
}

export function stopOf(description) {
  const stop = description.settings.stop ?? null;
  if (typeof stop === "number") return stop;
  const id = stop === null ? -1 : description.tokens.indexOf(stop);
  return id >= 0 ? id : description.boundary ?? -1;
}

// Returns a callback of onFrame that draws, but not at every frame where the network writes as fast as possible: drawing
// would take most of the time. pause: milliseconds between two drawings then
export function inTime(player, pause, draw) {
  let drawnAt = -Infinity;
  return () => {
    const {running, settings} = player;
    const now = performance.now();
    if (running && settings.rate === Infinity && now - drawnAt < pause) return;
    drawnAt = now;
    draw();
  };
}

// Returns the milliseconds of the next frame's steps: as many as 30 frames a second allow.
export function nextSlice(slice, passed, cost) {
  const change = passed > LATE ? -2 : cost < COST ? 1 : -1;
  return Math.min(Math.max(slice + change, LEAST_SLICE), MOST_SLICE);
}

export class Player {
  #engine;
  #source;
  #draw; // returns the next random number of this text
  #drawn = Infinity; // random numbers that it has returned; Infinity: begin again
  #lane = 0;
  #read = 0; // ids that the network has read
  #head = 1; // ids that it read together
  #kept = []; // [{length, saved}]
  #keptEvery = KEPT_EVERY;
  #wanted = 0; // written tokens at which running ends
  #catchUp = 0; // written tokens that are written at once, after another network was put in
  #due = 0;
  #slice = SLICE;
  #cost = 0; // milliseconds of the last frame
  #frameAt = 0;
  #last = 0;
  #asked = 0;
  #empty = true; // whether there is no seed, not even a boundary token
  #callbacks = {step: new Set(), cut: new Set(), frame: new Set(), state: new Set()};

  constructor(description, engine) {
    const given = description.settings;
    this.description = description;
    this.#engine = engine;
    this.stopId = stopOf(description);
    this.network = engine.networkOf(description, snapshotOf(description));
    this.#source = engine.sourceOf(this.network);
    this.settings = {
      temperature: given.temperature || 1,
      greedy: !given.temperature,
      topK: given.top_k ?? null,
      topP: given.top_p ?? null,
      minP: given.min_p ?? null,
      randomSeed: given.random_seed ?? 0,
      length: given.length ?? 100,
      samples: 1,
      rate: Infinity,
    };
    this.seed = []; // ids as given, without the boundary token
    this.seedLength = 0;
    this.ids = [];
    this.bits = [];
    this.earlier = []; // [{ids, bits}]: texts that ended, after the same seed
    this.logits = new Float32Array(description.tokens.length);
    this.state = "ready";
    this.company = 1; // players that write in the same frame, this one counted: they share its time
  }

  onStep(callback) { return this.#listen("step", callback); }
  onCut(callback) { return this.#listen("cut", callback); }
  onFrame(callback) { return this.#listen("frame", callback); }
  onState(callback) { return this.#listen("state", callback); }

  get written() { return this.ids.length - this.seedLength; }
  get running() { return this.state === "running"; }
  get ended() { return this.written > 0 && this.ids.at(-1) === this.stopId; }
  get canBegin() { return this.seedLength > 0; }

  get sampling() {
    const {temperature, greedy, topK, topP, minP} = this.settings;
    return {temperature: greedy ? 0 : temperature, topK, topP, minP};
  }

  set(changes) {
    const before = this.settings;
    this.settings = {...before, ...changes};
    if (this.settings.randomSeed !== before.randomSeed) {
      this.#drawn = Infinity;
      this.#lane = 0;
    }
    this.#ask();
  }

  begin(ids, {empty = false} = {}) {
    this.seed = [...ids];
    this.#empty = empty;
    this.earlier = [];
    this.#lane = 0;
    this.#catchUp = 0;
    this.#readAnew();
  }

  restart() { this.begin(this.seed, {empty: this.#empty}); }

  nextText() {
    this.earlier.push({ids: this.ids, bits: this.bits});
    this.#lane += 1;
    this.#catchUp = 0;
    this.#wanted = this.settings.length || Infinity;
    this.#readAnew(this.running);
  }

  useNetwork(network) {
    const written = Math.max(this.written, this.#catchUp);
    const running = this.running;
    this.network = network;
    this.#source = this.#engine.sourceOf(network);
    this.#readAnew(running);
    this.#catchUp = written;
    this.#ask();
  }

  start() {
    if (!this.canBegin || this.running) return;
    if (this.ended) this.nextText();
    const {length} = this.settings;
    this.#wanted = length ? this.written + length : Infinity;
    this.#due = 1; // the first token comes at once
    this.#last = performance.now();
    this.#become("running");
    this.#ask();
  }

  stop() {
    if (this.running) this.#become(this.#settled());
    this.#ask();
  }

  step() {
    if (!this.canBegin) return -1;
    this.#readUntil(Infinity);
    if (this.ended) this.nextText();
    this.#readUntil(Infinity);
    if (this.running && this.#finished()) this.nextText();
    let id = -1;
    try {
      id = this.#write();
      if (this.running) this.#arrived();
      else this.#become(this.#settled());
    } catch (error) {
      this.#become("ready", error);
    }
    this.#ask();
    return id;
  }

  take(id) {
    if (!this.canBegin || this.ended) return;
    this.#readUntil(Infinity);
    this.#add(id);
    if (!this.running) this.#become(this.#settled());
    this.#ask();
  }

  takeAt(index, id) {
    if (index < this.seedLength || index >= this.ids.length) return;
    this.stop();
    this.#catchUp = 0;
    this.ids.length = this.bits.length = index;
    this.#kept = this.#kept.filter((place) => place.length < index);
    this.logits.set(this.#replay(index));
    this.#read = index;
    this.#tell("cut", index);
    this.take(id);
  }

  logitsBefore(index) {
    if (index < this.#head || index > this.#read) return null;
    if (index === this.#read) return this.logits;
    const here = this.#source.saved();
    const logits = Float32Array.from(this.#replay(index));
    this.#source.restore(here);
    return logits;
  }

  #listen(kind, callback) {
    this.#callbacks[kind].add(callback);
    return () => this.#callbacks[kind].delete(callback);
  }

  #tell(kind, ...values) {
    for (const callback of this.#callbacks[kind]) callback(...values);
  }

  #become(state, error = null) {
    if (state === this.state && !error) return;
    this.state = state;
    this.#tell("state", state, error);
  }

  #settled() {
    if (this.#read < this.ids.length) return "reading";
    return this.ended ? "ended" : "ready";
  }

  #readAnew(running = false) {
    const {boundary, regime, window} = this.description;
    this.ids = this.#empty ? [] : [boundary ?? [], ...this.seed].flat();
    this.bits = this.ids.map(() => NaN);
    this.seedLength = this.ids.length;
    this.#drawn = Infinity;
    this.#kept = [];
    this.#keptEvery = KEPT_EVERY;
    this.#read = 0;
    this.#tell("cut", 0);
    if (this.canBegin) {
      this.#head = regime === "stream" ? 1 : Math.min(window, this.seedLength);
      this.logits.set(this.#source.start(this.ids.slice(0, this.#head)));
      this.#read = this.#head;
      this.#tell("step", {index: this.#head - 1, id: this.ids[this.#head - 1], bits: NaN});
      this.#readUntil(performance.now() + SLICE);
    }
    this.#become(running ? "running" : this.#settled());
    this.#ask();
  }

  #readUntil(deadline) {
    while (this.#read < this.ids.length) {
      this.#feed();
      if (performance.now() >= deadline) return this.#read === this.ids.length;
    }
    return true;
  }

  #feed() { // lets the network read the next id
    const index = this.#read;
    const id = this.ids[index];
    const bits = -this.#engine.logProbability(this.logits, id) / Math.LN2;
    this.bits[index] = bits;
    this.logits.set(this.#source.feed(id));
    this.#read = index + 1;
    if (this.#read % this.#keptEvery === 0) this.#keep();
    this.#tell("step", {index, id, bits});
  }

  #keep() {
    this.#kept.push({length: this.#read, saved: this.#source.saved()});
    if (this.#kept.length < MOST_KEPT) return;
    this.#keptEvery *= 2;
    this.#kept = this.#kept.filter((place) => place.length % this.#keptEvery === 0);
  }

  #replay(length) { // the logits after the first `length` ids; the source stands there then
    const place = this.#kept.findLast((each) => each.length < length);
    let logits;
    if (place) this.#source.restore(place.saved);
    else logits = this.#source.start(this.ids.slice(0, this.#head));
    for (const id of this.ids.slice(place?.length ?? this.#head, length)) logits = this.#source.feed(id);
    return logits;
  }

  #add(id) {
    this.ids.push(id);
    this.bits.push(NaN);
    this.#feed();
  }

  #write() {
    const id = this.#engine.choose(this.logits, this.sampling, this.#number(this.written));
    this.#add(id);
    return id;
  }

  #number(place) { // the random number of the written token in this place; after a step back all are drawn anew
    if (this.#drawn > place) {
      this.#draw = this.#engine.uniforms(this.settings.randomSeed, this.#lane);
      this.#drawn = 0;
    }
    for (; this.#drawn < place; this.#drawn += 1) this.#draw();
    this.#drawn += 1;
    return this.#draw();
  }

  #ask() {
    if (!this.#asked) this.#asked = nextFrame((now) => this.#frame(now));
  }

  #frame(now) {
    const begun = performance.now();
    this.#asked = 0;
    const passed = now - this.#frameAt;
    if (this.running && passed < 200) this.#slice = nextSlice(this.#slice, passed, this.#cost);
    this.#frameAt = now;
    let more = false;
    try {
      more = this.#work(now);
    } catch (error) {
      this.#become("ready", error);
    }
    this.#tell("frame");
    this.#cost = performance.now() - begun;
    if (more) this.#ask();
  }

  #work(now) { // one frame's share of the steps; returns whether there is more to do
    const deadline = performance.now() + this.#slice / this.company;
    if (this.state === "reading" || this.running) {
      if (!this.#readUntil(deadline)) return true;
      if (!this.running) this.#become(this.#settled());
    }
    while (this.written < this.#catchUp && !this.ended) {
      this.#write();
      if (performance.now() >= deadline) return true;
    }
    this.#catchUp = 0;
    if (!this.running) {
      if (this.state !== "reading") this.#become(this.#settled());
      return false;
    }
    const {rate} = this.settings;
    if (rate === "music") return false;
    const passed = Math.max(now - this.#last, 0) / 1000;
    if (rate !== Infinity) this.#due = Math.min(this.#due + passed * rate, rate);
    this.#last = now;
    while (!this.#arrived() && (rate === Infinity || this.#due >= 1)) {
      if (this.#finished()) this.nextText();
      else this.#write();
      this.#due -= 1;
      if (performance.now() >= deadline) break;
    }
    return this.running;
  }

  #finished() { return this.ended || this.written >= this.#wanted; }

  #arrived() { // ends the run where it is to end
    const over = this.#finished() && (this.earlier.length + 1) % this.settings.samples === 0;
    if (over && this.running) this.#become(this.#settled());
    return over;
  }
}

const nextFrame = globalThis.requestAnimationFrame?.bind(globalThis)
  ?? ((callback) => setTimeout(() => callback(performance.now()), 1));
