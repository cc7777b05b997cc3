// The camera's frames out and the world's in, as JPEG, over any line that can send bytes: link.js
// has a WebSocket, the notebook's camera its kernel's connection. A few frames are under way at
// most; where more come they are left out, so the picture stays young and nothing queues.

const QUALITY = {best: 0.85, least: 0.35};

const LEAST = 64, // px of a side that the engine takes
  TALLEST = 1080;

/** The engine's size for a picture of that shape, whatever it is; `side` px is the longer one. */
export function sizeFor(width, height, side) {
  const scale = Math.min(side / Math.max(width, height), TALLEST / height),
    even = length => Math.max(LEAST, Math.round((length * scale) / 2) * 2);
  return [even(width), even(height)];
}

export class Feed {
  /**
   * `line`: ready() and send({number, time_ms, quality}, body). `picture(bitmap, age_ms, step_ms)`
   * is called with the newest.
   */
  constructor(video, line, picture) {
    Object.assign(this, {
      video,
      line,
      picture,
      side: 384,
      encoder: new OffscreenCanvas(16, 9),
      ending: new AbortController(),
      number: 0,
      dropped: 0,
      turn: 0,
      running: false,
    });
    document.addEventListener('visibilitychange', () => this.tick(), {signal: this.ending.signal});
  }

  /** Frames flow from now on, over a line that has just begun. */
  start() {
    Object.assign(this, {
      running: true,
      waiting: [],
      encoding: false,
      sent: 0,
      shown: 0,
      quality: QUALITY.best,
      quickest: 1e9,
    });
    this.pump(++this.turn);
    this.tick();
  }

  stop() {
    this.running = false;
    this.turn++;
    this.tick();
  }

  /** For ever. */
  close() {
    this.stop();
    this.ending.abort();
  }

  pump(turn) {
    if (turn !== this.turn) return;
    const next = () => {
      this.pump(turn);
      this.offer(turn);
    };
    if (this.video.requestVideoFrameCallback) this.video.requestVideoFrameCallback(next);
    else requestAnimationFrame(next);
  }

  /**
   * A page that is covered is told of no video frames, and its timers sleep; those of a worker do
   * not.
   */
  tick() {
    this.ticker?.terminate();
    this.ticker = null;
    if (!document.hidden || !this.running) return;
    this.ticker = new Worker(
      URL.createObjectURL(new Blob(['setInterval(() => postMessage(0), 42)'])),
    );
    this.ticker.onmessage = () => this.offer(this.turn);
  }

  async offer(turn) {
    if (turn !== this.turn || !this.running || !this.video.videoWidth) return;
    const now = performance.now(),
      number = ++this.number;
    // an answer was lost: do not wait for it for ever
    if (now - this.sent > 1000) this.waiting = [];
    const most = Math.min(6, 1 + Math.ceil(Math.min(this.quickest, 400) / 40));
    if (this.encoding || this.waiting.length >= most || !this.line.ready()) {
      this.dropped++;
      return;
    }
    const {encoder, video} = this,
      [width, height] = sizeFor(video.videoWidth, video.videoHeight, this.side);
    if (encoder.width !== width || encoder.height !== height)
      Object.assign(encoder, {width, height});
    const scale = Math.max(width / video.videoWidth, height / video.videoHeight);
    const [w, h] = [video.videoWidth * scale, video.videoHeight * scale];
    encoder
      .getContext('2d', {alpha: false})
      .drawImage(video, (width - w) / 2, (height - h) / 2, w, h);
    this.encoding = true;
    this.sent = now;
    this.waiting.push(number);
    const blob = await encoder.convertToBlob({type: 'image/jpeg', quality: this.quality});
    const body = await blob.arrayBuffer();
    if (turn !== this.turn) return;
    this.encoding = false;
    if (this.line.ready()) this.line.send({number, time_ms: now, quality: this.quality}, body);
  }

  /** An answer: the frame's own number and time, and how long the engine took for it. */
  async receive({number, time_ms, step_ms}, jpeg) {
    const trip = performance.now() - time_ms,
      turn = this.turn;
    this.waiting = this.waiting.filter(one => one > number);
    this.quickest = Math.min(this.quickest * 1.002, trip);
    this.quality =
      trip > this.quickest + 90
        ? Math.max(QUALITY.least, this.quality * 0.94)
        : Math.min(QUALITY.best, this.quality * 1.01);
    const bitmap = await createImageBitmap(new Blob([jpeg], {type: 'image/jpeg'}));
    if (turn === this.turn && number > this.shown) {
      this.shown = number;
      this.picture(bitmap, performance.now() - time_ms, step_ms);
    }
    bitmap.close();
  }
}

/** Counts pictures: how many a second, and how old they were, over the last two seconds. */
export class Meter {
  constructor() {
    this.clear();
  }
  clear() {
    this.seen = [];
  }
  count(age_ms) {
    this.seen.push([performance.now(), age_ms]);
  }
  /** How long ago the last picture came, in ms; Infinity before the first. */
  get still_ms() {
    const last = this.seen.at(-1);
    return last ? performance.now() - last[0] : Infinity;
  }

  read() {
    const now = performance.now();
    const last = this.seen.at(-1);
    this.seen = this.seen.filter(one => one[0] > now - 2000 || one === last);
    if (this.seen.length < 2) return null;
    const ages = this.seen.map(([, age]) => age).sort((a, b) => a - b);
    return {
      fps: ((this.seen.length - 1) / (now - this.seen[0][0])) * 1000,
      age_ms: ages[ages.length >> 1],
    };
  }
}
