// Where the camera's picture comes from: the shipped example, a camera, or a clip of one's own, all
// through one <video>.

/**
 * What a page says where no camera is to be had: how to get a secure address, and what to do once
 * it may be had.
 */
const HOME = {
  secure:
    'Start the studio with lsd-studio serve --ssl-certfile cert.pem --ssl-keyfile key.pem, ' +
    'or open it on this very machine. Example and Clip work here too.',
  again: 'choose Camera again',
  else: ', or work with Example or Clip',
};

/** Why no camera is to be had, and what to do about it. */
export function cameraTrouble(error, home = HOME) {
  if (!window.isSecureContext || !navigator.mediaDevices)
    return (
      'Browsers hand over a camera only on localhost or over HTTPS, ' +
      `and this page came from ${location.origin}. ` +
      home.secure
    );
  return (
    {
      NotAllowedError:
        'The browser was told to keep the camera from this page. ' +
        `Allow it beside the address, then ${home.again}.`,
      NotFoundError: `No camera is connected. Plug one in and ${home.again}${home.else}.`,
      NotReadableError: `Another program holds the camera. Close it there, then ${home.again}.`,
      OverconstrainedError: 'That camera is gone. Choose another one.',
    }[error?.name] ?? `The camera does not start: ${error?.message ?? error}`
  );
}

const COMMON = [
  ...[1, 2, 3, 4, 5, 6, 8, 10, 12, 12.5, 15, 16, 18, 20, 24, 25, 30, 48, 50, 60, 72, 90, 100, 120],
  ...[24, 30, 48, 60, 120].map(fps => (fps * 1000) / 1001),
];
const FEWEST = 8, // spacings that tell a rate
  MOST = 240, // spacings that are remembered, and frames a second that the studio takes
  NEAR = 0.02;

/**
 * The rate of a video whose pictures were seen so far apart, in seconds: that of the shortest
 * spacing that is usual, since a page may miss pictures. null where too few were seen.
 */
export function frameRate(spacings) {
  const steps = spacings.filter(step => step > 0).sort((a, b) => a - b);
  if (steps.length < FEWEST) return null;
  const usual = steps.filter(step => step <= 1.5 * steps[Math.floor(steps.length / 5)]),
    rate = usual.length / usual.reduce((sum, step) => sum + step, 0),
    off = fps => Math.abs(fps / rate - 1),
    best = COMMON.reduce((one, other) => (off(other) < off(one) ? other : one));
  return Math.min(MOST, Math.max(1, off(best) < NEAR ? best : rate));
}

function stopTracks(stream) {
  for (const track of stream.getTracks()) track.stop();
}

export class Source {
  /**
   * `changed()` follows every change of kind, text, devices or shape; `refused(kind)` may keep the
   * present source.
   */
  constructor(video, example, changed, home) {
    Object.assign(this, {
      video,
      example,
      changed,
      home,
      kind: 'example',
      text: '',
      devices: [],
      stream: null,
      clip: null,
      spacings: [],
      pending: false, // a source was chosen and its first picture is not there
    });
    let last = 0;
    const seen = (_, {mediaTime}) => {
      if (mediaTime > last) this.spacings = [...this.spacings.slice(1 - MOST), mediaTime - last];
      last = mediaTime;
      video.requestVideoFrameCallback(seen);
    };
    video.requestVideoFrameCallback?.(seen);
    video.addEventListener('emptied', () => {
      this.spacings = [];
    });
    video.addEventListener('loadedmetadata', () => {
      this.pending = false;
      changed();
    });
    video.addEventListener('resize', () => changed());
    video.addEventListener('error', () => {
      if (!video.getAttribute('src')) return;
      video.removeAttribute('src');
      this.say(
        this.kind === 'clip'
          ? `The browser cannot play ${this.clip?.name}. MP4 with H.264, or WebM, will do.`
          : 'The example cannot be played.',
      );
      video.load();
    });
  }

