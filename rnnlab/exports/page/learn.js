// The part "Watch it learn": a slider over the snapshots of a network, under the curve of its loss; and for each
// snapshot a row with what it writes greedily after the seed of the player.
//
//   learnPart({description, player, engine, language})   an element, or null if there are fewer than two snapshots
//
// The chosen snapshot goes on in the player: `player.useNetwork(network)` continues the same seed with it.

import {CURVE_MARGIN, LossCurve, hasValidation, nearestSnapshot, placeOf} from "./learn_curve.js";
import {
  barsOf, expectedAfter, fillsRow, greedyContinuation, lengthOfRow, loopOf, pitchRange, rightness, shortText,
} from "./learn_strips.js";
import {learnWords} from "./learn_words.js";

const MILLISECONDS = 8; // of an animation frame, in which rows are computed
const BEGIN_AFTER = 400; // milliseconds, so that the page is there first
const PACE = 1100; // milliseconds that a snapshot is shown while it plays
const FINE = 10000; // steps of the slider, which stands only where a snapshot is
const ROLL = {width: 1000, height: 100}; // units of a row's drawing
let learnParts = 0; // so that the names of the radio buttons differ

export function learnPart({description, player, engine, language = "en"}) {
  return (description.snapshots ?? []).length < 2 ? null : new Learning(description, player, engine, language).element;
}

/** The snapshots in the order of their epochs, each once. */
export function snapshotsInOrder({snapshots}) {
  const byEpoch = new Map();
  for (const snapshot of snapshots) {
    const before = byEpoch.get(snapshot.epoch);
    if (!before || snapshot.kept) byEpoch.set(snapshot.epoch, snapshot);
  }
  return [...byEpoch.values()].sort((one, other) => one.epoch - other.epoch);
}

/** Return functions that write numbers as a reader of a language expects them. */
export function numbersShown(language, unmeasured) {
  const whole = new Intl.NumberFormat(language);
  const loss = new Intl.NumberFormat(language, {maximumSignificantDigits: 3});
  return {
    number: (value) => whole.format(value),
    tick: (value) => whole.format(value),
    loss: (value) => (value === null || !Number.isFinite(value) ? unmeasured : loss.format(value)),
  };
}

/** Return what is worth saying of a continuation: how many tokens are right, or that it goes round in a circle. */
export function remarkOn({written, right}, kind, words, number) {
  const remarks = [];
  const compared = right.filter((each) => each !== null);
  if (compared.length) {
    remarks.push(words.right[kind](number(compared.filter(Boolean).length), number(compared.length)));
  }
  const size = compared.length && compared.every(Boolean) ? 0 : loopOf(written);
  if (size === 1) remarks.push(words.one[kind]);
  else if (size) remarks.push(words.loop[kind](number(size)));
  return remarks;
}

class Learning {
  #timer = 0;
  #work = null; // the generator that computes the rows

