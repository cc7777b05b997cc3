// Whether the machine keeps up with the size of the live picture: measured while pictures flow.

const KEPT = 48, // pictures
  LEAST = 3,
  LEAST_MS = 2000,
  SLOW_MS = 50, // 20 pictures a second
  GOOD_MS = 1000 / 24;

export class Pace {
  /** `button` says that a size is too slow, and has as its value the size that keeps up. */
  constructor(button) {
    Object.assign(this, {button, verdicts: new Map()});
    this.clear();
  }
  clear() {
    Object.assign(this, {seen: [], side: 0});
  }

  /** The engine took so long for a picture whose longer side that is. */
  count(step_ms, side) {
    if (side !== this.side) Object.assign(this, {seen: [], side});
    this.seen = [...this.seen.slice(1 - KEPT), [performance.now(), step_ms]];
  }

  /** The median, ms; null until enough pictures of one size have come. */
  read() {
    const {seen} = this;
    if (seen.length < LEAST || seen.at(-1)[0] - seen[0][0] < LEAST_MS) return null;
    return seen.map(([, step]) => step).sort((a, b) => a - b)[seen.length >> 1];
  }

  /** What was measured of a size, in words; undefined where nothing was. */
  of(side) {
    return this.verdicts.get(side);
  }

  /** Judges `side`, one of `sides`, and returns whether another verdict came out than before. */
  judge(sides, side, {live, recording}) {
    const took = live && side === this.side ? this.read() : null,
      slow = took > SLOW_MS,
      smaller = slow ? sides.filter(one => one < side) : [],
      good = smaller.findLast(one => took * (one / side) ** 2 <= GOOD_MS), // by its area
      better = good ?? smaller[0],
      {button} = this;
    button.hidden = !slow;
    button.disabled = !better || recording;
    button.value = better || '';
    const remedy = good ? `${good} keeps up` : better ? `try ${better}` : 'the smallest size';
    button.textContent = slow ? `Too slow for ${side}: ${remedy}` : '';
    button.title = recording ? 'The size stays while the take is recorded.' : '';
    const verdict = slow ? ', too slow here' : ', keeps up';
    if (took === null || this.of(side) === verdict) return false;
    this.verdicts.set(side, verdict);
    return true;
  }
}
