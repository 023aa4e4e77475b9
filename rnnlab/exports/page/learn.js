// How the network learned: a slider over its snapshots, under the curve of its loss, and for each snapshot a row with
// what it writes greedily after the seed of the player. The chosen snapshot goes on in the player.

import {curveNode, hasValidation, lastEpoch, LossCurve, lossShown, nearestSnapshot, placeOf} from "./learn_curve.js";
import {
  barsOf, expectedAfter, fillsRow, greedyContinuation, lengthOfRow, loopOf, pitchRange, rightness, shortText,
} from "./learn_strips.js";
import {LEARN_WORDS} from "./learn_words.js";
import {stopOf} from "./play.js";
import {addWords, onLanguage, relabel, say} from "./words.js";

const ROWS_SLICE = 8; // milliseconds of an animation frame in which rows are computed
const ROWS_BEGIN = 400; // milliseconds, so that the page is there first
const PACE = 1100; // milliseconds for which a snapshot is shown while they play
const FINE = 10000; // steps of the slider, which stands only where a snapshot is
const ROLL_WIDTH = 1000; // units of a row's drawing
const ROLL_HEIGHT = 100;
const RIGHT_HEIGHT = 17; // of a bar
const WRONG_HEIGHT = 5;
let learnParts = 0; // so that the names of the radio buttons of several networks differ

addWords(LEARN_WORDS);

/** Build the part of a page that goes through the epochs of its training, in `page.places.learn`. */
export function learning(page) {
  const snapshots = snapshotsInOrder(page.description);
  page.places.learn.hidden = snapshots.length < 2;
  if (snapshots.length >= 2) new Learning(page, snapshots);
}

/** Return the snapshots of a known epoch, in order, each epoch once. */
export function snapshotsInOrder({snapshots}) {
  const byEpoch = new Map();
  for (const snapshot of snapshots ?? []) {
    if (snapshot.epoch === null || (byEpoch.has(snapshot.epoch) && !snapshot.kept)) continue;
    byEpoch.set(snapshot.epoch, snapshot);
  }
  return [...byEpoch.values()].sort((one, other) => one.epoch - other.epoch);
}

/** Return what is worth saying of a continuation: how many notes are right, and whether it goes round in a circle. */
export function remarkOn({written, right}, kind) {
  const remarks = [];
  const compared = right.filter((each) => each !== null);
  const count = compared.filter(Boolean).length;
  if (compared.length) remarks.push(say("learn_right_notes", {right: count, all: compared.length}));
  const size = compared.length && count === compared.length ? 0 : loopOf(written); // a song may repeat itself
  if (size) remarks.push(say(`learn_${size === 1 ? "one" : "loop"}_${kind}`, {size}));
  return remarks;
}

class Learning {
  #timer = 0;
  #work = null; // the generator that computes the rows
  #seed = null;
  #quarters = 0; // length of the rolls

