// One WebSocket both ways: the camera's frames out, the world's frames in (feed.js); commands and
// answers as JSON.
import {Feed} from './feed.js';

// kind u8, number u32, time f64 (ms, the browser's clock), extra f64; little endian
const HEADER = 21;
const FRAME = 1,
  SOUND = 2;
const PATIENCE = [0.3, 0.6, 1, 2, 4]; // seconds between attempts to connect again
/** Close codes after which another attempt would end the same way. */
const FINAL = {
  1008: 'refused',
  1009: 'refused',
  1011: 'broken',
  1013: 'busy',
  4001: 'taken',
  4008: 'paused',
};

const pack = (kind, number, time, extra, body) => {
  const bytes = new Uint8Array(HEADER + body.byteLength),
    view = new DataView(bytes.buffer);
  view.setUint8(0, kind);
  view.setUint32(1, number, true);
  view.setFloat64(5, time, true);
  view.setFloat64(13, extra, true);
  bytes.set(new Uint8Array(body), HEADER);
  return bytes;
};

export class Link {
  /**
   * `hello()` gives what the server is told first; `on` has `state(name, text)`, `picture(bitmap,
   * age_ms, step_ms)`, `message(data)`.
   */
  constructor(url, video, hello, on) {
    Object.assign(this, {url, hello, on, attempt: 0});
    this.feed = new Feed(
      video,
      {
        ready: () => this.open_now && this.socket.bufferedAmount <= 2e5,
        send: ({number, time_ms, quality}, body) =>
          this.socket.send(pack(FRAME, number, time_ms, quality, body)),
      },
      on.picture,
    );
  }

  get open_now() {
    return this.socket?.readyState === WebSocket.OPEN;
  }

  open() {
    this.wanted = true;
    this.connect();
  }

  /** Say stop and close; no new attempt follows. */
  close() {
    this.wanted = false;
    clearTimeout(this.later);
    this.feed.stop();
    this.send({type: 'stop'});
    this.socket?.close(1000);
    this.socket = null;
  }

  send(data) {
    if (!this.open_now) return false;
    this.socket.send(JSON.stringify(data));
    return true;
  }

  sound(number, start_ms, buffer) {
    if (!this.open_now) return false;
    this.socket.send(pack(SOUND, number, start_ms, 0, buffer));
    return true;
  }

  connect() {
    clearTimeout(this.later);
    this.on.state(this.attempt ? 'lost' : 'connecting');
    const socket = new WebSocket(this.url);
    this.socket = socket;
    this.reason = '';
    socket.binaryType = 'arraybuffer';
    socket.onopen = () => {
      this.attempt = 0;
      this.send({type: 'hello', ...this.hello()});
      this.on.state('live');
      this.feed.start();
    };
    socket.onmessage = event => {
      if (typeof event.data === 'string') return this.on.message(JSON.parse(event.data));
      const view = new DataView(event.data);
      return this.feed.receive(
        {
          number: view.getUint32(1, true),
          time_ms: view.getFloat64(5, true),
          step_ms: view.getFloat64(13, true),
        },
        new Uint8Array(event.data, HEADER),
      );
    };
    socket.onclose = event => {
      if (socket !== this.socket) return;
      this.feed.stop();
      if (!this.wanted) return this.on.state('idle');
      if (event.code in FINAL) {
        this.wanted = false;
        return this.on.state(FINAL[event.code], this.reason || event.reason);
      }
      this.on.state('lost');
      this.later = setTimeout(
        () => this.retry(),
        PATIENCE[Math.min(this.attempt++, PATIENCE.length - 1)] * 1000,
      );
    };
  }

  async retry() {
    // a refused handshake tells a page nothing: ask plainly whether the page may still speak
    try {
      const answer = await fetch(
        this.url.replace(/^ws/, 'http').replace('/studio/live', '/studio/token'),
        {cache: 'no-store'},
      );
      if (answer.status === 401 || answer.status === 403) {
        this.wanted = false;
        return this.on.state('refused', (await answer.json()).detail);
      }
    } catch (error) {
      if (!(error instanceof TypeError)) throw error; // TypeError: nobody answers; go on trying
    }
    if (this.wanted) this.connect();
  }
}