  constructor(description, player, engine, language) {
    Object.assign(this, {description, player, engine});
    this.words = learnWords[language] ?? learnWords.en;
    this.shown = numbersShown(language, this.words.unmeasured);
    this.snapshots = snapshotsInOrder(description);
    this.last = Math.max(description.history.epochs.at(-1) ?? 1, this.snapshots.at(-1).epoch);
    this.seed = null;
    this.chosen = Math.max(0, this.snapshots.findIndex(({epoch}) => epoch === player.network.snapshot?.epoch));
    this.#build(`learn-${++learnParts}`);
    this.#mark();
    player.onCut((length) => length === 0 && this.#seedChanged());
    setTimeout(() => this.#seedChanged(), BEGIN_AFTER);
    this.begun = false;
  }

  #build(name) {
    const {words, snapshots, description} = this;
    this.curve = new LossCurve({
      history: description.history, snapshots, vocabulary: description.tokens.length, words, shown: this.shown,
      onSelect: (number) => this.#choose(number),
    });
    this.slider = learnElement("input", {
      type: "range", class: "learn-slider", min: 0, max: FINE, step: 1, id: `${name}-slider`,
    });
    this.button = learnElement("button", {type: "button", class: "learn-play"});
    this.now = learnElement("output", {class: "learn-now", for: `${name}-slider`});
    this.rows = snapshots.map((snapshot, number) => this.#row(snapshot, number, name));
    const frame = learnElement("div", {class: "learn-frame"}, this.curve.element, this.slider);
    this.element = learnElement("section", {class: "learn", "aria-labelledby": `${name}-title`},
      learnElement("h2", {id: `${name}-title`}, words.title),
      learnElement("p", {class: "lede"}, words.lede),
      this.#key(),
      frame,
      learnElement("div", {class: "learn-controls"},
        this.button, learnElement("label", {for: `${name}-slider`, class: "learn-hidden"}, words.slider), this.now),
      learnElement("fieldset", {class: "learn-rows", "data-kind": description.kind},
        learnElement("legend", {class: "learn-hidden"}, words.rows), ...this.rows.map(({label}) => label)),
      this.noteKey = learnElement("p", {class: "learn-key learn-note-key", hidden: ""},
        learnElement("span", {class: "learn-right-sample"}), words.rightNote,
        learnElement("span", {class: "learn-wrong-sample"}), words.wrongNote));
    this.#listen(frame);
  }

  #key() {
    const {words, description} = this;
    const key = learnElement("p", {class: "learn-key"}, `${words.lossAxis}:`,
      learnElement("span", {class: "learn-training-sample"}), words.training);
    if (hasValidation(description.history)) {
      key.append(learnElement("span", {class: "learn-validation-sample"}), words.validation);
    }
    return key;
  }

  #row(snapshot, number, name) {
    const {words, shown} = this;
    const input = learnElement("input", {type: "radio", name, value: number, class: "learn-radio"});
    const written = learnElement("span", {class: "learn-written"});
    const count = learnElement("span", {class: "learn-count"});
    const epoch = learnElement("span", {class: "learn-epoch"},
      learnElement("span", {class: "learn-hidden"}, `${words.epoch} `), shown.number(snapshot.epoch));
    if (snapshot.kept) epoch.append(learnElement("small", {}, ` ${words.kept}`));
    const loss = learnElement("span", {class: "learn-loss"},
      learnElement("span", {class: "learn-hidden"}, `${words.loss} `), shown.loss(snapshot.loss));
    const label = learnElement("label", {class: "learn-row"}, input, epoch, written, count, loss);
    input.addEventListener("change", () => this.#choose(number));
    return {label, input, written, count};
  }

  #listen(frame) {
    const {slider} = this;
    let isDragged = false;
    slider.addEventListener("pointerdown", () => { isDragged = true; });
    for (const end of ["pointerup", "pointercancel"]) slider.addEventListener(end, () => { isDragged = false; });
    slider.addEventListener("input", () => {
      const place = slider.value / FINE;
      let number = nearestSnapshot(this.snapshots, place, this.last);
      // A screen reader moves the slider by small steps: each is a snapshot then.
      if (!isDragged && number === this.chosen) number += Math.sign(place - this.#place(number));
      this.#choose(Math.min(Math.max(number, 0), this.snapshots.length - 1));
    });
    slider.addEventListener("keydown", (event) => {
      const step = {ArrowRight: 1, ArrowUp: 1, PageUp: 3, ArrowLeft: -1, ArrowDown: -1, PageDown: -3}[event.key];
      const most = this.snapshots.length - 1;
      const ends = {Home: 0, End: most}[event.key];
      if ((step === undefined && ends === undefined) || event.ctrlKey || event.metaKey || event.altKey) return;
      event.preventDefault();
      this.#choose(Math.min(Math.max(ends ?? this.chosen + step, 0), most));
    });
    this.button.addEventListener("click", () => (this.#timer ? this.#pause() : this.#play()));
    const fit = () => this.curve.draw(Math.max(240, Math.floor(frame.clientWidth)));
    new ResizeObserver(fit).observe(frame);
  }

  #place(number) {
    return placeOf(this.snapshots[number].epoch, this.last);
  }

  #choose(number, isPlaying = false) {
    if (!isPlaying) this.#pause();
    if (number !== this.chosen) {
      this.chosen = number;
      this.player.useNetwork(this.engine.networkOf(this.description, this.snapshots[number]));
    }
    this.#mark();
  }

  #mark() { // shows the chosen snapshot everywhere
    const {words, shown, snapshots, chosen} = this;
    const {epoch, loss, validation_loss: held, } = snapshots[chosen];
    this.slider.value = Math.round(this.#place(chosen) * FINE);
    this.slider.setAttribute("aria-valuetext", words.sliderText(shown.number(epoch), shown.loss(loss)));
    this.rows.forEach(({label, input}, number) => {
      input.checked = number === chosen;
      label.classList.toggle("learn-chosen", number === chosen);
    });
    this.curve.select(chosen);
    const {text} = this.rows[chosen];
    const facts = [words.epochOf(shown.number(epoch), shown.number(this.last)), words.lossIs(shown.loss(loss))];
    if (held !== null && held !== undefined) facts.push(words.validationIs(shown.loss(held)));
    if (text) facts.push(...remarkOn(text, this.description.kind, words, shown.number));
    this.now.textContent = facts.join(" · ");
    this.button.textContent = this.#timer ? words.pause : words.play;
  }

  #play() {
    const next = () => {
      if (this.chosen === this.snapshots.length - 1) return this.#pause();
      this.#choose(this.chosen + 1, true);
      this.#timer = setTimeout(next, PACE);
    };
    this.#timer = setTimeout(next, PACE);
    if (this.chosen === this.snapshots.length - 1) this.#choose(0, true);
    this.#mark();
  }

