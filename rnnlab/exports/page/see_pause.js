// The pause between two drawings of a view while the network runs, which leaves the network time to run.

/** The pauses of one view. */
export class Pauses {
  #see;
  #least;
  #byCost;
  #drawnAt = 0;
  #cost = 0; // milliseconds that the last drawing took
  #timer = 0;

  /** A pause is at least `least` milliseconds, and at least `byCost` times as long as the last drawing took. */
  constructor(see, {least, byCost = 0}) {
    this.#see = see;
    this.#least = least;
    this.#byCost = byCost;
  }

  /** Call `drawNow` and return true; during a pause return false, and ask for all views again at its end. */
  draw(drawNow) {
    const pause = Math.max(this.#least, this.#byCost * this.#cost);
    const wait = this.#see.player.running ? this.#drawnAt + pause - performance.now() : 0;
    if (wait > 0) {
      this.#timer ||= setTimeout(() => {
        this.#timer = 0;
        this.#see.ask();
      }, wait);
      return false;
    }
    const begin = performance.now();
    drawNow();
    this.#drawnAt = performance.now();
    this.#cost = this.#drawnAt - begin;
    return true;
  }
}
