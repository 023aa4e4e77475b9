// Sound: instruments made from oscillators (WebAudio), without any recorded sample.

// harmonics: strengths of the partials 1, 2, 3, …; inharmonic: [ratio to the pitch, strength, seconds of decay];
// attack, decay, release: seconds; sustain: share of the peak to which it decays; vibrato: semitones;
// program: the instrument of General MIDI, for the MIDI file
export const INSTRUMENTS = {
  piano: {harmonics: [1, 0.55, 0.3, 0.18, 0.1, 0.06, 0.03], attack: 0.004, decay: 0.5, sustain: 0.12, release: 0.12,
    program: 0},
  music_box: {harmonics: [1, 0.12, 0.05], inharmonic: [[3.93, 0.32, 0.16], [9.2, 0.08, 0.06]], attack: 0.002,
    decay: 0.45, sustain: 0, release: 0.5, program: 10},
  flute: {harmonics: [1, 0.22, 0.09, 0.03], attack: 0.05, decay: 0.2, sustain: 0.8, release: 0.08, vibrato: 0.12,
    program: 73},
  organ: {harmonics: [0.8, 0.8, 0.5, 0.6, 0, 0.25, 0, 0.3], attack: 0.012, decay: 0.1, sustain: 0.85, release: 0.05,
    program: 19},
  strings: {harmonics: [1, 0.5, 0.4, 0.28, 0.22, 0.16, 0.13, 0.1], attack: 0.09, decay: 0.3, sustain: 0.8,
    release: 0.2, vibrato: 0.15, program: 48},
  game: {harmonics: [1, 0, 1 / 3, 0, 1 / 5, 0, 1 / 7, 0, 1 / 9], attack: 0.002, decay: 0.08, sustain: 0.55,
    release: 0.02, program: 80},
};

const LOUDNESS = 0.22;
const A4 = 69;

// Returns the frequency of a MIDI number in hertz, in equal temperament.
export function frequencyOf(pitch) {
  return 440 * 2 ** ((pitch - A4) / 12);
}

export class Speaker {
  #context = null;
  #output = null;
  #waves = new Map();
  #held = new Map(); // pitch → the voice that a tie holds
  #voices = new Set();

  constructor() {
    this.instrument = "piano";
    this.volume = 0.8;
  }

  // Begins to sound; browsers allow it only in answer to a click or a key.
  unlock() {
    if (!this.#context) {
      const Context = globalThis.AudioContext ?? globalThis.webkitAudioContext;
      if (!Context) return;
      this.#context = new Context();
      this.#output = this.#context.createGain();
      const limiter = this.#context.createDynamicsCompressor();
      this.#output.connect(limiter).connect(this.#context.destination);
    }
    this.#output.gain.value = this.volume;
    if (this.#context.state === "suspended") this.#context.resume().catch(() => {});
  }

  setVolume(volume) {
    this.volume = volume;
    if (this.#output) this.#output.gain.value = volume;
  }

  // Sounds pitches (MIDI numbers) at `at` (seconds of performance.now()) for `seconds`; tied: the next strike goes on.
  strike(pitches, at, seconds, tied = false) {
    if (!this.#context || !this.volume) return;
    const begin = this.#context.currentTime + Math.max(at - performance.now() / 1000, 0);
    const held = this.#held;
    this.#held = new Map();
    for (const pitch of pitches) {
      const voice = held.get(pitch) ?? this.#begin(pitch, begin);
      held.delete(pitch);
      if (tied) this.#held.set(pitch, voice);
      else this.#end(voice, begin + seconds * 0.96);
    }
    for (const voice of held.values()) this.#end(voice, begin);
  }

  // Ends all that sounds, and all that was to sound.
  silence() {
    this.#held.clear();
    for (const voice of this.#voices) {
      voice.gain.gain.cancelScheduledValues(0);
      voice.gain.gain.setTargetAtTime(0, this.#context.currentTime, 0.015);
      for (const each of voice.sources) each.stop(this.#context.currentTime + 0.1);
    }
    this.#voices.clear();
  }

  #begin(pitch, begin) {
    const sound = INSTRUMENTS[this.instrument];
    const context = this.#context;
    const gain = context.createGain();
    gain.gain.setValueAtTime(0, begin);
    gain.gain.linearRampToValueAtTime(LOUDNESS, begin + sound.attack);
    gain.gain.setTargetAtTime(LOUDNESS * sound.sustain, begin + sound.attack, sound.decay);
    gain.connect(this.#output);
    const main = context.createOscillator();
    main.setPeriodicWave(this.#wave(this.instrument, sound.harmonics));
    main.frequency.value = frequencyOf(pitch);
    main.connect(gain);
    const sources = [main];
    if (sound.vibrato) sources.push(this.#vibrato(main, sound.vibrato, begin));
    for (const [ratio, strength, decay] of sound.inharmonic ?? []) {
      const frequency = frequencyOf(pitch) * ratio;
      if (frequency < context.sampleRate / 2) sources.push(this.#partial(frequency, strength, decay, begin));
    }
    for (const each of sources) each.start(begin);
    const voice = {gain, sources, release: sound.release};
    this.#voices.add(voice);
    main.onended = () => {
      this.#voices.delete(voice);
      gain.disconnect();
    };
    return voice;
  }

  #end(voice, end) {
    voice.gain.gain.setTargetAtTime(0, end, voice.release);
    for (const each of voice.sources) each.stop(end + voice.release * 6);
  }

  #vibrato(main, semitones, begin) {
    const wobble = this.#context.createOscillator();
    const depth = this.#context.createGain();
    wobble.frequency.value = 5.2;
    depth.gain.setValueAtTime(0, begin);
    depth.gain.linearRampToValueAtTime(semitones * 100, begin + 0.5);
    wobble.connect(depth).connect(main.detune);
    return wobble;
  }

  #partial(frequency, strength, decay, begin) {
    const partial = this.#context.createOscillator();
    const gain = this.#context.createGain();
    partial.frequency.value = frequency;
    gain.gain.setValueAtTime(LOUDNESS * strength, begin);
    gain.gain.setTargetAtTime(0, begin, decay);
    partial.connect(gain).connect(this.#output);
    partial.onended = () => gain.disconnect();
    return partial;
  }

  #wave(name, harmonics) {
    if (!this.#waves.has(name)) {
      const sines = Float32Array.from([0, ...harmonics]);
      this.#waves.set(name, this.#context.createPeriodicWave(new Float32Array(sines.length), sines));
    }
    return this.#waves.get(name);
  }
}
