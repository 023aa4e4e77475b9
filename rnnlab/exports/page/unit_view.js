// One unit along the text: each token with the unit's value after it, as in Karpathy, Johnson and Fei-Fei (2016),
// "Visualizing and understanding recurrent networks", who found units that are high inside quotes.

import {limitAbove} from "./heat_map.js";
import {classOfLevel, levelOf, made, signed, shownToken} from "./see_dom.js";
import {isPlain} from "./seed.js";
import {say} from "./words.js";

const MOST_TOKENS = 300;
const SUGGESTED = 8;
const STEPS_OF_SUGGESTION = 16; // steps after which the units that vary most are looked for again

/** The view of one unit along the text. */
export class UnitView {
  #see;
  #state = ""; // what the drawn colours depend on
  #end = 0;
  #part = null;
  #marked = null;
  #suggestedAt = "";
  #scale = 1;

  constructor(see) {
    this.#see = see;
    this.title = say("see_follow");
    this.quantity = made("select", {onchange: () => see.ask()});
    this.suggested = made("span", {class: "see-suggested"});
    this.value = made("span", {class: "see-value"});
    this.tokens = made("div");
    this.text = textFrame(see.description, this.tokens, {
      onkeydown: (event) => this.#key(event),
      onclick: (event) => event.target.dataset?.index && see.select({index: Number(event.target.dataset.index)}),
      onpointerover: (event) => this.#hover(event.target),
    });
    this.element = made("div", {},
      made("p", {class: "see-hint"}, say("see_follow_hint")),
      made("div", {class: "see-choices"},
        made("label", {}, say("see_quantity"), " ", this.quantity), this.suggested, this.value),
      this.text, legend(say("see_adds"), say("see_takes")));
  }

  draw() {
    const see = this.#see;
    this.#drawQuantities();
    this.#drawSuggested();
    this.#part = see.parts[Math.max(0, this.quantity.selectedIndex)];
    const state = [see.layer, see.unit, this.#part.name, see.record.version].join(" ");
    const begin = Math.max(0, see.record.end - MOST_TOKENS);
    if (state !== this.#state || begin > this.#end) {
      this.#state = state;
      this.#end = begin;
      this.#scale = this.#scaleFrom(begin);
      this.tokens.replaceChildren();
      const label = {part: see.title(this.#part), unit: see.unit + 1};
      this.text.setAttribute("aria-label", say("see_followed_label", label));
    }
    const added = [];
    for (; this.#end < see.record.end; this.#end++) added.push(...this.#tokenNodes(this.#end));
    if (added.length) this.tokens.append(...added);
    while (this.tokens.childElementCount > MOST_TOKENS) this.tokens.firstChild.remove();
    this.#mark();
  }

  /** Return the value that is shown, tanh(c) of a memory, with its scale. */
  #shown(index) {
    const {record, layer, unit} = this.#see;
    const value = record.value(layer, this.#part.name, index, unit);
    return this.#part.name === "c" ? Math.tanh(value) : value;
  }

  /** Return the value with the full colour: 1, or more if a part without limits is larger. */
  #scaleFrom(begin) {
    const {record, unit, layer} = this.#see;
    if (this.#part.range || this.#part.name === "c") return 1;
    let largest = 0;
    for (let index = begin; index < record.end; index++) {
      largest = Math.max(largest, Math.abs(record.value(layer, this.#part.name, index, unit)) || 0);
    }
    return limitAbove(largest);
  }

  get #symbol() {
    return this.#part.name === "c" ? "tanh(c)" : this.#part.symbol;
  }

  #tokenNodes(index) {
    const {description, player} = this.#see;
    const level = levelOf(this.#shown(index), this.#scale);
    const attributes = {class: classOfLevel(level), "data-index": index};
    return tokenNodes(description, player.ids[index], attributes);
  }

  #drawQuantities() {
    const {parts} = this.#see;
    const names = parts.map((part) => (part.name === "c" ? "tanh(c)" : part.symbol));
    if (names.join(" ") === [...this.quantity.options].map((option) => option.value).join(" ")) return;
    this.quantity.replaceChildren(...names.map((name, place) => {
      const title = this.#see.title(parts[place]);
      return made("option", {value: name}, parts[place].name === "c" ? `${name} · ${title}` : title);
    }));
    const memory = parts.findIndex((part) => part.name === "c");
    this.quantity.selectedIndex = memory >= 0 ? memory : parts.length - 1;
  }

  #drawSuggested() {
    const see = this.#see;
    const round = Math.floor(see.record.end / STEPS_OF_SUGGESTION);
    const when = [round, see.record.version, see.layer, this.quantity.selectedIndex].join(" ");
    if (when === this.#suggestedAt || see.record.end < 2) return;
    this.#suggestedAt = when;
    const part = see.parts[Math.max(0, this.quantity.selectedIndex)];
    const units = see.record.mostVarying(see.layer, part.name, SUGGESTED);
    const buttons = units.map((unit) => made("button", {
      type: "button",
      "aria-label": say("see_unit_of", {unit: unit + 1, units: see.units}),
      onclick: () => see.select({unit}),
    }, String(unit + 1)));
    this.suggested.replaceChildren(say("see_most_varying"), ...buttons);
  }

  #hover(target) {
    if (!target.dataset?.index) return;
    target.title = `${this.#symbol} = ${signed(this.#shown(Number(target.dataset.index)))}`;
  }

  #mark() {
    const {index} = this.#see;
    this.#marked?.classList.remove("see-marked");
    this.#marked = this.#see.isPinned ? this.text.querySelector(`[data-index="${index}"]`) : null;
    this.#marked?.classList.add("see-marked");
    const value = this.#shown(index);
    this.value.textContent = Number.isFinite(value) ? `${this.#symbol} = ${signed(value)}` : "";
  }

  #key(event) {
    const see = this.#see;
    const moves = {
      ArrowLeft: {index: Math.max(see.record.begin, see.index - 1)},
      ArrowRight: {index: see.index + 1},
      ArrowUp: {unit: see.unit - 1},
      ArrowDown: {unit: see.unit + 1},
      End: {index: null},
    };
    const move = moves[event.key];
    if (!move || event.ctrlKey || event.metaKey || event.altKey) return;
    event.preventDefault();
    see.select(move);
    see.announceValue(this.#part);
  }
}

/** Return the frame of a text whose tokens the keyboard can reach; `handlers` are those of its events. */
export function textFrame({kind}, tokens, handlers) {
  return made("div", {class: `see-text see-text-${kind}`, tabindex: 0, role: "application", ...handlers}, tokens);
}

/** Return a token of a text as an element, with what separates it from the next one. */
export function tokenNodes({tokens, kind}, id, attributes) {
  const token = tokens[id];
  const shown = token === " " ? token : shownToken(token);
  const element = made(isPlain(token) ? "span" : "bdi", attributes, shown);
  const end = token === "\n" ? [made("br")] : [];
  return [element, ...end, ...(kind === "notes" ? [" "] : [])];
}

/** Return the meaning of the two colours, and of the lines that say the same without a colour. */
export function legend(adds, takes) {
  return made("p", {class: "see-legend"},
    made("span", {class: "see-level see-adds-4"}, adds), " ", made("span", {class: "see-level see-takes-4"}, takes));
}
