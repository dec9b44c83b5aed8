import { defineStore } from 'pinia';
import { api } from '../bridge.ts';
import { useLibraryList } from './library-list.ts';

/** The library of adapters, newest first. A base that comes or goes changes what an adapter can be used on. */
export const useAdapters = defineStore('adapters', () =>
  useLibraryList(() => api.adapters.list(), 'adapters', 'models'),
);
