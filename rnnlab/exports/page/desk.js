// What is seen and touched of one network: the seed, the buttons, the text, the notes and the next token.

import {Speaker} from "./audio.js";
import {Chances, percentage} from "./chances.js";
import {Controls} from "./controls.js";
import {Keyboard} from "./keyboard.js";
import {NotesView} from "./notes_view.js";
import {Performer} from "./performer.js";
import {NumbersError} from "./sampling.js";
import {isolated, Seeds, visibleToken} from "./seed.js";
import {AgainstSong} from "./song.js";
import {SURPRISE_BOUNDS, TextView} from "./text_view.js";
import {say, spokenLanguage} from "./words.js";

const CALM = 250; // milliseconds between two pictures of the bars, where motion is to be reduced
const FAST = 50; // the same where the network writes as fast as possible
const LEAST_MEASURED = 0.5; // seconds of a run before its speed is said
const MOST_UNKNOWN = 5; // unknown tokens that are named

export class Desk {
  #page;
  #player;
  #parts = {};
  #seeds;
  #against;
  #text;
  #notes = null;
  #keyboard = null;
  #chances;
  #controls;
  #looked = -1; // index of the place that is looked at; -1: the end
  #drawnAt = 0;
  #late = 0;
  #run = {time: 0, tokens: 0, speed: 0};
  #error = "";
  #isBlocked = false; // whether the seed has something that the network does not know; the rest of it is read
  #omitted = 0; // tokens that are no more in the document

