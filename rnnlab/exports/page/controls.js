// The controls of one network: how a token is chosen, the speed, the sound, and what can be taken away.

import {INSTRUMENTS} from "./audio.js";
import {fileName, hashOf, LEAST_TOP_P, offer} from "./links.js";
import {midiOf} from "./midi.js";
import {say} from "./words.js";

const SPEEDS = {notes: ["music", 10, "fast"], text: [10, 40, "fast"]};
const STANDARD_SPEEDS = {notes: "music", text: "40"};
const LARGEST_SEED = 2 ** 31;

export class Controls {
  #page;
  #parts;
  #desk;
  #temperature; // as it was given; the slider rounds it
  #speed;

  constructor(page, parts, desk) {
    this.#page = page;
    this.#parts = parts;
    this.#desk = desk;
    const {kind, boundary, settings} = page.description;
    this.#temperature = settings.temperature ?? 0;
    this.#speed = STANDARD_SPEEDS[kind] ?? "40";
    this.#fill(parts.speed, (SPEEDS[kind] ?? SPEEDS.text).map(String));
    this.#fill(parts.instrument, Object.keys(INSTRUMENTS));
    parts.copy_link.hidden = location.protocol === "about:"; // a frame without an address of its own
    parts.samples_field.hidden = boundary === null || boundary === undefined;
    this.#bind();
    const {topK, topP, minP, randomSeed, length} = page.player.settings;
    this.apply({
      temperature: this.#temperature, top_k: topK ?? 0, top_p: topP ?? 1, min_p: minP ?? 0, random_seed: randomSeed,
      length, samples: parts.samples_field.hidden || kind === "notes" ? 1 : 10, speed: this.#speed,
      tempo: page.description.tempo ?? 120, instrument: "piano", volume: 0.8, loop: false,
    });
  }

