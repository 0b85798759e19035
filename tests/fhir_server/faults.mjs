// What a test can make the server do wrong. Everything is counted and drawn from a seeded generator.
import { setTimeout as wait } from 'node:timers/promises';

export const HEALTHY = {
  seed: 1,
  delayMs: 0, // before anything is done
  dropRate: 0, // share of writes whose reply is cut off after the commit
  dropBeforeRate: 0, // share of writes cut off before anything is done
  failRate: 0, // share of writes answered 500 before anything is done
  status: 0, // every request is answered with this status
  retryAfter: null, // with `status`
  method: null, // only requests of this method get `status`
  refuseValue: null, // writes whose text contains this are answered 422 (a poison message)
  breakValue: null, // writes whose text contains this are answered 500
  forbidSubject: null, // writes that name this subject are answered 403
  emptySearch: false, // searches find nothing, as while an index lags behind
  racy: false, // conditional creates of two clients may both create
};

// mulberry32: 32 bits of state are enough for a test's dice
function dice(seed) {
  let state = seed >>> 0;
  return () => {
    state = (state + 0x6d2b79f5) >>> 0;
    let t = state;
    t = Math.imul(t ^ (t >>> 15), t | 1);
    t ^= t + Math.imul(t ^ (t >>> 7), t | 61);
    return ((t ^ (t >>> 14)) >>> 0) / 4294967296;
  };
}

export class Faults {
  constructor() {
    this.set({});
  }

  set(wanted) {
    const unknown = Object.keys(wanted).filter((key) => !(key in HEALTHY));
    if (unknown.length) {
      throw new Error(`unknown fault: ${unknown.join(', ')}`);
    }
    this.now = { ...HEALTHY, ...wanted };
    this.roll = dice(this.now.seed);
    this.counts = { requests: 0, writes: 0, searches: 0, dropped: 0, failed: 0, refused: 0, unauthorised: 0, bytes: 0 };
  }

  // A status to answer instead of working, "drop", or null.
  async before(request, text) {
    const { now, counts } = this;
    const write = request.method !== 'GET';
    counts.requests += 1;
    counts[write ? 'writes' : 'searches'] += 1;
    counts.bytes += text.length;
    if (now.delayMs) {
      await wait(now.delayMs);
    }
    if (now.status && (!now.method || now.method === request.method)) {
      return now.status;
    }
    if (!write) {
      return null;
    }
    if (now.dropBeforeRate && this.roll() < now.dropBeforeRate) {
      counts.dropped += 1;
      return 'drop';
    }
    if (now.failRate && this.roll() < now.failRate) {
      counts.failed += 1;
      return 500;
    }
    return null;
  }

  // A status for one resource (of a single write or of an entry), or null.
  forResource(resource) {
    const text = JSON.stringify(resource);
    const { refuseValue, breakValue, forbidSubject } = this.now;
    if (refuseValue && text.includes(refuseValue)) {
      this.counts.refused += 1;
      return 422;
    }
    if (breakValue && text.includes(breakValue)) {
      this.counts.failed += 1;
      return 500;
    }
    if (forbidSubject && resource?.subject?.reference === forbidSubject) {
      return 403;
    }
    return null;
  }

  dropReply(request) {
    if (request.method === 'GET' || !this.now.dropRate || this.roll() >= this.now.dropRate) {
      return false;
    }
    this.counts.dropped += 1;
    return true;
  }
}
