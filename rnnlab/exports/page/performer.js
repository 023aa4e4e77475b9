// The performance of notes in time: it sounds what is written, and lets the player write where it needs the next note.

const AHEAD = 0.15; // seconds that sounds are scheduled before their time
const AHEAD_HIDDEN = 1.5; // the same while the page is in the background, where timers are slow
const TICK = 40; // milliseconds
const PAUSE = 1; // quarter notes between two texts

export class Performer {
  #player;
  #speaker;
  #cursor = 0; // index of the next token to sound
  #time = 0; // its time, in seconds of performance.now()
  #timer = 0;
  #shown = []; // [{time, index}]: what sounds soon
  #frame = 0;

  // onNote(index): the token that sounds now, or -1; onState(): `playing` changed
  constructor(player, speaker, {onNote, onState}) {
    this.#player = player;
    this.#speaker = speaker;
    this.onNote = onNote;
    this.onState = onState;
    this.tempo = 120;
    this.loop = false;
    this.playing = false;
    player.onCut((length) => { if (this.#cursor > length) this.#cursor = length; });
  }

  // Sounds from the token with this index, or from where it stopped.
  play(from = this.#cursor) {
    this.#cursor = Math.min(from, this.#player.ids.length);
    this.#speaker.unlock();
    this.#time = performance.now() / 1000 + 0.06;
    this.#shown = [];
    if (this.playing) this.#speaker.silence();
    else {
      this.playing = true;
      this.#timer = setInterval(() => this.#tick(), TICK);
      this.#frame = requestAnimationFrame(() => this.#show());
      this.onState();
    }
    this.#tick();
  }

  // Takes all that is written as heard.
  skip() { this.#cursor = this.#player.ids.length; }

  stop() {
    if (!this.playing) return;
    this.playing = false;
    clearInterval(this.#timer);
    cancelAnimationFrame(this.#frame);
    this.#speaker.silence();
    // What was to sound soon, and was not heard, comes first when it goes on.
    if (this.#shown.length) this.#cursor = Math.min(this.#cursor, this.#shown[0].index);
    this.onNote(-1);
    this.onState();
  }

  #tick() {
    const now = performance.now() / 1000;
    const until = now + (document.hidden ? AHEAD_HIDDEN : AHEAD);
    if (this.#time < now) this.#time = now;
    while (this.playing && this.#time < until) {
      if (this.#cursor >= this.#player.ids.length && !this.#more()) {
        if (this.#time <= now) this.stop();
        return;
      }
      this.#sound(this.#cursor);
      this.#cursor += 1;
    }
  }

  #more() { // whether there is a further note
    const player = this.#player;
    if (player.running && player.settings.rate === "music") return player.step() >= 0;
    if (!this.loop || !player.ids.length) return false;
    this.#cursor = 0;
    this.#time += PAUSE * 60 / this.tempo;
    return true;
  }

  #sound(index) {
    const sound = this.#player.description.sounds[this.#player.ids[index]];
    const seconds = (sound?.quarters ?? 0) * 60 / this.tempo;
    if (sound) this.#speaker.strike(sound.pitches, this.#time, seconds, sound.tied);
    if (sound) this.#shown.push({time: this.#time, index});
    this.#time += seconds;
  }

  #show() {
    const now = performance.now() / 1000;
    let index = null;
    while (this.#shown.length && this.#shown[0].time <= now) index = this.#shown.shift().index;
    if (index !== null) this.onNote(index);
    if (this.playing) this.#frame = requestAnimationFrame(() => this.#show());
  }
}
