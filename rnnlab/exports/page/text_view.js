// The text as it is written, each token underlined by its surprise: the greater the surprise, the thicker the line.

import {inTime} from "./play.js";
import {isPlain, visibleToken} from "./seed.js";

const TEXT_PAUSE = 200; // milliseconds between two drawings where the network writes as fast as possible
const NOTE_TEXT_PAUSE = 1000; // the same for notes: their piano roll is what one looks at
export const SURPRISE_BOUNDS = [1, 2, 3, 5, 8]; // bits at which each class begins, as in the reports
const MOST_SHOWN = 3000; // tokens in the document; the text itself stays whole
const MOST_NOTES_SHOWN = 600; // the same for notes, each of which is several characters
const MOST_BLOCKS = 400; // paragraphs in the document, where earlier texts are among them
const LONGEST_BLOCK = 400; // tokens after which a new block begins, where the text has no line break

// Returns the class of a surprise in bits, 0 to 5; of NaN, 0.
export function surpriseClass(bits) {
  let level = 0;
  while (level < SURPRISE_BOUNDS.length && bits >= SURPRISE_BOUNDS[level]) level += 1;
  return level;
}

export class TextView {
  #box;
  #mostShown;
  #player;
  #seeds;
  #first = 0; // index of the first token in the document
  #next = 0; // index of the first token that is not in the document yet
  #block = null; // the last block, to which tokens are added
  #inBlock = 0;
  #texts = 0; // earlier texts in the document
  #follows = true; // whether the end stays in sight: until someone scrolls up
  #marks = new Map(); // class name → index of the token that has it

  // box: the element to write into; sayOmitted(count): called when so many tokens are no more shown
  constructor(box, player, seeds, sayOmitted) {
    this.#box = box;
    this.#player = player;
    this.#seeds = seeds;
    this.sayOmitted = sayOmitted;
    player.onCut((length) => this.#cut(length));
    const isNotes = player.description.kind === "notes";
    const pause = isNotes ? NOTE_TEXT_PAUSE : TEXT_PAUSE;
    this.#mostShown = isNotes ? MOST_NOTES_SHOWN : MOST_SHOWN;
    player.onFrame(inTime(player, pause, () => this.draw()));
    box.addEventListener("scroll", () => {
      this.#follows = box.scrollTop + box.clientHeight >= box.scrollHeight - 40;
    });
  }

  // Appends what is new; the cost depends on the number of new tokens alone.
  draw() {
    const {ids} = this.#player;
    if (this.#next >= ids.length) return;
    if (ids.length - this.#next > this.#mostShown) this.#empty(ids.length - this.#mostShown);
    for (; this.#next < ids.length; this.#next += 1) this.#append(this.#next, this.#player);
    this.#shorten();
    if (this.#follows) this.#box.scrollTop = this.#box.scrollHeight;
  }

  // Gives one token a class, and takes it from the token that had it; -1: no token.
  mark(name, index) {
    const before = this.#marks.get(name) ?? -1;
    if (before === index) return;
    this.elementOf(before)?.classList.remove(name);
    const element = this.elementOf(index);
    element?.classList.add(name);
    this.#marks.set(name, index);
    if (element) this.#reveal(element);
  }

  elementOf(index) {
    if (index < this.#first || index >= this.#next) return null;
    for (let block = this.#box.lastElementChild; block; block = block.previousElementSibling) {
      const from = Number(block.dataset.from);
      if (index >= from) return block.children[index - from] ?? null;
    }
    return null;
  }

  #reveal(element) {
    const {offsetTop, offsetHeight} = element;
    const {scrollTop, clientHeight} = this.#box;
    if (offsetTop < scrollTop || offsetTop + offsetHeight > scrollTop + clientHeight) {
      this.#box.scrollTop = Math.max(offsetTop - clientHeight / 2, 0);
    }
  }

  #cut(length) {
    if (length === 0) {
      const {earlier} = this.#player;
      if (earlier.length > this.#texts) { // the next text after the same seed stands below
        const ended = earlier.at(-1);
        for (; this.#next < ended.ids.length; this.#next += 1) this.#append(this.#next, ended);
        for (const block of this.#box.children) block.dataset.from = "-1";
        this.#block = null;
      } else {
        this.#empty(0);
      }
      this.#texts = earlier.length;
      this.#next = this.#first = 0;
      this.#marks.clear();
    } else if (length < this.#first) {
      this.#empty(Math.max(length - this.#mostShown, 0));
      this.#next = this.#first;
    } else {
      while (this.#next > length) {
        this.#block.lastElementChild.remove();
        if (this.#block.lastChild?.nodeType === Node.TEXT_NODE) this.#block.lastChild.remove(); // between two notes
        this.#next -= 1;
        if (!this.#block.childElementCount && this.#next > this.#first) {
          this.#block.remove();
          this.#block = this.#box.lastElementChild;
        }
      }
      const last = this.#block?.lastElementChild;
      this.#inBlock = last?.classList.contains("break") ? LONGEST_BLOCK : this.#block?.childElementCount ?? 0;
      for (const [name, index] of this.#marks) if (index >= length) this.#marks.delete(name);
    }
  }

  #empty(first) {
    this.#box.replaceChildren();
    this.#follows = true;
    this.#block = null;
    this.#first = this.#next = first;
    this.sayOmitted(first);
  }

  #shorten() {
    let shown = this.#next - this.#first;
    let old = this.#box.firstElementChild;
    while (old !== this.#block) { // blocks of earlier texts go by their number, others by the number of their tokens
      const isEarlier = old.dataset.from === "-1";
      if (isEarlier ? this.#box.childElementCount <= MOST_BLOCKS : shown <= this.#mostShown) break;
      if (!isEarlier) {
        this.#first += old.childElementCount;
        shown -= old.childElementCount;
        this.sayOmitted(this.#first);
      }
      old.remove();
      old = this.#box.firstElementChild;
    }
  }

  #append(index, {ids, bits}) {
    const id = ids[index];
    if (!this.#block || this.#inBlock >= LONGEST_BLOCK) this.#begin(index);
    const token = this.#seeds.tokens[id];
    const isText = this.#seeds.kind !== "notes";
    const breaks = isText && token === "\n" && id !== this.#seeds.boundary;
    const element = document.createElement(isText ? "span" : "bdi");
    const level = surpriseClass(bits[index]);
    let name = level ? `token bits-${level}` : "token";
    if (index < this.#player.seedLength) name += " of-seed";
    if (id === this.#seeds.boundary) name += " boundary";
    element.className = name;
    if (id === this.#seeds.boundary) element.textContent = index ? "■" : "";
    else element.textContent = breaks ? "↵" : isText && isPlain(token) ? token : visibleToken(token);
    if (breaks) element.classList.add("break");
    if (!isText && this.#inBlock) this.#block.append(" ");
    this.#block.append(element);
    this.#inBlock += 1;
    if (breaks) this.#inBlock = LONGEST_BLOCK;
  }

  #begin(index) {
    this.#block = document.createElement("div");
    this.#block.dir = "auto";
    this.#block.dataset.from = String(index);
    this.#box.append(this.#block);
    this.#inBlock = 0;
  }
}
