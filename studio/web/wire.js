// What page and studio say to each other over the socket: one table for link.js and
// studio/app/wire.py. "version": raised with every change of the table or of what a message means;
// a page of another version is told to load itself again. "header": fields before the body of a
// binary message, in order, little endian; one that a message has no use for is 0. "kinds": what
// the body is. "closes": the codes with which the studio ends a connection.
// biome-ignore format: what stands between the braces is JSON, which Python reads
export const WIRE = {
  "version": 2,
  "header": [
    ["kind", "u8"],
    ["number", "u32"],
    ["time_ms", "f64"],
    ["quality", "f32"],
    ["step_ms", "f32"]
  ],
  "kinds": {"frame": 1, "sound": 2},
  "closes": {
    "stopped": 1000,
    "refused": 1008,
    "too_big": 1009,
    "broken": 1011,
    "busy": 1013,
    "taken": 4001,
    "paused": 4008
  }
};