  constructor(page, snapshots) {
    Object.assign(this, {description: page.description, player: page.player, engine: page.engine, snapshots});
    this.last = lastEpoch(this.description.history, snapshots);
    const shown = snapshots.findIndex(({epoch}) => epoch === page.network.snapshot?.epoch);
    this.chosen = shown >= 0 ? shown : snapshots.length - 1;
    this.#build(page.places.learn, `learn-${++learnParts}`);
    this.#listen();
    onLanguage(() => this.#relabel());
    this.#relabel();
    this.player.onCut((length) => length === 0 && this.#seed && this.#readSeed());
    setTimeout(() => this.#readSeed(), ROWS_BEGIN);
  }

  #build(place, name) {
    const {snapshots, description} = this;
    const {history, kind, tokens} = description;
    const onSelect = (number) => this.#choose(number);
    this.curve = new LossCurve({history, snapshots, vocabulary: tokens.length, onSelect});
    this.slider = learnElement("input", {
      type: "range", class: "learn-slider", min: 0, max: FINE, step: 1, "data-say-label": "learn_slider",
    });
    this.frame = learnElement("div", {class: "learn-frame"}, this.curve.element, this.slider);
    this.button = learnElement("button", {type: "button", class: "learn-play"});
    this.now = learnElement("p", {class: "learn-now", "aria-live": "polite"});
    this.rows = snapshots.map((snapshot, number) => this.#row(snapshot, number, name));
    this.noteKey = learnElement("p", {class: "learn-key learn-note-key", hidden: ""},
      learnKey("learn-right-sample", "learn_right_note"), learnKey("learn-wrong-sample", "learn_wrong_note"));
    const key = learnElement("p", {class: "learn-key"}, learnWord("learn_axis_loss"),
      learnKey("learn-training-sample", "learn_training"));
    if (hasValidation(history)) key.append(learnKey("learn-validation-sample", "learn_validation"));
    this.element = place;
    const head = learnElement("p", {class: "learn-row learn-head", "aria-hidden": "true"},
      learnWord("learn_epoch", "learn-epoch"), learnElement("span"),
      learnWord("learn_right", "learn-count"), learnWord("learn_loss", "learn-loss"));
    this.table = learnElement("fieldset", {class: `learn-rows learn-of-${kind} learn-uncompared`},
      learnWord("learn_rows", "learn-hidden", "legend"), head, ...this.rows.map(({label}) => label));
    place.append(
      learnElement("h2", {"data-say": "learn_title"}),
      learnElement("p", {class: "learn-lede", "data-say": "learn_lede"}),
      key, this.frame,
      learnElement("div", {class: "learn-controls"}, this.button, this.now),
      this.table,
      this.noteKey,
    );
  }

  #row(snapshot, number, name) {
    const input = learnElement("input", {type: "radio", name, value: number, class: "learn-radio"});
    const written = learnElement("span", {class: "learn-written"});
    const count = learnElement("span", {class: "learn-count"});
    const epoch = learnElement("span", {class: "learn-epoch"},
      learnWord("learn_epoch", "learn-hidden"), " ");
    if (snapshot.kept) epoch.append(learnWord("learn_kept", "", "small"), " ");
    epoch.append(snapshot.epoch.toLocaleString("en"));
    const loss = learnElement("span", {class: "learn-loss"},
      learnWord("learn_loss", "learn-hidden"), ` ${lossShown(snapshot.loss)}`);
    const label = learnElement("label", {class: "learn-row"}, input, epoch, written, count, loss);
    input.addEventListener("change", () => this.#choose(number));
    return {label, input, written, count, text: null};
  }

  #listen() {
    const {slider, frame} = this;
    const most = this.snapshots.length - 1;
    const choose = (number) => this.#choose(Math.min(Math.max(number, 0), most));
    let isDragged = false;
    slider.addEventListener("pointerdown", () => { isDragged = true; });
    for (const end of ["pointerup", "pointercancel"]) slider.addEventListener(end, () => { isDragged = false; });
    slider.addEventListener("input", () => {
      const place = slider.value / FINE;
      let number = nearestSnapshot(this.snapshots, place, this.last);
      // A screen reader moves the slider by small steps: each of them goes to the next snapshot.
      if (!isDragged && number === this.chosen) number += Math.sign(place - this.#place(number));
      choose(number);
    });
    slider.addEventListener("keydown", (event) => {
      const step = {ArrowRight: 1, ArrowUp: 1, PageUp: 3, ArrowLeft: -1, ArrowDown: -1, PageDown: -3}[event.key];
      const end = {Home: 0, End: most}[event.key];
      if ((step ?? end) === undefined || event.ctrlKey || event.metaKey || event.altKey) return;
      event.preventDefault();
      choose(end ?? this.chosen + step);
    });
    this.button.addEventListener("click", () => (this.#timer ? this.#pause() : this.#play()));
    new ResizeObserver(() => this.curve.draw(Math.floor(frame.clientWidth))).observe(frame);
  }

  #relabel() {
    relabel(this.element);
    this.curve.draw();
    for (const row of this.rows) this.#show(row);
    this.#mark();
  }

  #place(number) {
    return placeOf(this.snapshots[number].epoch, this.last);
  }

  #choose(number, {playing = false} = {}) {
    if (!playing) this.#pause();
    if (number !== this.chosen) {
      this.chosen = number;
      this.player.useNetwork(this.engine.networkOf(this.description, this.snapshots[number]));
    }
    this.#mark();
  }

  #mark() { // shows the chosen snapshot everywhere
    const {snapshots, chosen, slider} = this;
    const {epoch, loss, validation_loss: held} = snapshots[chosen];
    const isMeasured = held !== null && held !== undefined;
    slider.value = Math.round(this.#place(chosen) * FINE);
    slider.setAttribute("aria-valuetext", say("learn_value", {epoch, loss: lossShown(loss)}));
    this.rows.forEach(({label, input}, number) => {
      input.checked = number === chosen;
      label.classList.toggle("learn-chosen", number === chosen);
    });
    this.curve.select(chosen);
    const {text} = this.rows[chosen];
    this.now.textContent = [
      say("learn_epoch_of", {epoch, epochs: this.last}),
      say("learn_loss_is", {loss: lossShown(loss)}),
      ...(isMeasured ? [say("learn_validation_is", {loss: lossShown(held)})] : []),
      ...(text ? remarkOn(text, this.description.kind) : []),
    ].join(" · ");
    this.button.textContent = say(this.#timer ? "learn_pause" : "learn_play");
  }

  #play() {
    const next = () => {
      if (this.chosen === this.snapshots.length - 1) return this.#pause();
      this.#timer = setTimeout(next, PACE);
      this.#choose(this.chosen + 1, {playing: true});
    };
    this.#timer = setTimeout(next, PACE);
    this.#choose(this.chosen === this.snapshots.length - 1 ? 0 : this.chosen, {playing: true});
  }

  #pause() {
    if (!this.#timer) return;
    clearTimeout(this.#timer);
    this.#timer = 0;
    this.#mark();
  }

  #readSeed() { // writes the rows anew if the seed of the player is another one
    const seed = this.player.ids.slice(0, this.player.seedLength);
    if (seed.length === this.#seed?.length && seed.every((id, place) => id === this.#seed[place])) return;
    this.#seed = seed;
    const isIdle = !this.#work;
    this.#work = this.#written(seed);
    if (isIdle) requestAnimationFrame(() => this.#frame());
  }

  #frame() {
    const deadline = performance.now() + ROWS_SLICE;
    while (performance.now() < deadline) {
      if (!this.#work.next().done) continue;
      this.#work = null;
      return;
    }
    requestAnimationFrame(() => this.#frame());
  }

  * #written(seed) { // writes the rows one after another, and yields between two steps
    const {description, engine, snapshots, rows} = this;
    const {tokens, boundary, song, kind, regime, window, sounds} = description;
    const without = (ids) => ids.filter((id) => id !== boundary);
    const expected = kind === "notes" ? expectedAfter(song && without(song), without(seed)) : null;
    const limits = {
      regime, window, stop: stopOf(description), length: lengthOfRow(description, expected),
      isFull: kind === "text" ? (ids) => fillsRow(ids.map((id) => tokens[id])) : undefined,
    };
    this.noteKey.hidden = !expected;
    this.table.classList.toggle("learn-uncompared", !expected);
    // Rolls are as long as the song; without it, as the longest of them.
    this.#quarters = expected ? barsOf(expected.slice(0, limits.length), sounds, []).quarters : 0;
    for (const row of rows) row.text = null;
    for (let number = 0; number < snapshots.length && seed.length; number++) {
      yield;
      const source = engine.sourceOf(engine.networkOf(description, snapshots[number]));
      const all = yield* greedyContinuation(source, seed, engine.choose, limits);
      const written = all.at(-1) === limits.stop ? all.slice(0, -1) : all;
      rows[number].text = {written, right: rightness(written, expected), stops: written.length < all.length};
      if (!expected && kind === "notes") {
        this.#quarters = Math.max(this.#quarters, barsOf(written, sounds, []).quarters);
      }
      this.#show(rows[number]);
      if (number === this.chosen) this.#mark();
    }
    for (const row of rows) this.#show(row);
    this.#mark();
  }

  #show(row) {
    const {description} = this;
    if (!row.text) {
      const isMissing = this.#seed?.length === 0 && row === this.rows[0];
      row.written.textContent = isMissing ? say("learn_no_seed") : "";
      row.count.textContent = "";
      return;
    }
    const {written, right, stops} = row.text;
    const shown = description.kind === "text"
      ? learnElement("bdi", {class: "learn-text"}, shortText(written.map((id) => description.tokens[id])))
      : this.#roll(written, right);
    const end = stops ? [learnElement("span", {class: "learn-stop", title: say("learn_stops")}, "■")] : [];
    row.written.replaceChildren(shown, ...end);
    const compared = right.filter((each) => each !== null);
    row.count.textContent = compared.length
      ? say("learn_right_of", {right: compared.filter(Boolean).length, all: compared.length}) : "";
  }

  #roll(written, right) {
    const {sounds} = this.description;
    const [low, high] = pitchRange(sounds);
    const step = (ROLL_HEIGHT - RIGHT_HEIGHT) / Math.max(high - low, 1);
    const scale = ROLL_WIDTH / Math.max(this.#quarters, 1);
    const roll = curveNode("svg", {
      class: "learn-roll", viewBox: `0 0 ${ROLL_WIDTH} ${ROLL_HEIGHT}`, preserveAspectRatio: "none", role: "img",
      "aria-label": say("learn_roll", {count: written.length}),
    });
    for (const bar of barsOf(written, sounds, right).bars) {
      const end = Math.min(bar.x + bar.width, this.#quarters);
      if (end <= bar.x) continue;
      const height = bar.right === false ? WRONG_HEIGHT : RIGHT_HEIGHT; // so that a wrong note is told without colour
      roll.append(curveNode("rect", {
        class: bar.right === false ? "learn-wrong" : "learn-note",
        x: (bar.x * scale + 2).toFixed(1),
        width: Math.max((end - bar.x) * scale - 4, 2).toFixed(1),
        y: (RIGHT_HEIGHT / 2 + (high - bar.pitch) * step - height / 2).toFixed(1),
        height,
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

function learnKey(style, key) { // an entry of a key: a sample with its words
  return learnElement("span", {class: "learn-entry"}, learnElement("span", {class: style}), learnWord(key));
}

function learnWord(key, style = "", name = "span") { // an element whose words follow the language
  return learnElement(name, style ? {class: style, "data-say": key} : {"data-say": key});
}