  constructor(page, place) {
    this.#page = page;
    this.#player = page.player;
    for (const element of page.section.querySelectorAll("[data-part]")) this.#parts[element.dataset.part] = element;
    const {description, player, engine} = page;
    const parts = this.#parts;
    this.#seeds = new Seeds(description);
    this.isNotes = description.kind === "notes";
    this.#against = new AgainstSong(player);
    this.speaker = new Speaker();
    this.performer = new Performer(player, this.speaker, {
      onNote: (index) => this.#sounds(index),
      onState: () => this.#showState(),
    });
    if (this.isNotes) {
      this.#notes = new NotesView(parts.roll, player, this.#against, (index) => this.look(index));
      this.#notes.titleOf = (index) => this.#titleOf(index);
      const places = {piano: parts.piano, durations: parts.durations, restKey: parts.rest_key};
      this.#keyboard = new Keyboard(places, description, `duration-${place}`, (id) => this.#press(id));
    }
    this.#text = new TextView(parts.written, player, this.#seeds, (count) => { this.#omitted = count; });
    this.#chances = new Chances({list: parts.chances, rest: parts.rest, more: parts.more}, player, engine,
      (id) => this.#take(id));
    this.#controls = new Controls(page, parts, this);
    for (const name of ["roll", "keys", "sound", "save_midi"]) parts[name].hidden = !this.isNotes;
    if (this.#keyboard?.isEmpty) parts.keys.hidden = true;
    parts.keys.open = this.isNotes && matchMedia("(min-width: 40rem)").matches;
    page.section.classList.add(description.kind);
    this.#bind();
    player.onCut(() => {
      this.#looked = -1;
      this.#error = "";
    });
    player.onFrame(() => this.#draw());
    player.onState((state, error) => this.#changed(state, error));
  }

  // The settings of this page as a link holds them.
  get settings() { return {seed: this.#parts.seed.value, ...this.#controls.settings, language: spokenLanguage()}; }

  // Puts settings of a link, or of the network, into the controls, and reads the seed; again: what was written is gone.
  apply(settings, {again = true} = {}) {
    this.#controls.apply(settings);
    if (settings.seed !== undefined) this.#parts.seed.value = settings.seed;
    this.#readSeed({again});
  }

  // Shows the place of a token: what else could have come there; -1: the end.
  look(index) {
    this.#looked = index >= 0 && index < this.#player.ids.length ? index : -1;
    this.#text.mark("looked", this.#looked);
    this.#notes?.look(this.#looked);
    this.#drawNext();
    this.#drawWordsOfNext();
  }

  // Writes all words that are not in the document itself in the present language.
  relabel() {
    const {description} = this.#page;
    const parts = this.#parts;
    const {sentence} = description;
    parts.sentence.textContent = typeof sentence === "string" ? sentence : sentence[spokenLanguage()] ?? sentence.en;
    parts.try.textContent = say(this.isNotes ? "try_notes" : "try_text");
    const count = description.tokens.length;
    parts.hint.textContent = this.isNotes ? say("seed_notes_hint") : say("seed_text_hint", {count});
    this.#controls.relabel();
    this.#showState();
    this.#parts.legend.replaceChildren(...legendOf(this.#against.hasSong));
    this.#drawNext();
    this.#drawWordsOfNext();
    this.#drawCounts();
    if (this.#player.ids.length || this.#isBlocked) this.#readSeed({again: false});
  }

  // Starts writing, or stops it and what sounds.
  toggle() {
    if (this.#player.running || this.performer.playing) {
      this.#player.stop();
      this.performer.stop();
      return;
    }
    if (this.#isBlocked || !this.#player.canBegin) return;
    this.look(-1);
    this.#run = {time: performance.now(), tokens: this.#total(), speed: 0};
    this.#player.start();
    if (this.#player.settings.rate === "music") this.performer.play();
  }

  #bind() {
    const parts = this.#parts;
    parts.seed.addEventListener("input", () => this.#readSeed());
    parts.start.addEventListener("click", () => this.toggle());
    parts.step.addEventListener("click", () => this.#stepOnce());
    parts.restart.addEventListener("click", () => {
      this.performer.stop();
      this.#player.stop();
      this.#player.restart();
    });
    parts.listen.addEventListener("click", () => this.performer.play(0));
    parts.delete.addEventListener("click", () => this.#writeSeed(this.#player.seed.slice(0, -1)));
    parts.clear.addEventListener("click", () => this.#writeSeed([]));
    parts.back.addEventListener("click", () => this.look(-1));
    parts.written.addEventListener("click", (event) => this.#pick(event));
    parts.written.addEventListener("pointerover", (event) => {
      const index = this.#indexOf(event.target);
      if (index >= 0) event.target.title = this.#titleOf(index);
    });
    parts.written.addEventListener("keydown", (event) => this.#walk(event));
  }

  #stepOnce() {
    this.look(-1);
    const id = this.#player.step();
    if (id >= 0) this.#heard(id);
  }

  #take(id) {
    const player = this.#player;
    if (this.#looked >= 0) player.takeAt(this.#looked, id);
    else player.take(id);
    this.#looked = -1;
    if (!player.running) this.#heard(id);
  }

  #heard(id) { // sounds one note that was written by hand, and says it
    const sound = this.#page.description.sounds?.[id];
    const player = this.#player;
    const bits = player.bits[player.ids.length - 1];
    if (sound && !this.performer.playing) {
      this.speaker.unlock();
      this.speaker.strike(sound.pitches, performance.now() / 1000, sound.quarters * 60 / this.performer.tempo);
      this.performer.skip();
    }
    this.#sayAloud(say("said_step", {token: this.#shown(id), share: percentage(2 ** -bits), bits: bits.toFixed(1)}));
  }

  #press(id) { // a key of the keyboard on the screen
    const sound = this.#page.description.sounds[id];
    this.performer.stop();
    this.speaker.unlock();
    this.speaker.strike(sound.pitches, performance.now() / 1000, sound.quarters * 60 / this.performer.tempo);
    this.#writeSeed([...this.#seeds.parse(this.#parts.seed.value).ids, id]);
  }

  #writeSeed(ids) {
    this.#parts.seed.value = this.#seeds.join(ids);
    this.#readSeed();
  }

  #readSeed({again = true} = {}) {
    const {seed, problem} = this.#parts;
    const {ids, unknown} = this.#seeds.parse(seed.value);
    const isEmpty = !ids.length && !unknown.length && this.#seeds.boundary < 0;
    const words = unknown.length ? unknownWords(unknown) : isEmpty ? say("seed_empty") : "";
    if (problem.textContent !== words) problem.textContent = words;
    seed.setAttribute("aria-invalid", String(Boolean(words)));
    if (!again) return;
    this.performer.stop();
    this.#player.stop();
    this.#isBlocked = Boolean(words);
    this.#player.begin(ids, {empty: !ids.length && (this.#isBlocked || this.#seeds.boundary < 0)});
    this.#showState();
  }

  #sounds(index) {
    this.#notes?.play(index);
    this.#text.mark("playing", index);
  }

  #changed(state, error) {
    this.#error = errorWords(error);
    this.#showState();
    if (state !== "running" && this.#player.written) {
      const end = isolated(this.#player.ids.slice(-8).map((id) => this.#visible(id)).join(this.isNotes ? " " : ""));
      this.#sayAloud(say("said_stopped", {count: this.#player.written, end}));
    }
  }

  #showState() {
    const busy = this.#player.running || this.performer.playing;
    const {start, step, listen} = this.#parts;
    const words = say(busy ? "stop" : "start");
    if (start.textContent !== words) start.textContent = words;
    start.classList.toggle("busy", busy);
    start.disabled = step.disabled = this.#isBlocked || !this.#player.canBegin;
    listen.disabled = !this.#player.canBegin;
  }

  #draw() {
    const now = performance.now();
    const {running, settings} = this.#player;
    const isCalm = matchMedia("(prefers-reduced-motion: reduce)").matches;
    const pause = !running ? 0 : isCalm ? CALM : settings.rate === Infinity ? FAST : 0;
    if (now - this.#drawnAt < pause) {
      this.#late ||= setTimeout(() => this.#draw(), pause);
      return;
    }
    clearTimeout(this.#late);
    this.#late = 0;
    this.#drawnAt = now;
    this.#drawNext();
    this.#drawWordsOfNext();
    this.#drawCounts();
  }

  #drawNext() {
    const player = this.#player;
    this.#parts.chances.inert = !player.canBegin;
    if (!player.canBegin) return;
    const logits = this.#looked < 0 ? player.logits : player.logitsBefore(this.#looked);
    this.#parts.chances.classList.toggle("unknown", !logits);
    if (!logits) return;
    try {
      this.#chances.draw(logits, this.#looked < 0 ? -1 : player.ids[this.#looked], this.#isFixed());
    } catch (error) {
      this.#error = errorWords(error);
    }
  }

  #isFixed() { // whether no other token can be taken in the place that is shown
    return this.#looked < 0 ? this.#player.ended : this.#looked < this.#player.seedLength;
  }

  #drawWordsOfNext() {
    const {next_title: title, next_hint: hint, back} = this.#parts;
    const player = this.#player;
    const index = this.#looked;
    back.hidden = index < 0;
    let words = say("next_hint");
    if (index >= 0) {
      const values = {place: index + 1, token: this.#shown(player.ids[index]), bits: player.bits[index].toFixed(1)};
      if (index < player.seedLength) words = say("here_seed", values);
      else words = say("here_hint", values);
      if (Number.isNaN(player.bits[index])) words = `${say("here_seed", values)} ${say("here_unknown")}`;
    }
    setText(title, say(index < 0 ? "next" : "here"));
    setText(hint, words);
  }

  #drawCounts() {
    const player = this.#player;
    const words = [];
    if (player.state === "reading") words.push(say("reading"));
    const count = this.#total();
    if (player.earlier.length) words.push(say("count_texts", {count: player.earlier.length + 1}));
    words.push(say(count === 1 ? "count_one" : "count_many", {count}));
    if (this.#against.hasSong && player.written) {
      this.#against.count();
      const {wrong, compared, follows} = this.#against;
      if (!follows) words.push(say("off_song"));
      else if (compared) words.push(wrong ? say("wrong_some", {wrong, compared}) : say("wrong_none"));
    }
    const speed = this.#measured();
    if (speed) words.push(say("per_second", {count: speed}));
    if (player.ended) words.push(say("ended"));
    if (this.#omitted) words.push(say("omitted", {count: this.#omitted}));
    if (this.#error) words.push(this.#error);
    setText(this.#parts.counts, words.join(" · "));
  }

  #total() { // written tokens of all texts after this seed
    const {earlier, written, seedLength} = this.#player;
    return earlier.reduce((sum, {ids}) => sum + ids.length - seedLength, written);
  }

  #measured() { // tokens a second of the present or the last run, where it ran as fast as possible
    if (this.#player.settings.rate !== Infinity || !this.#run.time) return 0;
    const seconds = (performance.now() - this.#run.time) / 1000;
    const tokens = this.#total() - this.#run.tokens;
    if (this.#player.running && seconds > LEAST_MEASURED) this.#run.speed = Math.round(tokens / seconds);
    return this.#run.speed;
  }

  #indexOf(element) {
    const block = element.parentElement;
    const from = Number(block?.dataset?.from ?? -1);
    return block?.parentElement === this.#parts.written && from >= 0 ? from + [...block.children].indexOf(element) : -1;
  }

  #pick(event) {
    const index = this.#indexOf(event.target);
    if (index >= 0 && !this.#player.running) this.look(index);
  }

  #walk(event) { // arrows go from token to token
    const step = {ArrowRight: 1, ArrowLeft: -1, Home: -Infinity, End: Infinity, Escape: NaN}[event.key];
    if (step === undefined || this.#player.running || event.ctrlKey || event.metaKey || event.altKey) return;
    event.preventDefault();
    const {length} = this.#player.ids;
    if (Number.isNaN(step)) return this.look(-1);
    const index = this.#looked < 0 ? length : this.#looked;
    const next = Math.max(index + step, 0);
    this.look(next >= length ? -1 : next);
    this.#sayAloud(this.#looked < 0 ? say("next") : this.#titleOf(this.#looked));
  }

  #titleOf(index) {
    const {ids, bits} = this.#player;
    const token = this.#shown(ids[index]);
    if (Number.isNaN(bits[index])) return token;
    return say("said_step", {token, share: percentage(2 ** -bits[index]), bits: bits[index].toFixed(1)});
  }

  #shown(id) { return isolated(this.#visible(id)); } // in a sentence

  #visible(id) {
    const {boundary, tokens} = this.#page.description;
    return id === boundary ? say("boundary") : visibleToken(tokens[id]);
  }

  #sayAloud(words) { setText(this.#parts.said, words); }

  // The text of everything that was written, with the seeds; a text of its own for each that ended.
  get writtenText() {
    const {earlier, ids, stopId} = this.#player;
    const unended = (each) => (each.at(-1) === stopId ? each.slice(0, -1) : each);
    return [...earlier.map((each) => each.ids), ids].map((each) => this.#seeds.join(unended(each))).join("\n");
  }
}

// Returns what is said of an error that stopped the writing; of null, nothing.
export function errorWords(error) {
  if (!error) return "";
  return error instanceof NumbersError ? say("failed") : String(error.message ?? error);
}

// Returns one sentence on tokens that a network does not know: [{token, near}] of Seeds.parse.
export function unknownWords(unknown) {
  const named = unknown.slice(0, MOST_UNKNOWN).map(({token, near}) => {
    const shown = `‘${isolated(visibleToken(token.slice(0, 40)))}’`;
    return near.length ? say("seed_near", {token: shown, near: near.map((each) => isolated(visibleToken(each))).join(" ")}) : shown;
  });
  if (unknown.length > MOST_UNKNOWN) named.push(say("seed_more", {count: unknown.length - MOST_UNKNOWN}));
  return say("seed_unknown", {tokens: named.join(", ")});
}

// Returns what the colours, lines and rings of tokens mean, as elements and the spaces between them.
export function legendOf(hasSong) {
  const entry = (name, words) => {
    const span = document.createElement("span");
    span.className = `shade ${name}`;
    span.textContent = words;
    return span;
  };
  const bounds = [0, ...SURPRISE_BOUNDS];
  const entries = bounds.map((bound, level) => {
    const next = bounds[level + 1];
    const words = level === 0 ? say("below", {bits: next})
      : next === undefined ? say("from_on", {bits: bound}) : `${bound}–${next}`;
    return entry(`bits-${level}`, words);
  });
  entries.unshift(entry("of-seed", say("legend_seed")));
  if (hasSong) entries.push(entry("wrong", say("legend_wrong")));
  return [`${say("legend")}: `, ...entries.flatMap((each) => [each, " "])];
}

// Writes words into an element, if it has others.
export function setText(element, words) {
  if (element.textContent !== words) element.textContent = words;
}
