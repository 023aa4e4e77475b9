// The piano roll: time runs from left to right in rows of whole bars, as in a score; pitch runs upwards.

import {inTime} from "./play.js";
import {surpriseClass} from "./text_view.js";

const NOTES_PAUSE = 200; // milliseconds between two drawings where the network writes as fast as possible
const SVG = "http://www.w3.org/2000/svg";
const GUTTER = 30; // pixels for the names of pitches
const TOP = 14; // pixels above a row, for the number of its first bar
const LEAST_QUARTER = 30; // least width of a quarter note in pixels
const LEAST_QUARTER_OF_PIECE = 15; // the same where a whole piece is to be seen at once
const USUAL_HEIGHT = 370; // pixels of the box; it shows whole rows
const FRAMING = 2; // pixels of its border, above and below together
const PITCHES = 156; // pixels of all pitches of a row
const MOST_SEMITONE = 13; // pixels
const MOST_ROWS_OF_PIECE = 3; // rows that the box shows of a whole piece
const MOST_ROWS = 60; // rows in the document; older ones are taken out
const PITCH_NAMES = ["c", "cis", "d", "dis", "e", "f", "fis", "g", "gis", "a", "bes", "b"];
const BLACK_KEYS = [1, 3, 6, 8, 10];

// Returns the name of a MIDI number as the tokens spell it: 60 is c, 72 is c', 48 is c,
export function pitchName(pitch) {
  const octave = Math.floor(pitch / 12) - 5;
  return PITCH_NAMES[pitch % 12] + (octave >= 0 ? "'".repeat(octave) : ",".repeat(-octave));
}

export function isBlackKey(pitch) {
  return BLACK_KEYS.includes(pitch % 12);
}

// Returns the quarter notes of a bar of a metre such as "6/8"; without a metre, 4.
export function barOf(meter) {
  const [beats, unit] = (meter ?? "4/4").split("/").map(Number);
  return beats > 0 && unit > 0 ? beats * 4 / unit : 4;
}

export class NotesView {
  #box;
  #player;
  #against;
  #rows = []; // [{svg, notes, number}], those in the document
  #first = 0; // number of the first of them: the rows before it have left
  #elements = new Map(); // index of a token → its elements in these rows
  #begins = []; // quarter notes from the beginning, by index
  #time = 0;
  #next = 0;
  #playing = -1;
  #looked = -1;
  #geometry = null;
  #follows = true; // whether the end stays in sight: until someone scrolls up
  #inSight = -1; // the row that was brought into sight last
  #piece;

