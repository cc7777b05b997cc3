// One WebSocket both ways: the camera's frames out, the world's frames in (feed.js); commands and
// answers as JSON.
import {Feed} from './feed.js';
import {WIRE} from './wire.js';

const PATIENCE = [0.3, 0.6, 1, 2, 4]; // seconds between attempts to connect again
/** What a close code means for the page; after it another attempt would end the same way. */
const FINAL = Object.fromEntries(
  Object.entries(WIRE.closes)
    .filter(([name]) => name !== 'stopped')
    .map(([name, code]) => [code, name === 'too_big' ? 'refused' : name]),
);
const TYPES = {u8: ['Uint8', 1], u32: ['Uint32', 4], f32: ['Float32', 4], f64: ['Float64', 8]};
const HEADER_BYTES = WIRE.header.reduce((sum, [, type]) => sum + TYPES[type][1], 0);

/** A binary message; fields of the header that are not given are 0. */
export function pack(kind, fields, body) {
  const bytes = new Uint8Array(HEADER_BYTES + body.byteLength),
    view = new DataView(bytes.buffer),
    values = {...fields, kind: WIRE.kinds[kind]};
  let at = 0;
  for (const [name, type] of WIRE.header) {
    view[`set${TYPES[type][0]}`](at, values[name] ?? 0, true);
    at += TYPES[type][1];
  }
  bytes.set(new Uint8Array(body), HEADER_BYTES);
  return bytes;
}

/** The header's fields by name, and the body. */
export function unpack(buffer) {
  const view = new DataView(buffer),
    fields = {};
  let at = 0;
  for (const [name, type] of WIRE.header) {
    fields[name] = view[`get${TYPES[type][0]}`](at, true);
    at += TYPES[type][1];
  }
  return [fields, new Uint8Array(buffer, HEADER_BYTES)];
}

export class Link {
  /**
   * `hello()` gives the fields of the first message; `on` has `state(name, text)`, `picture(bitmap,
   * age_ms, step_ms)`, `message(data)`.
   */
  constructor(url, video, hello, on) {
    Object.assign(this, {url, hello, on, attempt: 0});
    this.feed = new Feed(
      video,
      {
        ready: () => this.open_now && this.socket.bufferedAmount <= 2e5,
        send: (fields, body) => this.socket.send(pack('frame', fields, body)),
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
    this.socket.send(pack('sound', {number, time_ms: start_ms}, buffer));
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
      this.send({type: 'hello', version: WIRE.version, ...this.hello()});
      this.on.state('live');
      this.feed.start();
    };
    socket.onmessage = event => {
      if (typeof event.data === 'string') return this.on.message(JSON.parse(event.data));
      return this.feed.receive(...unpack(event.data));
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
