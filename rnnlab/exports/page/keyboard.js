// A piano keyboard on the screen: it writes a seed of notes, with the durations that the vocabulary has.

import {isBlackKey, pitchName} from "./notes_view.js";
import {say} from "./words.js";

const DURATION_SIGNS = new Map([[1.5, "♩."], [1, "♩"], [0.75, "♪."], [0.5, "♪"], [0.25, "♬"]]);

// Returns what a keyboard can write: durations in quarter notes, the longest first, and by duration the token id of
// each pitch, with the key "rest" for a rest. Chords and tied notes are left to the text.
export function keysOf({tokens, sounds}) {
  const byDuration = new Map();
  sounds.forEach((sound, id) => {
    if (!sound || sound.tied || sound.pitches.length > 1 || !(sound.quarters > 0) || id >= tokens.length) return;
    if (!byDuration.has(sound.quarters)) byDuration.set(sound.quarters, new Map());
    byDuration.get(sound.quarters).set(sound.pitches[0] ?? "rest", id);
  });
  return new Map([...byDuration].sort(([one], [other]) => other - one));
}

export class Keyboard {
  #box;
  #press;
  #keys;
  #buttons = new Map(); // pitch or "rest" → button
  #duration;
  #tokens;

  // box: the element to build in; press(id): a key was pressed; name: a word that is unique on the page
  constructor(box, description, name, press) {
    this.#box = box;
    this.#press = press;
    this.#tokens = description.tokens;
    this.#keys = keysOf(description);
    const pitches = [...this.#keys.values()].flatMap((ids) => [...ids.keys()]).filter((key) => key !== "rest");
    box.hidden = !pitches.length;
    if (box.hidden) return;
    const counts = [...this.#keys].map(([duration, ids]) => [ids.size, duration]);
    this.#duration = counts.reduce((best, each) => (each[0] > best[0] ? each : best))[1];
    if (this.#keys.has(0.5) && this.#keys.get(0.5).size === this.#keys.get(this.#duration).size) this.#duration = 0.5;
    this.#build(Math.min(...pitches), Math.max(...pitches), name);
    this.#choose(this.#duration);
  }

  // Writes the words in the present language.
  relabel() {
    if (this.#box.hidden) return;
    this.#box.querySelector("legend").textContent = say("duration");
    for (const [key, button] of this.#buttons) {
      if (key === "rest") button.textContent = say("rest");
    }
    this.#choose(this.#duration);
  }

  #build(low, high, name) {
    const choice = document.createElement("fieldset");
    choice.className = "durations";
    choice.append(document.createElement("legend"));
    for (const duration of this.#keys.keys()) {
      const label = document.createElement("label");
      const input = document.createElement("input");
      input.type = "radio";
      input.name = name;
      input.value = String(duration);
      input.checked = duration === this.#duration;
      input.addEventListener("change", () => this.#choose(duration));
      const sign = document.createElement("span");
      sign.textContent = durationName(duration);
      label.append(input, sign);
      choice.append(label);
    }
    const rest = this.#button("rest", "rest-key");
    choice.append(rest);
    const piano = document.createElement("div");
    piano.className = "piano";
    piano.setAttribute("role", "group");
    let octave = null;
    const last = isBlackKey(high) ? high + 1 : high;
    for (let pitch = isBlackKey(low) ? low - 1 : low; pitch <= last; pitch += 1) {
      if (!octave || pitch % 12 === 0) {
        octave = document.createElement("div");
        octave.className = "octave";
        piano.append(octave);
      }
      octave.append(this.#button(pitch, isBlackKey(pitch) ? "black-key" : "white-key"));
    }
    for (const each of piano.children) {
      each.style.setProperty("--keys", String(each.querySelectorAll(".white-key").length));
    }
    piano.addEventListener("keydown", (event) => this.#move(event));
    this.#box.append(choice, piano);
    this.relabel();
  }

  #button(key, name) {
    const button = document.createElement("button");
    button.type = "button";
    button.className = name;
    if (key !== "rest") {
      const label = document.createElement("span");
      label.textContent = pitchName(key);
      button.append(label);
    }
    button.addEventListener("click", () => {
      const id = this.#keys.get(this.#duration).get(key);
      if (id !== undefined) this.#press(id);
    });
    this.#buttons.set(key, button);
    return button;
  }

  #choose(duration) {
    this.#duration = duration;
    const ids = this.#keys.get(duration);
    let isFirst = true;
    for (const [key, button] of this.#buttons) {
      const id = ids.get(key);
      button.disabled = id === undefined;
      if (key === "rest") {
        button.hidden = ![...this.#keys.values()].some((each) => each.has("rest"));
        continue;
      }
      button.setAttribute("aria-label", id === undefined ? pitchName(key) : this.#tokens[id]);
      button.tabIndex = id !== undefined && isFirst ? 0 : -1;
      if (id !== undefined) isFirst = false;
    }
    this.#box.querySelector(".piano").setAttribute("aria-label", say("keyboard"));
  }

  #move(event) { // one stop for Tab; the arrows go from key to key
    const step = {ArrowRight: 1, ArrowUp: 1, ArrowLeft: -1, ArrowDown: -1}[event.key];
    if (!step) return;
    const keys = [...event.currentTarget.querySelectorAll("button:enabled")];
    const place = keys.indexOf(document.activeElement) + step;
    if (place < 0 || place >= keys.length) return;
    event.preventDefault();
    for (const key of keys) key.tabIndex = key === keys[place] ? 0 : -1;
    keys[place].focus();
  }
}

function durationName(quarters) {
  const [over, under] = fractionOf(quarters / 4);
  const fraction = under === 1 ? String(over) : `${over}/${under}`;
  return DURATION_SIGNS.has(quarters) ? `${DURATION_SIGNS.get(quarters)} ${fraction}` : fraction;
}

function fractionOf(number) {
  for (const under of [1, 2, 4, 8, 16, 32, 64, 3, 6, 12, 24, 48, 5, 10, 20, 40, 7, 14, 28]) {
    const over = Math.round(number * under);
    if (Math.abs(number * under - over) < 1e-6) return [over, under];
  }
  return [Number(number.toFixed(3)), 1];
}