  // box: the element to draw into; against: an AgainstSong; pick(index): a click on a note; piece: quarter notes
  // of a piece that the box shows as a whole, in two rows or more; 0: there is none
  constructor(box, player, against, pick, {piece = 0} = {}) {
    this.#piece = piece;
    this.#box = box;
    this.#player = player;
    this.#against = against;
    const pitches = player.description.sounds.flatMap((sound) => sound?.pitches ?? []);
    this.low = pitches.length ? pitches.reduce((one, other) => Math.min(one, other)) : 60;
    this.high = pitches.length ? pitches.reduce((one, other) => Math.max(one, other)) : 71;
    this.bar = barOf(player.description.meter);
    player.onCut((length) => this.#cut(length));
    player.onFrame(inTime(player, NOTES_PAUSE, () => this.draw()));
    box.addEventListener("click", (event) => {
      const index = event.target.dataset?.index;
      if (index !== undefined) pick(Number(index));
    });
    box.addEventListener("scroll", () => {
      this.#inSight = -1;
      this.#follows = box.scrollTop + box.clientHeight >= this.#heightWritten() - 24;
    });
    new ResizeObserver(() => this.#resize()).observe(box);
  }

  // Appends what is new.
  draw() {
    if (!this.#geometry) return;
    const {ids, description} = this.#player;
    const news = this.#next < ids.length;
    let end = this.#time;
    for (let index = this.#next; index < ids.length; index += 1) end += description.sounds[ids[index]]?.quarters ?? 0;
    this.#leave(this.#rowOf(end - 1e-6) - MOST_ROWS + 1);
    for (; this.#next < ids.length; this.#next += 1) this.#append(this.#next);
    if (news && this.#follows && this.#playing < 0) this.#scrollTo(this.#rowOf(this.#time - 1e-6));
  }

  // Marks the note that sounds; -1: none.
  play(index) {
    this.#change("playing", this.#playing, index);
    this.#playing = index;
    if (index >= 0 && index < this.#begins.length) this.#scrollTo(this.#rowOf(this.#begins[index]));
  }

  // Marks the place that is looked at; -1: none.
  look(index) {
    this.#change("looked", this.#looked, index);
    this.#looked = index;
  }

  #change(name, before, after) {
    if (before === after) return;
    for (const element of this.#elements.get(before) ?? []) element.classList.remove(name);
    for (const element of this.#elements.get(after) ?? []) element.classList.add(name);
  }

  #resize() {
    const width = Math.floor(this.#box.clientWidth);
    if (!width || width === this.#geometry?.width) return;
    const count = this.high - this.low + 1;
    const semitone = Math.min(Math.max(Math.floor(PITCHES / count), 4), MOST_SEMITONE);
    const leastQuarter = this.#piece ? LEAST_QUARTER_OF_PIECE : LEAST_QUARTER;
    const fitting = Math.max(Math.floor((width - GUTTER) / (this.bar * leastQuarter)), 1);
    const most = this.#piece ? Math.max(Math.min(fitting, Math.ceil(this.#piece / this.bar / 2)), 1) : fitting;
    const bars = [16, 8, 4, 2, 1].find((each) => each <= most);
    const quarters = bars * this.bar;
    const height = TOP + count * semitone + 6;
    const rows = this.#piece ? Math.min(Math.ceil(this.#piece / quarters), MOST_ROWS_OF_PIECE) : USUAL_HEIGHT / height;
    const shown = Math.max(Math.round(rows), 1);
    this.#box.style.height = `${shown * height + FRAMING}px`;
    this.#geometry = {width, semitone, bars, quarters, scale: (width - GUTTER - 4) / quarters, height};
    this.#clear();
    this.draw();
  }

  #clear() {
    this.#box.replaceChildren();
    this.#follows = true;
    this.#inSight = -1;
    this.#rows = [];
    this.#first = 0;
    this.#elements.clear();
    this.#begins = [];
    this.#time = 0;
    this.#next = 0;
    if (!this.#geometry) return;
    const rows = Math.ceil(this.#box.clientHeight / this.#geometry.height);
    for (let row = 0; row < rows; row += 1) this.#addRow();
  }

  #cut(length) {
    this.#playing = this.#looked = -1;
    if (length === 0) {
      this.#clear();
      this.#box.scrollTop = 0;
      return;
    }
    if (length < this.#next && this.#rowOf(this.#begins[length]) < this.#first) {
      this.#clear(); // the place has left the document: all is drawn again at the next frame
      return;
    }
    for (let index = length; index < this.#next; index += 1) {
      for (const element of this.#elements.get(index) ?? []) element.remove();
      this.#elements.delete(index);
    }
    if (length < this.#next) {
      this.#time = this.#begins[length];
      this.#begins.length = this.#next = length;
    }
  }

  #rowOf(time) { return Math.floor(time / this.#geometry.quarters + 1e-9); }

  #heightWritten() {
    const row = this.#rowOf(Math.max(this.#time - 1e-6, 0)) - this.#first + 1;
    return Math.min(row * this.#geometry.height, this.#box.scrollHeight);
  }

  #scrollTo(number) {
    if (number === this.#inSight) return; // reading places makes the browser lay out the page
    this.#inSight = number;
    const top = (number - this.#first) * this.#geometry.height;
    const {scrollTop, clientHeight} = this.#box;
    if (top < scrollTop || top + this.#geometry.height > scrollTop + clientHeight) {
      this.#box.scrollTop = Math.max(top + this.#geometry.height - clientHeight, 0);
    }
  }

  #append(index) {
    const {ids, bits, seedLength, description} = this.#player;
    const sound = description.sounds[ids[index]];
    this.#begins[index] = this.#time;
    if (!sound) return;
    const begin = this.#time;
    this.#time += sound.quarters;
    let name = `note bits-${surpriseClass(bits[index])}`;
    if (index < seedLength) name += " of-seed";
    if (this.#against.isWrong(index)) name += " wrong";
    const title = this.titleOf(index);
    const elements = [];
    let from = begin;
    while (from < this.#time - 1e-9) { // a note may go on in the next row
      const number = this.#rowOf(from);
      const to = Math.min(this.#time, (number + 1) * this.#geometry.quarters);
      const row = this.#row(number);
      if (row) elements.push(...this.#drawn(row, from, to, sound, name, index, title));
      from = to;
    }
    if (elements.length) this.#elements.set(index, elements);
    if (index === this.#playing) for (const element of elements) element.classList.add("playing");
  }

  // The words of a note's title; the page puts its own in.
  titleOf(index) { return this.#player.description.tokens[this.#player.ids[index]]; }

  #drawn(row, from, to, sound, name, index, title) {
    const {semitone, scale, quarters} = this.#geometry;
    const x = GUTTER + (from - row.number * quarters) * scale;
    const width = Math.max((to - from) * scale - 2, 2);
    const pitches = sound.pitches.length ? sound.pitches : [null];
    const drawn = pitches.map((pitch) => {
      const element = document.createElementNS(SVG, "rect");
      const y = pitch === null ? TOP + (this.high - this.low) * semitone / 2 : this.#y(pitch);
      element.setAttribute("class", pitch === null ? `${name} rest` : name);
      element.setAttribute("x", (x + 1).toFixed(2));
      element.setAttribute("y", String(pitch === null ? y + semitone / 2 - 1 : y));
      element.setAttribute("width", width.toFixed(2));
      element.setAttribute("height", String(pitch === null ? 2 : semitone));
      element.setAttribute("rx", pitch === null ? "1" : "2");
      element.dataset.index = String(index);
      const words = document.createElementNS(SVG, "title");
      words.textContent = title;
      element.append(words);
      row.notes.append(element);
      return element;
    });
    if (name.endsWith("wrong")) drawn.push(...pitches.map((pitch) => this.#ring(row, pitch, x, width)));
    return drawn;
  }

  #ring(row, pitch, x, width) {
    const {semitone} = this.#geometry;
    const ring = document.createElementNS(SVG, "rect");
    const y = pitch === null ? TOP + (this.high - this.low) * semitone / 2 : this.#y(pitch);
    const values = {class: "ring", x: x - 1.5, y: y - 2.5, width: width + 5, height: semitone + 5, rx: 4};
    for (const [key, value] of Object.entries(values)) ring.setAttribute(key, String(value));
    row.notes.append(ring);
    return ring;
  }

  #y(pitch) { return TOP + (this.high - pitch) * this.#geometry.semitone; }

  #row(number) {
    if (number < this.#first) return null;
    while (this.#first + this.#rows.length <= number) this.#addRow();
    return this.#rows[number - this.#first];
  }

  #leave(number) { // the rows before this one leave the document, with what is kept of their notes
    if (number <= this.#first) return;
    for (const {svg, notes} of this.#rows.splice(0, number - this.#first)) {
      svg.remove();
      for (const {dataset} of notes.children) if (dataset.index) this.#forget(Number(dataset.index), notes);
    }
    this.#first = number;
  }

  #forget(index, notes) {
    const others = (this.#elements.get(index) ?? []).filter(({parentNode}) => parentNode !== notes);
    if (others.length) this.#elements.set(index, others);
    else this.#elements.delete(index);
  }

  #addRow() {
    const {width, height, semitone, scale, bars, quarters} = this.#geometry;
    const number = this.#first + this.#rows.length;
    const svg = document.createElementNS(SVG, "svg");
    svg.setAttribute("viewBox", `0 0 ${width} ${height}`);
    svg.setAttribute("width", String(width));
    svg.setAttribute("height", String(height));
    svg.setAttribute("aria-hidden", "true");
    const rect = (name, x, y, w, h) => {
      const element = document.createElementNS(SVG, "rect");
      const values = {class: name, x, y, width: w, height: h};
      for (const [key, value] of Object.entries(values)) element.setAttribute(key, String(value));
      svg.append(element);
    };
    const text = (words, x, y, anchor) => {
      const element = document.createElementNS(SVG, "text");
      element.setAttribute("x", String(x));
      element.setAttribute("y", String(y));
      element.setAttribute("text-anchor", anchor);
      element.textContent = words;
      svg.append(element);
    };
    const bottom = height - 6;
    rect("paper", GUTTER, TOP, quarters * scale, bottom - TOP);
    for (let pitch = this.low; pitch <= this.high; pitch += 1) {
      if (isBlackKey(pitch)) rect("black", GUTTER, this.#y(pitch), quarters * scale, semitone);
      const named = pitch % 12 === 0 || (semitone >= 8 && [4, 7].includes(pitch % 12));
      if (!named && this.high - this.low >= 5) continue;
      text(pitchName(pitch), GUTTER - 6, this.#y(pitch) + semitone / 2 + 3.5, "end");
    }
    for (let quarter = 0; quarter <= quarters + 1e-9; quarter += 1) {
      const isBar = Math.abs(quarter / this.bar - Math.round(quarter / this.bar)) < 1e-9;
      if (!isBar) rect("beat", GUTTER + quarter * scale - 0.5, TOP, 1, bottom - TOP);
    }
    for (let bar = 0; bar <= bars; bar += 1) {
      rect("bar-line", GUTTER + bar * this.bar * scale - 0.5, TOP, 1, bottom - TOP);
    }
    text(String(number * bars + 1), GUTTER, TOP - 4, "start");
    const notes = document.createElementNS(SVG, "g");
    svg.append(notes);
    this.#box.append(svg);
    this.#rows.push({svg, notes, number});
  }
}
