import { afterEach, beforeEach, describe, expect, it, vi } from 'vitest';
import type { Notice } from '../../preload/contract/notices.ts';
import { encodeWire } from '../../preload/contract/wire.ts';
import { NoticeStream } from '../../preload/notice-stream.ts';

let sockets: EventTarget[];
let heard: Notice[];
let stream: NoticeStream;

beforeEach(() => {
  vi.useFakeTimers();
  sockets = [];
  heard = [];
  stream = new NoticeStream(() => {
    const socket = new EventTarget();
    sockets.push(socket);
    return socket as WebSocket;
  });
});
afterEach(() => vi.useRealTimers());

const lose = (): boolean => sockets.at(-1)!.dispatchEvent(new Event('close'));
const open = (): boolean => sockets.at(-1)!.dispatchEvent(new Event('open'));
const send = (notice: Notice): boolean =>
  sockets.at(-1)!.dispatchEvent(new MessageEvent('message', { data: encodeWire(notice) }));

describe('the notices of a program that may be away', () => {
  it('are one connection, whoever listens', () => {
    const end = stream.listen((notice) => heard.push(notice));
    stream.listen((notice) => heard.push(notice));
    expect(sockets).toHaveLength(1);
    const notice: Notice = { topic: 'metrics', run: 'r', steps: new Float64Array([1]), values: {} };
    send(notice);
    expect(heard).toEqual([notice, notice]);
    end();
    send(notice);
    expect(heard).toHaveLength(3);
  });

  it('say once that it is away, and that everything may have changed when it is back', () => {
    stream.listen((notice) => heard.push(notice));
    open();
    lose();
    for (let attempt = 0; attempt < 5; attempt++) {
      vi.advanceTimersByTime(5000);
      lose();
    }
    expect(heard).toEqual([{ topic: 'engine', up: false, reason: expect.any(String) as string }]);
    vi.advanceTimersByTime(5000);
    open();
    expect(heard.slice(1)).toEqual([
      { topic: 'engine', up: true, reason: '' },
      ...['projects', 'datasets', 'models', 'adapters', 'runs'].map((noun) => ({ topic: 'changed', noun })),
    ]);
  });

  it('are sought more seldom the longer it is away', () => {
    stream.listen(() => undefined);
    lose();
    vi.advanceTimersByTime(499);
    expect(sockets).toHaveLength(1);
    vi.advanceTimersByTime(1);
    expect(sockets).toHaveLength(2);
    lose();
    vi.advanceTimersByTime(999);
    expect(sockets).toHaveLength(2);
  });
});