  // The settings as a link holds them.
  get settings() {
    const {topK, topP, minP, randomSeed, length, samples} = this.#page.player.settings;
    const {performer, speaker} = this.#desk;
    const chosen = {
      temperature: this.#temperature, top_k: topK ?? 0, top_p: topP ?? 1, min_p: minP ?? 0, random_seed: randomSeed,
      length, speed: this.#speed,
    };
    if (!this.#parts.samples_field.hidden) chosen.samples = samples;
    if (!this.#desk.isNotes) return chosen;
    const {tempo, loop} = performer;
    return {...chosen, tempo, loop, instrument: speaker.instrument, volume: speaker.volume};
  }

  // Takes over the settings that are given.
  apply(settings) {
    const {player} = this.#page;
    const {performer, speaker} = this.#desk;
    const changes = {};
    if (settings.temperature !== undefined) {
      this.#temperature = settings.temperature;
      changes.greedy = this.#temperature === 0;
      if (this.#temperature) changes.temperature = this.#temperature;
    }
    if (settings.top_k !== undefined) changes.topK = settings.top_k || null;
    if (settings.top_p !== undefined) changes.topP = settings.top_p < 1 ? settings.top_p : null;
    if (settings.min_p !== undefined) changes.minP = settings.min_p || null;
    if (settings.random_seed !== undefined) changes.randomSeed = settings.random_seed;
    for (const name of ["length", "samples"]) if (settings[name] !== undefined) changes[name] = settings[name];
    const speeds = [...this.#parts.speed.options].map(({value}) => value);
    if (speeds.includes(settings.speed)) this.#speed = settings.speed;
    changes.rate = this.#speed === "music" ? "music" : this.#speed === "fast" ? Infinity : Number(this.#speed);
    player.set(changes);
    if (settings.tempo !== undefined) performer.tempo = settings.tempo;
    if (settings.loop !== undefined) performer.loop = settings.loop;
    if (settings.volume !== undefined) speaker.setVolume(settings.volume);
    if (Object.hasOwn(INSTRUMENTS, settings.instrument ?? "")) speaker.instrument = settings.instrument;
    this.#show();
  }

  // Writes the words in the present language.
  relabel() {
    for (const option of this.#parts.instrument.options) option.textContent = say(option.value);
    for (const option of this.#parts.speed.options) {
      const number = Number(option.value);
      option.textContent = number ? say("speed_number", {count: number}) : say(`speed_${option.value}`);
    }
    this.#show();
  }

  #fill(select, values) {
    select.replaceChildren(...values.map((value) => {
      const option = document.createElement("option");
      option.value = value;
      return option;
    }));
  }

  #show(typed) { // shows the values; not in the box in which someone types, unless it is named
    const parts = this.#parts;
    const {topK, topP, minP, randomSeed, length, samples} = this.#page.player.settings;
    const {performer, speaker} = this.#desk;
    const values = {
      temperature: this.#temperature, top_k: topK ?? "", top_p: topP ?? 1, min_p: minP ?? 0, random_seed: randomSeed,
      length, samples, speed: this.#speed, tempo: performer.tempo, volume: speaker.volume,
      instrument: speaker.instrument,
    };
    for (const [name, value] of Object.entries(values)) {
      const box = parts[name];
      if (box !== document.activeElement || box.type !== "number" || name === typed) box.value = String(value);
    }
    parts.greedy.checked = this.#temperature === 0;
    parts.loop.checked = performer.loop;
    const shown = Number(this.#temperature.toFixed(2));
    parts.temperature_shown.textContent = this.#temperature === 0 ? "0" : shown.toFixed(2);
    parts.temperature.setAttribute("aria-valuetext", this.#temperature === 0 ? say("greedy") : String(shown));
    parts.tempo_shown.textContent = String(Math.round(performer.tempo));
  }

  #bind() {
    const parts = this.#parts;
    const {player} = this.#page;
    let warm = this.#temperature || 1; // the temperature to which one returns from greedy
    parts.temperature.addEventListener("input", () => this.apply({temperature: Number(parts.temperature.value)}));
    parts.greedy.addEventListener("change", () => {
      if (this.#temperature) warm = this.#temperature;
      this.apply({temperature: parts.greedy.checked ? 0 : warm});
    });
    this.#number("top_k", 0, 1e6, true, 0);
    this.#number("top_p", LEAST_TOP_P, 1, false, 1);
    this.#number("min_p", 0, 1, false, 0);
    this.#number("random_seed", 0, Number.MAX_SAFE_INTEGER, true, 0);
    this.#number("length", 0, 1e6, true, 0);
    this.#number("samples", 1, 1000, true, 1);
    parts.another.addEventListener("click", () => {
      this.apply({random_seed: Math.floor(Math.random() * LARGEST_SEED)});
      player.restart();
    });
    parts.random_seed.addEventListener("change", () => player.restart());
    parts.speed.addEventListener("change", () => this.#changeSpeed());
    parts.tempo.addEventListener("input", () => this.apply({tempo: Number(parts.tempo.value)}));
    parts.volume.addEventListener("input", () => this.apply({volume: Number(parts.volume.value)}));
    parts.instrument.addEventListener("change", () => this.apply({instrument: parts.instrument.value}));
    parts.loop.addEventListener("change", () => this.apply({loop: parts.loop.checked}));
    parts.save_text.addEventListener("click", () => this.#saveText());
    parts.save_midi.addEventListener("click", () => this.#saveMidi());
    parts.copy_link.addEventListener("click", () => this.#copyLink());
  }

  #number(name, least, most, whole, empty) { // a number box; what is no such number is marked, and changes nothing
    const box = this.#parts[name];
    const read = () => {
      const text = box.value.trim();
      const number = text ? Number(text) : empty;
      const fits = number >= least && number <= most && (!whole || Number.isInteger(number));
      box.setAttribute("aria-invalid", String(!fits || box.validity.badInput));
      if (fits && !box.validity.badInput) this.apply({[name]: number});
    };
    box.addEventListener("input", read);
    box.addEventListener("change", () => {
      read();
      box.setAttribute("aria-invalid", "false");
      this.#show(name);
    });
  }

  #changeSpeed() {
    const {player} = this.#page;
    const {performer} = this.#desk;
    this.apply({speed: this.#parts.speed.value});
    if (!player.running) return;
    if (player.settings.rate === "music") performer.play(player.ids.length);
    else performer.stop();
  }

  #saveText() {
    offer(`${this.#desk.writtenText}\n`, fileName(this.#page.description.name, "txt"), "text/plain;charset=utf-8");
  }

  #saveMidi() {
    const {description, player} = this.#page;
    const {performer, speaker} = this.#desk;
    const sounds = player.ids.map((id) => description.sounds[id]);
    const {program} = INSTRUMENTS[speaker.instrument];
    const bytes = midiOf(sounds, {tempo: performer.tempo, meter: description.meter, program, name: description.name});
    offer(bytes, fileName(description.name, "mid"), "audio/midi");
  }

  async #copyLink() {
    const hash = hashOf(this.#desk.settings);
    let words = say("said_copied");
    try {
      history.replaceState(null, "", hash);
      await navigator.clipboard.writeText(location.href.split("#")[0] + hash);
    } catch {
      words = say("said_not_copied");
    }
    this.#parts.said.textContent = words;
  }
}
