/// <reference types="vite/client" />
import type { Bridge } from '../../preload/contract/api.ts';

declare global {
  interface Window {
    rankwise: Bridge;
  }
}
