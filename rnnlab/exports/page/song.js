// What was written, held against the song that the network was trained on.

// Returns the index in the song at which the seed begins, or -1; a boundary token at the beginning does not count.
export function songOffset(seed, song) {
  if (!song || !seed.length) return -1;
  for (let offset = 0; offset + seed.length <= song.length; offset += 1) {
    if (seed.every((id, index) => song[offset + index] === id)) return offset;
  }
  return -1;
}

// Tells for each written note whether it is the note of the song at this place.
export class AgainstSong {
  #player;
  #song;
  #offset = -1;
  #skipped = 0; // boundary tokens before the seed
  #counted = 0; // written notes that are compared
  wrong = 0;
  compared = 0;

  constructor(player) {
    const {song, boundary} = player.description;
    this.#player = player;
    this.#song = song?.length ? (song[0] === boundary ? song.slice(1) : song) : null;
    player.onCut((length) => this.#begin(length));
  }

  get hasSong() { return this.#song !== null; }
  get songIsCut() { return Boolean(this.#player.description.song_is_cut); } // whether the page has only its beginning
  get follows() { return this.#offset >= 0; } // whether the seed is in the song

  // Returns the id that the song has in this place, or undefined.
  wanted(index) { return this.#offset < 0 ? undefined : this.#song[this.#offset + index - this.#skipped]; }

  isWrong(index) {
    const {ids, seedLength} = this.#player;
    const wanted = this.wanted(index);
    return index >= seedLength && wanted !== undefined && ids[index] !== wanted;
  }

  // Counts up to the present end.
  count() {
    const {ids, seedLength} = this.#player;
    if (this.#offset < 0) return;
    const end = Math.min(ids.length, this.#song.length - this.#offset + this.#skipped);
    for (let index = Math.max(this.#counted, seedLength); index < end; index += 1) {
      this.compared += 1;
      if (this.isWrong(index)) this.wrong += 1;
      this.#counted = index + 1;
    }
  }

  #begin(length) {
    const {seed, seedLength} = this.#player;
    if (length === 0) {
      this.#skipped = seedLength - seed.length;
      this.#offset = songOffset(seed, this.#song);
    }
    this.#counted = 0;
    this.wrong = this.compared = 0;
  }
}
