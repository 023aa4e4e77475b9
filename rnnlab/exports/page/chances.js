// The distribution of the next token as bars: the likeliest 12, and more on request; a click takes a token.

import {visibleToken} from "./seed.js";
import {say} from "./words.js";

const ROWS = 12;
const MORE_ROWS = 48;
const LONGEST = 10; // characters of a token on a bar
const LEAST_SHOWN = 0.002; // probability of the network itself that is marked on a bar

// Returns the ids of the `count` greatest numbers, the greatest first; of equal ones, the lower id first.
export function likeliest(numbers, count) {
  const best = [];
  for (let id = 0; id < numbers.length; id += 1) {
    const number = numbers[id];
    if (best.length === count && !(number > numbers[best[count - 1]])) continue;
    let place = best.length;
    while (place > 0 && number > numbers[best[place - 1]]) place -= 1;
    best.splice(place, 0, id);
    if (best.length > count) best.pop();
  }
  return best;
}

// Returns a probability as a percentage of about three digits.
export function percentage(probability) {
  const percent = probability * 100;
  if (percent >= 99.95) return percent >= 99.9995 ? "100 %" : "> 99.9 %";
  if (percent >= 10) return `${percent.toFixed(1)} %`;
  if (percent >= 0.01) return `${percent.toFixed(2)} %`;
  return percent > 0 ? "< 0.01 %" : "0 %";
}

export class Chances {
  #list;
  #rest;
  #player;
  #engine;
  #rows = [];
  #shown = ROWS;
  #label = null;

  // list: <ol>; rest: element for the probability of what is not shown; more: button; take(id): what a click does
  constructor({list, rest, more}, player, engine, take) {
    this.#list = list;
    this.#rest = rest;
    this.#player = player;
    this.#engine = engine;
    this.more = more;
    more.addEventListener("click", () => this.#showMore());
    list.addEventListener("click", (event) => {
      const row = event.target.closest("button");
      if (row && !row.disabled) take(Number(row.dataset.id));
    });
    list.addEventListener("keydown", (event) => this.#move(event));
  }

  // Shows the distribution of logits; taken: the id that stands there, or -1; fixed: no other can be taken.
  draw(logits, taken = -1, fixed = false) {
    const {sampling} = this.#player;
    const own = this.#engine.probabilities(logits, {temperature: 1, topK: null, topP: null, minP: null});
    const drawn = this.#engine.probabilities(logits, sampling);
    const count = Math.min(this.#shown, logits.length);
    const ids = likeliest(logits, count);
    if (taken >= 0 && !ids.includes(taken)) ids[count - 1] = taken;
    while (this.#rows.length < count) this.#rows.push(this.#row());
    let rest = 1;
    ids.forEach((id, place) => {
      rest -= drawn[id];
      this.#fill(this.#rows[place], id, drawn[id], own[id], id === taken);
      this.#rows[place].button.disabled = fixed;
    });
    const others = logits.length - count;
    this.more.hidden = others <= 0;
    const text = others > 0 ? say("others", {count: others, share: percentage(Math.max(rest, 0))}) : "";
    if (this.#rest.textContent !== text) this.#rest.textContent = text;
  }

  #showMore() {
    this.#shown += MORE_ROWS;
    const first = this.#rows.length;
    this.#player.set({});
    requestAnimationFrame(() => requestAnimationFrame(() => this.#rows[first]?.button.focus()));
  }

  #row() {
    const item = document.createElement("li");
    const button = document.createElement("button");
    button.type = "button";
    const token = document.createElement("bdi");
    const track = document.createElement("span");
    track.className = "track";
    const fill = document.createElement("span");
    fill.className = "fill";
    const tick = document.createElement("span");
    tick.className = "own";
    const number = document.createElement("span");
    number.className = "number";
    track.append(fill, tick);
    button.append(token, track, number);
    item.append(button);
    this.#list.append(item);
    button.tabIndex = this.#rows.length ? -1 : 0;
    return {button, token, fill, tick, number, id: -1, share: ""};
  }

  #fill(row, id, drawn, own, isTaken) {
    if (row.id !== id) {
      row.id = id;
      row.button.dataset.id = String(id);
      const token = this.#player.description.tokens[id];
      const shown = [...(id === this.#player.description.boundary ? say("boundary") : visibleToken(token))];
      row.token.textContent = shown.length > LONGEST ? `${shown.slice(0, LONGEST - 1).join("")}…` : shown.join("");
      row.token.classList.toggle("long", shown.length > 4);
    }
    const share = percentage(drawn);
    const title = say("bar_title", {drawn: share, own: percentage(own)});
    if (row.share !== title) {
      row.share = title;
      row.number.textContent = share;
      row.button.title = title;
    }
    row.fill.style.transform = `scaleX(${drawn.toFixed(4)})`;
    row.tick.style.left = `${(own * 100).toFixed(2)}%`;
    row.tick.style.transform = `translateX(${(-own * 100).toFixed(2)}%)`;
    row.tick.hidden = own < LEAST_SHOWN;
    row.button.classList.toggle("taken", isTaken);
    row.button.classList.toggle("excluded", drawn === 0);
    if (isTaken) row.button.setAttribute("aria-current", "true");
    else row.button.removeAttribute("aria-current");
  }

  #move(event) { // one stop for Tab; arrows go from bar to bar
    const step = {ArrowDown: 1, ArrowUp: -1, Home: -Infinity, End: Infinity}[event.key];
    if (step === undefined) return;
    event.preventDefault();
    const buttons = this.#rows.map((row) => row.button);
    const place = buttons.indexOf(document.activeElement) + step;
    const target = buttons[Math.min(Math.max(place, 0), buttons.length - 1)];
    for (const button of buttons) button.tabIndex = button === target ? 0 : -1;
    target.focus();
  }
}
