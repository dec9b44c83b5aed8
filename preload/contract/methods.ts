/** One parameter of a training method, as the engine's registry describes it: forms, validation and help come from here. */
export interface MethodParameter {
  name: string;
  type: 'integer' | 'number' | 'boolean' | 'choice' | 'string';
  default: number | boolean | string | null;
  minimum?: number;
  maximum?: number;
  choices?: string[];
  help: string;
  unit?: string;
}

/** A row of the registry: the parts that a method is made of and the settings that it takes. */
export interface Method {
  name: string;
  title: string;
  summary: string;
  citation: string;
  parts: Record<'storage' | 'delta' | 'update' | 'optimizer' | 'events' | 'initializer', string>;
  storages: string[];
  defaultStorage: string;
  parameters: MethodParameter[];
}

/** An architecture that comes with the engine, without weights. */
export interface ModelPreset {
  name: string;
  vocabSize: number;
  hiddenSize: number;
  intermediateSize: number;
  layers: number;
  heads: number;
  maxPositions: number;
}

export interface Registry {
  methods: Method[];
  presets: ModelPreset[];
}
