// A piano keyboard on the screen: it writes a seed of notes, with the durations that the vocabulary has.

import {isBlackKey, pitchName} from "./notes_view.js";

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
  #piano;
  #durations;
  #press;
  #keys;
  #buttons = new Map(); // pitch or "rest" → button
  #duration;
  #tokens;

  // piano, durations: elements to build in; restKey: the button for a rest; name: a word that is unique on the page;
  // press(id): a key was pressed
  constructor({piano, durations, restKey}, description, name, press) {
    this.#piano = piano;
    this.#durations = durations;
    this.#press = press;
    this.#tokens = description.tokens;
    this.#keys = keysOf(description);
    const keys = [...this.#keys.values()].flatMap((ids) => [...ids.keys()]);
    const pitches = keys.filter((key) => key !== "rest");
    this.isEmpty = !pitches.length;
    if (this.isEmpty) return;
    restKey.hidden = !keys.includes("rest");
    this.#listen("rest", restKey);
    const sizes = [...this.#keys].map(([duration, ids]) => [ids.size, duration]);
    const most = Math.max(...sizes.map(([size]) => size));
    const usual = sizes.filter(([size]) => size === most).map(([, duration]) => duration);
    this.#duration = usual.includes(0.5) ? 0.5 : usual.includes(1) ? 1 : usual[0];
    for (const duration of this.#keys.keys()) this.#durations.append(this.#choice(duration, name));
    this.#build(Math.min(...pitches), Math.max(...pitches));
    this.#choose(this.#duration);
  }

  #choice(duration, name) {
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
    return label;
  }

  #build(low, high) {
    let octave = null;
    const last = isBlackKey(high) ? high + 1 : high;
    for (let pitch = isBlackKey(low) ? low - 1 : low; pitch <= last; pitch += 1) {
      if (!octave || pitch % 12 === 0) {
        octave = document.createElement("div");
        octave.className = "octave";
        this.#piano.append(octave);
      }
      octave.append(this.#key(pitch));
    }
    for (const each of this.#piano.children) {
      each.style.setProperty("--keys", String(each.querySelectorAll(".white-key").length));
    }
    this.#piano.addEventListener("keydown", (event) => this.#move(event));
  }

  #key(pitch) {
    const button = document.createElement("button");
    button.type = "button";
    button.className = isBlackKey(pitch) ? "black-key" : "white-key";
    const label = document.createElement("span");
    label.textContent = pitchName(pitch);
    button.append(label);
    this.#listen(pitch, button);
    return button;
  }

  #listen(key, button) {
    button.addEventListener("click", () => {
      const id = this.#keys.get(this.#duration).get(key);
      if (id !== undefined) this.#press(id);
    });
    this.#buttons.set(key, button);
  }

  #choose(duration) {
    this.#duration = duration;
    const ids = this.#keys.get(duration);
    let isFirst = true;
    for (const [key, button] of this.#buttons) {
      const id = ids.get(key);
      button.disabled = id === undefined;
      if (key === "rest") continue;
      button.setAttribute("aria-label", id === undefined ? pitchName(key) : this.#tokens[id]);
      button.tabIndex = id !== undefined && isFirst ? 0 : -1;
      if (id !== undefined) isFirst = false;
    }
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