  #pause() {
    if (!this.#timer) return;
    clearTimeout(this.#timer);
    this.#timer = 0;
    this.#mark();
  }

  #seedChanged() {
    const seed = this.player.ids.slice(0, this.player.seedLength);
    if (this.seed && seed.length === this.seed.length && seed.every((id, place) => id === this.seed[place])) return;
    if (!this.seed) this.begun = true;
    this.seed = seed;
    const isAlone = !this.#work;
    this.#work = this.#compute(seed);
    if (isAlone) requestAnimationFrame(() => this.#frame());
  }

  #frame() {
    const deadline = performance.now() + MILLISECONDS;
    while (performance.now() < deadline) {
      if (this.#work.next().done) {
        this.#work = null;
        return;
      }
    }
    requestAnimationFrame(() => this.#frame());
  }

  * #compute(seed) { // writes the rows, one after another; a step between two yields
    const {description, engine, snapshots} = this;
    const {tokens, boundary, song, kind, regime, window, sounds} = description;
    const notes = seed.filter((id) => id !== boundary);
    const expected = kind === "notes" ? expectedAfter(song?.filter((id) => id !== boundary), notes) : null;
    this.noteKey.hidden = !expected;
    const stop = this.player.stop_id ?? boundary ?? -1;
    const length = lengthOfRow(description, expected);
    const isFull = kind === "text" ? (ids) => fillsRow(ids.map((id) => tokens[id])) : () => false;
    // The quarters of a row: those of the song, or of the longest continuation.
    let quarters = expected ? barsOf(expected.slice(0, length), sounds, []).quarters : 0;
    for (const row of this.rows) row.text = null;
    for (let number = 0; number < snapshots.length; number++) {
      yield;
      const row = this.rows[number];
      if (!seed.length) {
        row.written.textContent = number ? "" : this.words.noSeed;
        row.count.textContent = "";
        continue;
      }
      const network = engine.networkOf(description, snapshots[number]);
      const source = engine.sourceOf(network);
      const limits = {regime, window, length, stop, isFull};
      const all = yield* greedyContinuation(source, seed, engine.choose, limits);
      const written = all.at(-1) === stop ? all.slice(0, -1) : all;
      row.text = {written, right: rightness(written, expected), stops: all.length > written.length};
      if (!expected && kind === "notes") quarters = Math.max(quarters, barsOf(written, sounds, []).quarters);
      this.#show(row, quarters);
      if (number === this.chosen) this.#mark();
    }
    if (!expected && kind === "notes") for (const row of this.rows) if (row.text) this.#show(row, quarters);
  }

  #show(row, quarters) {
    const {description, words, shown} = this;
    const {written, right} = row.text;
    const end = row.text.stops ? learnElement("span", {class: "learn-stop", title: words.stops}, "■") : "";
    if (description.kind === "text") {
      row.written.replaceChildren(
        learnElement("bdi", {class: "learn-text"}, shortText(written.map((id) => description.tokens[id]))), end,
      );
    } else {
      row.written.replaceChildren(this.#roll(written, right, quarters), end);
    }
    const compared = right.filter((each) => each !== null);
    row.count.textContent = compared.length
      ? words.rightShort(shown.number(compared.filter(Boolean).length), shown.number(compared.length))
      : "";
  }

  #roll(written, right, quarters) {
    const {description, curve, words, shown} = this;
    const [low, high] = pitchRange(description.sounds);
    const step = ROLL.height / (high - low + 1);
    const {bars} = barsOf(written, description.sounds, right);
    const scale = ROLL.width / Math.max(quarters, 1);
    const roll = curve.node("svg", {
      class: "learn-roll", viewBox: `0 0 ${ROLL.width} ${ROLL.height}`, preserveAspectRatio: "none", role: "img",
      "aria-label": words.notesWritten(shown.number(written.length)),
    });
    for (const bar of bars) {
      if (bar.x >= quarters) continue;
      const end = Math.min(bar.x + bar.width, quarters);
      roll.append(curve.node("rect", {
        class: bar.right === false ? "learn-wrong" : "learn-note",
        x: (bar.x * scale + 1.5).toFixed(1),
        width: Math.max((end - bar.x) * scale - 3, 1.5).toFixed(1),
        y: ((high - bar.pitch) * step).toFixed(1),
        height: Math.max(step, 5).toFixed(1),
      }));
    }
    return roll;
  }
}

function learnElement(name, attributes = {}, ...children) {
  const element = document.createElement(name);
  for (const [key, value] of Object.entries(attributes)) element.setAttribute(key, value);
  element.append(...children);
  return element;
}
