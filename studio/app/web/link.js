// One WebSocket both ways: the camera's frames out, the world's frames in, both as JPEG; commands and answers as JSON.
// A few frames are under way at most; where more come they are left out, so the picture stays young and nothing queues.

const HEADER = 21;          // kind u8, number u32, time f64 (ms, the browser's clock), extra f64; little endian
const FRAME = 1, SOUND = 2;
const QUALITY = {best: .85, least: .35};
const PATIENCE = [.3, .6, 1, 2, 4];  // seconds between attempts to connect again
/** Close codes after which another attempt would end the same way. */
const FINAL = {1008: 'refused', 1009: 'refused', 1011: 'broken', 1013: 'busy', 4001: 'taken', 4008: 'paused'};

const pack = (kind, number, time, extra, body) => {
  const bytes = new Uint8Array(HEADER + body.byteLength), view = new DataView(bytes.buffer);
  view.setUint8(0, kind);
  view.setUint32(1, number, true);
  view.setFloat64(5, time, true);
  view.setFloat64(13, extra, true);
  bytes.set(new Uint8Array(body), HEADER);
  return bytes;
};

/** The engine's size for a picture of that shape. */
export const sizeFor = (width, height) => width / height > 1.5 ? [384, 216] : [384, 288];

export class Link {
  /** `hello()` gives what the server is told first; `on` has `state(name, text)`, `picture(bitmap, age_ms)`, `message(data)`. */
  constructor(url, video, hello, on) {
    Object.assign(this, {url, video, hello, on});
    this.encoder = new OffscreenCanvas(16, 9);
    this.dropped = 0;
    this.number = 0;
    this.attempt = 0;
    document.addEventListener('visibilitychange', () => this.tick());
  }

  open() {
    this.wanted = true;
    this.connect();
  }

  /** Say stop and close; no new attempt follows. */
  close() {
    this.wanted = false;
    clearTimeout(this.later);
    this.tick();
    this.send({type: 'stop'});
    this.socket?.close(1000);
    this.socket = null;
  }

  send(data) {
    if (this.socket?.readyState !== WebSocket.OPEN) return false;
    this.socket.send(JSON.stringify(data));
    return true;
  }

  sound(number, start_ms, buffer) {
    if (this.socket?.readyState !== WebSocket.OPEN) return false;
    this.socket.send(pack(SOUND, number, start_ms, 0, buffer));
    return true;
  }

  connect() {
    clearTimeout(this.later);
    this.on.state(this.attempt ? 'lost' : 'connecting');
    const socket = this.socket = new WebSocket(this.url);
    Object.assign(this, {reason: '', waiting: [], encoding: 0, sent: 0, shown: 0, quality: QUALITY.best, quickest: 1e9});
    socket.binaryType = 'arraybuffer';
    socket.onopen = () => {
      this.attempt = 0;
      this.send({type: 'hello', ...this.hello()});
      this.on.state('live');
      this.pump(socket);
    };
    socket.onmessage = event => typeof event.data === 'string' ? this.on.message(JSON.parse(event.data)) : this.receive(socket, event.data);
    socket.onclose = event => {
      if (socket !== this.socket) return;
      if (!this.wanted) return this.on.state('idle');
      if (event.code in FINAL) { this.wanted = false; return this.on.state(FINAL[event.code], this.reason || event.reason); }
      this.on.state('lost');
      this.later = setTimeout(() => this.retry(), PATIENCE[Math.min(this.attempt++, PATIENCE.length - 1)] * 1000);
    };
  }

  async retry() {  // a refused handshake tells a page nothing: ask plainly whether the page may still speak
    try {
      const answer = await fetch(this.url.replace(/^ws/, 'http').replace('/studio/live', '/studio/token'), {cache: 'no-store'});
      if (answer.status === 401 || answer.status === 403) {
        this.wanted = false;
        return this.on.state('refused', (await answer.json()).detail);
      }
    } catch (error) {
      if (!(error instanceof TypeError)) throw error;  // TypeError: nobody answers; go on trying
    }
    if (this.wanted) this.connect();
  }

  pump(socket) {
    if (socket !== this.socket || socket.readyState > WebSocket.OPEN) return;
    const next = () => { this.pump(socket); this.offer(socket); };
    if (this.video.requestVideoFrameCallback) this.video.requestVideoFrameCallback(next); else requestAnimationFrame(next);
  }

  /** A page that is covered is told of no video frames, and its timers sleep; those of a worker do not. */
  tick() {
    this.ticker?.terminate();
    this.ticker = null;
    if (!document.hidden || !this.wanted) return;
    this.ticker = new Worker(URL.createObjectURL(new Blob(['setInterval(() => postMessage(0), 42)'])));
    this.ticker.onmessage = () => this.offer(this.socket);
  }

  async offer(socket) {
    if (!socket || socket !== this.socket || socket.readyState !== WebSocket.OPEN || !this.video.videoWidth) return;
    const now = performance.now(), number = ++this.number;
    if (now - this.sent > 1000) this.waiting = [];  // an answer was lost: do not wait for it for ever
    const most = Math.min(6, 1 + Math.ceil(Math.min(this.quickest, 400) / 40));
    if (this.encoding || this.waiting.length >= most || socket.bufferedAmount > 2e5) { this.dropped++; return; }
    const {encoder, video} = this, [width, height] = sizeFor(video.videoWidth, video.videoHeight);
    if (encoder.width !== width || encoder.height !== height) Object.assign(encoder, {width, height});
    const scale = Math.max(width / video.videoWidth, height / video.videoHeight);
    const [w, h] = [video.videoWidth * scale, video.videoHeight * scale];
    encoder.getContext('2d', {alpha: false}).drawImage(video, (width - w) / 2, (height - h) / 2, w, h);
    this.encoding = 1;
    this.sent = now;
    this.waiting.push(number);
    const blob = await encoder.convertToBlob({type: 'image/jpeg', quality: this.quality});
    const body = await blob.arrayBuffer();
    this.encoding = 0;
    if (socket.readyState === WebSocket.OPEN) socket.send(pack(FRAME, number, now, this.quality, body));
  }

  async receive(socket, buffer) {
    const view = new DataView(buffer), number = view.getUint32(1, true), taken = view.getFloat64(5, true);
    const trip = performance.now() - taken;
    this.waiting = this.waiting.filter(one => one > number);
    this.quickest = Math.min(this.quickest * 1.002, trip);
    this.quality = trip > this.quickest + 90 ? Math.max(QUALITY.least, this.quality * .94) : Math.min(QUALITY.best, this.quality * 1.01);
    const bitmap = await createImageBitmap(new Blob([new Uint8Array(buffer, HEADER)], {type: 'image/jpeg'}));
    if (socket === this.socket && number > this.shown) {
      this.shown = number;
      this.on.picture(bitmap, performance.now() - taken, view.getFloat64(13, true));
    }
    bitmap.close();
  }
}
