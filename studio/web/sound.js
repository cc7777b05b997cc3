// The microphone while a take is recorded: chunks of one WebM file, kept for a while where the
// connection is lost.

const MOST = 240; // chunks of half a second that wait at most

export class Sound {
  constructor(link) {
    Object.assign(this, {link, waiting: [], recorder: null});
  }

  start(tracks) {
    this.waiting = [];
    if (!tracks.length || !window.MediaRecorder) return;
    const recorder = new MediaRecorder(new MediaStream(tracks));
    this.recorder = recorder;
    const started = performance.now();
    let number = 0,
      order = Promise.resolve();
    recorder.ondataavailable = event => {
      const mine = number++;
      order = order.then(async () => {
        this.waiting.push([mine, started, await event.data.arrayBuffer()]);
        this.flush();
      });
    };
    this.ended = new Promise(resolve => {
      recorder.onstop = () => resolve(order);
    });
    recorder.start(500);
  }

  /** Send what waits, in order, as far as the connection takes it. */
  flush() {
    while (this.waiting.length && this.link.sound(...this.waiting[0])) this.waiting.shift();
    this.waiting.splice(0, Math.max(0, this.waiting.length - MOST));
  }

  /** Resolves when the last chunk was handed over. */
  async stop() {
    const recorder = this.recorder;
    this.recorder = null;
    if (!recorder) return;
    if (recorder.state !== 'inactive') recorder.stop();
    await this.ended;
  }
}