  say(text, {pending = false} = {}) {
    Object.assign(this, {text, pending});
    this.changed();
  }
  get ready() {
    return this.video.readyState >= 1 && this.video.videoWidth > 0;
  }
  /** Frames a second: what a camera says of itself, and what a clip turns out to have. */
  get fps() {
    const camera = this.stream?.getVideoTracks()[0];
    if (camera) return Math.round(camera.getSettings().frameRate || 24);
    return frameRate(this.spacings) ?? 24;
  }
  /** Tracks of the microphone, or of a clip: its sound as it plays, heard or not. */
  get sound() {
    const capture = this.video.captureStream ?? this.video.mozCaptureStream;
    if (this.kind === 'clip') this.captured ??= capture?.call(this.video);
    const stream = this.kind === 'clip' ? this.captured : this.stream;
    return stream?.getAudioTracks().filter(track => track.readyState === 'live') ?? [];
  }

  async choose(kind, {device, sound = true, file} = {}) {
    Object.assign(this, {kind, text: '', pending: true});
    this.release();
    if (kind === 'camera') await this.openCamera(device, sound);
    else if (kind === 'clip') this.openFile(file ?? this.clip);
    else if (this.example)
      this.play(this.example, 'A clay puppet with a ball, a stick and a box. No camera is needed.');
    else this.say('No example take is in this sessions folder. Choose Camera or Clip.');
    this.changed();
  }

  /** A clip is to be chosen, and why: a page that was loaded again does not hold its file. */
  lack(why) {
    this.release();
    this.kind = 'clip';
    this.say(why);
  }

  release() {
    if (this.stream) stopTracks(this.stream);
    this.stream = null;
    this.video.srcObject = null;
    if (this.video.src.startsWith('blob:')) URL.revokeObjectURL(this.video.src);
    this.video.removeAttribute('src');
    this.video.load();
  }

  openFile(file) {
    if (!file) return this.say('');
    this.clip = file;
    const heard = this.video.captureStream ?? this.video.mozCaptureStream;
    this.play(
      URL.createObjectURL(file),
      `${file.name}, played in a loop. It stays in this browser; its frames travel, ` +
        (heard
          ? 'and its sound while a take is recorded.'
          : 'but not its sound, which this browser does not hand over: takes will be silent.'),
    );
  }

  async openCamera(device, sound) {
    if (!window.isSecureContext || !navigator.mediaDevices)
      return this.say(cameraTrouble(null, this.home));
    const video = {
      width: {ideal: 640},
      height: {ideal: 360},
      frameRate: {ideal: 24, max: 30},
      ...(device ? {deviceId: {exact: device}} : {}),
    };
    this.say('Waiting for the browser to hand over the camera …', {pending: true});
    try {
      let mute = '';
      const stream = await navigator.mediaDevices
        .getUserMedia({video, audio: sound})
        .catch(error => {
          if (!sound) throw error;
          mute = ' No microphone was given, so takes will be silent.';
          return navigator.mediaDevices.getUserMedia({video});
        });
      if (this.kind !== 'camera') return stopTracks(stream); // another source was chosen meanwhile
      this.stream = stream;
      this.devices = (await navigator.mediaDevices.enumerateDevices()).filter(
        one => one.kind === 'videoinput',
      );
      const [track] = stream.getVideoTracks();
      track.addEventListener('ended', () => this.vanish(sound));
      this.device = track.getSettings().deviceId;
      this.video.srcObject = new MediaStream([track]);
      this.video.play().catch(() => {});
      this.say(`${track.label || 'Camera'}.${mute}`, {pending: !this.ready});
    } catch (error) {
      this.say(cameraTrouble(error, this.home));
    }
  }

  play(url, text) {
    this.video.src = url;
    // without a gesture some browsers wait for Start, which plays it again
    this.video.play().catch(() => {});
    this.say(text, {pending: true});
  }

  /** The camera is gone, and its last picture with it; it is taken again when it comes back. */
  vanish(sound) {
    const {device} = this;
    this.release();
    this.say('The camera was disconnected. It is taken again when it is plugged in.');
    const back = async () => {
      const found = await navigator.mediaDevices.enumerateDevices();
      if (this.kind === 'camera' && !this.stream && found.some(one => one.deviceId === device))
        await this.openCamera(device, sound);
      if (this.kind !== 'camera' || this.stream)
        navigator.mediaDevices.removeEventListener('devicechange', back);
    };
    navigator.mediaDevices.addEventListener('devicechange', back);
  }
}
